"""The process that makes the calls of a check in machine code: reads a request, and writes a line of
JSON for the instantiation and for each call, as soon as it is done."""

from __future__ import annotations

import json
import os
import pickle
import sys
from collections.abc import Callable, Sequence
from typing import Any

from wasmdialect import types as wt
from wasmdialect._settings import Config
from wasmdialect.abi.traps import TrapCode
from wasmdialect.api.compile import compile_wasm
from wasmdialect.check.calls import format_value
from wasmdialect.check.host import IMPORTED_GLOBAL, Host, constant
from wasmdialect.check.interpreted import memory_digest
from wasmdialect.check.outcome import INSTANTIATED, Outcome
from wasmdialect.object.info import ImportInfo
from wasmdialect.runtime.errors import LinkError, Trap, WasmtimeError
from wasmdialect.runtime.exceptions import Thrown
from wasmdialect.runtime.instance import Extern, GlobalCell, ModuleInstance, new_global
from wasmdialect.runtime.memory import LinearMemory, MemoryShape
from wasmdialect.runtime.module import LoadedModule, load_bytes
from wasmdialect.runtime.shared_memory import SharedLinearMemory
from wasmdialect.runtime.store import FunctionReference, StoreState
from wasmdialect.runtime.table import TableStorage
from wasmdialect.runtime.tag import StoreTag
from wasmdialect.runtime.values import new_slots, pack_bits, unpack_bits

_SMALL = 100_000
"""Bytes of a module that one process compiles soon enough."""


def main() -> None:
    """Read a request, compile, make the calls, and write a line for each."""
    binary, file, values, calls, left_out = pickle.load(sys.stdin.buffer)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what passes print is not an answer

    def answer(plain: dict[str, Any]) -> None:
        print(json.dumps(plain), file=answers, flush=True)

    try:
        module = _compile(binary, file, Config(**values))
    except Exception as error:
        answer({"error": f"{type(error).__name__}: {error}"})
        return
    run = _Run(module)
    outcome = run.instantiate()
    answer(outcome.to_plain())
    for number, (export, arguments) in enumerate(calls, 1):
        if run.instance is None:
            return
        if left_out[number]:
            answer(Outcome("left out", left_out=True).to_plain())
        else:
            outcome = run.call(export, arguments)
            answer(outcome.to_plain())
        if left_out[number] or outcome.left_out:
            run = _Run(module)
            run.instantiate()


def _compile(binary: bytes, file: str, config: Config) -> LoadedModule:
    if len(binary) < _SMALL:
        config.jobs = 0  # this process is as good as a worker, and is there already
    return load_bytes(compile_wasm(config, binary, file).artifact)


class _Run:
    """An instance in a store of its own, and what it imports."""

    def __init__(self, module: LoadedModule):
        self._module = module
        self.store = StoreState()
        self.host = Host()
        self.instance: ModuleInstance | None = None

    def instantiate(self) -> Outcome:
        def make() -> str:
            imports = _stand_ins(self.store, self._module, self.host)
            self.instance = ModuleInstance(self.store, self._module, imports)
            return INSTANTIATED

        return self._observed(make)

    def call(self, export: str, arguments: Sequence[int]) -> Outcome:
        assert self.instance is not None
        function = self.instance.exports.get(export)
        if not isinstance(function, FunctionReference):
            return Outcome(f"no export {export!r}")
        signature = function.signature
        if len(signature.params) != len(arguments):
            return Outcome(f"{export!r} has other parameters")

        def run() -> str:
            slots = new_slots(signature)
            pack_bits(slots, [*arguments])
            self.store.call(function, slots)
            return _values(signature.results, unpack_bits(slots, signature.results))

        return self._observed(run)

    def _observed(self, run: Callable[[], str]) -> Outcome:
        left_out = False
        places: tuple[str, ...] = ()
        try:
            result = run()
        except Thrown as error:
            result = f"exception with {_thrown(self.store, error)}"
        except Trap as error:
            code = error.trap_code
            result = f"trap: {code.message if code is not None else error.reason}"
            left_out = code is TrapCode.STACK_OVERFLOW
            places = tuple(str(frame).strip() for frame in error.frames)
        except (LinkError, WasmtimeError, MemoryError) as error:
            result = str(error)
        state = {} if self.instance is None else _state(self.instance)
        return Outcome(result, self.host.take(), **state, places=places, left_out=left_out)


