"""Validation of modules and function bodies (spec "Validation")."""

from __future__ import annotations

from collections.abc import Sequence

from wasmdialect.wasm import types as wt
from wasmdialect.wasm.body import Instruction, decode_instructions, decode_locals
from wasmdialect.wasm.errors import ValidationError, WasmError
from wasmdialect.wasm.features import WASM_3_0, Feature
from wasmdialect.wasm.instructions import BY_MNEMONIC, INSTRUCTIONS
from wasmdialect.wasm.module import (
    REF_FUNC,
    ConstExpr,
    DataSegment,
    ElementSegment,
    Function,
    Instr,
    Memory,
    Module,
    SegmentMode,
    Table,
)
from wasmdialect.wasm.operand_stack import OperandStack
from wasmdialect.wasm.reader import Reader
from wasmdialect.wasm.rules import RULES
from wasmdialect.wasm.types import ValType, matches

_PLAIN = {
    i.opcode: (i.params, i.results)
    for i in INSTRUCTIONS
    if i.opcode not in RULES and i.params is not None and i.results is not None
}
"""What the table alone types: parameters and results."""

_LOCAL_GET = 0x20
_GLOBAL_GET = 0x23
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
_CONSTANT = {
    row.opcode: feature
    for mnemonics, feature in (
        (_CONSTANT_ALWAYS, Feature.MVP),
        (_CONSTANT_EXTENDED, Feature.EXTENDED_CONST),
        (_CONSTANT_GC, Feature.GC),
    )
    for mnemonic in mnemonics
    for row in BY_MNEMONIC[mnemonic]
}
"""The opcodes allowed in constant expressions, with the feature that allows them."""

_MAX_TABLE_32 = 0xFFFF_FFFF


def validate_module(module: Module, features: frozenset[Feature] = WASM_3_0) -> None:
    """Check all declarations and bodies. Raises ValidationError; DecodeError for a malformed body."""
    validate_declarations(module, features)
    for function in module.defined_functions():
        validate_function(module, function, features)


def validate_function(
    module: Module, function: Function, features: frozenset[Feature] = WASM_3_0
) -> tuple[list[ValType], list[Instruction]]:
    """Decode and check one body.

    Returns the declared locals (without the parameters) and every instruction in order: dead ones,
    `else` and `end` too. Raises ValidationError and DecodeError, which name the function.
    """
    assert function.code is not None
    signature = function.signature
    start = function.code.offset
    reader = Reader(module.binary, start, features, module.types)
    try:
        declared = decode_locals(reader, len(signature.params))
        instructions = decode_instructions(reader, start + len(function.code.bytes))
        stack = OperandStack(
            module,
            [*signature.params, *declared],
            len(signature.params),
            wt.FuncType((), signature.results),
        )
        _check(stack, instructions)
    except WasmError as error:
        error.function = function.index
        raise
    return declared, instructions


def _check(s: OperandStack, instructions: Sequence[Instruction]) -> None:
    """Run the rules over the instructions of a body. The most frequent ones are done here."""
    plain = _PLAIN.get
    operands = s.operands
    local_types = s.locals if not s.unset else None
    at = immediate = 0
    try:
        for opcode, immediate, at in instructions:  # noqa: B007 (the handlers below need it)
            if opcode == _LOCAL_GET and local_types is not None:
                index: int = immediate
                operands.append(local_types[index])
                continue
            signature = plain(opcode)
            if signature is None:
                if not s.frames:
                    raise ValidationError("unexpected token: code behind the last end")
                RULES[opcode](s, immediate)
                continue
            params, results = signature
            count = len(params)
            if count == 2:
                if (
                    len(operands) > s.height + 1
                    and operands[-1] is params[1]
                    and operands[-2] is params[0]
                ):
                    operands.pop()
                    operands[-1] = results[0]
                    continue
            elif count == 1:
                if len(operands) > s.height and operands[-1] is params[0]:
                    operands[-1] = results[0]
                    continue
            elif count == 0:
                operands.extend(results)
                continue
            s.pop_all(params)
            operands.extend(results)
    except IndexError:
        raise ValidationError(f"unknown local {immediate}", offset=at) from None
    except WasmError as error:
        if error.offset is None:
            error.offset = at
        raise


def validate_declarations(module: Module, features: frozenset[Feature] = WASM_3_0) -> None:
    """Check everything but the bodies. Raises ValidationError."""
    for table in module.tables:
        _check_table(module, table, features)
    if len(module.memories) > 1 and Feature.MULTI_MEMORY not in features:
        raise ValidationError("multiple memories")
    for memory in module.memories:
        _check_memory(memory)
    for tag in module.tags:
        composite = tag.type.type.composite
        assert isinstance(composite, wt.FuncType)
        if composite.results:
            raise ValidationError(f"non-empty tag result type of tag {tag.index}")
    for variable in module.globals:
        if variable.init is not None:
            _check_constant(module, variable.init, variable.type.value, variable.index, features)
    _check_exports(module)
    _check_start(module)
    for segment in module.elements:
        _check_element(module, segment, features)
    for segment in module.data:
        _check_data(module, segment, features)


