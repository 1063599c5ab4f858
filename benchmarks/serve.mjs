// Runs a program's export `run` in V8: answers each argument on standard input by result and nanoseconds.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { WASI } from "node:wasi";

const wasi = new WASI({ version: "preview1" });
const module = new WebAssembly.Module(readFileSync(process.argv[2]));
const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi.wasiImport });
wasi.initialize(instance);
for await (const line of createInterface({ input: process.stdin })) {
    const before = process.cpuUsage();
    const result = BigInt.asUintN(64, instance.exports.run(Number(line)));
    const { user, system } = process.cpuUsage(before);
    process.stdout.write(`${result} ${(user + system) * 1000}\n`);
}
