"""The mandatory passes from insert-vmctx-loads on as one walk, for functions that are only to be
written as LLVM IR: what is built for an operation of wasmir is written at once, without a graph of
wasmvm.

The steps are those of the passes, with the same functions that build them (insert_vmctx_loads.py) and
lower them (wasmdialect/lowering); only what they build with differs. The text is that of the passes
one by one, but for the names of values (tests/lowering/test_written.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from xdsl.context import Context
from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp, f32, f64, i32, i64
from xdsl.ir import Attribute, Block, Operation, OpResult, SSAValue
from xdsl.passes import ModulePass

from wasmdialect.abi.layout import Alias
from wasmdialect.abi.symbols import function_trampoline_symbol
from wasmdialect.analyses.local_ranges import may_be_anything
from wasmdialect.dialects import llvm_ext, wasmir, wasmvm
from wasmdialect.dialects.control_transfer import CallsCode
from wasmdialect.dialects.counts import has_exceptions
from wasmdialect.dialects.fast import Passer, dismantle, make_block, operand_of, result_of
from wasmdialect.dialects.wasm_builder import WasmBuilder
from wasmdialect.lowering.emit import Emitters
from wasmdialect.lowering.emit_function import Twin
from wasmdialect.lowering.function import ModuleContext
from wasmdialect.lowering.line_emitter import WrittenBlock
from wasmdialect.lowering.memory import NARROW
from wasmdialect.lowering.numeric import set_condition
from wasmdialect.lowering.signature import abi_signature, type_size
from wasmdialect.lowering.tail_calls import TailCallingFunction
from wasmdialect.lowering.written import WrittenLowering, written_function
from wasmdialect.passes import insert_vmctx_loads
from wasmdialect.passes.insert_stack_limit_checks import InsertStackLimitChecks, append_check
from wasmdialect.passes.insert_trampolines import CONVENTIONS, InsertTrampolines
from wasmdialect.passes.insert_vmctx_loads import (
    InsertVMContextLoads,
    check_fences,
    check_without_steps,
    declared_symbols,
    needs_runtime,
)
from wasmdialect.passes.transfers import require_transfer, transfer_of
from wasmdialect.passes.vmctx_exceptions import ExceptionSteps
from wasmdialect.passes.wasmvm_to_llvm import WRITTEN, Handlers, WasmVMToLLVM, lower_trampoline


@dataclass(frozen=True)
class AtOnce:
    """The passes that are one walk."""

    loads: InsertVMContextLoads
    trampolines: InsertTrampolines
    checks: InsertStackLimitChecks
    lowering: WasmVMToLLVM

    @staticmethod
    def of(passes: Sequence[ModulePass], emitters: Emitters) -> AtOnce | None:
        """These passes, if they are all that is left; None if they are not, or if the target needs to
        see the stores of a whole function (`analyses.torn_stores`)."""
        if [p.__class__ for p in passes] != _PASSES or llvm_ext.StoreProbeOp in emitters:
            return None
        return AtOnce(*passes)  # pyright: ignore[reportArgumentType]

    def write(
        self, ctx: Context, module: ModuleOp, emitters: Emitters, *, is_optimized: bool
    ) -> list[llvm.FuncOp]:
        """The functions of a module of wasmir, as `WasmVMToLLVM.write` gives them. A function that
        raises an exception keeps its body."""
        symbols, tests_exceptions = declared_symbols(module), has_exceptions(module)

        def lower(f: _Lowering, source: wasmir.FuncOp, handlers: Handlers) -> llvm.FuncOp:
            tables = _tables(handlers)
            loads = self.loads
            f.checks_always = self.checks.every_function
            f.steps = _Steps(source, symbols, loads.bounds, loads.traps, tests_exceptions)
            f.steps.write_to(f, tables)
            try:
                function = f.lower(source.body, tables.sources)
                if f.steps.has_plain:
                    check_fences(source)
                return function
            finally:
                del f.steps  # which refers to it

        needed = self.trampolines.needed(module)  # while the bodies are there

        def trampolines(context: ModuleContext) -> Iterator[llvm.FuncOp]:
            for kind, declaration in needed:
                yield self._trampoline(kind, declaration, context, tests_exceptions)

        form = WRITTEN._replace(
            function=_Lowering, tail_calling=_TailCalls, lower=lower, trampolines=trampolines
        )
        return self.lowering.lower(module, form, emitters, is_optimized=is_optimized)

    def _trampoline(
        self,
        kind: str,
        declaration: wasmir.FuncOp | wasmir.TypeOp,
        context: ModuleContext,
        tests_exceptions: bool,
    ) -> llvm.FuncOp:
        if isinstance(declaration, wasmir.TypeOp):
            return _write_trampoline(self.trampolines.type_trampoline(kind, declaration), context)

        def write() -> Any:
            make = self.trampolines.function_trampoline
            return _write_trampoline(make(kind, declaration, tests_exceptions), context)

        types = declaration.function_type
        signature = abi_signature(CONVENTIONS[kind], types.inputs.data, types.outputs.data)
        function = written_function(
            function_trampoline_symbol(kind, declaration.index_value), signature.type
        )
        # There is one signature for each convention, and so for each kind, and each type; it stays. The
        # layout of the VMContext does not matter: these use fields that are at one place in all.
        options = self.trampolines.debug_checks, tests_exceptions, context.is_optimized
        callee = context.symbols[declaration.sym_name.data]
        function.twin = Twin((id(signature), *options), callee, write)
        return function


def _write_trampoline(trampoline: wasmvm.FuncOp, context: ModuleContext) -> llvm.FuncOp:
    function = lower_trampoline(trampoline, context, WRITTEN)
    dismantle(trampoline)
    return function


_PASSES = [InsertVMContextLoads, InsertTrampolines, InsertStackLimitChecks, WasmVMToLLVM]


_Handler = Callable[[Any, Any], None]
"""A handler of the lowering below."""


@dataclass(slots=True)
class _Tables:
    """What is done with operations, by class."""

    sources: dict[type[Operation], _Handler]
    """With those of the function."""
    made: dict[type[Operation], _Handler]
    """With those of which the steps consist."""


_known_tables: dict[int, tuple[Handlers, _Tables]] = {}


def _tables(handlers: Handlers) -> _Tables:
    """The tables for the handlers of a lowering, of which there are a few that last."""
    known = _known_tables.get(id(handlers))
    if known is None:
        known = _known_tables[id(handlers)] = handlers, _make_tables(handlers)
    return known[1]


def _make_tables(handlers: Handlers) -> _Tables:
    made: dict[type[Operation], _Handler] = {
        cls: _noting_call(handler) if transfer_of(cls) is CallsCode else handler
        for cls, handler in handlers.items()
    }
    sources: dict[type[Operation], _Handler] = {
        cls: handler if _needs_no_steps(cls) else _write_kept for cls, handler in handlers.items()
    }
    for cls, replace in insert_vmctx_loads.HANDLERS.items():
        sources[cls] = partial(_write_steps, replace)
    for load in wasmir.LOAD_OPS.values():
        if load.RESULT_TYPE in _NUMBERS:
            sources[load] = partial(_write_load, _row(load, load.RESULT_TYPE), sources[load])
    for store in wasmir.STORE_OPS.values():
        value_type = store.VALUE_TYPE
        if value_type in _NUMBERS:
            sources[store] = partial(_write_store, _row(store, value_type), sources[store])
    return _Tables(sources, made)


def _needs_no_steps(cls: type[Operation]) -> bool:
    transfer = transfer_of(cls)
    if transfer is None or transfer is CallsCode:
        return False
    return not needs_runtime(cls, transfer)


def _noting_call(handler: _Handler) -> _Handler:
    def write(f: _Lowering, op: Operation) -> None:
        f.has_calls = True
        handler(f, op)

    return write


def _write_kept(f: _Lowering, op: Operation) -> None:
    """An operation without steps."""
    check_without_steps(op)
    f.write(op)
    if require_transfer(op) is CallsCode:
        f.has_calls = True
        f.steps.forget_fields()
        f.steps.after_call(op)


def _write_steps(
    replace: Callable[[ExceptionSteps, Any], None], f: _Lowering, op: Operation
) -> None:
    """An operation that steps replace."""
    replace(f.steps, op)


# --- accesses of which nothing is known ---

_NUMBERS = (i32, i64, f32, f64)


class _Row(NamedTuple):
    """What a class of accesses has in common."""

    bytes: int
    type: Attribute
    """That of the value in memory."""
    extension: type[Operation] | None
    """What makes an operand or a result of it."""


def _row(cls: type[wasmir.LoadOp | wasmir.StoreOp], value_type: Attribute) -> _Row:
    access = cls.INSTRUCTION.access
    assert access is not None
    if access.bytes == type_size(value_type):
        return _Row(access.bytes, value_type, None)
    extension = llvm.SExtOp if access.signed else llvm.ZExtOp
    return _Row(access.bytes, NARROW[access.bytes], extension)


def _place(f: _Lowering, op: wasmir.MemoryAccess, size: int) -> SSAValue | None:
    """The host address of an access that only guard pages bound, of a memory of one thread; None if it
    is of another kind. Nearly all are of this one, and are written without operations of wasmvm."""
    properties: dict[str, Any] = op.properties
    if "in_bounds" in properties or "plain" in properties:
        return None
    memory = f.steps.facts(properties["memory"].root_reference.data)
    offset = properties["offset"].value.data
    if offset < 0 or not memory.guards(offset + size) or memory.is_shared:
        return None
    address = operand_of(op, 0)
    if memory.minimum_bytes >> 32 or not may_be_anything(address):
        return None
    base = f.steps.base_of(memory)
    place = f.places.get((base, address))
    if place is None:
        place = f.places[base, address] = f.index(f.values[base], f.as_i64(address))
    return f.byte_offset(place, offset)


def _write_load(row: _Row, otherwise: _Handler, f: _Lowering, op: wasmir.LoadOp) -> None:
    place = _place(f, op, row.bytes)
    if place is None:
        otherwise(f, op)
        return
    result = result_of(op)
    value = f.load(place, row.type, 1, Alias.LINEAR, volatile=f.steps.ordered, may_fault=True)
    if row.extension is not None:
        value = f.value(row.extension, (value,), result.type)
    f.values[result] = value


def _write_store(row: _Row, otherwise: _Handler, f: _Lowering, op: wasmir.StoreOp) -> None:
    place = _place(f, op, row.bytes)
    if place is None:
        otherwise(f, op)
        return
    value = f.values[operand_of(op, 1)]
    if row.extension is not None:
        value = f.value(llvm.TruncOp, (value,), row.type)
    f.store(value, place, 1, Alias.LINEAR, volatile=f.steps.ordered, may_fault=True)


class _Steps(Passer, ExceptionSteps):
    """Writes the steps of a function, each when it is built."""

    receiver: _Lowering
    has_plain = False
    """Whether there are accesses whose order with traps does not matter."""

    def must_happen(self, op: wasmir.MemoryAccess, *, ordered: bool) -> bool:
        if op.is_plain:
            self.has_plain = True
        return super().must_happen(op, ordered=ordered)

    def write_to(self, f: _Lowering, tables: _Tables) -> None:
        """Write them as a part of a function."""
        self.receiver, self.handlers = f, tables.made
        self.prelude = _Prelude(make_block(), self.function.location)
        self.prelude.receiver, self.prelude.handlers = f, tables.made

    def give_place(self, op: Operation) -> None:
        f = self.receiver
        for result, made in zip(op.results, self.last, strict=True):
            _take(f, result, made)
            made_by: Any = made.owner
            result.op = made_by  # by which others tell what is known of the value

    def give_values(self, op: Operation, values: Sequence[SSAValue]) -> None:
        for result, value in zip(op.results, values, strict=True):
            _take(self.receiver, result, value)

    def drop(self, op: Operation) -> None:
        """It stays in the graph, which nothing looks at afterwards."""

    def stay(self, op: Operation) -> None:
        self.receiver.write(op)


def _take(f: _Lowering, result: OpResult, value: SSAValue) -> None:
    """Let a result of the function be a value that was built."""
    condition = f.conditions.get(value)
    if value in f.values:
        f.values[result] = f.values[value]
    if condition is not None:
        op: Any = result.op
        set_condition(f, op, condition)
    lanes = f.lanes.get(value)
    if lanes is not None:
        f.lanes[result] = lanes
    if value in f.unlikely:
        f.unlikely.add(result)


class _Prelude(Passer, WasmBuilder):
    """Writes steps at the start of a function."""

    receiver: _Lowering

    def value(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        result_type: Attribute,
        properties: dict[str, Attribute] | None = None,
    ) -> OpResult:
        f = self.receiver
        block, location = f.block, f.location
        f.begin(f.above)
        f.location = self.location
        result = super().value(cls, operands, result_type, properties)
        f.begin(block)
        f.location = location
        return result


class _Lowering(WrittenLowering):
    """Writes a function of wasmir."""

    steps: _Steps
    checks_always = False
    """Whether the stack is checked if nothing is called, too."""
    has_calls = False
    _following: Block | None = None

    def start(self) -> None:
        super().start()
        self.above: Any = self.make_side_block()
        """The lines of the prelude."""

    def write(self, op: Operation) -> None:
        """Write an operation as it is. Raises ValueError if there is no lowering for it."""
        handler = self.steps.handlers.get(op.__class__) or super().other_handler(op)
        handler(self, op)

    def other_handler(self, op: Operation) -> _Handler:
        return _write_kept

    def start_source(self, target: Block) -> None:
        super().start_source(target)
        self.steps.check_tested()
        self.steps.begin(target)

    def keeps_stored(self, user: Operation) -> bool | None:
        if not isinstance(user, wasmir.StoreOp):
            return super().keeps_stored(user)
        steps = self.steps
        return steps.must_happen(user, ordered=steps.ordered) and steps.may_fault(user)

    def new_block(self, argument_types: Sequence[Attribute] = ()) -> Block:
        following, self._following = self._following, None
        return super().new_block(argument_types) if following is None else following

    def finish(self, blocks: Sequence[Block]) -> llvm.FuncOp:
        self.steps.check_tested()
        self.emitter.decide_locations()  # before lines move
        entry: Any = self.entry
        entry.lines[:0] = self.above.lines
        if self.has_calls or self.checks_always:
            blocks = [self._write_check(entry), *blocks]
        return super().finish(blocks)

    def _write_check(self, entry: WrittenBlock) -> Block:
        """The check of the stack, in a block before the entry: only now it is known whether there are
        calls."""
        top = self.make_side_block()
        self._following = entry
        self.location = self.function_location
        self.begin(top)
        append_check(self.steps)
        self._cold_blocks.insert(0, self._cold_blocks.pop())
        entry._args = ()  # pyright: ignore[reportPrivateUsage]
        return top


class _TailCalls(_Lowering, TailCallingFunction):
    """Writes a function of wasmir that makes tail calls."""
