"""The body of one function as textual LLVM IR: blocks, phis and an emitter for each operation.

The debug location of an access, trap or call is (line: derived from its Wasm byte offset, column: its
trap code, `fault_column` of it for an access that may fault, 0 for the rest). LLVM folds a load that is
used once into its user, which then faults in its stead; so the user has the load's location.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias, cast

from xdsl.dialects import llvm
from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    Float32Type,
    Float64Type,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    StringAttr,
    VectorType,
)
from xdsl.ir import Attribute, Block, Operation, OpResult, SSAValue

from wasmdialect.abi.debug_locations import MEMORY_COLUMN, fault_column
from wasmdialect.abi.layout import Alias
from wasmdialect.dialects import llvm_ext
from wasmdialect.dialects.branch_hints import hint_of
from wasmdialect.dialects.fast import (
    LocationAttr,
    Place,
    dense_values,
    number_of,
    operands_of,
    operations_of,
    result_of,
    segment_sizes,
    successors_of,
    wasm_offset,
    wasm_place,
)
from wasmdialect.dialects.llvm_builder import NO_INLINE, UNLIKELY

_LIKELY = 2000
"""How often a target is taken that is hinted to be likely, for one time that the other is: what LLVM
takes `__builtin_expect` for."""


class EmitError(Exception):
    """The module holds something that cannot be written as LLVM IR."""


class Text(Protocol):
    """The interface of the text that a function becomes a part of."""

    def name(self, symbol: str) -> str:
        """The name of a function in the text."""
        ...

    def global_name(self, symbol: str) -> str:
        """The name of a constant or function whose address is taken. Raises EmitError."""
        ...

    def line(self, place: Place) -> int:
        """The line that represents a place."""
        ...

    def node(self, text: str) -> int:
        """Add a metadata node; returns its number."""
        ...

    is_optimized: bool
    """Whether passes of LLVM read the text. Its code generator at `-O0` alone needs less: no classes
    of memory, no loads that are invariant, no weights, and no fence before a trap."""

    widest: int
    """The most edges of a block so far, as far as LLVM looks at all of them for each: those with values
    into a block, and those of a `switch` out of it."""

    def weights(self, first: int, second: int) -> str:
        """The `!prof` of a branch whose targets are taken so often relative to each other."""
        ...

    def tag(self, alias: str) -> str:
        """The `!tbaa` of an access to a class of memory."""
        ...


# --- types ---

_TYPE_TEXTS: dict[int, tuple[Attribute, str]] = {}


def type_text(t: Attribute) -> str:
    """A type in LLVM's notation. Cached by identity; the entry keeps the type alive."""
    known = _TYPE_TEXTS.get(id(t))
    if known is None:
        known = _TYPE_TEXTS[id(t)] = (t, _type_text(t))
    return known[1]


def _type_text(t: Attribute) -> str:
    match t:
        case IntegerType():
            return f"i{t.width.data}"
        case Float32Type():
            return "float"
        case Float64Type():
            return "double"
        case llvm.LLVMPointerType():
            return "ptr"
        case llvm.LLVMVoidType():
            return "void"
        case VectorType():
            if len(t.get_shape()) != 1 or any(d.value.data for d in t.scalable_dims):
                raise EmitError(
                    f"no LLVM IR for type {t}: vectors have one dimension of fixed size"
                )
            return f"<{t.get_shape()[0]} x {type_text(t.element_type)}>"
        case llvm.LLVMArrayType():
            return f"[{t.size.data} x {type_text(t.type)}]"
        case llvm.LLVMStructType():
            return "{ " + ", ".join(map(type_text, t.types.data)) + " }"
        case _:
            raise EmitError(f"no LLVM IR for type {t}")


# --- functions ---


class WrittenFunction(llvm.FuncOp):
    """A function that was written while it was lowered (written.py)."""

    code: tuple[Any, int, list[str]] | None
    """Its text, its scope there, and the lines of its body; None for a declaration."""
    twin: Twin | None
    """In place of the code: it is to be written if no function that is like it has been."""


