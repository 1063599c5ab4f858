"""Run a program up to its first output, in a process of its own: what `bench_first.py` measures.

    python tools/first_outputs.py ENGINE MODE PROGRAM FILE

ENGINE is `wasmdialect` or `wasmtime`, MODE `run`, or for Wasmtime `save` (keep the compiled module
beside the file) and `saved` (start from that). It loads little besides the engine: that counts too.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64">
  <circle cx="32" cy="32" r="20" fill="teal"/></svg>"""
INPUTS = {"in.svg": SVG, "in.cpp": "int f(int a) { return a * 3 + 1; }\n"}
"""Files beside the module, which programs see in `/guest`."""


class Instance:
    """An instance of the module, in either engine."""

    def __init__(self, engine: str, mode: str, path: str, arguments: tuple[str, ...]):
        self.api = api = importlib.import_module(engine)
        settings: dict[str, Any] = {}
        if engine == "wasmdialect":
            settings["cache"] = os.environ["CACHE"]
            if "PASS" in os.environ:
                settings |= {"load": (os.environ["PASS"],), "at": {"wasmir-end": "mine"}}
            config = api.Config(**settings)
        else:
            config = api.Config()
            config.wasm_exceptions = True
        used = api.Engine(config)
        load = api.Module.deserialize_file if mode == "saved" else api.Module.from_file
        module = load(used, path + ".saved" if mode == "saved" else path)
        if mode == "save":
            with open(path + ".saved", "wb") as file:
                file.write(module.serialize())
            sys.exit()
        self.store = api.Store(used)
        wasi = api.WasiConfig()
        wasi.argv = ["program", *arguments]
        wasi.inherit_stdout()
        wasi.preopen_dir(os.path.dirname(path), "/guest")
        self.store.set_wasi(wasi)
        linker = api.Linker(used)
        linker.define_wasi()
        for wanted in module.imports:
            if not wanted.module.startswith("wasi_"):
                linker.define(self.store, wanted.module, wanted.name, self._silent(wanted.type))
        self.exports = linker.instantiate(self.store, module).exports(self.store)
        self.memory = self.exports[_MEMORIES.get(os.path.basename(path), "memory")]

    def _silent(self, t: Any) -> Any:
        """A function that returns zero."""
        results = [str(result) for result in t.results]
        zero = None if not results else 0.0 if results[0].startswith("f") else 0

        def silent(*_: Any) -> Any:
            return zero

        return self.api.Func(self.store, t, silent)

    def __call__(self, name: str, *arguments: Any) -> Any:
        return self.exports[name](self.store, *arguments)

    def put(self, data: bytes, allocate: str = "malloc") -> int:
        """The address of a copy, from the program's own allocator."""
        address = self(allocate, len(data))
        self.memory.write(self.store, data, address)
        return address

    def read(self, address: int, size: int) -> bytes:
        """Bytes of the memory."""
        return bytes(self.memory.read(self.store, address, address + size))

    def number(self, address: int) -> int:
        """An `i32` of the memory."""
        return int.from_bytes(self.read(address, 4), "little")

    def run(self) -> None:
        """Run it as a command."""
        try:  # noqa: SIM105 - without loading contextlib
            self("_start")
        except self.api.ExitTrap:
            pass


_MEMORIES = {"sqlite.wasm": "O", "canvaskit.wasm": "wd"}
"""The memories with short names."""


def run_command(program: Instance) -> None:
    program.run()


def run_fib(program: Instance) -> None:
    print(program("fib", 20))


def run_quickjs(program: Instance) -> None:
    program("_initialize")
    words = [program.put(word) for word in (b"qjs\0", b"-e\0", b"print(6 * 7)\0")]
    program("qjs_init_argv", 3, program.put(b"".join(w.to_bytes(4, "little") for w in words)))


def run_pii(program: Instance) -> None:
    program("_initialize")
    text = b'{"email": "somebody@example.org"}'
    print(program("redact", program.put(text, "allocate"), len(text)))


def run_graphviz(program: Instance) -> None:
    words = [program.put(word) for word in (b"digraph { a -> b }\0", b"svg\0", b"dot\0")]
    size = program.put(bytes(4))
    picture = program("graphviz_render", *words, size)
    print(program.read(picture, program.number(size)).decode())


def run_sqlite(program: Instance) -> None:
    program("P")
    place = program.put(bytes(4), "Ia")
    assert program("Ha", program.put(b":memory:\0", "Ia"), place) == 0
    statement = program.put(
        b"select sqlite_version() || ' ' || sum(column1) from (values (1), (2))\0", "Ia"
    )
    assert program("T", program.number(place), statement, -1, place, 0) == 0
    prepared = program.number(place)
    assert program("U", prepared) == 100
    print(program.read(program("Z", prepared, 0), 8))


def run_canvaskit(program: Instance) -> None:
    program("xd")
    print("instantiated")


PROGRAMS: dict[str, tuple[Callable[[Instance], None], tuple[str, ...]]] = {
    "hello": (run_command, ()),
    "c-hello": (run_command, ("world",)),
    "fib": (run_fib, ()),
    "quickjs": (run_quickjs, ()),
    "resvg": (run_command, ("/guest/in.svg", "/guest/out.png")),
    "pii-shield": (run_pii, ()),
    "graphviz": (run_graphviz, ()),
    "sqlite": (run_sqlite, ()),
    "canvaskit": (run_canvaskit, ()),
    "cc1plus": (run_command, ("-quiet", "-mmcu=avr5", "/guest/in.cpp", "-o", "/guest/out.s")),
}
"""How to run each, and the arguments that it sees."""


def main() -> None:
    """Run what the command line says."""
    engine, mode, name, path = sys.argv[1:]
    run, arguments = PROGRAMS[name]
    run(Instance(engine, mode, path, arguments))
    sys.stdout.flush()
    if engine == "wasmtime":
        os._exit(0)


if __name__ == "__main__":
    main()
