"""Reading a function in LLVM IR, as the lowering writes it: the few forms that numbers, vectors and
memory need. Anything else, a flag such as `nsw` too, is refused, so that nothing is passed over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias


class Unread(Exception):
    """A form that is not known here; the argument is its line."""


class Type(NamedTuple):
    """A number, a pointer, or a vector of some."""

    element: str
    """`i32`, `float`, `double`, `ptr`, `void`."""
    lanes: int = 0
    """0 if it is no vector."""

    @property
    def bits(self) -> int:
        """Of an element."""
        return {"float": 32, "double": 64, "ptr": 64}.get(self.element) or int(self.element[1:])

    @property
    def is_float(self) -> bool:
        """Whether the elements are floats."""
        return self.element in ("float", "double")


AnyType: TypeAlias = "Type | tuple[Type, ...]"
"""A structure has the types of its members."""


VOID = Type("void")


class Name(NamedTuple):
    """A value by its name."""

    type: AnyType
    name: str


class Constant(NamedTuple):
    """A constant: the bits of each lane, None where it is undefined."""

    type: AnyType
    lanes: tuple[int | None, ...]


Operand: TypeAlias = "Name | Constant"


@dataclass(frozen=True)
class Instruction:
    """An instruction. What has no operands of its kind is empty."""

    line: str
    word: str
    """`add`, `icmp`, `call`."""
    result: str = ""
    type: AnyType = VOID
    """Of the result, or what is loaded."""
    operands: tuple[Operand, ...] = ()
    detail: str = ""
    """The predicate of a comparison, the name of a function that is called."""
    labels: tuple[str, ...] = ()
    """The blocks that a branch goes to, or that a phi's operands come from."""
    numbers: tuple[int, ...] = ()
    """An alignment, the indices of a member, the lanes of a shuffle (-1 if undefined)."""
    volatile: bool = False


@dataclass(frozen=True)
class LLVMFunction:
    """A function."""

    parameters: tuple[Name, ...]
    blocks: dict[str, tuple[Instruction, ...]]
    """By label, the entry first."""


_TOKEN = re.compile(r'%[\w.]+|%"[^"]*"|@"[^"]*"|@[\w.]+|-?\d+|[A-Za-z_][\w.]*|"[^"]*"|[^\s]')
_NOTES = re.compile(r"( nomerge| noinline)*(, !.*)?$")
BINARY = frozenset(
    (
        *("add", "sub", "mul", "udiv", "sdiv", "urem", "srem", "and", "or", "xor"),
        *("shl", "lshr", "ashr", "fadd", "fsub", "fmul", "fdiv"),
    )
)
CASTS = frozenset(
    (
        *("trunc", "zext", "sext", "fptrunc", "fpext", "sitofp", "uitofp", "fptosi", "fptoui"),
        "bitcast",
    )
)


def read_functions(text: str) -> list[LLVMFunction]:
    """The functions that a text defines. Raises Unread."""
    found: list[LLVMFunction] = []
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("define "):
            found.append(_function(line, lines))
    return found


def _function(header: str, lines: Iterator[str]) -> LLVMFunction:
    reader = _Line(header[header.index("(") :])
    reader.expect("(")
    parameters: list[Name] = []
    while not reader.take(")"):
        reader.take(",")
        parameters.append(Name(reader.type(), reader.next()))
    blocks: dict[str, tuple[Instruction, ...]] = {}
    label, instructions = "", list[Instruction]()
    for line in lines:
        if line.startswith("}"):
            break
        if line.endswith(":"):
            if label:
                blocks[label] = tuple(instructions)
            label, instructions = line[:-1], []
        elif line.strip():
            instructions.append(_instruction(line))
    blocks[label] = tuple(instructions)
    return LLVMFunction(tuple(parameters), blocks)