class Twin(NamedTuple):
    """A function whose text is that of others that are like it, but for the symbols."""

    likeness: tuple[Hashable, ...]
    """What its text depends on, besides the declaration of the callee and what the functions of a
    target have in common. It keeps nothing of a unit alive."""
    callee: str
    """The only other function in the text."""
    write: Callable[[], WrittenFunction]


class BlockCode(NamedTuple):
    """A block and its operations."""

    block: Block
    operations: Sequence[Operation]


def code_of(function: llvm.FuncOp) -> list[BlockCode]:
    """The blocks of a function."""
    return [BlockCode(block, operations_of(block)) for block in function.body.blocks]


def has_body(function: llvm.FuncOp) -> bool:
    """Whether a function is defined here."""
    if isinstance(function, WrittenFunction):
        return function.code is not None or function.twin is not None
    return function.body.first_block is not None


class FunctionEmitter:
    """Writes the blocks of one function."""

    def __init__(self, text: Text, scope: int, overrides: Mapping[type[Operation], Emitter]):
        """`scope` is the number of the function's `DISubprogram`, negative for no locations;
        `overrides` are the operations that are written differently here."""
        self.emitters = {**EMITTERS, **overrides} if overrides else EMITTERS
        self.overrides = overrides
        self.text = text
        self.scope = scope
        self.names: dict[SSAValue, str] = {}
        """The notation of a value at its uses: a number, or a constant itself."""
        self.labels: dict[Block, str] = {}
        self.locations: dict[tuple[Place, int], str] = {}
        self.folded: dict[SSAValue, str] = {}
        """The `!dbg` of each load that may become a part of its only user."""
        self.incoming: dict[Block, list[tuple[str, Sequence[SSAValue]]]] = {}
        """The edges into a block: label of the predecessor and arguments."""
        self.lines: list[str] = []
        self.splits: list[str] = []
        """Blocks for edges that need one of their own."""

    def lines_of(self, blocks: Sequence[BlockCode]) -> list[str]:
        """The lines of a function's body. Raises EmitError."""
        self._number(blocks)
        terminators = [self._terminator(code) for code in blocks]
        for code, terminator in zip(blocks, terminators, strict=True):
            self.lines.append(f"{self.labels[code.block]}:\n")
            if code is not blocks[0]:
                self.phis(code.block)
            for operation in code.operations[:-1]:
                self.emit(operation)
            self.lines.append(terminator)
        return [*self.lines, *self.splits]

    def emit(self, op: Operation) -> None:
        """Write an operation that is no terminator. Raises EmitError."""
        handler = self.emitters.get(op.__class__)
        if handler is None:
            raise EmitError(f"no LLVM IR for {op.name}: lower it to `llvm` operations")
        handler(self, op)

    def _number(self, blocks: Iterable[BlockCode]) -> None:
        """Number the values in the order they are written, as LLVM counts them."""
        names, count = self.names, 0
        for number, (block, operations) in enumerate(blocks):
            self.labels[block] = f"b{number}"
            for argument in block.args:
                names[argument] = f"%{count}"
                count += 1
            for operation in operations:
                if operation.results:
                    constant = CONSTANTS.get(operation.__class__)
                    text = None if constant is None else constant(operation, names)
                    if text is None:
                        text = f"%{count}"
                        count += 1
                    names[result_of(operation)] = text

    def phis(self, block: Block) -> None:
        """The arguments of a block all of whose edges are known."""
        incoming = self.incoming.get(block, ())
        if block.args and len(incoming) > self.text.widest:
            self.text.widest = len(incoming)
        for index, argument in enumerate(block.args):
            edges = ", ".join(
                f"[ {self.names[arguments[index]]}, %{label} ]" for label, arguments in incoming
            )
            name = self.names[argument]
            self.lines.append(f"  {name} = phi {type_text(argument.type)} {edges}\n")

    # --- terminators, written first: they determine the inputs of each block ---

    def _terminator(self, code: BlockCode) -> str:
        block = code.block
        if not code.operations:
            raise EmitError("a block ends with nothing, which is not a terminator of LLVM")
        op = code.operations[-1]
        write = TERMINATORS.get(op.__class__)
        if write is None:
            raise EmitError(f"a block ends with {op.name}, which is not a terminator of LLVM")
        return write(self, block, op)

    def edge(self, block: Block, target: Block, arguments: Sequence[SSAValue]) -> str:
        """The label of the only target of a block."""
        self.incoming.setdefault(target, []).append((self.labels[block], arguments))
        return self.labels[target]

    def edges(self, block: Block, targets: Sequence[tuple[Block, Sequence[SSAValue]]]) -> list[str]:
        """The label of each target. A phi has one value for each predecessor, so two edges to one
        block with different arguments go through blocks of their own."""
        first_arguments: dict[Block, Sequence[SSAValue]] = {}
        labels: list[str] = []
        for target, arguments in targets:
            first = first_arguments.setdefault(target, arguments)
            if [*first] == [*arguments]:
                labels.append(self.edge(block, target, arguments))
                continue
            split = f"{self.labels[block]}.{len(labels)}"
            self.splits.append(f"{split}:\n  br label %{self.labels[target]}\n")
            self.incoming.setdefault(target, []).append((split, arguments))
            labels.append(split)
        return labels

    # --- pieces of lines ---

    def define(self, op: Operation, text: str) -> None:
        """`%n = text`, with the location of a load that may become a part of it. A vector made of a
        loaded number passes that on: the load becomes a part of what extends or spreads it."""
        result = result_of(op)
        if self.folded and "!dbg" not in text:
            location = self.location_of_user(operands_of(op))
            if location and isinstance(result.type, VectorType):
                self.folded[result] = location
            text += location
        self.lines.append(f"  {self.names[result]} = {text}\n")

    def alias(self, op: MemoryOp) -> str:
        """The `!tbaa` of an access."""
        alias: Any = op.properties.get("alias")
        if alias is None:
            return ""
        return self.text.tag(alias.data)

    def location(self, op: Operation, column: int) -> str:
        """The `!dbg` of an operation."""
        return self.location_at(op.location, column)

    def location_at(self, location: LocationAttr, column: int) -> str:
        """The `!dbg` of a place."""
        if self.scope < 0:
            return ""
        key = (wasm_place(location), column)
        known = self.locations.get(key)
        if known is None:
            line = self.text.line(key[0])
            number = self.text.node(
                f"!DILocation(line: {line}, column: {column}, scope: !{self.scope})"
            )
            known = self.locations[key] = f", !dbg !{number}"
        return known

    def note_load(self, result: OpResult, location: str) -> None:
        """A load with a location may become a part of its user."""
        if result.has_one_use():
            self.folded[result] = location

    def unique_name(self) -> str:
        """The name of a value besides those of results."""
        return f"line{len(self.lines)}"

    def location_of_user(self, operands: Iterable[SSAValue]) -> str:
        """The `!dbg` of an operation that a load among its operands may become a part of."""
        for operand in operands:
            known = self.folded.get(operand)
            if known is not None:
                return known
        return ""