def _check_limits(limits: wt.Limits, ceiling: int, what: str) -> None:
    if limits.minimum > ceiling or (limits.maximum or 0) > ceiling:
        raise ValidationError(what)
    if limits.maximum is not None and limits.minimum > limits.maximum:
        raise ValidationError("size minimum must not be greater than maximum")


def _check_table(module: Module, table: Table, features: frozenset[Feature]) -> None:
    t = table.type
    ceiling = _MAX_TABLE_32 if t.address is wt.I32 else (1 << 64) - 1
    _check_limits(t.limits, ceiling, "table size")
    if table.init is not None:
        imported = sum(g.imported is not None for g in module.globals)
        _check_constant(module, table.init, t.element, imported, features)
    elif table.imported is None and not t.element.nullable:
        raise ValidationError(
            f"type mismatch: table {table.index} of non-null elements needs an initial value"
        )


def _check_memory(memory: Memory) -> None:
    t = memory.type
    if t.page_size_log2 not in (0, 16):
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


def _check_exports(module: Module) -> None:
    seen: set[str] = set()
    for export in module.exports:
        word = "function" if export.kind.value == 0 else export.kind.word
        if export.index >= len(module.index_space(export.kind)):
            raise ValidationError(f"unknown {word} {export.index}")
        if export.name in seen:
            raise ValidationError(f"duplicate export name {export.name!r}")
        seen.add(export.name)


def _check_start(module: Module) -> None:
    if module.start is None:
        return
    if module.start >= len(module.functions):
        raise ValidationError(f"unknown function {module.start}")
    signature = module.functions[module.start].signature
    if signature.params or signature.results:
        raise ValidationError("start function must have no parameters and no results")


def _check_element(module: Module, segment: ElementSegment, features: frozenset[Feature]) -> None:
    if segment.mode is SegmentMode.ACTIVE:
        if segment.table >= len(module.tables):
            raise ValidationError(f"unknown table {segment.table}")
        table = module.tables[segment.table].type
        if not matches(segment.type, table.element):
            raise ValidationError(
                f"type mismatch: segment of {segment.type} for a table of {table.element}"
            )
        assert segment.offset is not None
        _check_constant(module, segment.offset, table.address, len(module.globals), features)
    for index in segment.functions or ():
        if index >= len(module.functions):
            raise ValidationError(f"unknown function {index}")
    for expression in segment.expressions or ():
        _check_constant(module, expression, segment.type, len(module.globals), features)


def _check_data(module: Module, segment: DataSegment, features: frozenset[Feature]) -> None:
    if segment.mode is not SegmentMode.ACTIVE:
        return
    if segment.memory >= len(module.memories):
        raise ValidationError(f"unknown memory {segment.memory}")
    address = module.memories[segment.memory].type.address
    assert segment.offset is not None
    _check_constant(module, segment.offset, address, len(module.globals), features)


def _check_constant(
    module: Module,
    expression: ConstExpr,
    expected: ValType,
    visible_globals: int,
    features: frozenset[Feature],
) -> None:
    """Check a constant expression that may read the first `visible_globals` globals."""
    stack = OperandStack(module, [], 0, wt.FuncType((), (expected,)))
    offset = expression.offset
    try:
        for instruction in expression.instructions:
            offset = instruction.offset
            _check_is_constant(module, instruction, visible_globals, features)
        _check(stack, [(i.opcode, i.immediate, i.offset) for i in expression.instructions])
        stack.close()
    except WasmError as error:
        if error.offset is None:
            error.offset = offset
        raise


def _check_is_constant(
    module: Module,
    instruction: Instr,
    visible_globals: int,
    features: frozenset[Feature],
) -> None:
    opcode = instruction.opcode
    immediate: int = instruction.immediate
    if _CONSTANT.get(opcode) not in features:
        raise ValidationError("constant expression required")
    if opcode == _GLOBAL_GET:
        if immediate >= visible_globals:
            raise ValidationError(f"unknown global {immediate}")
        variable = module.globals[immediate]
        if variable.type.mutable or (Feature.GC not in features and variable.imported is None):
            raise ValidationError("constant expression required")
    elif opcode == REF_FUNC and immediate >= len(module.functions):
        raise ValidationError(f"unknown function {immediate}")
