"""Operations of a block to stack code. Most are one instruction; those of exceptions, markers and
counters of passes are not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xdsl.ir import Operation, SSAValue

from wasmdialect.abi.layout import COUNTER_SIZE
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.fast import wasm_offset
from wasmdialect.exporter.code import Code, Item
from wasmdialect.exporter.entities import Entities
from wasmdialect.exporter.errors import ExportError
from wasmdialect.exporter.exceptions import Exceptions
from wasmdialect.exporter.fields import Fields
from wasmdialect.exporter.operators import CALLS, Encoder, stack_operands
from wasmdialect.exporter.stack import OperandStack
from wasmdialect.exporter.structure import Ending
from wasmdialect.exporter.survey import NO_CODE, Edge, Survey
from wasmdialect.wasm.encode import encode_instruction
from wasmdialect.wasm.instructions import BY_MNEMONIC
from wasmdialect.wasm.instructions.opcodes import END, I32_CONST, IF, LOCAL_SET


def _opcode(mnemonic: str) -> int:
    return BY_MNEMONIC[mnemonic][0].opcode


_NO_RESULTS = 0x40


def _access(mnemonic: str, memory: int) -> bytes:
    """A load or store of a memory, at the address on the stack, whatever its alignment."""
    return encode_instruction(_opcode(mnemonic), (0, 0, memory))


DROP = encode_instruction(_opcode("drop"), None)
_I64_ADD = encode_instruction(_opcode("i64.add"), None)
_TRAP_IF = (
    bytes([IF, _NO_RESULTS])
    + encode_instruction(_opcode("unreachable"), None)
    + encode_instruction(END, None)
)
_TRAP_IF_GREATER = encode_instruction(_opcode("i32.gt_u"), None) + _TRAP_IF
_SIZES = {"i32": 4, "i64": 8}
_CONSTANTS = frozenset({*wasmir.CONST_OPS.values(), wasmir.RefNullOp, wasmir.RefFuncOp})


@dataclass(slots=True)
class BlockCode:
    """A block as stack code. Locals are named by the values that are in them."""

    code: Code
    ending: Ending
    edges: list[Edge]
    received: list[SSAValue] = field(default_factory=list[SSAValue])
    """The block arguments whose values are on the stack at the end, the last one on top."""


def constants_of(survey: Survey, encoder: Encoder) -> dict[SSAValue, bytes]:
    """The values that are made anew at each use: constants, unless a local makes the code smaller."""
    found: dict[SSAValue, bytes] = {}
    for ops in survey.ops:
        for op in ops:
            if op.__class__ in _CONSTANTS:
                (result,) = op.results
                code = encoder.encode(op)
                size, uses = len(code), len(survey.uses.get(result, ()))
                if uses < 2 or uses * (size - 2) <= size + 2:
                    found[result] = code
    return found


class BlockExporter:
    """Writes the blocks of one function."""

    def __init__(
        self,
        survey: Survey,
        encoder: Encoder,
        exceptions: Exceptions,
        fields: Fields,
    ):
        self.survey = survey
        self.encoder = encoder
        self.exceptions = exceptions
        self.fields = fields
        self.constants = constants_of(survey, encoder)
        self.in_locals: set[SSAValue] = set()
        """The values that need a local."""
        self.leaves: set[Item] = set()
        """The instructions that end the function."""
        self.stack = OperandStack({}, set(), set())
        for arguments in survey.arguments:
            self.in_locals.update(a for a in arguments if a in survey.uses)

    @property
    def entities(self) -> Entities:
        """The declarations of the module."""
        return self.encoder.entities

    def block(self, number: int) -> BlockCode:
        """The code of a block. Raises ExportError."""
        survey = self.survey
        self.stack = OperandStack(self.constants, survey.shared, survey.used_here)
        *ops, terminator = survey.ops[number]
        op = terminator
        try:
            for at, op in enumerate(ops):
                self._operation(op, at)
            op = terminator
            ending = self._end(terminator, len(ops))
        except ExportError as error:
            error.offset = error.offset or wasm_offset(op.location)
            raise
        code, values = self.stack.finish()
        self.in_locals |= self.stack.in_locals
        edges = survey.edges[number]
        result = BlockCode(code, ending, edges)
        if values:
            (edge,) = edges
            receiver_of = dict(edge.moves)  # each of `values` is passed once: it has one use
            result.received = [receiver_of[value] for value in values]
            received = {*result.received}
            edge.moves = [move for move in edge.moves if move[1] not in received]
        return result

    def _end(self, op: Operation, number: int) -> Ending:
        """Add the code of a terminator."""
        match op:
            case wasmir.BrOp():
                return Ending.JUMPS
            case wasmir.BrIfOp() | wasmir.BrTableOp():
                code, start = self.stack.take(op.operands[:1], number)
                self.stack.add_statement(code, start)
                return Ending.DECIDES if isinstance(op, wasmir.BrIfOp) else Ending.CHOOSES
            case _:
                code, start = self.stack.take(stack_operands(op), number)
                instruction = self.encoder.encode(op)
                self.leaves.add(instruction)
                self.stack.add_statement([code, instruction], start)
                return Ending.LEAVES

    def _operation(self, op: Operation, number: int) -> None:
        """Add the code of an operation."""
        special = _SPECIAL.get(op.__class__)
        if special is not None:
            special(self, op, number)
            return
        results = op.results
        if len(results) == 1 and results[0] in self.constants:
            return
        instruction = self.encoder.encode(op)
        operands = stack_operands(op)
        if op.__class__ in CALLS and "in_try" in op.properties:
            code = [*self.stack.from_locals(operands), instruction]
            used = self._set(results, number)
            self.stack.add_statement(self.exceptions.call([*code, *used]), number)
            self.in_locals.add(self.exceptions.thrown)
            return
        code, start = self.stack.take(operands, number)
        code.append(instruction)
        self._results(results, code, start, number)

    def _results(self, results: Sequence[SSAValue], code: Code, start: int, number: int) -> None:
        """Add code that leaves the results of the operation `number` on the stack."""
        if not results:
            self.stack.add_statement(code, start)
        elif len(results) == 1 and results[0] in self.survey.uses:
            self.stack.add_value(results[0], code, start, number)
        else:
            self.stack.add_statement([*code, *self._set(results, number)], start)

    def _set(self, values: Sequence[SSAValue], number: int) -> Code:
        """Code that takes the results of the operation `number` off the stack, into locals."""
        code: Code = []
        for value in reversed(values):
            if value in self.survey.uses:
                self.stack.note_local(value, number)
                code.append((LOCAL_SET, value))
            else:
                code.append(DROP)
        return code

    # --- operations that are more than an instruction, or less ---

    def as_non_null(self, op: wasmir.RefAsNonNullOp, number: int) -> None:
        """`ref.as_non_null`, which does nothing where that is known."""
        if op.known is None:
            code, start = self.stack.take(op.operands, number)
            self._results(op.results, [*code, self.encoder.encode(op)], start, number)
        elif op.result in self.survey.uses:
            # Nothing is checked here: reading the local does that, if there is an instruction that
            # needs the value. Without a check, it cannot be on the stack.
            code, start = self.stack.take(op.operands, number)
            self.stack.add_statement([*code, *self._set(op.results, number)], start)

    def trap_if(self, op: wasmvm.TrapIfOp, number: int) -> None:
        """Trap on a condition. No other instruction has a trap code of its own."""
        code, start = self.stack.take(op.operands, number)
        self.stack.add_statement([*code, _TRAP_IF], start)

    def count(self, op: wasmvm.CountOp, number: int) -> None:
        """Add to the global of a counter, or in the memory of several."""
        index = self.fields.counter(op.counter.data)
        amount = encode_instruction(_opcode("i64.const"), op.amount_value & (1 << 64) - 1)
        if index is not None and op.index is None:
            get, set_ = _opcode("global.get"), _opcode("global.set")
            code: Code = [encode_instruction(get, index), amount, _I64_ADD]
            self.stack.add_statement([*code, encode_instruction(set_, index)], number)
            return
        area, size = self.fields.area(op.counter.data)
        check, place = self._place_in(op.index, (size - COUNTER_SIZE) // COUNTER_SIZE)
        place += [encode_instruction(I32_CONST, 3), encode_instruction(_opcode("i32.shl"), None)]
        load, store = (_access(mnemonic, area) for mnemonic in ("i64.load", "i64.store"))
        self.stack.add_statement([*check, *place, *place, load, amount, _I64_ADD, store], number)

    def load_bytes(self, op: wasmvm.LoadBytesOp, number: int) -> None:
        """Load from the memory of a field."""
        area, size = self.fields.area(op.area.data)
        width, t = op.bytes.value.data, str(op.result.type)
        narrow = "" if width == _SIZES[t] else f"{8 * width}_{'u' if op.signed is None else 's'}"
        check, place = self._place_in(op.index, size - width)
        code = [*check, *place, _access(f"{t}.load{narrow}", area)]
        self._results(op.results, code, number, number)

    def store_bytes(self, op: wasmvm.StoreBytesOp, number: int) -> None:
        """Store in the memory of a field."""
        area, size = self.fields.area(op.area.data)
        width, t = op.bytes.value.data, str(op.value.type)
        narrow = "" if width == _SIZES[t] else f"{8 * width}"
        check, place = self._place_in(op.index, size - width)
        value = self.stack.from_locals([op.value])
        store = _access(f"{t}.store{narrow}", area)
        self.stack.add_statement([*check, *place, *value, store], number)

    def _place_in(self, index: SSAValue | None, last: int) -> tuple[Code, Code]:
        """Code that traps if an index is above the last one, and code for the index."""
        if index is None:
            return [], [encode_instruction(I32_CONST, 0)]
        place = self.stack.from_locals([index])
        constant = wasmir.constant_bits(index)
        if constant is not None and constant <= last:
            return [], place
        bound = encode_instruction(I32_CONST, last & 0xFFFF_FFFF)
        return [*self.stack.from_locals([index]), bound, _TRAP_IF_GREATER], place

    def exception(self, op: wasmir.ExceptionOp, number: int) -> None:
        """Make an exception."""
        values = self.stack.from_locals(op.operands)
        tag = self.entities.index_of(op.tag)
        self._results(op.results, self.exceptions.make(tag, values), number, number)

    def threw(self, op: wasmir.ThrewOp, number: int) -> None:
        """Whether a call threw."""
        self.in_locals.add(self.exceptions.thrown)
        self._results(op.results, self.exceptions.threw(), number, number)

    def caught(self, op: wasmir.CaughtOp, number: int) -> None:
        """What it threw."""
        self.in_locals.add(self.exceptions.thrown)
        self._results(op.results, self.exceptions.caught(), number, number)

    def exception_is(self, op: wasmir.ExceptionIsOp, number: int) -> None:
        """Whether an exception has a tag."""
        exception = self.stack.from_locals(op.operands)
        tag = self.entities.index_of(op.tag)
        types = self.entities.tag_values(op.tag)
        self._results(op.results, self.exceptions.has_tag(exception, tag, types), number, number)

    def exception_values(self, op: wasmir.ExceptionValuesOp, number: int) -> None:
        """The values of an exception."""
        exception = self.stack.from_locals(op.operands)
        tag = self.entities.index_of(op.tag)
        types = [result.type for result in op.results]
        self._results(op.results, self.exceptions.values(exception, tag, types), number, number)

    def nothing(self, op: Operation, number: int) -> None:
        """Markers leave no code."""


_SPECIAL: Mapping[type[Operation], Callable[[BlockExporter, Any, int], None]] = {
    wasmir.RefAsNonNullOp: BlockExporter.as_non_null,
    wasmir.ExceptionOp: BlockExporter.exception,
    wasmir.ThrewOp: BlockExporter.threw,
    wasmir.CaughtOp: BlockExporter.caught,
    wasmir.ExceptionIsOp: BlockExporter.exception_is,
    wasmir.ExceptionValuesOp: BlockExporter.exception_values,
    wasmvm.TrapIfOp: BlockExporter.trap_if,
    wasmvm.CountOp: BlockExporter.count,
    wasmvm.LoadBytesOp: BlockExporter.load_bytes,
    wasmvm.StoreBytesOp: BlockExporter.store_bytes,
    **dict.fromkeys(NO_CODE, BlockExporter.nothing),
}