class LocatingEmitter(FunctionEmitter):
    """Gives every instruction a debug location, so that each line of LLVM's output can be traced to
    its operation."""

    def emit(self, op: Operation) -> None:
        start = len(self.lines)
        super().emit(op)
        self.lines[start:] = [self._located(line, op) for line in self.lines[start:]]

    def _terminator(self, code: BlockCode) -> str:
        return self._located(super()._terminator(code), code.operations[-1])

    def _located(self, line: str, op: Operation) -> str:
        if "!dbg" in line or not line.startswith("  ") or wasm_offset(op.location) is None:
            return line
        return f"{line.rstrip()}{self.location(op, 0)}\n"


Emitter = Callable[["FunctionEmitter", Any], None]
EMITTERS: dict[type[Operation], Emitter] = {}
"""The writer of each operation."""


# --- terminators ---


def _br(f: FunctionEmitter, block: Block, op: Operation) -> str:
    (target,) = successors_of(op)
    return f"  br label %{f.edge(block, target, operands_of(op))}\n"


def _cond_br(f: FunctionEmitter, block: Block, op: Operation) -> str:
    condition, *arguments = operands_of(op)
    then_block, else_block = successors_of(op)
    split = segment_sizes(op)[1] if arguments else 0
    targets = [(then_block, arguments[:split]), (else_block, arguments[split:])]
    weights = weights_text(f, unlikely=UNLIKELY in op.attributes, likely=hint_of(op))
    return cond_br_text(f, block, f.names[condition], targets, weights)


