"""Validation of modules and function bodies (spec "Validation")."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple, Protocol, TypeVar

from wasmdialect import types as wt
from wasmdialect.abi.reservation import WASM_PAGE_LOG2
from wasmdialect.types import ValType, matches
from wasmdialect.wasm.body import Instruction, decode_local_runs
from wasmdialect.wasm.call_sites import call_sites, hinted_calls
from wasmdialect.wasm.errors import ValidationError, WasmError
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.hints import FunctionHints, module_hints
from wasmdialect.wasm.inline_plan import Calls
from wasmdialect.wasm.instructions import BY_MNEMONIC
from wasmdialect.wasm.instructions.opcodes import GLOBAL_GET, I32_CONST, REF_FUNC
from wasmdialect.wasm.module import (
    ConstExpr,
    DataSegment,
    ElementSegment,
    Export,
    ExternKind,
    Function,
    Global,
    Instr,
    Memory,
    Module,
    SegmentMode,
    Table,
    Tag,
)
from wasmdialect.wasm.operand_stack import OperandStack
from wasmdialect.wasm.reader import Reader
from wasmdialect.wasm.validate_body import check_instructions

_CONSTANT_ALWAYS = (
    "i32.const", "i64.const", "f32.const", "f64.const", "v128.const",
    "ref.null", "ref.func", "global.get",
)  # fmt: skip
_CONSTANT_EXTENDED = (
    "i32.add", "i32.sub", "i32.mul", "i64.add", "i64.sub", "i64.mul",
)  # fmt: skip
_CONSTANT_GC = (
    "ref.i31", "struct.new", "struct.new_default", "array.new", "array.new_default",
    "array.new_fixed", "any.convert_extern", "extern.convert_any",
)  # fmt: skip
_CONSTANT_DESCRIPTORS = ("struct.new_desc", "struct.new_default_desc")
CONSTANT_INSTRUCTIONS = {
    row.opcode: feature
    for mnemonics, feature in (
        (_CONSTANT_ALWAYS, Feature.MVP),
        (_CONSTANT_EXTENDED, Feature.EXTENDED_CONST),
        (_CONSTANT_GC, Feature.GC),
        (_CONSTANT_DESCRIPTORS, Feature.CUSTOM_DESCRIPTORS),
    )
    for mnemonic in mnemonics
    for row in BY_MNEMONIC[mnemonic]
}
"""The opcodes allowed in constant expressions, with the feature that allows them."""

_MAX_TABLE_32 = 0xFFFF_FFFF


def validate_module(module: Module) -> None:
    """Check all declarations and bodies. Raises ValidationError; DecodeError for a malformed body."""
    validate_declarations(module)
    for function in module.defined_functions():
        _check_body(module, function, None)


class BodyCalls(NamedTuple):
    """The calls in a function body."""

    callees: list[int]
    """The functions called directly, in the order of their first calls."""
    has_tail_calls: bool
    replaceable: dict[int, Calls]
    """The direct calls outside of `try_table` that come back, by callee."""
    indirect: Mapping[tuple[int, int], Calls] = {}
    """The calls through tables, by the table and the index of the type; counted are those that are
    outside of `try_table` and come back."""
    written_tables: Collection[int] = ()
    """The tables that it may write."""


def survey_calls(module: Module, indices: Iterable[int]) -> dict[int, BodyCalls]:
    """Check the bodies of some functions; returns the calls in each, by the index of the function.
    Raises what `validate_function` raises."""
    found: dict[int, BodyCalls] = {}
    hinted = module_hints(module)
    for index in indices:
        hints = hinted.get(index)
        instructions: list[Instruction] | None = None if hints is None else []
        stack = _check_body(module, module.functions[index], instructions)
        if hints is not None and instructions is not None:
            _use_hints(stack, module.functions[index], instructions, hints)
        found[index] = BodyCalls(
            *([*dict.fromkeys(stack.callees)], stack.has_tail_calls, stack.calls),
            *(stack.indirect, sorted(stack.written_tables)),
        )
    return found


def _use_hints(
    stack: OperandStack,
    function: Function,
    instructions: Iterable[Instruction],
    hints: FunctionHints,
) -> None:
    """Weigh the calls of a function as hints say."""
    assert function.code is not None
    found = hinted_calls(call_sites(instructions, function.code.offset, hints))
    for callee, calls in found.items():
        if isinstance(callee, int):
            stack.calls[callee] = calls
        else:
            stack.indirect[callee] = calls


def validate_function(
    module: Module, function: Function
) -> tuple[list[ValType], list[Instruction]]:
    """Decode and check one body.

    Returns the declared locals (without the parameters) and every instruction in order: dead ones,
    `else` and `end` too. Raises ValidationError and DecodeError, which name the function.
    """
    instructions: list[Instruction] = []
    stack = _check_body(module, function, instructions)
    return stack.locals[len(function.signature.params) :], instructions


def _check_body(module: Module, function: Function, out: list[Instruction] | None) -> OperandStack:
    """Check one body, and append its instructions to `out`."""
    assert function.code is not None
    signature = function.signature
    start = function.code.offset
    reader = Reader(module.binary, start, module.features, module.types)
    try:
        runs = decode_local_runs(reader, len(signature.params))
        stack = OperandStack(module, signature, runs)
        check_instructions(stack, reader, start + len(function.code.bytes), out)
    except WasmError as error:
        error.function = function.index
        error.function_name = module.function_name(function.index)
        raise
    return stack


def validate_declarations(module: Module) -> None:
    """Check everything but the bodies. Raises ValidationError."""
    _check_each(module, module.tables, _check_table)
    _check_each(module, module.memories, _check_memory)
    _check_each(module, module.tags, _check_tag)
    _check_each(module, module.globals, _check_global)
    _check_each(module, module.exports, _check_export)
    _check_export_names(module)
    _check_start(module)
    _check_each(module, module.elements, _check_element)
    _check_each(module, module.data, _check_data)


class _Declared(Protocol):
    declared_at: int


_D = TypeVar("_D", bound=_Declared)


def _check_each(
    module: Module, declared: Iterable[_D], check: Callable[[Module, _D], None]
) -> None:
    """Check declarations; an error without a location gets the declaration's."""
    for item in declared:
        try:
            check(module, item)
        except ValidationError as error:
            if error.offset is None:
                error.offset = item.declared_at
            raise