def _values(types: Sequence[wt.ValType], values: Sequence[int]) -> str:
    if not types:
        return "no results"
    return " ".join(f"{t}:{format_value(t, v)}" for t, v in zip(types, values, strict=True))


def _thrown(store: StoreState, error: Any) -> str:
    types = error.storage.signature.params
    slots = store.exceptions.slots_of(error.address_in(store))
    return _values(types, unpack_bits(slots, types))


def _state(instance: ModuleInstance) -> dict[str, Any]:
    """Memories and globals by index, which the parent names."""
    return {
        "memories": {
            str(i): memory_digest(memory.view(), memory.length)
            for i, memory in enumerate(instance.memories)
        },
        "globals": {
            str(i): format_value(cell.type, cell.bits()) for i, cell in enumerate(instance.globals)
        },
    }


def _stand_ins(store: StoreState, module: LoadedModule, host: Host) -> list[Extern]:
    """Something for each import, the same for the same name."""
    found: dict[tuple[str, str], Extern] = {}
    imports: list[Extern] = []
    for item in module.info.imports:
        name = item.module, item.name
        if name not in found:
            found[name] = _stand_in(store, module, item, host)
        imports.append(found[name])
    return imports


def _stand_in(store: StoreState, module: LoadedModule, item: ImportInfo, host: Host) -> Extern:
    if item.kind == "func":
        return _function(store, module, item, host)
    made = _MADE[item.kind](module, item.index)
    match made:
        case LinearMemory():
            store.add_memory(made)
        case TableStorage():
            store.add_table(made)
        case StoreTag():
            store.add_tag(made)
        case _:
            store.add_global(made)
    return made


def _function(store: StoreState, module: LoadedModule, item: ImportInfo, host: Host) -> Extern:
    signature = module.functions[item.index].composite
    assert isinstance(signature, wt.FuncType)

    def call(_store: StoreState, _caller: int, slots: Any) -> None:
        arguments = unpack_bits(slots, signature.params)
        bits = [
            int(a != 0) if isinstance(p, wt.RefType) else a
            for p, a in zip(signature.params, arguments, strict=True)
        ]
        pack_bits(slots, host.call((item.module, item.name), signature, bits))

    return store.add_host_function(module.functions[item.index], call)


def _memory(module: LoadedModule, index: int) -> LinearMemory:
    m = module.info.memories[index]
    cls = SharedLinearMemory if m.shared else LinearMemory
    return cls(MemoryShape(m.minimum, m.maximum, is_64=m.is_64, page_size_log2=m.page_size_log2))


def _table(module: LoadedModule, index: int) -> TableStorage:
    t = module.info.tables[index]
    return TableStorage(t.element, t.minimum, t.maximum, is_64=t.is_64)


def _global(module: LoadedModule, index: int) -> GlobalCell:
    g = module.info.globals[index]
    return new_global(g.type, g.mutable, constant(g.type, IMPORTED_GLOBAL))


def _tag(module: LoadedModule, index: int) -> StoreTag:
    return StoreTag(module.info.types[module.info.tags[index]])


_MADE: dict[
    str, Callable[[LoadedModule, int], LinearMemory | TableStorage | GlobalCell | StoreTag]
] = {
    "memory": _memory,
    "table": _table,
    "global": _global,
    "tag": _tag,
}
"""What stands in for an import, by kind."""


if __name__ == "__main__":
    main()