def weights_text(f: FunctionEmitter, *, unlikely: bool, likely: bool | None) -> str:
    """What follows a branch that is nearly never taken, or hinted."""
    if unlikely:
        return f.text.weights(1, (1 << 20) - 1)
    if likely is None:
        return ""
    return f.text.weights(_LIKELY, 1) if likely else f.text.weights(1, _LIKELY)


def cond_br_text(
    f: FunctionEmitter,
    block: Block,
    condition: str,
    targets: Sequence[tuple[Block, Sequence[SSAValue]]],
    weights: str,
) -> str:
    """A branch of a block to one of two targets, with their arguments."""
    (then_block, then_arguments), (else_block, else_arguments) = targets
    if then_arguments or else_arguments:
        first, second = f.edges(block, targets)
    else:
        first, second = f.edge(block, then_block, ()), f.edge(block, else_block, ())
    return f"  br i1 {condition}, label %{first}, label %{second}{weights}\n"


def _switch(f: FunctionEmitter, block: Block, op: llvm_ext.SwitchOp) -> str:
    targets = [(op.default_block, op.default_arguments), *op.cases()]
    default, *cases = f.edges(block, targets)
    f.text.widest = max(f.text.widest, len({*cases}))
    arms = " ".join(f"i32 {i}, label %{case}" for i, case in enumerate(cases))
    return f"  switch i32 {f.names[op.index]}, label %{default} [ {arms} ]\n"


def _return(f: FunctionEmitter, block: Block, op: Operation) -> str:
    operands = operands_of(op)
    if not operands:
        return "  ret void\n"
    return f"  ret {type_text(operands[0].type)} {f.names[operands[0]]}\n"


UNREACHABLE = "  unreachable\n"


def _unreachable(f: FunctionEmitter, block: Block, op: Operation) -> str:
    return UNREACHABLE


TERMINATORS: dict[type[Operation], Callable[[FunctionEmitter, Block, Any], str]] = {
    llvm.BrOp: _br,
    llvm.CondBrOp: _cond_br,
    llvm_ext.SwitchOp: _switch,
    llvm.ReturnOp: _return,
    llvm.UnreachableOp: _unreachable,
}

# --- constants: written where they are used ---


def _constant(op: llvm.ConstantOp, names: dict[SSAValue, str]) -> str:
    value: Any = op.properties["value"]
    if value.__class__ is not IntegerAttr:
        return constant_text(op.result.type, value)
    number = value.value.data
    if value.type.width.data == 1:
        return "true" if number else "false"
    return str(number)


def _bitcast_constant(op: llvm.BitcastOp, names: dict[SSAValue, str]) -> str | None:
    """A float constant: LLVM's own notation does not keep the bits of every f32 NaN."""
    if not isinstance(op.arg.owner, llvm.ConstantOp):
        return None
    source = f"{type_text(op.arg.type)} {names[op.arg]}"
    return f"bitcast ({source} to {type_text(op.result.type)})"


def _written_in_place(text: str) -> Callable[[Any, dict[SSAValue, str]], str]:
    return lambda op, names: text


def _zero(op: llvm.ZeroOp, names: dict[SSAValue, str]) -> str:
    return "null" if isinstance(op.res.type, llvm.LLVMPointerType) else "zeroinitializer"


