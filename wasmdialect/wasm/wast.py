"""Scripts of the WebAssembly test-suite (`.wast`): text to a list of commands.

Grammar: the `interpreter/README.md` of the specification's repository. Values are bit patterns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from wasmdialect.wasm.features import WASM_3_0, Feature
from wasmdialect.wasm.text import parse_forms, parse_module, parse_module_items
from wasmdialect.wasm.text.context import take_integer, take_name, take_string, take_unsigned
from wasmdialect.wasm.text.immediates import take_float, take_v128
from wasmdialect.wasm.text.syntax import Cursor, Form, Source


class ModuleForm(Enum):
    """The form of a module in a script."""

    TEXT = "text"
    BINARY = "binary"
    QUOTE = "quote"


@dataclass(frozen=True)
class ScriptModule:
    """A module in a script."""

    line: int
    name: str | None
    form: ModuleForm
    source: Source
    tree: Form
    """Of a module in text: its identifier and fields."""
    content: bytes
    """The bytes of the strings of a binary or quoted module."""

    def to_binary(self, features: frozenset[Feature] = WASM_3_0) -> bytes:
        """The module in the binary format. Raises TextError."""
        match self.form:
            case ModuleForm.TEXT:
                return parse_module_items(Cursor(self.source, self.tree), features).binary
            case ModuleForm.BINARY:
                return self.content
            case ModuleForm.QUOTE:
                text = self.content.decode("utf-8", "surrogateescape")
                return parse_module(text, features).binary


@dataclass(frozen=True)
class Value:
    """An argument or an exact result: `type` is a value type's word, `ref.null`, or one of
    `REFERENCE_WORDS`; `bits` is None where no value is written."""

    type: str
    bits: int | None = None
    heap: str | None = None
    """Of `ref.null`."""


@dataclass(frozen=True)
class NanPattern:
    """Any NaN of a kind: `canonical` or `arithmetic`."""

    type: str
    kind: str


@dataclass(frozen=True)
class LanePattern:
    """A vector result that is compared lane by lane."""

    shape: str
    lanes: tuple[Value | NanPattern, ...]


@dataclass(frozen=True)
class Either:
    """Any of several results."""

    choices: tuple[Pattern, ...]


Pattern: TypeAlias = "Value | NanPattern | LanePattern | Either"


@dataclass(frozen=True)
class Invoke:
    """Call an exported function."""

    line: int
    module: str | None
    name: str
    arguments: tuple[Value, ...]


@dataclass(frozen=True)
class Get:
    """Read an exported global."""

    line: int
    module: str | None
    name: str


Action: TypeAlias = "Invoke | Get"


@dataclass(frozen=True)
class DefineModule:
    """Validate a module; instantiate it too unless it is a mere `definition`."""

    line: int
    module: ScriptModule
    instantiate: bool


@dataclass(frozen=True)
class InstantiateModule:
    """Instantiate a module definition again."""

    line: int
    name: str | None
    definition: str | None


@dataclass(frozen=True)
class Register:
    """Make the exports of an instance importable."""

    line: int
    name: str
    module: str | None


@dataclass(frozen=True)
class AssertReturn:
    """The action returns values that match."""

    line: int
    action: Action
    expected: tuple[Pattern, ...]


class Failure(Enum):
    """The failure that an assertion expects; the value is the command's word."""

    TRAP = "assert_trap"
    EXHAUSTION = "assert_exhaustion"
    EXCEPTION = "assert_exception"
    SUSPENSION = "assert_suspension"
    """Of the stack-switching proposal."""
    MALFORMED = "assert_malformed"
    INVALID = "assert_invalid"
    MALFORMED_CUSTOM = "assert_malformed_custom"
    """Of a module that is well-formed but for its custom sections."""
    INVALID_CUSTOM = "assert_invalid_custom"
    UNLINKABLE = "assert_unlinkable"


@dataclass(frozen=True)
class AssertFailure:
    """The action fails, or the module cannot be loaded or instantiated."""

    line: int
    failure: Failure
    subject: Action | ScriptModule
    message: str
    """The start of the error message."""


