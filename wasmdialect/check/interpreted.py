"""Making the calls of a check in the reference interpreter."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from xdsl.dialects.builtin import i64

from wasmdialect import types as wt
from wasmdialect.abi.traps import TrapCode
from wasmdialect.check.calls import Call, format_value
from wasmdialect.check.host import IMPORTED_GLOBAL, Host, constant
from wasmdialect.check.outcome import INSTANTIATED, Outcome
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.declared import ModuleDeclarations
from wasmdialect.interpreter import (
    BrokenPromise,
    Global,
    HostFunction,
    Instance,
    LinkFailure,
    Machine,
    Memory,
    Observer,
    StepLimit,
    Stopped,
    Table,
    Tag,
    Trapped,
    Uncaught,
    WasmFunction,
)

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from wasmdialect.interpreter import Extern

Bodies = Mapping[str, wasmir.FuncOp]
"""Functions of other versions of a module, by symbol."""

STEPS = 200_000
"""Operations of a call before it is left out."""


def interpret(
    module: ModuleOp,
    calls: Iterable[Call],
    baseline: Sequence[Outcome] | None = None,
    *,
    steps: int = STEPS,
    bodies: Bodies | None = None,
    observer: Observer | None = None,
) -> Iterator[Outcome]:
    """The outcomes of instantiating a module and of calls of its exports, one after the other.

    With a `baseline`, calls that were left out there are left out, and no call may run for much longer.
    After a call that is left out there is a new instance. Raises NotInterpreted, DeclarationError.
    """
    first = None if baseline is None else baseline[0]
    run = _Run(module, bodies, observer)
    outcome = run.instantiate(_limit(first, steps))
    yield outcome
    if run.instance is None:
        return
    for number, call in enumerate(calls, 1):
        expected = None if baseline is None else baseline[number]
        if expected is None or not expected.left_out:
            outcome = run.call(call, _limit(expected, steps))
        else:
            outcome = expected
        yield outcome
        if outcome.left_out:
            run = _Run(module, bodies, observer)
            run.instantiate(_limit(first, steps))


def _limit(expected: Outcome | None, steps: int) -> int:
    """The limit of steps: what passes add must not look like a loop without end."""
    return steps if expected is None else 10 * expected.steps + 10_000


class _Run:
    """An instance and what it imports."""

    def __init__(self, module: ModuleOp, bodies: Bodies | None, observer: Observer | None):
        self._module, self._bodies = module, bodies
        self.machine = Machine(canonical_nans=True, observer=observer)
        self.host = Host()
        self.instance: Instance | None = None

    def instantiate(self, limit: int) -> Outcome:
        """Make the instance."""

        def make() -> str:
            imports = _stand_ins(ModuleDeclarations(self._module), self.host)
            self.instance = Instance(self.machine, self._module, imports, self._bodies)
            return INSTANTIATED

        return self._observed(make, limit)

    def call(self, call: Call, limit: int) -> Outcome:
        """Call an export."""
        assert self.instance is not None
        function = self.instance.exports.get(call.export)
        if not isinstance(function, WasmFunction | HostFunction):
            return Outcome(f"no export {call.export!r}")
        signature = function.type.composite
        assert isinstance(signature, wt.FuncType)
        if signature.params != call.types:
            return Outcome(f"{call.export!r} has other parameters")
        arguments = [
            None if isinstance(t, wt.RefType) else bits
            for t, bits in zip(call.types, call.arguments, strict=True)
        ]

        def run() -> str:
            return _values(signature.results, self.machine.invoke(function, arguments))

        return self._observed(run, limit)

    def _observed(self, run: Callable[[], str], limit: int) -> Outcome:
        self.machine.steps, self.machine.limit = 0, limit
        places: tuple[str, ...] = ()
        left_out = False
        try:
            result = run()
        except (Trapped, Uncaught, BrokenPromise, StepLimit) as stopped:
            result = _description(stopped)
            places = tuple(map(str, stopped.places))
            left_out = isinstance(stopped, StepLimit) or (
                isinstance(stopped, Trapped) and stopped.code is TrapCode.STACK_OVERFLOW
            )
        except (LinkFailure, MemoryError) as error:
            result = str(error)
        state = {} if self.instance is None else _state(self.instance)
        return Outcome(
            *(result, self.host.take()),
            **state,
            places=places,
            steps=self.machine.steps,
            left_out=left_out,
        )


def _description(stopped: Stopped) -> str:
    if isinstance(stopped, Trapped):
        return f"trap: {stopped.code.message}"
    if isinstance(stopped, Uncaught):
        exception = stopped.exception
        signature = exception.tag.type.composite
        assert isinstance(signature, wt.FuncType)
        return f"exception with {_values(signature.params, exception.values)}"
    return str(stopped)


def _values(types: Sequence[wt.ValType], values: Sequence[Any]) -> str:
    """Results as `run --invoke` prints them, in one line."""
    if not types:
        return "no results"
    return " ".join(f"{t}:{_value(t, v)}" for t, v in zip(types, values, strict=True))


def _value(t: wt.ValType, value: Any) -> str:
    return (
        format_value(t, value is not None) if isinstance(t, wt.RefType) else format_value(t, value)
    )


def _state(instance: Instance) -> dict[str, Any]:
    memories: dict[str, str] = {}
    variables: dict[str, str] = {}
    tables: dict[str, str] = {}
    for symbol, entity in instance.entities.items():
        match entity:
            case Memory():
                memories[symbol] = memory_digest(entity.bytes, entity.length)
            case Global():
                variables[symbol] = _value(entity.type, entity.value)
            case Table():
                tables[symbol] = _table_digest(entity)
            case _:
                pass
    return {"memories": memories, "globals": variables, "tables": tables}


def memory_digest(data: Any, length: int) -> str:
    """What a memory holds: its size, and a digest of its contents."""
    with memoryview(data) as view:
        return f"{length}:{hashlib.blake2b(view[:length], digest_size=16).hexdigest()}"


def _table_digest(table: Table) -> str:
    """The elements: functions by name."""
    names = (
        "null" if e is None else e.name if isinstance(e, WasmFunction | HostFunction) else "ref"
        for e in table.elements
    )
    digest = hashlib.blake2b("\0".join(names).encode(), digest_size=16)
    return f"{len(table.elements)}:{digest.hexdigest()}"


def _stand_ins(declared: ModuleDeclarations, host: Host) -> dict[tuple[str, str], Extern]:
    """Something for each import of a module."""
    found: dict[tuple[str, str], Extern] = {}
    for op in declared.imports:
        assert op.imported is not None
        if op.imported not in found:
            found[op.imported] = _stand_in(declared, op, host)
    return found


def _stand_in(declared: ModuleDeclarations, op: wasmir.ImportableOp, host: Host) -> Extern:
    name = op.imported
    assert name is not None
    match op:
        case wasmir.FuncOp():
            t = declared.types.function(op)
            signature = t.composite
            assert isinstance(signature, wt.FuncType)
            return HostFunction(
                t, lambda *a: _call_host(host, name, signature, a), op.sym_name.data
            )
        case wasmir.MemoryOp():
            return Memory(
                *op.limits,
                is_64=op.address_type == i64,
                page_size_log2=op.page_size_log2.value.data,
                shared=op.shared is not None,
            )
        case wasmir.TableOp():
            element: Any = declared.types.value(op.element_type)
            return Table(element, *op.limits, is_64=op.address_type == i64)
        case wasmir.GlobalOp():
            t = declared.types.value(op.value_type)
            value = None if isinstance(t, wt.RefType) else constant(t, IMPORTED_GLOBAL)
            return Global(t, op.mutable is not None, value)
        case _:
            assert isinstance(op, wasmir.TagOp)
            return Tag(declared.types.function(op))


def _call_host(
    host: Host, name: tuple[str, str], signature: wt.FuncType, arguments: Sequence[Any]
) -> list[Any]:
    bits = [
        int(a is not None) if isinstance(t, wt.RefType) else a
        for t, a in zip(signature.params, arguments, strict=True)
    ]
    results = host.call(name, signature, bits)
    return [
        None if isinstance(t, wt.RefType) else r
        for t, r in zip(signature.results, results, strict=True)
    ]