def constant_text(t: Attribute, value: Attribute) -> str:
    """A constant of a type. Raises EmitError."""
    match value:
        case IntegerAttr():
            return str(value.value.data)
        case FloatAttr():
            return _float_text(t, value.value.data)
        case DenseIntOrFPElementsAttr() if isinstance(t, VectorType | llvm.LLVMArrayType):
            element = cast(Attribute, value.get_element_type())
            word = type_text(element)
            numbers = cast(Iterable[Any], value.get_values())
            texts = (
                _float_text(element, number) if isinstance(number, float) else str(number)
                for number in numbers
            )
            if not isinstance(t, VectorType):
                return f"[{', '.join(f'{word} {text}' for text in texts)}]"
            first, *others = texts
            if all(text == first for text in others):
                return "zeroinitializer" if first == "0" else f"splat ({word} {first})"
            return f"<{', '.join(f'{word} {text}' for text in (first, *others))}>"
        case _:
            raise EmitError(f"no LLVM constant of type {t} for {value}")


def _float_text(t: Attribute, number: float) -> str:
    if isinstance(t, Float32Type):
        return f"bitcast (i32 {struct.unpack('<I', struct.pack('<f', number))[0]} to float)"
    if isinstance(t, Float64Type):
        return f"bitcast (i64 {struct.unpack('<Q', struct.pack('<d', number))[0]} to double)"
    raise EmitError(f"no LLVM constant of type {t}")


CONSTANTS: dict[type[Operation], Callable[[Any, dict[SSAValue, str]], str | None]] = {
    llvm.ConstantOp: _constant,
    llvm.BitcastOp: _bitcast_constant,
    llvm.ZeroOp: _zero,
    llvm.UndefOp: _written_in_place("undef"),
}


def _nothing(f: FunctionEmitter, op: Operation) -> None:
    pass


for _op in (llvm.ConstantOp, llvm.ZeroOp, llvm.UndefOp):
    EMITTERS[_op] = _nothing


# --- instructions ---


def _binary(word: str) -> Emitter:
    def emit(f: FunctionEmitter, op: Operation) -> None:
        lhs, rhs = operands_of(op)
        f.lines.append(
            f"  {f.names[result_of(op)]} = {word} {type_text(lhs.type)}"
            f" {f.names[lhs]}, {f.names[rhs]}{f.location_of_user((lhs, rhs)) if f.folded else ''}\n"
        )

    return emit


def _cast(word: str) -> Emitter:
    def emit(f: FunctionEmitter, op: Operation) -> None:
        (operand,) = operands_of(op)
        source, target = type_text(operand.type), type_text(result_of(op).type)
        f.define(op, f"{word} {source} {f.names[operand]} to {target}")

    return emit


BINARY: dict[type[Operation], str] = {
    llvm.AddOp: "add",
    llvm.SubOp: "sub",
    llvm.MulOp: "mul",
    llvm.UDivOp: "udiv",
    llvm.SDivOp: "sdiv",
    llvm.URemOp: "urem",
    llvm.SRemOp: "srem",
    llvm.AndOp: "and",
    llvm.OrOp: "or",
    llvm.XOrOp: "xor",
    llvm.ShlOp: "shl",
    llvm.LShrOp: "lshr",
    llvm.AShrOp: "ashr",
    llvm.FAddOp: "fadd",
    llvm.FSubOp: "fsub",
    llvm.FMulOp: "fmul",
    llvm.FDivOp: "fdiv",
}
CASTS: dict[type[Operation], str] = {
    llvm.TruncOp: "trunc",
    llvm.ZExtOp: "zext",
    llvm.SExtOp: "sext",
    llvm.FPTruncOp: "fptrunc",
    llvm.FPExtOp: "fpext",
    llvm.SIToFPOp: "sitofp",
    llvm_ext.UIToFPOp: "uitofp",
    llvm_ext.FPToSIOp: "fptosi",
    llvm_ext.FPToUIOp: "fptoui",
    llvm.PtrToIntOp: "ptrtoint",
    llvm.IntToPtrOp: "inttoptr",
    llvm.BitcastOp: "bitcast",
}
for _op, _word in BINARY.items():
    EMITTERS[_op] = _binary(_word)
