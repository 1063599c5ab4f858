"""Textual LLVM IR from the `llvm` and `llvm_ext` dialects.

It is written out directly: 2 us per operation, against 10 for building and printing llvmlite's IR, and
with everything the code relies on (volatile, invariant loads, `nomerge`, `notail`, calling
conventions, debug locations). Only operations that the lowering creates are covered; any other is an
error that names the operation.

There are two forms. `emit_llvm` prints the whole module for reading. `emit_functions` gives each
function as a module of its own for the compiler, independent of its position in the module: functions
are called `s0`, `s1`, ... in the order they appear, and lines count from the function's first byte.
Equal texts therefore give equal code, wherever they come from.

Every function is in a comdat of its own: LLVM then gives its code and its jump tables sections of
their own, so that compiled functions can be separated. The debug location of an access, trap or call
is (line: Wasm byte offset, column: see `emit_function`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from xdsl.dialects import llvm
from xdsl.dialects.builtin import ArrayAttr, ModuleOp, StringAttr
from xdsl.ir import Attribute, Operation

from wasmdialect.abi.debug_locations import INLINED_LINES, to_line
from wasmdialect.dialects.declared import is_declaration
from wasmdialect.dialects.fast import LocationAttr, Place, wasm_offset
from wasmdialect.lowering.emit_function import (
    EMITTERS,
    EmitError,
    Emitter,
    FunctionEmitter,
    LocatingEmitter,
    Twin,
    WrittenFunction,
    code_of,
    has_body,
    type_text,
)
from wasmdialect.lowering.emit_pass_ops import PASS_EMITTERS, global_text
from wasmdialect.lowering.emit_store_probes import STORE_PROBE_EMITTERS
from wasmdialect.lowering.emit_vectors import VECTOR_EMITTERS

EMITTERS.update(PASS_EMITTERS)
EMITTERS.update(STORE_PROBE_EMITTERS)
EMITTERS.update(VECTOR_EMITTERS)

Emitters = Mapping[type[Operation], Emitter]
NO_EMITTERS: Emitters = {}
"""For a target that nothing is written differently for."""


@dataclass(frozen=True, slots=True)
class CodeText:
    """LLVM IR of functions that are compiled together, independent of their positions in the
    module."""

    text: str
    symbols: tuple[str, ...]
    """The symbols behind `s0`, `s1`, ..."""
    base: int
    """The Wasm byte offset that lines count from."""
    widest: int = 0
    """The most edges of a block (`emit_function.Text.widest`)."""
    inlined: Sequence[tuple[int, ...]] = ()
    """For each line from `INLINED_LINES` on: the Wasm byte offset of an instruction that was inlined,
    and those of the calls it was inlined at, innermost first."""


def emit_llvm(
    module: ModuleOp,
    *,
    debug_info: bool = True,
    emitters: Emitters = NO_EMITTERS,
    locates_all: bool = False,
) -> str:
    """The LLVM IR text of a module of `llvm.func`s, for reading; `emitters` are those of a target.
    With `locates_all`, every instruction has a debug location, not only those that need one. Raises
    EmitError."""
    functions, constants = _contents(module)
    emitter = _ReadableText(debug_info, constants)
    emitter.overrides = emitters
    if locates_all:
        emitter.writer = LocatingEmitter
    for op in functions:
        emitter.function(op)
    return emitter.text()


def emit_functions(
    module: ModuleOp,
    attributes: str = "",
    emitters: Emitters = NO_EMITTERS,
    written: Sequence[llvm.FuncOp] = (),
) -> list[CodeText]:
    """Each function of a module as a text of its own; all get `attributes` too; `emitters` are those of
    the target, and `written` functions that come after those in the module. Raises EmitError."""
    functions, constants = _contents(module)
    functions += written
    declared = {op.sym_name.data: op for op in functions}
    texts: list[CodeText] = []
    for op in functions:
        if isinstance(op, WrittenFunction) and op.code is not None:
            texts.append(op.code[0].code([op], declared, attributes))
        elif isinstance(op, WrittenFunction) and op.twin is not None:
            symbol = op.sym_name.data
            texts.append(_text_of_twin(symbol, op.twin, declared, attributes, emitters))
        elif has_body(op):
            text = PlacelessText(constants, emitters)
            text.begin(op.location)
            texts.append(text.code([op], declared, attributes))
    return texts


def _text_of_twin(
    symbol: str,
    twin: Twin,
    declared: Mapping[str, llvm.FuncOp],
    attributes: str,
    emitters: Emitters,
) -> CodeText:
    callee, symbols = declared[twin.callee], (symbol, twin.callee)
    own = _passthrough(callee)
    group = None if own is None else _attributes_text(own)
    key = (*twin.likeness, id(emitters), attributes, _declaration(callee, ""), group)
    known = TWINS.get(key)
    if known is not None:
        text, _ = known
        return CodeText(text.text, symbols, text.base, text.widest, text.inlined)
    function = twin.write()
    assert function.code is not None
    text: CodeText = function.code[0].code([function], declared, attributes)
    assert text.symbols == symbols
    if len(text.text) <= MAX_TWIN_SIZE:
        if len(TWINS) >= MAX_TWINS:
            TWINS.clear()
        TWINS[key] = text, emitters
    return text


TWINS: dict[tuple[object, ...], tuple[CodeText, Emitters]] = {}
"""A text of each kind of twins. Emitters are told apart by identity; the entry keeps them alive."""
MAX_TWINS = 1000
MAX_TWIN_SIZE = 1 << 14
"""In characters: a signature may have a thousand parameters."""


def emit_together(
    module: ModuleOp,
    attributes: str = "",
    emitters: Emitters = NO_EMITTERS,
) -> CodeText:
    """All functions of a module in one text. Raises EmitError."""
    functions, constants = _contents(module)
    declared = {op.sym_name.data: op for op in functions}
    defined = [op for op in functions if has_body(op)]
    text = PlacelessText(constants, emitters)
    if defined:
        text.begin(defined[0].location)
    return text.code(defined, declared, attributes)


def operation_at(module: ModuleOp, function: llvm.FuncOp, line: str) -> Operation | None:
    """The operation of a function that was written as this line of its text (`emit_functions`)."""
    functions, constants = _contents(module)
    text = PlacelessText(constants, NO_EMITTERS)
    found: list[Operation] = []

    def watched(emit: Emitter) -> Emitter:
        def emit_and_look(f: FunctionEmitter, op: Operation) -> None:
            before = len(f.lines)
            emit(f, op)
            if any(written.rstrip("\n") == line for written in f.lines[before:]):
                found.append(op)

        return emit_and_look

    text.overrides = {op: watched(emit) for op, emit in EMITTERS.items()}
    text.begin(function.location)
    text.code([function], {op.sym_name.data: op for op in functions})
    return found[0] if found else None


Constants = Mapping[str, llvm.GlobalOp]
"""The constants of a module, by symbol."""


def _contents(module: ModuleOp) -> tuple[list[llvm.FuncOp], Constants]:
    functions: list[llvm.FuncOp] = []
    constants: dict[str, llvm.GlobalOp] = {}
    for op in module.ops:
        match op:
            case llvm.FuncOp():
                functions.append(op)
            case llvm.GlobalOp():
                constants[op.sym_name.data] = op
            case _ if is_declaration(op):
                pass  # the artifact is described from it
            case _:
                raise EmitError(f"{op.name} is not lowered: run wasmvm-to-llvm first")
    return functions, constants


class _Text:
    """Shared by the functions of one text: names, attribute groups and metadata."""

    is_optimized = True

    def __init__(self, debug_info: bool, constants: Constants):
        self.debug_info = debug_info
        self.constants = constants
        self.used_constants: dict[str, str] = {}
        """The name in the text of each used constant."""
        self.attributes = ""
        """Those that all functions get besides their own."""
        self.parts: list[str] = []
        self.groups: dict[Attribute, int] = {}
        self.metadata = [*_HEADER]
        self.widest = 0
        self.weight_nodes: dict[tuple[int, int], int] = {}
        self.tag_root = -1
        self.tags: dict[str, str] = {}
        self.overrides: Mapping[type[Operation], Emitter] = {}
        self.writer = FunctionEmitter
        """What writes the bodies."""

    def name(self, symbol: str) -> str:
        """The name of a function in the text."""
        return symbol

    def global_name(self, symbol: str) -> str:
        """The name of a constant or function whose address is taken."""
        if symbol not in self.constants:
            return self.name(symbol)
        known = self.used_constants.get(symbol)
        if known is None:
            known = self.used_constants[symbol] = f"c{len(self.used_constants)}"
        return known

    def line(self, place: Place) -> int:
        """The line that represents a place: for humans, the Wasm byte offset in the function itself."""
        return (place[-1] if isinstance(place, tuple) else place) or 0

    def text(self) -> str:
        """The finished module."""
        parts = [*self.parts]
        for symbol, name in self.used_constants.items():
            parts.append(global_text(self.constants[symbol], name))
        for attributes, number in self.groups.items():
            words = _attributes_text(attributes)
            parts.append(f"attributes #{number} = {{ {words} {self.attributes} }}\n")
        if self.debug_info:
            parts.append(_NAMED_METADATA)
        parts.extend(f"!{number} = {node}\n" for number, node in enumerate(self.metadata))
        return "".join(parts)

    def node(self, text: str) -> int:
        """Add a metadata node; returns its number."""
        self.metadata.append(text)
        return len(self.metadata) - 1

    def group(self, op: llvm.FuncOp) -> str:
        """The attribute group of a function."""
        attributes = _passthrough(op)
        if attributes is None:
            return ""
        return f" #{self.groups.setdefault(attributes, len(self.groups))}"

    def weights(self, first: int, second: int) -> str:
        """The `!prof` of a branch whose targets are taken so often relative to each other."""
        if not self.is_optimized:
            return ""
        known = self.weight_nodes.get((first, second))
        if known is None:
            known = self.node(f'!{{!"branch_weights", i32 {first}, i32 {second}}}')
            self.weight_nodes[first, second] = known
        return f", !prof !{known}"

    def tag(self, alias: str) -> str:
        """The `!tbaa` of an access to a class of memory."""
        if not self.is_optimized:
            return ""
        known = self.tags.get(alias)
        if known is None:
            if self.tag_root < 0:
                self.tag_root = self.node('!{!"wasm"}')
            t = self.node(f'!{{!"{alias}", !{self.tag_root}, i64 0}}')
            node = self.node(f"!{{!{t}, !{t}, i64 0}}")
            known = self.tags[alias] = f", !tbaa !{node}"
        return known

    def declare(self, op: llvm.FuncOp) -> None:
        """Add the declaration of a function that is defined elsewhere."""
        self.parts.append(f"{_declaration(op, self.name(op.sym_name.data))}{self.group(op)}\n")

    def define(self, op: llvm.FuncOp) -> None:
        """Add a function with its body."""
        name = self.name(op.sym_name.data)
        if isinstance(op, WrittenFunction) and op.code is not None:
            _, scope, lines = op.code
        else:
            scope = self.scope(name)
            try:
                lines = self.writer(self, scope, self.overrides).lines_of(code_of(op))
            except EmitError as error:
                raise EmitError(f"{error} (in @{op.sym_name.data})") from None
        returned = type_text(op.function_type.output)
        inputs = op.function_type.inputs.data
        params = ", ".join(f"{type_text(t)} %{i}" for i, t in enumerate(inputs))
        debug = f" !dbg !{scope}" if scope >= 0 else ""
        self.parts.append(
            f'$"{name}" = comdat any\n'
            f'define {_linkage(op)}{returned} @"{name}"({params}){self.group(op)} comdat{debug} {{\n'
        )
        self.parts.extend(lines)
        self.parts.append("}\n")

    def scope(self, name: str) -> int:
        """The number of the scope of a function's locations; negative for none."""
        if not self.debug_info:
            return -1
        return self.node(
            f'distinct !DISubprogram(name: "{name}", file: !1, unit: !0,'
            " type: !3, spFlags: DISPFlagDefinition)"
        )