def _check_limits(limits: wt.Limits, ceiling: int, what: str) -> None:
    if limits.minimum > ceiling or (limits.maximum or 0) > ceiling:
        raise ValidationError(what)
    if limits.maximum is not None and limits.minimum > limits.maximum:
        raise ValidationError("size minimum must not be greater than maximum")


def _check_table(module: Module, table: Table) -> None:
    if table.index and Feature.REFERENCE_TYPES not in module.features:
        raise ValidationError("multiple tables")
    t = table.type
    ceiling = _MAX_TABLE_32 if t.address is wt.I32 else (1 << 64) - 1
    _check_limits(t.limits, ceiling, "table size")
    if table.init is not None:
        imported = sum(g.imported is not None for g in module.globals)
        _check_constant(module, table.init, t.element, imported)
    elif table.imported is None and not t.element.nullable:
        raise ValidationError(
            f"type mismatch: table {table.index} of non-null elements needs an initial value"
        )


def _check_memory(module: Module, memory: Memory) -> None:
    if memory.index and Feature.MULTI_MEMORY not in module.features:
        raise ValidationError("multiple memories")
    t = memory.type
    if t.page_size_log2 not in (0, WASM_PAGE_LOG2):
        raise ValidationError(f"invalid custom page size of memory {memory.index}")
    address_bits = 32 if t.address is wt.I32 else 64
    ceiling = min(1 << (address_bits - t.page_size_log2), (1 << address_bits) - 1)
    if t.page_size_log2:
        bytes_word = "4GiB" if address_bits == 32 else "16EiB"
        message = f"memory size must be at most {ceiling} pages ({bytes_word})"
    else:
        message = f"memory size must be at most {ceiling} bytes"
    _check_limits(t.limits, ceiling, message)
    if t.shared and t.limits.maximum is None:
        raise ValidationError("shared memory must have maximum")