for _op, _word in CASTS.items():
    EMITTERS[_op] = _cast(_word)

_emit_bitcast = EMITTERS[llvm.BitcastOp]


def _bitcast(f: FunctionEmitter, op: llvm.BitcastOp) -> None:
    if not isinstance(op.arg.owner, llvm.ConstantOp):
        _emit_bitcast(f, op)


def _fneg(f: FunctionEmitter, op: llvm.FNegOp) -> None:
    f.define(op, f"fneg {type_text(op.arg.type)} {f.names[op.arg]}")


_ICMP = [flag.value for flag in llvm.ALL_ICMP_FLAGS]
_FCMP = [llvm.FCmpPredicateFlag.from_int(i).value for i in range(16)]


def _icmp(f: FunctionEmitter, op: llvm.ICmpOp) -> None:
    lhs, rhs = operands_of(op)
    predicate = _ICMP[number_of(op, "predicate")]
    location = f.location_of_user((lhs, rhs))
    f.define(op, f"icmp {predicate} {type_text(lhs.type)} {f.names[lhs]}, {f.names[rhs]}{location}")


def _fcmp(f: FunctionEmitter, op: llvm.FCmpOp) -> None:
    lhs, rhs = operands_of(op)
    predicate = _FCMP[number_of(op, "predicate")]
    location = f.location_of_user((lhs, rhs))
    f.define(op, f"fcmp {predicate} {type_text(lhs.type)} {f.names[lhs]}, {f.names[rhs]}{location}")


def _select(f: FunctionEmitter, op: llvm.SelectOp) -> None:
    condition, lhs, rhs = operands_of(op)
    t, names = type_text(lhs.type), f.names
    location = f.location_of_user((lhs, rhs))
    f.define(op, f"select i1 {names[condition]}, {t} {names[lhs]}, {t} {names[rhs]}{location}")


def _gep(f: FunctionEmitter, op: llvm.GEPOp) -> None:
    base, *dynamic = operands_of(op)
    constant_indices: Any = op.properties["rawConstantIndices"]
    constants = dense_values(constant_indices)
    values = iter(dynamic)
    indices: list[str] = []
    for constant in constants:
        if constant == llvm.GEP_USE_SSA_VAL:
            value = next(values)
            indices.append(f"{type_text(value.type)} {f.names[value]}")
        else:  # a field of a structure is numbered by an i32
            indices.append(f"{'i32' if indices else 'i64'} {constant}")
    element = type_text(op.properties["elem_type"])
    f.define(op, f"getelementptr {element}, ptr {f.names[base]}, {', '.join(indices)}")


def _load(f: FunctionEmitter, op: llvm_ext.LoadOp) -> None:
    properties, result = op.properties, result_of(op)
    (address,) = operands_of(op)
    location = access_location(f, op)
    if location:
        f.note_load(result, location)
    text = load_text(
        *(type_text(result.type), f.names[address], number_of(op, "alignment"), f.alias(op)),
        volatile="volatile_" in properties,
        ordering=ordering_of(op),
        invariant="invariant" in properties and f.text.is_optimized,
    )
    f.lines.append(f"  {f.names[result]} = {text}{location}\n")


def load_text(
    type: str,
    address: str,
    alignment: int,
    tag: str,
    *,
    volatile: bool,
    ordering: str,
    invariant: bool,
) -> str:
    """A load; `tag` is the `!tbaa` of the access."""
    words = f"{'atomic ' if ordering else ''}{'volatile ' if volatile else ''}"
    after = f" {ordering}" if ordering else ""
    tags = f", !invariant.load !{EMPTY_NODE}{tag}" if invariant else tag
    return f"load {words}{type}, ptr {address}{after}, align {alignment}{tags}"