class _ReadableText(_Text):
    """A module with its own names and offsets."""

    def function(self, op: llvm.FuncOp) -> None:
        """Add a function or a declaration."""
        if has_body(op):
            self.define(op)
        else:
            self.declare(op)


class PlacelessText(_Text):
    """Functions independent of their positions in the module."""

    def __init__(self, constants: Constants, emitters: Emitters, *, is_optimized: bool = True):
        super().__init__(True, constants)
        self.overrides = emitters
        self.is_optimized = is_optimized
        self.base = 0
        self.names: dict[str, str] = {}
        self.inlined: dict[tuple[int, ...], int] = {}
        """The lines of inlined instructions."""

    def begin(self, location: LocationAttr) -> None:
        """Count lines from the location of the first function."""
        self.base = wasm_offset(location) or 0

    def begin_function(self, symbol: str, location: LocationAttr) -> int:
        """Begin a text that one function is written to; returns its scope."""
        self.begin(location)
        return self.scope(self.name(symbol))

    def name(self, symbol: str) -> str:
        known = self.names.get(symbol)
        if known is None:
            known = self.names[symbol] = f"s{len(self.names)}"
        return known

    def line(self, place: Place) -> int:
        if isinstance(place, tuple):
            return self.inlined.setdefault(place, INLINED_LINES + len(self.inlined))
        return 0 if place is None else to_line(place, self.base)

    def code(
        self,
        defined: Sequence[llvm.FuncOp],
        declared: Mapping[str, llvm.FuncOp],
        attributes: str = "",
    ) -> CodeText:
        """The text of some functions, with declarations of their callees."""
        self.attributes = attributes
        own = {op.sym_name.data: self.name(op.sym_name.data) for op in defined}
        for op in defined:
            self.define(op)
        for symbol in self.names:
            if symbol in own:
                continue
            callee = declared.get(symbol)
            if callee is None:
                raise EmitError(f"@{symbol} is used but not declared")
            self.declare(callee)
        text, names, inlined = self.text(), tuple(self.names), tuple(self.inlined)
        return CodeText(text, names, self.base, self.widest, inlined)


