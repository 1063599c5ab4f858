"""`Module` to text that reads back to the same binary: flat instructions, types as written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from wasmdialect import types as wt
from wasmdialect.wasm.body import Instruction, decode_instructions, decode_locals
from wasmdialect.wasm.float_text import format_float
from wasmdialect.wasm.hints import BRANCH_HINT
from wasmdialect.wasm.instructions import BY_OPCODE, Immediate
from wasmdialect.wasm.instructions.gc import NULLABLE_TARGET
from wasmdialect.wasm.module import (
    Catch,
    ConstExpr,
    DataSegment,
    ElementSegment,
    ExternKind,
    Function,
    IndexedNames,
    Module,
    SegmentMode,
)
from wasmdialect.wasm.reader import Reader
from wasmdialect.wasm.text.custom_fields import custom_fields
from wasmdialect.wasm.text.literals import name_literal, string_literal

_PLAIN_ID = re.compile(r"[0-9A-Za-z!#$%&'*+\-./:<=>?@\\^_`|~]+\Z")
_OPENERS = frozenset({"block", "loop", "if", "try_table", "try"})
_OUTDENTED = frozenset({"end", "else", "catch", "catch_all", "delegate"})
_INDENT = "  "
_DEEPEST = 60
"""Levels that are indented; deeper ones are not, or the text could be the square of the code."""

Line: TypeAlias = tuple[str, int | None]
"""Text, and the absolute byte offset of the instruction in it."""


def print_module(module: Module) -> str:
    """The text of a module, with its custom sections (`custom_fields.py`)."""
    return _Printer(module).module_text()


def print_function(module: Module, index: int) -> str:
    """The text of one defined function."""
    return "\n".join(text for text, _ in function_lines(module, index))


def function_lines(module: Module, index: int) -> list[Line]:
    """The lines of one defined function."""
    return [*_Printer(module).function(module.functions[index])]


def _unique(names: IndexedNames, count: int) -> IndexedNames:
    """The names that can be identifiers: not empty, of existing entities, each once."""
    taken: set[str] = set()
    out: IndexedNames = {}
    for index in sorted(names):
        name = names[index]
        if index < count and name and name not in taken:
            taken.add(name)
            out[index] = name
    return out


def _named(written: IndexedNames, identifiers: IndexedNames) -> IndexedNames:
    """The prefix of the type of each named parameter, local or field."""
    return {
        index: f" {_identifier(identifiers[index])}"
        if index in identifiers
        else _name_annotation(name)
        for index, name in written.items()
    }


_NAMES = {
    "type": "types",
    "func": "functions",
    "table": "tables",
    "memory": "memories",
    "global": "globals",
    "tag": "tags",
    "elem": "elements",
    "data": "data",
}
"""By the word of an index space: its field in `Names`."""


def _name_annotation(name: str | None) -> str:
    """A name that cannot be an identifier, after a space; empty for None."""
    return "" if name is None else f" (@name {name_literal(name)})"


def _identifier(name: str) -> str:
    if _PLAIN_ID.match(name):
        return f"${name}"
    return f"${name_literal(name)}"


class _Printer:
    def __init__(self, module: Module):
        self.module = module
        self.names: dict[str, Mapping[int, str]] = {
            space: _unique(getattr(module.names, field), len(getattr(module, field)))
            for space, field in _NAMES.items()
        }
        self.locals: Mapping[int, str] = {}
        self.local_names: Mapping[int, str] = {}
        self.labels: list[str | None] = []
        """Of the blocks that are open."""
        self.custom_fields, self.branch_hints = custom_fields(module)

    # --- references to definitions

    def ref(self, space: str, index: int) -> str:
        """An index, or the identifier of its definition."""
        name = self.names[space].get(index)
        return str(index) if name is None else _identifier(name)

    def defined(self, space: str, index: int) -> str:
        """After the keyword of a definition: its identifier, or its index as a comment."""
        name = self.names[space].get(index)
        if name is not None:
            return f" {_identifier(name)}"
        written = getattr(self.module.names, _NAMES[space]).get(index)
        return f" (;{index};){_name_annotation(written)}"

    def local(self, index: int) -> str:
        """A local."""
        name = self.locals.get(index)
        return str(index) if name is None else _identifier(name)

    # --- types

    def heap_type(self, t: wt.HeapType) -> str:
        """A heap type as written."""
        if isinstance(t, wt.ExactType):
            return f"(exact {self.heap_type(t.type)})"
        return self.ref("type", t.index) if isinstance(t, wt.TypeIndex) else str(t)

    def value_type(self, t: wt.StorageType) -> str:
        """A value or packed type."""
        if not isinstance(t, wt.RefType) or isinstance(t.heap, wt.AbstractHeapType):
            return str(t)
        heap = self.heap_type(t.heap)
        return f"(ref null {heap})" if t.nullable else f"(ref {heap})"

    def field_type(self, f: wt.FieldType) -> str:
        """A struct field or array element."""
        t = self.value_type(f.storage)
        return f"(mut {t})" if f.mutable else t

    def many(self, word: str, types: Iterable[wt.ValType]) -> str:
        """` (param i32 i64)`; empty for no types."""
        words = [self.value_type(t) for t in types]
        return f" ({word} {' '.join(words)})" if words else ""

    def signature(self, t: wt.FuncType) -> str:
        """Parameters and results."""
        return self.many("param", t.params) + self.many("result", t.results)

    def composite(self, c: wt.CompositeType, index: int) -> str:
        """A function, struct or array type."""
        match c:
            case wt.FuncType():
                return f"(func{self.signature(c)})"
            case wt.StructType(fields):
                written = self.module.names.fields.get(index, {})
                names = _named(written, _unique(written, len(fields)))
                words = [
                    f" (field{names.get(k, '')} {self.field_type(f)})" for k, f in enumerate(fields)
                ]
                return f"(struct{''.join(words)})"
            case wt.ArrayType(element):
                return f"(array {self.field_type(element)})"

    def type_definition(self, index: int) -> str:
        """A `type` field."""
        t = self.module.written_types[index]
        content = self.composite(t.composite, index)
        for word, other in (("descriptor", t.descriptor), ("describes", t.describes)):
            if isinstance(other, wt.TypeIndex):
                content = f"({word} {self.ref('type', other.index)}) {content}"
        if t.supers or not t.final:
            supers = "".join(
                f" {self.ref('type', s.index)}" for s in t.supers if isinstance(s, wt.TypeIndex)
            )
            content = f"(sub{' final' if t.final else ''}{supers} {content})"
        return f"(type{self.defined('type', index)} {content})"

    def table_type(self, t: wt.TableType) -> str:
        """A table type."""
        address = "i64 " if t.address is wt.I64 else ""
        return f"{address}{t.limits} {self.value_type(t.element)}"

    def global_type(self, t: wt.GlobalType) -> str:
        """A global type."""
        word = self.value_type(t.value)
        return f"(mut {word})" if t.mutable else word

    # --- instructions

    def lines(
        self,
        instructions: Iterable[Instruction],
        hints: Mapping[int, bool],
        labels: Mapping[int, str],
        depth: int,
    ) -> Iterable[tuple[str, int]]:
        """A line for each instruction but the last `end`, indented by nesting, and its offset in the
        body. Its branch `hints` are by offset, its `labels` by the number of the block."""
        blocks = 0
        self.labels = []
        body = list(instructions)
        for opcode, immediate, at in body[:-1]:
            word = BY_OPCODE[opcode].mnemonic
            level = depth + len(self.labels) - (word in _OUTDENTED)
            indent = _INDENT * min(level, _DEEPEST)
            if at in hints:
                yield f'{indent}(@{BRANCH_HINT} "\\{hints[at]:02x}")', at
            if word == "delegate":
                self.labels.pop()  # its label is one around the `try` that it ends
            text = self.instruction(opcode, immediate)
            if word in _OPENERS:
                self.labels.append(labels.get(blocks))
                blocks += 1
                name = self.labels[-1]
                if name:
                    text = f"{word} {_identifier(name)}{text[len(word) :]}"
            elif word == "end":
                self.labels.pop()
            yield indent + text, at

    def label(self, depth: int) -> str:
        """A label: its identifier if that is not shadowed by an inner block."""
        name = self.labels[-1 - depth] if depth < len(self.labels) else None
        if not name or name in self.labels[len(self.labels) - depth :]:
            return str(depth)
        return _identifier(name)

    def instruction(self, opcode: int, immediate: Any) -> str:
        """An instruction."""
        row = BY_OPCODE[opcode]
        special = _BY_MNEMONIC.get(row.mnemonic)
        if special is not None:
            words = special(self, opcode, immediate)
        elif not row.immediates:
            words = ""
        elif len(row.immediates) == 1:
            words = self.immediate(row.immediates[0], immediate, opcode)
        else:
            pairs = zip(row.immediates, immediate, strict=True)
            parts = [self.immediate(kind, value, opcode) for kind, value in pairs]
            words = " ".join(part for part in parts if part)
        return f"{row.mnemonic} {words}" if words else row.mnemonic

    def immediate(self, kind: Immediate, value: Any, opcode: int) -> str:
        """An immediate; empty if its default needs no words."""
        if kind is Immediate.MEMARG:
            return self.memarg(value, opcode)
        return _BY_KIND[kind](self, value)

    def block_type(self, t: wt.FuncType | wt.TypeIndex) -> str:
        """The type of a block."""
        if isinstance(t, wt.TypeIndex):
            return f"(type {self.ref('type', t.index)})"
        return self.signature(t).strip()

    def memarg(self, value: tuple[int, int, int], opcode: int) -> str:
        """Memory, offset and alignment, each if it is not the default."""
        align_log2, offset, memory = value
        access = BY_OPCODE[opcode].access
        assert access is not None
        words: list[str] = []
        if memory:
            words.append(self.ref("memory", memory))
        if offset:
            words.append(f"offset={offset}")
        if 1 << align_log2 != access.bytes:
            words.append(f"align={1 << align_log2}")
        return " ".join(words)

    def catch(self, clause: Catch) -> str:
        """A catch clause."""
        tag = f" {self.ref('tag', clause.tag)}" if clause.tag is not None else ""
        return f"({clause.kind.name.lower()}{tag} {self.label(clause.label)})"

    def index_unless_zero(self, space: str, index: int) -> str:
        """A table or memory; empty for the first."""
        return self.ref(space, index) if index else ""

    def constant(self, expression: ConstExpr) -> str:
        """A constant expression, folded into one line."""
        reader = self.reader(expression.bytes)
        words = [
            f"({self.instruction(opcode, immediate)})"
            for opcode, immediate, _ in decode_instructions(reader, len(expression.bytes))[:-1]
        ]
        return " ".join(words)

    def reader(self, data: bytes | memoryview) -> Reader:
        """A reader that keeps type indices."""
        return Reader(data, 0, self.module.features)

    # --- fields

    def module_text(self) -> str:
        """The module."""
        module = self.module
        name = module.names.module
        head = f"(module {_identifier(name)}" if name else f"(module{_name_annotation(name)}"
        lines = [head, *self.custom_fields]
        lines += self.types()
        for kind, index in module.import_order:
            lines.append(self.import_(kind, index))
        for function in module.defined_functions():
            lines += [text for text, _ in self.function(function)]
        lines += self.definitions()
        for export in module.exports:
            word = export.kind.word
            name_text = name_literal(export.name)
            lines.append(f"(export {name_text} ({word} {self.ref(word, export.index)}))")
        if module.start is not None:
            lines.append(f"(start {self.ref('func', module.start)})")
        lines += [self.element(e) for e in module.elements]
        lines += [self.data(d) for d in module.data]
        return f"\n{_INDENT}".join(lines) + ")\n"

    def types(self) -> Iterable[str]:
        """The recursion groups."""
        index = 0
        for size in self.module.rec_groups:
            if size is None:
                yield self.type_definition(index)
                index += 1
                continue
            members = [self.type_definition(index + k) for k in range(size)]
            yield f"(rec{''.join(f'{chr(10)}{_INDENT * 2}{m}' for m in members)})"
            index += size

    def described(self, kind: ExternKind, index: int) -> str:
        """The type of an import, after its identifier."""
        module = self.module
        match kind:
            case ExternKind.FUNC:
                function = module.functions[index]
                used = f"(type {self.ref('type', function.type_index)})"
                return f"(exact {used})" if function.exact_import else used
            case ExternKind.TABLE:
                return self.table_type(module.tables[index].written)
            case ExternKind.MEMORY:
                return str(module.memories[index].type)
            case ExternKind.GLOBAL:
                return self.global_type(module.globals[index].written)
            case ExternKind.TAG:
                return f"(type {self.ref('type', module.tags[index].type_index)})"

    def import_(self, kind: ExternKind, index: int) -> str:
        """An `import` field."""
        imported = self.module.index_space(kind)[index].imported
        module = name_literal(imported.module)
        name = name_literal(imported.name)
        described = self.defined(kind.word, index) + " " + self.described(kind, index)
        return f"(import {module} {name} ({kind.word}{described}))"

    def function(self, function: Function) -> Iterable[Line]:
        """A `func` field."""
        assert function.code is not None
        written = self.module.written_types[function.type_index].composite
        assert isinstance(written, wt.FuncType)
        reader = self.reader(function.code.bytes)
        declared = decode_locals(reader)
        names = self.module.names.locals.get(function.index, {})
        self.locals = _unique(names, len(written.params) + len(declared))
        self.local_names = _named(names, self.locals)
        head = f"(func{self.defined('func', function.index)}"
        head += f" (type {self.ref('type', function.type_index)})"
        head += self.variables("param", written.params, 0) + self.many("result", written.results)
        lines: list[Line] = [(head, None)]
        if declared:
            variables = self.variables("local", declared, len(written.params)).strip()
            lines.append((f"{_INDENT}{variables}", None))
        hints = self.branch_hints.get(function.index, {})
        labels = self.module.names.labels.get(function.index, {})
        instructions = decode_instructions(reader, len(function.code.bytes))
        start = function.code.offset
        lines += ((text, start + at) for text, at in self.lines(instructions, hints, labels, 1))
        last, at = lines[-1]
        return [*lines[:-1], (f"{last})", at)]

    def variables(self, word: str, types: Iterable[wt.ValType], first: int) -> str:
        """Parameters or locals: those with names in forms of their own."""
        out: list[str] = []
        run: list[str] = []
        for index, t in enumerate(types, first):
            if index in self.local_names:
                if run:
                    out.append(f" ({word} {' '.join(run)})")
                    run = []
                out.append(f" ({word}{self.local_names[index]} {self.value_type(t)})")
            else:
                run.append(self.value_type(t))
        if run:
            out.append(f" ({word} {' '.join(run)})")
        return "".join(out)

    def definitions(self) -> Iterable[str]:
        """Tables, memories, tags and globals."""
        module = self.module
        for table in module.tables:
            if table.imported is None:
                init = f" {self.constant(table.init)}" if table.init is not None else ""
                t = self.table_type(table.written)
                yield f"(table{self.defined('table', table.index)} {t}{init})"
        for memory in module.memories:
            if memory.imported is None:
                yield f"(memory{self.defined('memory', memory.index)} {memory.type})"
        for tag in module.tags:
            if tag.imported is None:
                t = self.described(ExternKind.TAG, tag.index)
                yield f"(tag{self.defined('tag', tag.index)} {t})"
        for variable in module.globals:
            if variable.init is not None:
                t = self.global_type(variable.written)
                init = self.constant(variable.init)
                yield f"(global{self.defined('global', variable.index)} {t} {init})"

    def element(self, segment: ElementSegment) -> str:
        """An `elem` field, in the words that give it the same flags."""
        words = [f"(elem{self.defined('elem', segment.index)}"]
        if segment.mode is SegmentMode.DECLARATIVE:
            words.append("declare")
        elif segment.mode is SegmentMode.ACTIVE:
            if segment.flags & 2:
                words.append(f"(table {self.ref('table', segment.table)})")
            assert segment.offset is not None
            words.append(f"(offset {self.constant(segment.offset)})")
        if segment.functions is not None:
            words.append("func")
            words += [self.ref("func", index) for index in segment.functions]
        else:
            words.append(self.value_type(segment.written))
            words += [f"(item {self.constant(e)})" for e in segment.expressions or ()]
        return " ".join(words) + ")"

    def data(self, segment: DataSegment) -> str:
        """A `data` field."""
        words = [f"(data{self.defined('data', segment.index)}"]
        if segment.mode is SegmentMode.ACTIVE:
            if segment.memory:
                words.append(f"(memory {self.ref('memory', segment.memory)})")
            assert segment.offset is not None
            words.append(f"(offset {self.constant(segment.offset)})")
        words.append(string_literal(segment.bytes))
        return " ".join(words) + ")"


def _signed(bits: int) -> Callable[[_Printer, int], str]:
    return lambda p, value: str(value - (1 << bits) if value >> (bits - 1) else value)


def _space(space: str) -> Callable[[_Printer, int], str]:
    return lambda p, index: p.ref(space, index)


def _v128(p: _Printer, value: int) -> str:
    lanes = (value >> shift & 0xFFFF_FFFF for shift in (0, 32, 64, 96))
    return "i32x4 " + " ".join(f"0x{lane:08x}" for lane in lanes)


_BY_KIND: dict[Immediate, Callable[[_Printer, Any], str]] = {
    Immediate.BLOCK_TYPE: _Printer.block_type,
    Immediate.LABEL: _Printer.label,
    Immediate.LABELS: lambda p, labels: " ".join(map(p.label, labels)),
    Immediate.CATCHES: lambda p, clauses: " ".join(p.catch(c) for c in clauses),
    Immediate.FUNCTION: _space("func"),
    Immediate.TYPE: _space("type"),
    Immediate.TABLE: lambda p, index: p.index_unless_zero("table", index),
    Immediate.MEMORY: lambda p, index: p.index_unless_zero("memory", index),
    Immediate.GLOBAL: _space("global"),
    Immediate.TAG: _space("tag"),
    Immediate.LOCAL: _Printer.local,
    Immediate.ELEM: _space("elem"),
    Immediate.DATA: _space("data"),
    Immediate.FIELD: lambda p, index: str(index),
    Immediate.VAL_TYPES: lambda p, types: p.many("result", types).strip() or "(result)",
    Immediate.HEAP_TYPE: _Printer.heap_type,
    Immediate.COUNT: lambda p, count: str(count),
    Immediate.I32: _signed(32),
    Immediate.I64: _signed(64),
    Immediate.F32: lambda p, bits: format_float(bits, 32),
    Immediate.F64: lambda p, bits: format_float(bits, 64),
    Immediate.V128: _v128,
    Immediate.LANE: lambda p, lane: str(lane),
    Immediate.LANES: lambda p, lanes: " ".join(map(str, lanes)),
    Immediate.ZERO: lambda p, zero: "",
}


def _call_indirect(p: _Printer, opcode: int, immediate: tuple[int, int]) -> str:
    index, table = immediate
    return f"{p.index_unless_zero('table', table)} (type {p.ref('type', index)})".strip()


def _segment_last(segment: str, space: str) -> Callable[[_Printer, int, Any], str]:
    """`table.init`, `memory.init`: the target comes first in text."""

    def words(p: _Printer, opcode: int, immediate: tuple[int, int]) -> str:
        index, target = immediate
        return f"{p.index_unless_zero(space, target)} {p.ref(segment, index)}".strip()

    return words


def _both_or_none(space: str) -> Callable[[_Printer, int, Any], str]:
    """`table.copy`, `memory.copy`."""

    def words(p: _Printer, opcode: int, immediate: tuple[int, int]) -> str:
        first, second = immediate
        return f"{p.ref(space, first)} {p.ref(space, second)}" if first or second else ""

    return words


def _cast_branch(p: _Printer, opcode: int, immediate: tuple[int, wt.RefType, wt.RefType]) -> str:
    label, source, target = immediate
    return f"{p.label(label)} {p.value_type(source)} {p.value_type(target)}"


def _cast(p: _Printer, opcode: int, heap: wt.HeapType) -> str:
    return p.value_type(wt.ref_type(opcode in NULLABLE_TARGET, heap))


_BY_MNEMONIC: dict[str, Callable[[_Printer, int, Any], str]] = {
    "call_indirect": _call_indirect,
    "return_call_indirect": _call_indirect,
    "table.init": _segment_last("elem", "table"),
    "memory.init": _segment_last("data", "memory"),
    "table.copy": _both_or_none("table"),
    "memory.copy": _both_or_none("memory"),
    "br_on_cast": _cast_branch,
    "br_on_cast_fail": _cast_branch,
    "br_on_cast_desc_eq": _cast_branch,
    "br_on_cast_desc_eq_fail": _cast_branch,
    "ref.test": _cast,
    "ref.cast": _cast,
    "ref.cast_desc_eq": _cast,
}
"""Instructions whose immediates in text differ from the order of the binary format."""