@dataclass(frozen=True)
class Thread:
    """Run commands in a thread of its own, which sees the instances of these modules."""

    line: int
    name: str
    shared: tuple[str, ...]
    commands: tuple[Command, ...]


@dataclass(frozen=True)
class Wait:
    """Wait for a thread to end."""

    line: int
    name: str


Command: TypeAlias = (
    DefineModule
    | InstantiateModule
    | Register
    | Invoke
    | Get
    | AssertReturn
    | AssertFailure
    | Thread
    | Wait
)


def parse_script(text: str) -> list[Command]:
    """The commands of a script. Modules written as text are parsed on demand.

    Raises TextError.
    """
    source = Source(text)
    root = parse_forms(source)
    if root.items and all(form.head not in _COMMANDS for form in root.forms()):
        # The abbreviation: a script that is just the fields of one module.
        return [DefineModule(1, ScriptModule(1, None, ModuleForm.TEXT, source, root, b""), True)]
    return _commands(Cursor(source, root))


_MAX_THREAD_DEPTH = 100
"""How deep threads are nested at most; each level takes some of Python's stack."""


def _commands(cursor: Cursor, depth: int = 0) -> list[Command]:
    """The commands up to the end of a form, in so many threads."""
    words = _COMMANDS.keys() - {"thread"} if depth == _MAX_THREAD_DEPTH else _COMMANDS
    out: list[Command] = []
    while cursor.current is not None:
        form = cursor.take_form(*words)
        if form is None:
            raise cursor.unexpected()
        word = str(form.items[0])
        out.append(_thread(form, depth + 1) if word == "thread" else _COMMANDS[word](form))
    return out


def _thread(cursor: Cursor, depth: int = 1) -> Thread:
    name = str(cursor.expect("ID"))
    shared: list[str] = []
    while (form := cursor.take_form("shared")) is not None:
        module = form.take_form("module")
        if module is None:
            raise form.unexpected()
        shared.append(str(module.expect("ID")))
        module.expect_end()
        form.expect_end()
    return Thread(_line(cursor), name, tuple(shared), tuple(_commands(cursor, depth)))


def _wait(cursor: Cursor) -> Wait:
    return Wait(_line(cursor), str(cursor.expect("ID")))


def _line(cursor: Cursor) -> int:
    return cursor.source.place(cursor.form_pos)[0]


def _take_name(cursor: Cursor) -> str | None:
    token = cursor.take("ID")
    return None if token is None else str(token)


def _module(cursor: Cursor) -> Command:
    line = _line(cursor)
    if cursor.take_word("instance"):
        name = _take_name(cursor)
        return InstantiateModule(line, name, _take_name(cursor))
    instantiate = not cursor.take_word("definition")
    return DefineModule(line, _script_module(cursor), instantiate)


def _script_module(cursor: Cursor) -> ScriptModule:
    """A module after the word `module`."""
    line = _line(cursor)
    start = cursor.at
    name = _take_name(cursor)
    for form in (ModuleForm.BINARY, ModuleForm.QUOTE):
        if cursor.take_word(form.value):
            separator = b"" if form is ModuleForm.BINARY else b" "
            content = separator.join(_strings(cursor))
            return ScriptModule(line, name, form, cursor.source, Form([], 0, 0), content)
    tree = cursor.form.behind(start)
    return ScriptModule(line, name, ModuleForm.TEXT, cursor.source, tree, b"")


def _strings(cursor: Cursor) -> list[bytes]:
    out: list[bytes] = []
    while cursor.current is not None:
        out.append(take_string(cursor))
    return out


def _register(cursor: Cursor) -> Register:
    name = take_name(cursor)
    return Register(_line(cursor), name, _take_name(cursor))


def _invoke(cursor: Cursor) -> Invoke:
    module = _take_name(cursor)
    name = take_name(cursor)
    arguments: list[Value] = []
    while cursor.current is not None:
        found = _pattern(cursor)
        if not isinstance(found, Value):
            raise cursor.error("unexpected token: an argument is one value")
        arguments.append(found)
    return Invoke(_line(cursor), module, name, tuple(arguments))


