"""A process that runs builds of variants, on our engine or on PyPI's wasmtime, which has the same
API: it reads requests, a line of JSON each, and answers each with one. `child.mjs` does the same on
V8.

    {"do": "load", ...}     the next build: from `Workload.to_plain`, and numbers of open files
    {"do": "observe"}       one run in a new instance, and all that can be observed of it
    {"do": "prepare"}       a new instance for the next measurements
    {"do": "run", "runs", "times"}   the seconds that so many runs take in it, measured so many times,
                            and what the last one gave
"""

from __future__ import annotations

import gc
import json
import os
import struct
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

_FLOATS = {"f32": "<f", "f64": "<d"}
_BITS = {"i32": 32, "i64": 64, "f32": 32, "f64": 64, "v128": 128}
_FUEL = (1 << 63) - 1
_PROPOSALS = (
    *("wasm_exceptions", "wasm_memory64", "wasm_multi_memory", "wasm_tail_call", "wasm_threads"),
    *("wasm_function_references", "wasm_wide_arithmetic", "wasm_custom_page_sizes"),
    "wasm_relaxed_simd_deterministic",
)


def main() -> None:
    """Answer requests until there are no more."""
    _end_with_parent()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what anything here prints is not an answer
    runner: _Runner | None = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "load":
                runner = None
                gc.unfreeze()
                gc.collect()
                runner = _Runner(request)
                answer: dict[str, Any] = {"seconds": runner.seconds}
            else:
                assert runner is not None
                answer = getattr(runner, request.pop("do"))(**request)
        except Exception as error:
            lines = str(error).strip().splitlines()
            answer = {"error": f"{type(error).__name__}: {lines[0] if lines else 'no message'}"}
        print(json.dumps(answer), file=answers, flush=True)


def _end_with_parent() -> None:
    """Have this process killed when the one that started it ends in whatever way (Linux's
    PR_SET_PDEATHSIG)."""
    import ctypes

    ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)