class _Line:
    """The rest of a line."""

    def __init__(self, line: str):
        self._line = line
        self._tokens = _TOKEN.findall(_NOTES.sub("", line))
        self._at = 0

    def unread(self) -> Unread:
        return Unread(self._line.strip())

    @property
    def is_done(self) -> bool:
        return self._at == len(self._tokens)

    def peek(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else ""

    def next(self) -> str:
        token = self.peek()
        self._at += 1
        return token

    def take(self, token: str) -> bool:
        if self.peek() != token:
            return False
        self._at += 1
        return True

    def expect(self, *tokens: str) -> None:
        for token in tokens:
            if not self.take(token):
                raise self.unread()

    def number(self) -> int:
        try:
            return int(self.next())
        except ValueError:
            raise self.unread() from None

    def type(self) -> AnyType:
        if self.take("{"):
            members: list[Type] = []
            while not self.take("}"):
                self.take(",")
                members.append(self.plain_type())
            return tuple(members)
        return self.plain_type()

    def plain_type(self) -> Type:
        if self.take("<"):
            lanes = self.number()
            self.expect("x")
            element = self.plain_type().element
            self.expect(">")
            return Type(element, lanes)
        token = self.next()
        if token not in ("float", "double", "ptr", "void") and not re.fullmatch(r"i\d+", token):
            raise self.unread()
        return Type(token)

    def operand(self, t: AnyType) -> Operand:
        if self.peek().startswith("%"):
            return Name(t, self.next())
        return self._constant(t)

    def typed(self) -> Operand:
        return self.operand(self.type())

    def _constant(self, t: AnyType) -> Constant:
        if not isinstance(t, Type):
            self.expect("undef")
            return Constant(t, (None,) * len(t))
        lanes = t.lanes or 1
        match self.next():
            case "undef" | "poison":
                return Constant(t, (None,) * lanes)
            case "zeroinitializer":
                return Constant(t, (0,) * lanes)
            case "true":
                return Constant(t, (1,))
            case "false":
                return Constant(t, (0,))
            case "splat":
                self.expect("(")
                (lane,) = self._lanes(1)
                self.expect(")")
                return Constant(t, (lane,) * lanes)
            case "<":
                found = self._lanes(lanes)
                self.expect(">")
                return Constant(t, found)
            case "bitcast":
                self.expect("(")
                source = self.type()
                inner = self._constant(source)
                self.expect("to")
                if self.type() != t or not isinstance(source, Type):
                    raise self.unread()
                self.expect(")")
                return Constant(t, _regrouped(inner.lanes, source.bits, t.bits))
            case token if re.fullmatch(r"-?\d+", token):
                return Constant(t, (int(token) & ((1 << t.bits) - 1),))
            case _:
                raise self.unread()

    def _lanes(self, count: int) -> tuple[int | None, ...]:
        found: list[int | None] = []
        for number in range(count):
            if number:
                self.expect(",")
            constant = self._constant(self.type())
            found += constant.lanes
        return tuple(found)

    def shuffled(self, count: int) -> tuple[int, ...]:
        """The mask of a shuffle."""
        if not isinstance(self.type(), Type):
            raise self.unread()
        constant = self._constant(Type("i32", count))
        return tuple(-1 if lane is None else lane for lane in constant.lanes)


def _regrouped(lanes: tuple[int | None, ...], old: int, new: int) -> tuple[int | None, ...]:
    """The same bits in lanes of another width."""
    if None in lanes:
        return (None,) * (len(lanes) * old // new)
    whole = sum((lane or 0) << old * at for at, lane in enumerate(lanes))
    return tuple(whole >> new * at & ((1 << new) - 1) for at in range(len(lanes) * old // new))


def _instruction(line: str) -> Instruction:
    reader = _Line(line)
    result = ""
    if reader.peek(1) == "=":
        result = reader.next()
        reader.expect("=")
    while reader.peek() in ("notail", "tail"):
        reader.next()
    read = _read(reader, line, reader.next(), result)
    if not reader.is_done:
        raise reader.unread()
    return read


def _read(r: _Line, line: str, word: str, result: str) -> Instruction:
    if word in BINARY:
        t = r.type()
        lhs = r.operand(t)
        r.expect(",")
        return Instruction(line, word, result, t, (lhs, r.operand(t)))
    if word in CASTS:
        operand = r.typed()
        r.expect("to")
        return Instruction(line, word, result, r.type(), (operand,))
    match word:
        case "icmp" | "fcmp":
            predicate, t = r.next(), r.plain_type()
            lhs = r.operand(t)
            r.expect(",")
            made = Type("i1", t.lanes)
            return Instruction(line, word, result, made, (lhs, r.operand(t)), predicate)
        case "select":
            operands = _operands(r, 3)
            return Instruction(line, word, result, operands[1].type, operands)
        case "fneg":
            operand = r.typed()
            return Instruction(line, word, result, operand.type, (operand,))
        case "call":
            t, callee = r.type(), r.next()
            r.expect("(")
            operands: tuple[Operand, ...] = ()
            while not r.take(")"):
                r.take(",")
                operands += (r.typed(),)
            return Instruction(line, word, result, t, operands, callee)
        case "getelementptr":
            r.expect("i8", ",")
            return Instruction(line, word, result, Type("ptr"), _operands(r, 2))
        case "load":
            volatile, t = r.take("volatile"), r.type()
            r.expect(",")
            address = r.typed()
            return Instruction(line, word, result, t, (address,), "", (), _alignment(r), volatile)
        case "store":
            volatile, operands = r.take("volatile"), _operands(r, 2)
            t = operands[0].type
            return Instruction(line, word, "", t, operands, "", (), _alignment(r), volatile)
        case "br":
            if r.take("label"):
                return Instruction(line, word, labels=(_label(r),))
            condition = r.typed()
            labels: tuple[str, ...] = ()
            for _ in range(2):
                r.expect(",", "label")
                labels += (_label(r),)
            return Instruction(line, word, operands=(condition,), labels=labels)
        case "phi":
            t, operands, labels = r.type(), (), ()
            while not r.is_done:
                r.take(",")
                r.expect("[")
                operands += (r.operand(t),)
                r.expect(",")
                labels += (_label(r),)
                r.expect("]")
            return Instruction(line, word, result, t, operands, "", labels)
        case "ret":
            t = r.type()
            operands = () if t == VOID else (r.operand(t),)
            return Instruction(line, word, "", t, operands)
        case "unreachable":
            return Instruction(line, word)
        case "fence":
            while not r.is_done:
                r.next()
            return Instruction(line, word)
        case "insertvalue" | "extractvalue":
            operands = _operands(r, 2 if word == "insertvalue" else 1)
            r.expect(",")
            return Instruction(
                line, word, result, operands[0].type, operands, numbers=(r.number(),)
            )
        case "insertelement" | "extractelement":
            operands = _operands(r, 3 if word == "insertelement" else 2)
            vector = operands[0].type
            if not isinstance(vector, Type):
                raise r.unread()
            made = vector if word == "insertelement" else Type(vector.element)
            return Instruction(line, word, result, made, operands)
        case "shufflevector":
            operands = _operands(r, 2)
            r.expect(",")
            t = operands[0].type
            count = r.peek(1)
            if not isinstance(t, Type) or not count.isdecimal():
                raise r.unread()
            made = Type(t.element, int(count))
            return Instruction(line, word, result, made, operands, numbers=r.shuffled(made.lanes))
        case _:
            raise r.unread()


def _operands(r: _Line, count: int) -> tuple[Operand, ...]:
    found = [r.typed()]
    for _ in range(count - 1):
        r.expect(",")
        found.append(r.typed())
    return tuple(found)


def _alignment(r: _Line) -> tuple[int]:
    r.expect(",", "align")
    return (r.number(),)


def _label(r: _Line) -> str:
    token = r.next()
    if not token.startswith("%"):
        raise r.unread()
    return token[1:]
