// Runs builds of variants on V8, as child.py does on other engines: requests and answers are lines of
// JSON on standard input and output.

import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";

const FLOATS = { f32: ["setUint32", "getFloat32", "setFloat32", "getUint32"], f64: ["setBigUint64", "getFloat64", "setFloat64", "getBigUint64"] };
const TRAPS = [
  [/divide by zero|remainder by zero/, "INTEGER_DIVISION_BY_ZERO"],
  [/divide result unrepresentable/, "INTEGER_OVERFLOW"],
  [/float unrepresentable/, "BAD_CONVERSION_TO_INTEGER"],
  [/memory access out of bounds/, "MEMORY_OUT_OF_BOUNDS"],
  [/unaligned/, "HEAP_MISALIGNED"],
  [/table index is out of bounds|table (access )?out of bounds/, "TABLE_OUT_OF_BOUNDS"],
  [/null function|signature mismatch/, "BAD_SIGNATURE"],
  [/unreachable/, "UNREACHABLE"],
  [/call stack size exceeded/i, "STACK_OVERFLOW"],
];
const view = new DataView(new ArrayBuffer(8));
const path = (number) => `/proc/self/fd/${number}`;

function value(type, bits) {
  if (type in FLOATS) {
    const [set, get] = FLOATS[type];
    view[set](0, type === "f32" ? Number(bits) : BigInt(bits));
    return view[get](0);
  }
  if (type === "i32") return Number(BigInt.asIntN(32, BigInt(bits)));
  return type === "i64" ? BigInt.asIntN(64, BigInt(bits)) : null;
}

function asBits(type, found) {
  if (type in FLOATS) {
    if (Number.isNaN(found)) return "nan";
    const [, , set, get] = FLOATS[type];
    view[set](0, found);
    return String(view[get](0));
  }
  if (type === "i32") return String(found >>> 0);
  if (type === "i64") return String(BigInt.asUintN(64, found));
  return found === null ? "0" : "reference";
}

function trapOf(error) {
  if (typeof WebAssembly.Exception === "function" && error instanceof WebAssembly.Exception) return "exception";
  if (!(error instanceof WebAssembly.RuntimeError || error instanceof RangeError)) throw error;
  const known = TRAPS.find(([words]) => words.test(error.message));
  return known === undefined ? error.message : known[1];
}

const digest = (content) => [content.byteLength, createHash("sha256").update(content).digest("hex")];

// The time of this thread where Node can tell it; else of the process, whose other threads have little to do.
function cpuSeconds() {
  const { user, system } = process.threadCpuUsage ? process.threadCpuUsage() : process.cpuUsage();
  return (user + system) / 1e6;
}

let request, module, WASI, instance, wasi, files;

const requests = {
  async load(wanted) {
    request = wanted;
    const started = performance.now();
    module = new WebAssembly.Module(readFileSync(path(request.module)));
    const seconds = (performance.now() - started) / 1e3;
    if (request.wasi) ({ WASI } = await import("node:wasi"));
    return { seconds };
  },
  observe() {
    requests.prepare();
    const { outcome } = requests.run({ runs: 1 });
    const { exports } = instance;
    const memories = {}, globals = {}, counters = {};
    for (const name of request.memories) memories[name] = digest(new Uint8Array(exports[name].buffer));
    for (const [name, type] of Object.entries(request.globals))
      if (type !== "v128") globals[name] = asBits(type, exports[name].value);
    for (const [name, found] of Object.entries(exports))
      if (name.startsWith("counter.")) counters[name.slice(8)] = Number(BigInt.asUintN(64, found.value));
    return { outcome, memories, globals, counters };
  },
  prepare() {
    files?.forEach(closeSync);
    files = undefined;
    let imports = {};
    if (request.wasi) {
      files = [openSync(path(request.stdin), "r"), openSync(path(request.stdout), "w"), openSync(path(request.stderr), "w")];
      const [stdin, stdout, stderr] = files;
      const preopens = Object.fromEntries(request.directories.map(([host, guest]) => [guest, host]));
      const env = Object.fromEntries(request.environment);
      wasi = new WASI({ version: "preview1", args: request.argv, env, preopens, stdin, stdout, stderr, returnOnExit: true });
      imports = wasi.getImportObject();
    }
    instance = new WebAssembly.Instance(module, imports);
    if (request.wasi && !request.program) {
      if (request.initialize) wasi.initialize(instance);
      else wasi.finalizeBindings?.(instance);
    } else if (request.initialize) instance.exports._initialize();
    return {};
  },
  run({ runs, times = 1 }) {
    const call = instance.exports[request.invoke];
    const values = request.parameters.map((type, i) => value(type, request.arguments[i]));
    let returned, trapped;
    const seconds = { cpu: [], wall: [] };
    for (let time = 0; time < times; time++) {
      const wall = performance.now(), cpu = cpuSeconds();
      for (let i = 0; i < runs; i++) {
        try {
          returned = request.program && request.wasi ? wasi.start(instance) : call(...values);
        } catch (error) {
          trapped = error;
        }
      }
      seconds.cpu.push(cpuSeconds() - cpu);
      seconds.wall.push((performance.now() - wall) / 1e3);
    }
    if (!runs) return {};
    const outcome = {};
    if (trapped !== undefined) outcome.trap = trapOf(trapped);
    else if (request.program) outcome.exit = returned ?? 0;
    else {
      const list = request.results.length === 1 ? [returned] : [...(returned ?? [])];
      outcome.values = list.map((found, i) => asBits(request.results[i], found));
    }
    if (request.program)
      for (const stream of ["stdout", "stderr"]) {
        const content = readFileSync(path(request[stream]));
        outcome[stream] = [...digest(content), content.subarray(-60).toString("utf-8")];
      }
    return { ...seconds, outcome };
  },
};

async function answer(line) {
  const asked = JSON.parse(line);
  try {
    return await requests[asked.do](asked);
  } catch (error) {
    return { error: `${error.name}: ${String(error.message).split("\n")[0]}` };
  }
}

const chunk = Buffer.alloc(65536);
let text = "";
for (;;) {
  const end = text.indexOf("\n");
  if (end >= 0) {
    const line = text.slice(0, end);
    text = text.slice(end + 1);
    writeSync(1, JSON.stringify(await answer(line)) + "\n");
    continue;
  }
  const count = readSync(0, chunk);
  if (count === 0) break;
  text += chunk.toString("utf-8", 0, count);
}