def _store(f: FunctionEmitter, op: llvm_ext.StoreOp) -> None:
    value, address = operands_of(op)
    text = store_text(
        *(type_text(value.type), f.names[value], f.names[address]),
        *(number_of(op, "alignment"), f.alias(op)),
        volatile="volatile_" in op.properties,
        ordering=ordering_of(op),
    )
    f.lines.append(f"  {text}{access_location(f, op)}\n")


def store_text(
    type: str,
    value: str,
    address: str,
    alignment: int,
    tag: str,
    *,
    volatile: bool,
    ordering: str,
) -> str:
    """A store; `tag` is the `!tbaa` of the access."""
    words = f"{'atomic ' if ordering else ''}{'volatile ' if volatile else ''}"
    after = f" {ordering}" if ordering else ""
    return f"store {words}{type} {value}, ptr {address}{after}, align {alignment}{tag}"


def ordering_of(op: llvm_ext.LoadOp | llvm_ext.StoreOp) -> str:
    """The ordering of an atomic access, else empty."""
    ordering = op.properties.get("ordering")
    return "" if ordering is None else cast(StringAttr, ordering).data


def _atomic_rmw(f: FunctionEmitter, op: llvm_ext.AtomicRMWOp) -> None:
    address, value = operands_of(op)
    f.define(
        op,
        f"atomicrmw volatile {op.bin_op.data} ptr {f.names[address]},"
        f" {type_text(value.type)} {f.names[value]} seq_cst{f.alias(op)}{access_location(f, op)}",
    )


def _compare_exchange(f: FunctionEmitter, op: llvm_ext.CmpXchgOp) -> None:
    address, expected, replacement = operands_of(op)
    t = type_text(expected.type)
    f.define(
        op,
        f"cmpxchg volatile ptr {f.names[address]}, {t} {f.names[expected]},"
        f" {t} {f.names[replacement]} seq_cst seq_cst{f.alias(op)}{access_location(f, op)}",
    )


EMPTY_NODE = 4
"""The number of the empty metadata node in every text."""


MemoryOp: TypeAlias = llvm_ext.LoadOp | llvm_ext.StoreOp | llvm_ext.AtomicRMWOp | llvm_ext.CmpXchgOp


def access_location(f: FunctionEmitter, op: MemoryOp) -> str:
    """The `!dbg` of an access of linear memory, and of one that traps if it is of null."""
    null_trap: Any = op.properties.get("null_trap")
    if null_trap is not None:
        return f.location(op, fault_column(null_trap.value.data))
    alias: Any = op.properties.get("alias")
    if alias is None or alias.data != Alias.LINEAR:
        return ""
    return f.location(op, MEMORY_COLUMN if "may_fault" in op.properties else 0)


def _alloca(f: FunctionEmitter, op: llvm.AllocaOp) -> None:
    alignment = op.alignment.value.data if op.alignment is not None else 1
    count = f.names[op.size]
    f.define(op, f"alloca {type_text(op.elem_type)}, i64 {count}, align {alignment}")


def _insert_value(f: FunctionEmitter, op: llvm.InsertValueOp) -> None:
    container, value = op.container, op.value
    position = ", ".join(map(str, op.position.get_values()))
    f.define(
        op,
        f"insertvalue {type_text(container.type)} {f.names[container]},"
        f" {type_text(value.type)} {f.names[value]}, {position}",
    )


def _extract_value(f: FunctionEmitter, op: llvm.ExtractValueOp) -> None:
    container, position = op.container, ", ".join(map(str, op.position.get_values()))
    f.define(op, f"extractvalue {type_text(container.type)} {f.names[container]}, {position}")


def _call(f: FunctionEmitter, op: llvm.CallOp) -> None:
    bundled = segment_sizes(op)[1]
    if bundled or "var_callee_type" in op.properties or op.CConv.cconv_name != "ccc":
        raise EmitError("llvm.call has no operand bundles, varargs or conventions other than ccc")
    operands = [*operands_of(op)]
    symbol = op.callee
    callee = (
        f.names[operands.pop(0)]
        if symbol is None
        else f'@"{f.text.name(symbol.root_reference.data)}"'
    )
    attributes = call_ending(NO_INLINE in op.attributes)
    kind = op.TailCallKind.data
    word = "call" if kind is llvm.TailCallKind.NONE else f"{kind.value} call"
    _emit_call(f, op, word, callee, operands, attributes)