def _get(cursor: Cursor) -> Get:
    module = _take_name(cursor)
    return Get(_line(cursor), module, take_name(cursor))


def _action(cursor: Cursor) -> Action:
    form = cursor.take_form("invoke", "get")
    if form is None:
        raise cursor.unexpected()
    return _invoke(form) if form.items[0] == "invoke" else _get(form)


def _assert_return(cursor: Cursor) -> AssertReturn:
    action = _action(cursor)
    expected: list[Pattern] = []
    while cursor.current is not None:
        expected.append(_pattern(cursor))
    return AssertReturn(_line(cursor), action, tuple(expected))


def _assert_failure(cursor: Cursor) -> AssertFailure:
    failure = Failure(str(cursor.items[0]))
    module = cursor.take_form("module")
    subject = _action(cursor) if module is None else _script_module(module)
    message = "" if failure is Failure.EXCEPTION else take_name(cursor)
    return AssertFailure(_line(cursor), failure, subject, message)


REFERENCE_WORDS = frozenset(
    f"ref.{kind}"
    for kind in ("func", "extern", "host", "any", "eq", "i31", "struct", "array", "exn")
)
"""Patterns for any reference of a kind; `ref.extern` and `ref.host` may have a number."""

_FLOAT_BITS = {"f32": 32, "f64": 64}
_INTEGER_BITS = {"i8": 8, "i16": 16, "i32": 32, "i64": 64}


def _pattern(cursor: Cursor, *, is_choice: bool = False) -> Pattern:
    """A constant, or a pattern of results; one choice of several has no choices itself."""
    item = cursor.current
    if not isinstance(item, Form):
        raise cursor.unexpected()
    cursor.at += 1
    inside = Cursor(cursor.source, item, 1)
    head = item.head or ""
    word, _, suffix = head.partition(".")
    if head == "either" and not is_choice:
        choices: list[Pattern] = []
        while inside.current is not None:
            choices.append(_pattern(inside, is_choice=True))
        return Either(tuple(choices))
    if suffix == "const":
        return _constant(word, inside)
    if head == "ref.null":
        heap = inside.take("WORD") or inside.take("ID")
        return Value(head, 0, None if heap is None else str(heap))
    if head not in REFERENCE_WORDS:
        raise Cursor(cursor.source, item).unexpected()
    bits = take_unsigned(inside, 32) if inside.current is not None else None
    return Value(head, bits)


def _constant(word: str, cursor: Cursor) -> Value | NanPattern | LanePattern:
    if word == "v128":
        return _vector(cursor)
    found = _lane(word, cursor)
    cursor.expect_end()
    return found


def _lane(word: str, cursor: Cursor) -> Value | NanPattern:
    bits = _INTEGER_BITS.get(word)
    if bits is not None:
        return Value(word, take_integer(cursor, bits))
    for kind in ("canonical", "arithmetic"):
        if cursor.take_word(f"nan:{kind}"):
            return NanPattern(word, kind)
    if word not in _FLOAT_BITS:
        raise cursor.unexpected()
    return Value(word, take_float(cursor, _FLOAT_BITS[word]))


def _vector(cursor: Cursor) -> Value | LanePattern:
    if not any(item in ("nan:canonical", "nan:arithmetic") for item in cursor.rest()):
        return Value("v128", take_v128(cursor))
    shape = str(cursor.expect("WORD"))
    lane, _, count = shape.partition("x")
    lanes = tuple(_lane(lane, cursor) for _ in range(int(count)))
    cursor.expect_end()
    return LanePattern(shape, lanes)


_COMMANDS: dict[str, Callable[[Cursor], Command]] = {
    "module": _module,
    "register": _register,
    "invoke": _invoke,
    "get": _get,
    "assert_return": _assert_return,
    **{failure.value: _assert_failure for failure in Failure},
    "thread": _thread,
    "wait": _wait,
}
