// Runs one of three programs on V8: node round_trips.mjs quickjs|resvg|pii-shield MODULE RUNS
// Prints what it computed, and on standard error the milliseconds of each run.

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WASI } from "node:wasi";

const [, , name, path, runs] = process.argv;
const module = new WebAssembly.Module(readFileSync(path));

function instantiate(args = [], preopens = {}) {
  const wasi = new WASI({ version: "preview1", args, preopens, returnOnExit: true });
  return [wasi, new WebAssembly.Instance(module, wasi.getImportObject())];
}

function put(exports, bytes, allocate) {
  const address = exports[allocate](bytes.length);
  new Uint8Array(exports.memory.buffer).set(bytes, address);
  return address;
}

const text = new TextEncoder();
const programs = {
  quickjs() {
    const script = `
      const fib = n => n < 2 ? n : fib(n - 1) + fib(n - 2);
      const sorted = Array.from({length: 20000}, (_, i) => Math.sin(i)).sort((a, b) => a - b);
      const words = 'the quick brown fox '.repeat(500).replace(/(\\w)(\\w*)/g, (_, a, b) => b + a);
      console.log(fib(22), sorted[7], words.length, String(3n ** 2000n).slice(0, 20));`;
    const [wasi, { exports }] = instantiate();
    wasi.initialize({ exports });
    const words = ["qjs", "--std", "-e", script].map((w) => put(exports, text.encode(w + "\0"), "malloc"));
    const list = put(exports, new Uint8Array(new Uint32Array(words).buffer), "malloc");
    return exports.qjs_init_argv(4, list);
  },
  resvg() {
    const folder = mkdtempSync(join(tmpdir(), "svg-"));
    const shapes = Array.from({ length: 60 }, (_, i) => `<circle cx="${(i * 37) % 300}" cy="${(i * 53) % 300}"
      r="${10 + (i % 20)}" fill="hsl(${i * 6},80%,50%)" opacity="0.6" filter="url(#b)"/>`);
    writeFileSync(join(folder, "in.svg"), `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300">
      <filter id="b"><feGaussianBlur stdDeviation="3"/></filter>${shapes.join("")}</svg>`);
    const [wasi, instance] = instantiate(["resvg", "/in.svg", "/out.png"], { "/": folder });
    const code = wasi.start(instance);
    const digest = createHash("sha256").update(readFileSync(join(folder, "out.png"))).digest("hex");
    rmSync(folder, { recursive: true });
    return `${code} ${digest}`;
  },
  "pii-shield"() {
    const [wasi, { exports }] = instantiate();
    wasi.initialize({ exports });
    const config = text.encode(JSON.stringify({ salt: "s", entity_type_labels: true }));
    exports.init_config(put(exports, config, "allocate"), config.length);
    const found = createHash("sha256");
    for (let k = 0; k < 300; k++) {
      const line = text.encode(`GET /x/${k}?key=${createHash("sha256").update(`${k}`).digest("hex")} bob@a.co`);
      const packed = BigInt.asUintN(64, exports.redact(put(exports, line, "allocate"), line.length));
      const start = Number(packed >> 32n);
      found.update(new Uint8Array(exports.memory.buffer, start, Number(packed & 0xffffffffn)));
    }
    return found.digest("hex");
  },
};

for (let run = 0; run < Number(runs); run++) {
  const start = performance.now();
  const result = programs[name]();
  console.error((performance.now() - start).toFixed(1));
  console.log(result);
}