_SIGNATURE_TEXTS: dict[int, tuple[llvm.LLVMFunctionType, str, str]] = {}


def _signature_text(t: llvm.LLVMFunctionType) -> tuple[str, str]:
    """The result and the parameters of a function type. Cached by identity; the entry keeps the type
    alive."""
    known = _SIGNATURE_TEXTS.get(id(t))
    if known is None:
        known = t, type_text(t.output), ", ".join(map(type_text, t.inputs.data))
        if len(_SIGNATURE_TEXTS) < 10_000:
            _SIGNATURE_TEXTS[id(t)] = known
    return known[1], known[2]


def _declaration(op: llvm.FuncOp, name: str) -> str:
    """The declaration of a function without its attributes."""
    returned, params = _signature_text(op.function_type)
    return f'declare {_linkage(op)}{returned} @"{name}"({params})'


def _linkage(op: llvm.FuncOp) -> str:
    visibility: Any = op.properties.get("visibility_")
    return "hidden " if visibility is not None and visibility.value.data else ""


_HEADER = (
    "distinct !DICompileUnit(language: DW_LANG_C, file: !1, emissionKind: LineTablesOnly,"
    " nameTableKind: None)",
    '!DIFile(filename: "module.wasm", directory: "")',
    '!{i32 2, !"Debug Info Version", i32 3}',
    "!DISubroutineType(types: !4)",
    "!{}",  # EMPTY_NODE
)
_NAMED_METADATA = "!llvm.dbg.cu = !{!0}\n!llvm.module.flags = !{!2}\n"
SHARED_METADATA = _NAMED_METADATA + "".join(f"!{n} = {node}\n" for n, node in enumerate(_HEADER))
"""The metadata that every text for the compiler has: the named ones and the first nodes."""
OWN_METADATA = re.compile(r"!(?=[5-9]\b|\d\d)")
"""What precedes the number of any other node."""
assert len(_HEADER) == 5


def _passthrough(op: llvm.FuncOp) -> Attribute | None:
    # xDSL's parser of llvm.func makes an attribute of it, not a property.
    return op.properties.get("passthrough") or op.attributes.get("passthrough")


def _attributes_text(attributes: Attribute) -> str:
    words: list[str] = []
    for attribute in cast(ArrayAttr[Attribute], attributes).data:
        if isinstance(attribute, ArrayAttr):
            key, value = cast(ArrayAttr[StringAttr], attribute).data
            words.append(f'"{key.data}"="{value.data}"')
        else:
            word = cast(StringAttr, attribute).data
            words.append(f'"{word}"' if "-" in word else word)
    return " ".join(words)


__all__ = ["CodeText", "EmitError", "emit_functions", "emit_llvm", "emit_together"]
