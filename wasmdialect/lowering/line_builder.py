"""A builder that writes the line of each LLVM operation at once, in place of making it.

Frequent operations have their line here; all others are written by the emitters of the graph, from an
operation that nothing keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from xdsl.dialects import llvm
from xdsl.dialects.builtin import IntegerAttr, IntegerType, VectorType, i1
from xdsl.ir import Attribute, Block, Operation, OpResult, SSAValues

from wasmdialect.abi.debug_locations import MEMORY_COLUMN, fault_column
from wasmdialect.abi.layout import Alias
from wasmdialect.dialects.fast import LocationAttr, integer_attr, unplaced_operation
from wasmdialect.dialects.llvm_builder import MAX_CONSTANT_INDEX, LLVMBuilder
from wasmdialect.dialects.wasmvm import PTR
from wasmdialect.lowering.emit_function import (
    BINARY,
    CASTS,
    CONSTANTS,
    FENCE,
    TERMINATORS,
    UNREACHABLE,
    call_ending,
    cond_br_text,
    constant_text,
    load_text,
    store_text,
    trap_line,
    type_text,
    weights_text,
)
from wasmdialect.lowering.line_emitter import (
    UNDECIDED,
    LineEmitter,
    User,
    WrittenBlock,
    WrittenConstant,
    WrittenValue,
)

_make = cast(Any, object.__new__)


_SMALL = frozenset(("i8", "i16"))
_INTEGERS: dict[int, tuple[Attribute, Any]] = {}


def _integer(attribute: IntegerAttr[IntegerType]) -> Any:
    """An integer constant, one for each attribute. Cached by identity; the entry keeps it alive."""
    known = _INTEGERS.get(id(attribute))
    if known is None:
        number, bits = attribute.value.data, attribute.type.width.data
        text = str(number) if bits != 1 else "true" if number else "false"
        known = attribute, WrittenConstant(attribute.type, f"i{bits}", text)
        if len(_INTEGERS) < 65536:
            _INTEGERS[id(attribute)] = known
    return known[1]


class LineBuilder(LLVMBuilder):
    """Writes operations of `llvm` and `llvm_ext` at the end of a block."""

    block: WrittenBlock
    emitter: LineEmitter
    number: Callable[[], int]
    """The next number of a value."""
    lines: list[str]
    """Those of the block."""
    sign: str

    def begin(self, block: Any) -> None:
        self.block = block
        self.lines = block.lines
        self.sign = block.sign
        for argument in block.args:
            argument.text = argument.text or f"{self.sign}{self.number()}"

    # --- any operation ---

    def value(
        self,
        cls: type[Operation],
        operands: Sequence[Any],
        result_type: Attribute,
        properties: dict[str, Attribute] | None = None,
    ) -> OpResult:
        word = BINARY.get(cls)
        if word is not None:
            lhs, rhs = operands
            lhs.uses += 1
            rhs.uses += 1
            result = _make(WrittenValue)
            result.type = result_type
            result.type_text = t = lhs.type_text
            result.text = text = f"{self.sign}{self.number()}"
            result.uses = 0
            result.location = ""
            self.lines.append(f"  {text} = {word} {t} {lhs.text}, {rhs.text}\n")
            if lhs.location or rhs.location:
                self._note_user(operands)
            return result
        word = CASTS.get(cls)
        if word is not None:
            operand = operands[0]
            if cls is llvm.BitcastOp and operand.__class__ is WrittenConstant:
                source, target = operand.type_text, type_text(result_type)
                text = f"bitcast ({source} {operand.text} to {target})"
                return cast(Any, WrittenValue(result_type, target, text))
            if cls not in self.emitter.overrides:
                return self._cast(word, operand, result_type)
        elif cls in CONSTANTS:
            return self._constant(cls, operands, result_type, properties)
        return self._write(cls, operands, (result_type,), properties)[0]

    def results(
        self,
        cls: type[Operation],
        operands: Sequence[Any],
        result_types: Sequence[Attribute],
        properties: dict[str, Attribute] | None = None,
    ) -> SSAValues[OpResult]:
        return self._write(cls, operands, result_types, properties)

    def step(
        self,
        cls: type[Operation],
        operands: Sequence[Any] = (),
        properties: dict[str, Attribute] | None = None,
    ) -> Any:
        return self._write(cls, operands, (), properties)

    def terminator(
        self,
        cls: type[Operation],
        operands: Sequence[Any],
        successors: Sequence[Block],
        properties: dict[str, Attribute] | None = None,
    ) -> Any:
        op = self._operation(cls, operands, (), properties)
        op._successors = tuple(successors)
        self.lines.append(TERMINATORS[cls](self.emitter, self.block, op))
        return op

    def _operation(
        self,
        cls: type[Operation],
        operands: Sequence[Any],
        result_types: Sequence[Attribute],
        properties: dict[str, Attribute] | None,
    ) -> Any:
        """An operation for its emitter; nothing keeps it."""
        for operand in operands:
            operand.uses += 1
        results = tuple(
            WrittenValue(t, type_text(t), f"{self.sign}{self.number()}") for t in result_types
        )
        return unplaced_operation(cls, operands, results, properties, self.location)

    def _write(
        self,
        cls: type[Operation],
        operands: Sequence[Any],
        result_types: Sequence[Attribute],
        properties: dict[str, Attribute] | None,
        attributes: Mapping[str, Attribute] | None = None,
    ) -> Any:
        write = TERMINATORS.get(cls)
        op = self._operation(cls, operands, result_types, properties)
        if attributes:
            op.attributes = dict(attributes)
        emitter = self.emitter
        emitter.lines = self.lines
        if write is not None:
            self.lines.append(write(emitter, self.block, op))
        else:
            emitter.emit(op)
        return op.results

    def _note_user(self, operands: Sequence[Any], result: Any = None, otherwise: str = "") -> None:
        """The line just written may get the location of a load."""
        users = self.emitter.users
        users.append(User(self.lines, len(self.lines) - 1, operands, result, otherwise))

    # --- constants and casts ---

    def _constant(
        self,
        cls: type[Operation],
        operands: Sequence[Any],
        result_type: Attribute,
        properties: dict[str, Attribute] | None,
    ) -> Any:
        made = WrittenConstant if cls is llvm.ConstantOp else WrittenValue
        result = made(result_type, type_text(result_type), "")
        op: Any = unplaced_operation(cls, operands, [result], properties, self.location)
        result.text = CONSTANTS[cls](op, self.emitter.names) or ""
        return result

    def constant(self, value: int, bits: int) -> Any:
        return _integer(integer_attr(value, bits))

    def constant_attr(self, value: Attribute, result_type: Attribute) -> Any:
        if value.__class__ is IntegerAttr and result_type.__class__ is IntegerType:
            return _integer(cast("IntegerAttr[IntegerType]", value))
        t = type_text(result_type)
        return WrittenConstant(result_type, t, constant_text(result_type, value))

    def _cast(self, word: str, operand: Any, result_type: Attribute) -> Any:
        source, target = operand.type_text, type_text(result_type)
        operand.uses += 1
        text = f"{self.sign}{self.number()}"
        result = WrittenValue(result_type, target, text)
        self.lines.append(f"  {text} = {word} {source} {operand.text} to {target}\n")
        if operand.location:
            passes_on = isinstance(result_type, VectorType)
            self._note_user((operand,), result if passes_on else None)
            if passes_on:
                result.location = UNDECIDED
        if source in _SMALL:
            self.emitter.extensions[result] = operand, self.lines, len(self.lines) - 1
        return result

    def take_back_extension(self, value: Any, t: Attribute) -> Any:
        source, lines, position = self.emitter.extensions.get(value, (None, [], 0))
        if source is None or value.uses or source.type != t:
            return None
        lines[position] = ""
        source.uses -= 1
        return source

    # --- frequent operations ---

    def _define(self, t: Attribute, type_text: str, text: str) -> Any:
        result = _make(WrittenValue)
        result.type = t
        result.type_text = type_text
        result.text = name = f"{self.sign}{self.number()}"
        result.uses = 0
        result.location = ""
        self.lines.append(f"  {name} = {text}\n")
        return result

    def icmp(self, predicate: str, lhs: Any, rhs: Any) -> Any:
        return self._compare(f"icmp {predicate}", lhs, rhs)

    def fcmp(self, predicate: str, lhs: Any, rhs: Any) -> Any:
        return self._compare(f"fcmp {predicate}", lhs, rhs)

    def _compare(self, words: str, lhs: Any, rhs: Any) -> Any:
        lhs.uses += 1
        rhs.uses += 1
        result = self._define(i1, "i1", f"{words} {lhs.type_text} {lhs.text}, {rhs.text}")
        if lhs.location or rhs.location:
            self._note_user((lhs, rhs))
        return result

    def select(self, condition: Any, true_value: Any, false_value: Any) -> Any:
        condition.uses += 1
        true_value.uses += 1
        false_value.uses += 1
        t = true_value.type_text
        text = f"select i1 {condition.text}, {t} {true_value.text}, {t} {false_value.text}"
        result = self._define(true_value.type, t, text)
        if true_value.location or false_value.location:
            self._note_user((true_value, false_value))
        return result

    def byte_offset(self, base: Any, offset: int) -> Any:
        if offset == 0:
            return base
        if offset > MAX_CONSTANT_INDEX:
            return self.index(base, self.constant(offset, 64))
        base.uses += 1
        return self._define(PTR, "ptr", f"getelementptr i8, ptr {base.text}, i64 {offset}")

    def index(self, base: Any, index: Any) -> Any:
        base.uses += 1
        index.uses += 1
        text = f"getelementptr i8, ptr {base.text}, {index.type_text} {index.text}"
        result = self._define(PTR, "ptr", text)
        if index.location:
            self._note_user((index,))
        return result

    def load(
        self,
        address: Any,
        result_type: Attribute,
        alignment: int,
        alias: str,
        *,
        invariant: bool = False,
        volatile: bool = False,
        may_fault: bool = False,
        null_trap: int | None = None,
        ordering: str = "",
    ) -> Any:
        emitter = self.emitter
        if emitter.has_own_accesses:
            return super().load(
                *(address, result_type, alignment, alias),
                invariant=invariant,
                volatile=volatile,
                may_fault=may_fault,
                null_trap=null_trap,
                ordering=ordering,
            )
        address.uses += 1
        t, tag = type_text(result_type), emitter.text.tag(alias)
        location = self._access_location(alias, may_fault, null_trap)
        text = load_text(
            *(t, address.text, alignment, tag),
            volatile=volatile,
            ordering=ordering,
            invariant=invariant and emitter.text.is_optimized,
        )
        result = self._define(result_type, t, text + location)
        result.location = location
        return result

    def store(
        self,
        value: Any,
        address: Any,
        alignment: int,
        alias: str,
        *,
        volatile: bool = False,
        may_fault: bool = False,
        ordering: str = "",
    ) -> None:
        emitter = self.emitter
        if emitter.has_own_accesses:
            super().store(
                *(value, address, alignment, alias),
                volatile=volatile,
                may_fault=may_fault,
                ordering=ordering,
            )
            return
        value.uses += 1
        address.uses += 1
        tag = emitter.text.tag(alias)
        text = store_text(
            *(value.type_text, value.text, address.text, alignment, tag),
            volatile=volatile,
            ordering=ordering,
        )
        self.lines.append(f"  {text}{self._access_location(alias, may_fault)}\n")

    def _access_location(self, alias: str, may_fault: bool, null_trap: int | None = None) -> str:
        if null_trap is not None:
            return self.emitter.location_at(self.location, fault_column(null_trap))
        if alias != Alias.LINEAR:
            return ""
        return self.emitter.location_at(self.location, MEMORY_COLUMN if may_fault else 0)

    def intrinsic(
        self, name: str, operands: Sequence[Any], result_type: Attribute | None = None
    ) -> Any:
        if result_type is None or llvm.CallIntrinsicOp in self.emitter.overrides:
            return cast(Any, super()).intrinsic(name, operands, result_type)
        t = type_text(result_type)
        result = self._define(result_type, t, self._call_text("call", t, f"@{name}", operands))
        location = self.emitter.location_at(self.location, 0)
        self._note_user(operands, None, location)
        return result

    def call(
        self,
        callee: Any,
        type: llvm.LLVMFunctionType,
        operands: Sequence[Any],
        *,
        no_inline: bool = False,
        tail: bool = False,
    ) -> Any:
        if isinstance(callee, str):
            target = f'@"{self.emitter.text.name(callee)}"'
        else:
            callee.uses += 1
            target = callee.text
        word = "musttail call" if tail else "notail call"
        ending = call_ending(no_inline) + self.emitter.location_at(self.location, 0)
        t = type_text(type.output)
        text = self._call_text(word, t, target, operands) + ending
        if t != "void":
            return self._define(type.output, t, text)
        self.lines.append(f"  {text}\n")
        return None

    def _call_text(self, word: str, t: str, callee: str, operands: Sequence[Any]) -> str:
        arguments: list[str] = []
        for operand in operands:
            operand.uses += 1
            arguments.append(f"{operand.type_text} {operand.text}")
        return f"{word} {t} {callee}({', '.join(arguments)})"

    # --- control ---

    def br(self, target: Block, arguments: Sequence[Any] = ()) -> None:
        for argument in arguments:
            argument.uses += 1
        label = self.emitter.edge(self.block, target, arguments)
        self.lines.append(f"  br label %{label}\n")

    def cond_br(
        self,
        condition: Any,
        then_block: Block,
        else_block: Block,
        then_arguments: Sequence[Any] = (),
        else_arguments: Sequence[Any] = (),
        *,
        unlikely: bool = False,
        likely: bool | None = None,
    ) -> None:
        emitter = self.emitter
        condition.uses += 1
        for argument in (*then_arguments, *else_arguments):
            argument.uses += 1
        targets = [(then_block, then_arguments), (else_block, else_arguments)]
        weights = weights_text(emitter, unlikely=unlikely, likely=likely)
        self.lines.append(cond_br_text(emitter, self.block, condition.text, targets, weights))

    def trap(self, code: int) -> None:
        emitter = self.emitter
        if emitter.text.is_optimized:
            self.lines.append(FENCE)
        location = emitter.location_at(self.location, code)
        self.lines += (trap_line(code, location), UNREACHABLE)

    def unreachable(self) -> None:
        self.lines.append(UNREACHABLE)

    def return_(self, values: Sequence[Any] = ()) -> None:
        for value in values:
            value.uses += 1
            self.lines.append(f"  ret {value.type_text} {value.text}\n")
        if not values:
            self.lines.append("  ret void\n")


class SideBuilder(LineBuilder):
    """Writes to a block that is placed elsewhere."""

    def __init__(self, block: WrittenBlock, location: LocationAttr, emitter: LineEmitter):
        super().__init__(block, location)
        self.emitter = emitter
        self.number = emitter.number
        self.begin(block)
