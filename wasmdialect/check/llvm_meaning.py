"""What a function in LLVM IR does, as expressions of a solver: the meaning that LLVM's language
reference gives to the few instructions that the lowering uses.

Values have bits and, lane by lane, the condition that they are poison. All ways through the function
are followed; each ends with a return, a trap, or undefined behaviour. Where the reference leaves open
which NaN arithmetic gives, it is an unknown: any NaN, a signalling one too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from wasmdialect.abi.traps import TRAP_CODES, TrapCode
from wasmdialect.check.llvm_reader import (
    CASTS,
    Constant,
    Instruction,
    LLVMFunction,
    Name,
    Operand,
    Type,
    Unread,
)
from wasmdialect.check.ways import z3

_NEAREST = z3.RNE()
_NEVER = z3.BoolVal(False)


class Lane(NamedTuple):
    """A number, or an element of a vector."""

    bits: Any
    poison: Any
    """When it is poison."""


class Value(NamedTuple):
    """A value that is no pointer."""

    type: Type
    lanes: tuple[Lane, ...]

    @property
    def bits(self) -> Any:
        """All of them, lane 0 in the lowest ones."""
        return _joined([lane.bits for lane in self.lanes])

    @property
    def poison(self) -> Any:
        """When any of it is poison."""
        return z3.Or(*(lane.poison for lane in self.lanes))


class Pointer(NamedTuple):
    """An address: a place, and the bytes from there, as 64 bits."""

    place: str
    """`vmctx`, `memory`, or another parameter or field by name."""
    offset: Any


_Scalar: TypeAlias = Callable[[Type, Sequence[Any]], "tuple[Any, Any, Any]"]
"""Of the type and the bits of operands: the bits of the result, when it is poison, and when the
instruction is undefined, None if never."""

Datum: TypeAlias = "Value | Pointer | tuple[Any, ...]"


@dataclass(frozen=True)
class LinearMemory:
    """The memory that accesses are of."""

    array: Any
    length: Any
    """Bytes, as 64 bits."""
    base_field: int
    """The place of its address in the VMContext."""
    length_field: int
    reserved: int
    """Bytes from its base that are its own: those after its length fault. 0 if none do."""


@dataclass(frozen=True)
class Exit:
    """A way out of a function."""

    condition: Any
    values: tuple[Value, ...] = ()
    trap: TrapCode | None = None
    array: Any = None
    """The bytes of the memory then."""


@dataclass
class Behaviour:
    """All that a function may do."""

    exits: list[Exit] = field(default_factory=list[Exit])
    undefined: list[tuple[Any, str]] = field(default_factory=list[tuple[Any, str]])
    """When its behaviour is undefined, and why, in words."""
    facts: list[Any] = field(default_factory=list[Any])
    """What holds of the unknowns."""


def behaviour(
    function: LLVMFunction, arguments: Sequence[Any], memory: LinearMemory | None = None
) -> Behaviour:
    """What a function does, given the bits of its parameters after the two VMContexts. Raises
    Unread."""
    vmctx, caller, *others = function.parameters
    zero = z3.BitVecVal(0, 64)
    values: dict[str, Datum] = {
        vmctx.name: Pointer("vmctx", zero),
        caller.name: Pointer("caller", zero),
    }
    for (t, name), bits in zip(others, arguments, strict=True):
        values[name] = _value(t, bits)
    run = _Run(function, memory, Behaviour())
    entry = next(iter(function.blocks))
    run.block(entry, "", _State(values, [], None if memory is None else memory.array))
    return run.found


class _State(NamedTuple):
    """Where one way is."""

    values: dict[str, Datum]
    conditions: list[Any]
    array: Any


class _Run:
    def __init__(self, function: LLVMFunction, memory: LinearMemory | None, found: Behaviour):
        self._function, self._memory, self.found = function, memory, found

    def block(self, label: str, previous: str, state: _State) -> None:
        """Follow the ways from the start of a block."""
        conditions, values = state.conditions, state.values
        for line in self._function.blocks[label]:
            match line.word:
                case "phi":
                    values[line.result] = _operand(
                        values, line.operands[line.labels.index(previous)]
                    )
                case "br":
                    return self._branch(line, label, state)
                case "ret":
                    returned = tuple(_operand(values, operand) for operand in line.operands)
                    if returned and not isinstance(returned[0], Value):
                        (returned,) = returned
                    results = tuple(v for v in returned if isinstance(v, Value))
                    self._exit(Exit(z3.And(*conditions), results, None, state.array))
                    return None
                case "call" if line.detail == "@llvm.ubsantrap":
                    (operand,) = line.operands
                    assert isinstance(operand, Constant)
                    code = TRAP_CODES[operand.lanes[0]]
                    self._exit(Exit(z3.And(*conditions), (), code, state.array))
                    return None
                case "fence":
                    pass
                case "unreachable":
                    self._undefined(conditions, "unreachable is reached")
                    return None
                case "load":
                    values[line.result] = self._load(line, state)
                case "store":
                    state = self._store(line, state)
                case _:
                    values[line.result] = self._compute(line, state)
        raise Unread(f"block {label} has no end")

    def _branch(self, line: Instruction, label: str, state: _State) -> None:
        if not line.operands:
            self.block(line.labels[0], label, state)
            return
        condition = _number(_operand(state.values, line.operands[0]), line)
        self._undefined([*state.conditions, condition.poison], "a branch on poison")
        for way, target in zip((1, 0), line.labels, strict=True):
            conditions = [*state.conditions, condition.bits == way]
            self.block(target, label, _State({**state.values}, conditions, state.array))

    def _exit(self, found: Exit) -> None:
        self.found.exits.append(found)

    def _undefined(self, conditions: Sequence[Any], why: str) -> None:
        self.found.undefined.append((z3.And(*conditions), why))

    # --- memory

    def _load(self, line: Instruction, state: _State) -> Datum:
        (address,) = (_operand(state.values, operand) for operand in line.operands)
        memory = self._memory
        if not isinstance(address, Pointer) or not isinstance(line.type, Type):
            raise Unread(line.line.strip())
        if address.place == "memory":
            assert memory is not None
            self._access(line, address, line.type, state)
            count = _bytes(line.type)
            parts = [z3.Select(state.array, address.offset + at) for at in reversed(range(count))]
            return _value(line.type, z3.Concat(*parts) if count > 1 else parts[0])
        offset = z3.simplify(address.offset)
        if address.place != "vmctx" or not z3.is_bv_value(offset):
            raise Unread(line.line.strip())
        if memory is not None and offset.as_long() == memory.base_field:
            return Pointer("memory", z3.BitVecVal(0, 64))
        if memory is not None and offset.as_long() == memory.length_field:
            return _value(line.type, memory.length)
        raise Unread(line.line.strip())

    def _store(self, line: Instruction, state: _State) -> _State:
        value, address = (_operand(state.values, operand) for operand in line.operands)
        if not isinstance(address, Pointer) or address.place != "memory":
            raise Unread(line.line.strip())
        assert isinstance(value, Value)
        self._undefined([*state.conditions, value.poison], "poison is stored")
        self._access(line, address, value.type, state)
        array = state.array
        for at in range(_bytes(value.type)):
            byte = z3.Extract(8 * at + 7, 8 * at, value.bits)
            array = z3.Store(array, address.offset + at, byte)
        return state._replace(array=array)

    def _access(self, line: Instruction, address: Pointer, t: Type, state: _State) -> None:
        """An access of the linear memory, whose base is aligned to a page. What is after its length and
        reserved for it faults, which only a volatile access may."""
        memory, conditions = self._memory, state.conditions
        assert memory is not None
        end = z3.ZeroExt(2, address.offset) + _bytes(t)
        faults = z3.UGT(end, z3.ZeroExt(2, memory.length))
        (alignment,) = line.numbers
        if alignment > 1:
            odd = z3.URem(address.offset, z3.BitVecVal(alignment, 64)) != 0
            self._undefined([*conditions, odd], "an access is not aligned")
        if line.volatile and memory.reserved:
            outside = z3.UGT(end, z3.BitVecVal(memory.reserved, 66))
            self._undefined([*conditions, outside], "an access beyond the guard pages")
            trap = z3.And(*conditions, faults)
            self._exit(Exit(trap, (), TrapCode.MEMORY_OUT_OF_BOUNDS, state.array))
        else:
            self._undefined([*conditions, faults], "an access that LLVM takes for valid faults")
        conditions.append(z3.Not(faults))

    # --- values

    def _compute(self, line: Instruction, state: _State) -> Datum:
        operands = [_operand(state.values, operand) for operand in line.operands]
        match line.word:
            case "getelementptr":
                base, index = operands
                assert isinstance(base, Pointer)
                assert isinstance(index, Value)
                bits = index.bits
                wide = z3.SignExt(64 - bits.size(), bits) if bits.size() < 64 else bits
                return Pointer(base.place, base.offset + wide)
            case "insertvalue":
                members: list[Any] = [*operands[0]]
                members[line.numbers[0]] = operands[1]
                return tuple(members)
            case "extractvalue":
                return operands[0][line.numbers[0]]
            case _:
                pass
        if not isinstance(line.type, Type) or not all(isinstance(v, Value) for v in operands):
            raise Unread(line.line.strip())
        values: list[Any] = operands
        made = self._lanes(line, line.type, values, state)
        return Value(line.type, tuple(made))

    def _lanes(
        self, line: Instruction, t: Type, values: list[Value], state: _State
    ) -> Sequence[Lane]:
        word = line.word
        match word:
            case "bitcast":
                return _regrouped(values[0], t)
            case "insertelement":
                lanes = [*values[0].lanes]
                lanes[_index(line)] = values[1].lanes[0]
                return lanes
            case "extractelement":
                return [values[0].lanes[_index(line)]]
            case "shufflevector":
                both = [*values[0].lanes, *values[1].lanes]
                unknown = Lane(both[0].bits, z3.BoolVal(True))
                return [unknown if at < 0 else both[at] for at in line.numbers]
            case "select":
                return _select(*values)
            case "call":
                return self._intrinsic(line, t, values)
            case _:
                pass
        compute = self._scalar(line, t)
        made: list[Lane] = []
        for lanes in zip(*(value.lanes for value in values), strict=True):
            bits, poison, undefined = compute(values[0].type, [lane.bits for lane in lanes])
            operand_poison = z3.Or(*(lane.poison for lane in lanes))
            if undefined is not None:
                conditions = [*state.conditions, z3.Or(undefined, operand_poison)]
                self._undefined(conditions, f"{word} is undefined for its operands")
            made.append(Lane(bits, z3.Or(operand_poison, poison)))
        return made

    def _scalar(self, line: Instruction, t: Type) -> _Scalar:
        """Of a type and bits: the bits of the result, when it is poison, when the instruction is
        undefined."""
        word = line.word
        if word in CASTS:
            return lambda source, o: (*self._cast(word, source, t, o[0]), None)
        if word == "icmp":
            return lambda _, o: (_bit(_ICMP[line.detail](*o)), _NEVER, None)
        if word == "fcmp":
            return lambda source, o: (_fcmp(line.detail, source, *o), _NEVER, None)
        if word == "fneg":
            return lambda source, o: (o[0] ^ _sign(source), _NEVER, None)
        if word in _FLOAT:
            return lambda source, o: (self._arithmetic(_FLOAT[word], source, *o), _NEVER, None)
        if word not in _INTEGER:
            raise Unread(line.line.strip())
        return lambda _, o: _INTEGER[word](*o)

    def _cast(self, word: str, source: Type, target: Type, a: Any) -> tuple[Any, Any]:
        bits = target.bits
        match word:
            case "trunc":
                return z3.Extract(bits - 1, 0, a), _NEVER
            case "zext":
                return z3.ZeroExt(bits - source.bits, a), _NEVER
            case "sext":
                return z3.SignExt(bits - source.bits, a), _NEVER
            case "fptrunc" | "fpext":
                return self._float(z3.fpFPToFP(_NEAREST, _fp(source, a), _sort(target))), _NEVER
            case "sitofp":
                return self._float(z3.fpSignedToFP(_NEAREST, a, _sort(target))), _NEVER
            case "uitofp":
                return self._float(z3.fpUnsignedToFP(_NEAREST, a, _sort(target))), _NEVER
            case _:
                assert word in ("fptosi", "fptoui")
                number, below, above = _to_integer(word == "fptosi", source, a, bits)
                fits = z3.Not(z3.Or(z3.fpIsNaN(_fp(source, a)), below, above))
                return number, z3.Not(fits)

    def _arithmetic(self, operation: Callable[..., Any], t: Type, *operands: Any) -> Any:
        return self._float(operation(_NEAREST, *(_fp(t, bits) for bits in operands)))

    def _float(self, term: Any) -> Any:
        """The bits of a float that was computed: of a NaN, any."""
        exponent, fraction = term.sort().ebits(), term.sort().sbits() - 1
        nan = z3.BitVec(f"nan{len(self.found.facts)}", 1 + exponent + fraction)
        self.found.facts.append(z3.fpIsNaN(z3.fpBVToFP(nan, term.sort())))
        return z3.If(z3.fpIsNaN(term), nan, z3.fpToIEEEBV(term))

    # --- intrinsics

    def _intrinsic(self, line: Instruction, t: Type, values: list[Value]) -> Sequence[Lane]:
        name = line.detail.removeprefix("@llvm.").rpartition(".")[0]
        source = values[0].type
        if name.startswith("vector.reduce."):
            word = name.rpartition(".")[2]
            if word not in ("or", "and"):
                raise Unread(line.line.strip())
            bits: Any = None
            for lane in values[0].lanes:
                bits = lane.bits if bits is None else _INTEGER[word](bits, lane.bits)[0]
            return [Lane(bits, values[0].poison)]
        compute = self._intrinsic_of(name, source, t, values[1:])
        if compute is None:
            raise Unread(line.line.strip())
        flags = name in _WITH_FLAG
        lanes = zip(*(v.lanes for v in (values[:1] if flags else values)), strict=True)
        made: list[Lane] = []
        for one in lanes:
            bits, poison = compute([lane.bits for lane in one])
            made.append(Lane(bits, z3.Or(poison, *(lane.poison for lane in one))))
        return made

    def _intrinsic_of(
        self, name: str, t: Type, target: Type, others: Sequence[Value]
    ) -> Callable[[Sequence[Any]], tuple[Any, Any]] | None:
        """Of the bits of a lane: those of the result, and when it is poison."""
        if name in _ROUNDING:
            mode = _ROUNDING[name]
            return lambda o: (self._float(z3.fpRoundToIntegral(mode, _fp(t, o[0]))), _NEVER)
        if name in _INTRINSICS:
            return lambda o: (_INTRINSICS[name](*o), _NEVER)
        if name in _WITH_FLAG:
            flag = others[0].bits == 1
            return lambda o: _WITH_FLAG[name](o[0], flag)
        match name:
            case "sqrt":
                return lambda o: (self._arithmetic(z3.fpSqrt, t, *o), _NEVER)
            case "fabs":
                return lambda o: (o[0] & ~_sign(t), _NEVER)
            case "copysign":
                return lambda o: (o[0] & ~_sign(t) | o[1] & _sign(t), _NEVER)
            case "minimum" | "maximum":
                return lambda o: (self._extreme(name, t, *o), _NEVER)
            case "arithmetic.fence":
                return lambda o: (o[0], _NEVER)
            case _ if name.partition(".")[0] in ("fptosi", "fptoui"):
                signed = name.startswith("fptosi")
                return lambda o: (_saturated(signed, t, o[0], target.bits), _NEVER)
            case _:
                return None

    def _extreme(self, name: str, t: Type, a: Any, b: Any) -> Any:
        x, y = _fp(t, a), _fp(t, b)
        is_first = z3.fpLT(x, y) if name == "minimum" else z3.fpGT(x, y)
        zeros = a | b if name == "minimum" else a & b  # -0 is less than 0
        number = z3.If(z3.fpEQ(x, y), zeros, z3.If(is_first, a, b))
        nan = self._float(z3.fpNaN(_sort(t)))
        return z3.If(z3.Or(z3.fpIsNaN(x), z3.fpIsNaN(y)), nan, number)


# --- integers


def _shift(compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], tuple[Any, Any, Any]]:
    return lambda a, b: (compute(a, b), z3.UGE(b, z3.BitVecVal(b.size(), b.size())), None)


def _plain(compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], tuple[Any, Any, Any]]:
    return lambda a, b: (compute(a, b), _NEVER, None)


def _unsigned(compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], tuple[Any, Any, Any]]:
    return lambda a, b: (compute(a, b), _NEVER, b == 0)


def _magnitude(a: Any) -> Any:
    return z3.If(a < 0, -a, a)


def _quotient(a: Any, b: Any) -> Any:
    """Rounded toward zero."""
    quotient = z3.UDiv(_magnitude(a), _magnitude(b))
    return z3.If((a < 0) != (b < 0), -quotient, quotient)


def _overflows(a: Any, b: Any) -> Any:
    return z3.And(a == 1 << (a.size() - 1), b == -1)


def _signed_division(a: Any, b: Any) -> tuple[Any, Any, Any]:
    return _quotient(a, b), _NEVER, z3.Or(b == 0, _overflows(a, b))


def _signed_remainder(a: Any, b: Any) -> tuple[Any, Any, Any]:
    product = b * z3.UDiv(_magnitude(a), _magnitude(b))
    rest = z3.If((a < 0) != (b < 0), a + product, a - product)
    return rest, _NEVER, z3.Or(b == 0, _overflows(a, b))


_INTEGER: dict[str, Callable[[Any, Any], tuple[Any, Any, Any]]] = {
    "add": _plain(lambda a, b: a + b),
    "sub": _plain(lambda a, b: a - b),
    "mul": _plain(lambda a, b: a * b),
    "and": _plain(lambda a, b: a & b),
    "or": _plain(lambda a, b: a | b),
    "xor": _plain(lambda a, b: a ^ b),
    "shl": _shift(lambda a, b: a << b),
    "lshr": _shift(lambda a, b: z3.LShR(a, b)),
    "ashr": _shift(lambda a, b: a >> b),
    "udiv": _unsigned(lambda a, b: z3.UDiv(a, b)),
    "urem": _unsigned(lambda a, b: z3.URem(a, b)),
    "sdiv": _signed_division,
    "srem": _signed_remainder,
}
_ICMP: dict[str, Callable[[Any, Any], Any]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "slt": lambda a, b: a < b,
    "sle": lambda a, b: a <= b,
    "sgt": lambda a, b: a > b,
    "sge": lambda a, b: a >= b,
    "ult": lambda a, b: z3.ULT(a, b),
    "ule": lambda a, b: z3.ULE(a, b),
    "ugt": lambda a, b: z3.UGT(a, b),
    "uge": lambda a, b: z3.UGE(a, b),
}


def _bit(condition: Any) -> Any:
    return z3.If(condition, z3.BitVecVal(1, 1), z3.BitVecVal(0, 1))


def _count(a: Any) -> Any:
    bits = [z3.ZeroExt(8, z3.Extract(at, at, a)) for at in range(a.size())]
    count = z3.Sum(*bits)
    return z3.ZeroExt(a.size() - 9, count) if a.size() > 9 else z3.Extract(a.size() - 1, 0, count)


def _zeros(a: Any, order: Sequence[int]) -> Any:
    """The zeros before the first bit that is set, in an order of the bits."""
    width = a.size()
    found = z3.BitVecVal(width, width)
    for number, at in reversed([*enumerate(order)]):
        found = z3.If(z3.Extract(at, at, a) == 1, z3.BitVecVal(number, width), found)
    return found


def _modulo_width(amount: Any) -> Any:
    width = amount.size()
    return z3.ZeroExt(width, z3.URem(amount, z3.BitVecVal(width, width)))


def _funnel_left(a: Any, b: Any, amount: Any) -> Any:
    width = a.size()
    return z3.Extract(2 * width - 1, width, z3.Concat(a, b) << _modulo_width(amount))


def _funnel_right(a: Any, b: Any, amount: Any) -> Any:
    both = z3.LShR(z3.Concat(a, b), _modulo_width(amount))
    return z3.Extract(a.size() - 1, 0, both)


def _extreme_integer(is_first: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda a, b: z3.If(is_first(a, b), a, b)


def _saturating(compute: Callable[[Any, Any], Any], *, signed: bool) -> Callable[[Any, Any], Any]:
    def apply(a: Any, b: Any) -> Any:
        width = a.size()
        extend = z3.SignExt if signed else z3.ZeroExt
        exact = compute(extend(2, a), extend(2, b))
        low, high = (-1 << (width - 1), (1 << (width - 1)) - 1) if signed else (0, (1 << width) - 1)
        bounded = z3.If(exact < low, low, z3.If(exact > high, high, exact))
        return z3.Extract(width - 1, 0, bounded)

    return apply


_INTRINSICS: dict[str, Callable[..., Any]] = {
    "ctpop": _count,
    "fshl": _funnel_left,
    "fshr": _funnel_right,
    "sadd.sat": _saturating(lambda a, b: a + b, signed=True),
    "uadd.sat": _saturating(lambda a, b: a + b, signed=False),
    "ssub.sat": _saturating(lambda a, b: a - b, signed=True),
    "usub.sat": _saturating(lambda a, b: a - b, signed=False),
    "smin": _extreme_integer(lambda a, b: a < b),
    "smax": _extreme_integer(lambda a, b: a > b),
    "umin": _extreme_integer(lambda a, b: z3.ULT(a, b)),
    "umax": _extreme_integer(lambda a, b: z3.UGT(a, b)),
}
_WITH_FLAG: dict[str, Callable[[Any, Any], tuple[Any, Any]]] = {
    "ctlz": lambda a, flag: (_zeros(a, [*reversed(range(a.size()))]), z3.And(flag, a == 0)),
    "cttz": lambda a, flag: (_zeros(a, range(a.size())), z3.And(flag, a == 0)),
    "abs": lambda a, flag: (_magnitude(a), z3.And(flag, a == 1 << (a.size() - 1))),
}
"""Intrinsics with an i1 that says whether the odd operand gives poison."""

# --- floats

_FLOAT: dict[str, Callable[..., Any]] = {
    "fadd": z3.fpAdd,
    "fsub": z3.fpSub,
    "fmul": z3.fpMul,
    "fdiv": z3.fpDiv,
}
_ROUNDING: dict[str, Any] = {
    "ceil": z3.RTP(),
    "floor": z3.RTN(),
    "trunc": z3.RTZ(),
    "roundeven": _NEAREST,
}


def _sort(t: Type) -> Any:
    return z3.Float32() if t.element == "float" else z3.Float64()


def _fp(t: Type, bits: Any) -> Any:
    return z3.fpBVToFP(bits, _sort(t))


def _sign(t: Type) -> Any:
    return z3.BitVecVal(1 << (t.bits - 1), t.bits)


def _fcmp(predicate: str, t: Type, a: Any, b: Any) -> Any:
    x, y = _fp(t, a), _fp(t, b)
    unordered = z3.Or(z3.fpIsNaN(x), z3.fpIsNaN(y))
    if predicate in ("ord", "uno"):
        return _bit(unordered if predicate == "uno" else z3.Not(unordered))
    compare = {"eq": z3.fpEQ, "lt": z3.fpLT, "le": z3.fpLEQ, "gt": z3.fpGT, "ge": z3.fpGEQ}
    kind, word = predicate[0], predicate[1:]
    holds = z3.Not(z3.fpEQ(x, y)) if word == "ne" else compare[word](x, y)
    if kind == "o":
        return _bit(z3.And(z3.Not(unordered), holds))
    return _bit(z3.Or(unordered, holds))


def _to_integer(signed: bool, t: Type, a: Any, bits: int) -> tuple[Any, Any, Any]:
    """A float as an integer, and whether that is below and above the integers of a width."""
    x = _fp(t, a)
    whole = z3.fpRoundToIntegral(z3.RTZ(), x)
    low, high = (-float(1 << (bits - 1)), float(1 << (bits - 1))) if signed else (0.0, 2.0**bits)
    convert = z3.fpToSBV if signed else z3.fpToUBV
    number = convert(z3.RTZ(), x, z3.BitVecSort(bits))
    below = z3.fpLT(whole, z3.FPVal(low, _sort(t)))
    return number, below, z3.fpGEQ(whole, z3.FPVal(high, _sort(t)))


def _saturated(signed: bool, t: Type, a: Any, bits: int) -> Any:
    number, below, above = _to_integer(signed, t, a, bits)
    low, high = (1 << (bits - 1), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    bounded = z3.If(below, z3.BitVecVal(low, bits), z3.If(above, z3.BitVecVal(high, bits), number))
    return z3.If(z3.fpIsNaN(_fp(t, a)), z3.BitVecVal(0, bits), bounded)


# --- pieces


def _operand(values: dict[str, Datum], operand: Operand) -> Any:
    if isinstance(operand, Name):
        return values[operand.name]
    if not isinstance(operand.type, Type):
        return tuple(
            _of_constant(t, [lane]) for t, lane in zip(operand.type, operand.lanes, strict=True)
        )
    return _of_constant(operand.type, operand.lanes)


def _of_constant(t: Type, lanes: Sequence[int | None]) -> Value:
    made = (Lane(z3.BitVecVal(lane or 0, t.bits), z3.BoolVal(lane is None)) for lane in lanes)
    return Value(t, tuple(made))


def _number(value: Datum, line: Instruction) -> Lane:
    if not isinstance(value, Value) or value.type.lanes:
        raise Unread(line.line.strip())
    return value.lanes[0]


def _value(t: Any, bits: Any) -> Value:
    """Bits that are not poison."""
    if not isinstance(t, Type):
        raise Unread("a parameter that is a structure")
    width = t.bits
    lanes = (z3.Extract(width * at + width - 1, width * at, bits) for at in range(t.lanes or 1))
    return Value(t, tuple(Lane(z3.simplify(lane), _NEVER) for lane in lanes))


def _bytes(t: Type) -> int:
    return t.bits * (t.lanes or 1) // 8


def _joined(parts: Sequence[Any]) -> Any:
    return z3.Concat(*reversed(parts)) if len(parts) > 1 else parts[0]


def _regrouped(value: Value, t: Type) -> list[Lane]:
    """The bits of a value as another type. A lane that gets a part of a poison one is poison."""
    whole, old, new = value.bits, value.type.bits, t.bits
    made: list[Lane] = []
    for at in range(t.lanes or 1):
        first, last = new * at // old, (new * (at + 1) - 1) // old
        poison = z3.Or(*(lane.poison for lane in value.lanes[first : last + 1]))
        made.append(Lane(z3.Extract(new * at + new - 1, new * at, whole), poison))
    return made


def _select(condition: Value, then: Value, otherwise: Value) -> list[Lane]:
    chosen = condition.lanes if condition.type.lanes else condition.lanes * len(then.lanes)
    return [
        Lane(
            z3.If(c.bits == 1, x.bits, y.bits),
            z3.Or(c.poison, z3.If(c.bits == 1, x.poison, y.poison)),
        )
        for c, x, y in zip(chosen, then.lanes, otherwise.lanes, strict=True)
    ]


def _index(line: Instruction) -> int:
    """The constant lane of an element."""
    operand = line.operands[-1]
    if not isinstance(operand, Constant) or operand.lanes[0] is None:
        raise Unread(line.line.strip())
    return operand.lanes[0]