class _Runner:
    def __init__(self, request: dict[str, Any]):
        self.request = request
        self.api: Any = import_module(request["api"])
        started = time.perf_counter()
        path = _path(request["module"])
        self.engine, self.module = (
            _load(self.api, path) if request["api"] == "wasmdialect" else _compile(self.api, path)
        )
        self.seconds = time.perf_counter() - started
        self.arguments = [
            _value(t, int(bits))
            for t, bits in zip(request["parameters"], request["arguments"], strict=True)
        ]
        self._run: Callable[[], Any] | None = None
        self._instance: Any = None
        self._store: Any = None
        self._exports: Any = None
        gc.collect()
        gc.freeze()
        gc.disable()

    def observe(self) -> dict[str, Any]:
        """One run in a new instance: its outcome, and the state after it."""
        self.prepare()
        outcome = self.run(1)["outcome"]
        store, exports = self._store, self._exports
        memories: dict[str, Any] = {}
        for name in self.request["memories"]:
            memory = exports[name]
            memories[name] = _digest(memory.read(store, 0, memory.data_len(store)))
        variables = {
            name: _bits(t, exports[name].value(store))
            for name, t in self.request["globals"].items()
            if t != "v128" or self.api.__name__ == "wasmdialect"
        }
        return {
            "outcome": outcome,
            "memories": memories,
            "globals": variables,
            "counters": self._counters(),
        }

    def prepare(self) -> dict[str, Any]:
        """Make a new instance for the next measurement."""
        self._run = self._instance = self._store = self._exports = None
        gc.collect()
        store = self._store = self.api.Store(self.engine)
        if self.request["wasi"]:
            store.set_wasi(self._wasi())
        if getattr(self.engine, "config", None) is not None:
            if self.engine.config.consume_fuel:
                store.set_fuel(_FUEL)
            if self.engine.config.epoch_interruption:
                store.set_epoch_deadline(1 << 40)
        linker = self.api.Linker(self.engine)
        if self.request["wasi"]:
            linker.define_wasi()
        self._instance = linker.instantiate(store, self.module)
        exports = self._exports = self._instance.exports(store)
        if self.request["initialize"]:
            exports["_initialize"](store)
        function, arguments = exports[self.request["invoke"]], self.arguments
        self._run = lambda: function(store, *arguments)
        return {}

    def run(self, runs: int, times: int = 1) -> dict[str, Any]:
        """Run so many times; the seconds that the thread was running, and those that passed, for each
        of the times that this is measured."""
        run = self._run
        returned: Any = None
        trapped: Any = None
        exits, failures = self.api.ExitTrap, (self.api.Trap, self.api.WasmtimeError)
        assert run is not None
        seconds: dict[str, list[float]] = {"cpu": [], "wall": []}
        for _ in range(times):
            wall, cpu = time.perf_counter_ns(), time.thread_time_ns()
            for _ in range(runs):
                try:
                    returned = run()
                except failures as error:
                    trapped = error
            cpu, wall = time.thread_time_ns() - cpu, time.perf_counter_ns() - wall
            seconds["cpu"].append(cpu / 1e9)
            seconds["wall"].append(wall / 1e9)
        if not runs:
            return {}
        if isinstance(trapped, exits):
            outcome: dict[str, Any] = {"exit": trapped.code}
        elif trapped is not None:
            outcome = {"trap": _trap(trapped)}
        elif self.request["program"]:
            outcome = {"exit": 0}
        else:
            outcome = {"values": self._values(returned)}
        if self.request["program"]:
            outcome |= self._output()
        return {**seconds, "outcome": outcome}

    def _values(self, returned: Any) -> list[str]:
        results = self.request["results"]
        values: list[Any] = [] if not results else returned if len(results) > 1 else [returned]
        return [_bits(t, value) for t, value in zip(results, values, strict=True)]

    def _wasi(self) -> Any:
        config = self.api.WasiConfig()
        config.argv = self.request["argv"]
        config.env = self.request["environment"]
        config.stdin_file = _path(self.request["stdin"])
        config.stdout_file = _path(self.request["stdout"])
        config.stderr_file = _path(self.request["stderr"])
        for host, guest in self.request["directories"]:
            config.preopen_dir(host, guest)
        return config

    def _output(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in ("stdout", "stderr"):
            with open(_path(self.request[name]), "rb") as file:
                content = file.read()
            found[name] = [*_digest(content), content[-60:].decode("utf-8", "replace")]
        return found

    def _counters(self) -> dict[str, int]:
        if self.api.__name__ == "wasmdialect":
            return self._instance.counters()
        return {
            name.removeprefix("counter."): self._exports[name].value(self._store) & (1 << 64) - 1
            for name in self._exports
            if name.startswith("counter.")
        }


def _load(api: Any, path: str) -> tuple[Any, Any]:
    """An artifact, and an engine with the settings that it was compiled with."""
    from wasmdialect.object.artifact import read_engine

    with open(path, "rb") as file:
        settings = read_engine(file.read()).settings
    engine = api.Engine(api.Config(**settings))
    return engine, api.Module.deserialize_file(engine, path)


def _compile(api: Any, path: str) -> tuple[Any, Any]:
    config = api.Config()
    for name in _PROPOSALS:
        if name in dir(api.Config):  # a release may not have it, or not any more
            setattr(config, name, True)
    engine = api.Engine(config)
    return engine, api.Module.from_file(engine, path)


def _path(number: int) -> str:
    return f"/proc/self/fd/{number}"


def _value(t: str, bits: int) -> Any:
    if t in _FLOATS:
        return struct.unpack(_FLOATS[t], bits.to_bytes(_BITS[t] // 8, "little"))[0]
    if t not in _BITS:
        return None
    return bits if t == "v128" or bits >> (_BITS[t] - 1) == 0 else bits - (1 << _BITS[t])


def _bits(t: str, value: Any) -> str:
    """A value as text that is equal if the bits are. (WebAssembly does not specify the bits of most
    NaNs, and only null references can be compared.)"""
    if t in _FLOATS:
        if value != value:
            return "nan"
        return str(int.from_bytes(struct.pack(_FLOATS[t], value), "little"))
    if t not in _BITS:
        return "0" if value is None else "reference"
    return str(value & ((1 << _BITS[t]) - 1))


def _digest(content: bytes | bytearray) -> list[Any]:
    from hashlib import sha256

    return [len(content), sha256(content).hexdigest()]


def _trap(error: Any) -> str:
    code = getattr(error, "trap_code", None)
    return code.name if code is not None else str(error).strip().splitlines()[-1]


if __name__ == "__main__":
    main()