def _check_tag(_: Module, tag: Tag) -> None:
    composite = tag.type.type.composite
    assert isinstance(composite, wt.FuncType)
    if composite.results:
        raise ValidationError(f"non-empty tag result type of tag {tag.index}")


def _check_global(module: Module, variable: Global) -> None:
    if variable.imported is not None:
        _check_shared_global(module, variable)
    if variable.init is not None:
        _check_constant(module, variable.init, variable.type.value, variable.index)


def _check_export(module: Module, export: Export) -> None:
    word = "function" if export.kind.value == 0 else export.kind.word
    if export.index >= len(module.index_space(export.kind)):
        raise ValidationError(f"unknown {word} {export.index}")
    if export.kind is ExternKind.GLOBAL:
        _check_shared_global(module, module.globals[export.index])


def _check_shared_global(module: Module, variable: Global) -> None:
    if variable.type.mutable and Feature.MUTABLE_GLOBAL not in module.features:
        raise ValidationError("mutable globals cannot be imported or exported")


def _check_export_names(module: Module) -> None:
    seen: set[str] = set()
    for export in module.exports:
        if export.name in seen:
            raise ValidationError(
                f"duplicate export name {export.name!r}", offset=export.declared_at
            )
        seen.add(export.name)


def _check_start(module: Module) -> None:
    if module.start is None:
        return
    at = module.start_declared_at
    if module.start >= len(module.functions):
        raise ValidationError(f"unknown function {module.start}", offset=at)
    signature = module.functions[module.start].signature
    if signature.params or signature.results:
        raise ValidationError("start function must have no parameters and no results", offset=at)


def _check_element(module: Module, segment: ElementSegment) -> None:
    if segment.mode is SegmentMode.ACTIVE:
        if segment.table >= len(module.tables):
            raise ValidationError(f"unknown table {segment.table}")
        table = module.tables[segment.table].type
        if not matches(segment.type, table.element):
            raise ValidationError(
                f"type mismatch: segment of {segment.type} for a table of {table.element}"
            )
        assert segment.offset is not None
        _check_constant(module, segment.offset, table.address, len(module.globals))
    for index in segment.functions or ():
        if index >= len(module.functions):
            raise ValidationError(f"unknown function {index}")
    for expression in segment.expressions or ():
        _check_constant(module, expression, segment.type, len(module.globals))


def _check_data(module: Module, segment: DataSegment) -> None:
    if segment.mode is not SegmentMode.ACTIVE:
        return
    if segment.memory >= len(module.memories):
        raise ValidationError(f"unknown memory {segment.memory}")
    address = module.memories[segment.memory].type.address
    assert segment.offset is not None
    _check_constant(module, segment.offset, address, len(module.globals))


def _check_constant(
    module: Module,
    expression: ConstExpr,
    expected: ValType,
    visible_globals: int,
) -> None:
    """Check a constant expression that may read the first `visible_globals` globals."""
    instructions = expression.instructions
    if len(instructions) == 1 and instructions[0].opcode == I32_CONST and expected is wt.I32:
        return  # the place of almost every segment, of which there may be tens of thousands
    stack = OperandStack(module, wt.FuncType((), (expected,)))
    offset = expression.offset
    try:
        for instruction in expression.instructions:
            offset = instruction.offset
            _check_is_constant(module, instruction, visible_globals)
        end = expression.offset + len(expression.bytes)
        reader = Reader(module.binary, expression.offset, module.features, module.types)
        check_instructions(stack, reader, end)
    except WasmError as error:
        if error.offset is None:
            error.offset = offset
        raise


def _check_is_constant(
    module: Module,
    instruction: Instr,
    visible_globals: int,
) -> None:
    opcode = instruction.opcode
    immediate: int = instruction.immediate
    if CONSTANT_INSTRUCTIONS.get(opcode) not in module.features:
        raise ValidationError("constant expression required")
    if opcode == GLOBAL_GET:
        if immediate >= visible_globals:
            raise ValidationError(f"unknown global {immediate}")
        variable = module.globals[immediate]
        if variable.type.mutable or (
            Feature.GC not in module.features and variable.imported is None
        ):
            raise ValidationError("constant expression required")
    elif opcode == REF_FUNC and immediate >= len(module.functions):
        raise ValidationError(f"unknown function {immediate}")