def call_ending(no_inline: bool) -> str:
    """The attributes of a call. Two calls that LLVM merges would no longer have a location in the
    module."""
    return " nomerge noinline" if no_inline else " nomerge"


def _emit_call(
    f: FunctionEmitter,
    op: Operation,
    word: str,
    callee: str,
    operands: Iterable[SSAValue],
    attributes: str = "",
    location: str = "",
) -> None:
    arguments = ", ".join(f"{type_text(a.type)} {f.names[a]}" for a in operands)
    ending = f"{attributes}{location or f.location(op, 0)}"
    if op.results:
        returned = type_text(op.results[0].type)
        f.define(op, f"{word} {returned} {callee}({arguments}){ending}")
    else:
        f.lines.append(f"  {word} void {callee}({arguments}){ending}\n")


def _intrinsic(f: FunctionEmitter, op: llvm.CallIntrinsicOp) -> None:
    operands = operands_of(op)
    location = f.location_of_user(operands) if f.folded else ""
    _emit_call(f, op, "call", f"@{op.intrin.data}", operands, location=location)


def _stack_save(f: FunctionEmitter, op: llvm.StackSaveOp) -> None:
    f.define(op, "call ptr @llvm.stacksave.p0()")


FENCE = '  fence syncscope("singlethread") seq_cst\n'
"""Orders accesses within the thread."""


def _fence(f: FunctionEmitter, op: llvm_ext.FenceOp) -> None:
    f.lines.append(FENCE if op.system is None else "  fence seq_cst\n")


def _ubsantrap(f: FunctionEmitter, op: llvm_ext.UBSanTrapOp) -> None:
    code = number_of(op, "code")
    f.lines.append(trap_line(code, f.location(op, code)))


def trap_line(code: int, location: str) -> str:
    """The instruction that traps."""
    return f"  call void @llvm.ubsantrap(i8 {code}) nomerge{location}\n"


def _address_of(f: FunctionEmitter, op: llvm.AddressOfOp) -> None:
    name = f.text.global_name(op.global_name.root_reference.data)
    f.define(op, f'getelementptr i8, ptr @"{name}", i64 0')


def _insert_element(f: FunctionEmitter, op: llvm.InsertElementOp) -> None:
    operands = ", ".join(f"{type_text(v.type)} {f.names[v]}" for v in operands_of(op))
    f.define(op, f"insertelement {operands}")


def _extract_element(f: FunctionEmitter, op: llvm_ext.ExtractElementOp) -> None:
    operands = ", ".join(f"{type_text(v.type)} {f.names[v]}" for v in operands_of(op))
    f.define(op, f"extractelement {operands}")


_OTHERS: dict[type[Operation], Emitter] = {
    llvm.BitcastOp: _bitcast,
    llvm.FNegOp: _fneg,
    llvm.ICmpOp: _icmp,
    llvm.FCmpOp: _fcmp,
    llvm.SelectOp: _select,
    llvm.GEPOp: _gep,
    llvm_ext.LoadOp: _load,
    llvm_ext.StoreOp: _store,
    llvm_ext.AtomicRMWOp: _atomic_rmw,
    llvm_ext.CmpXchgOp: _compare_exchange,
    llvm.AllocaOp: _alloca,
    llvm.InsertValueOp: _insert_value,
    llvm.ExtractValueOp: _extract_value,
    llvm.AddressOfOp: _address_of,
    llvm.InsertElementOp: _insert_element,
    llvm_ext.ExtractElementOp: _extract_element,
    llvm.CallOp: _call,
    llvm.CallIntrinsicOp: _intrinsic,
    llvm.StackSaveOp: _stack_save,
    llvm_ext.FenceOp: _fence,
    llvm_ext.UBSanTrapOp: _ubsantrap,
}
EMITTERS.update(_OTHERS)
