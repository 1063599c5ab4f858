"""The custom sections that a module's text implies, and `@custom` annotations for all others.

Identifiers and `@name` imply a `name` section at the very end, `@metadata.code.branch_hint` a section
before the code. A section that differs from the implied one is written out, and replaces it.
"""

from __future__ import annotations

from wasmdialect.types import StructType
from wasmdialect.wasm.body import decode_instructions, decode_locals
from wasmdialect.wasm.custom_sections import (
    BranchHints,
    decode_branch_hints,
    encode_branch_hints,
)
from wasmdialect.wasm.errors import DecodeError
from wasmdialect.wasm.hints import BRANCH_HINT
from wasmdialect.wasm.instructions.opcodes import OPENERS
from wasmdialect.wasm.module import CustomSection, Function, IndexedNames, Module, Names
from wasmdialect.wasm.names import encode_names
from wasmdialect.wasm.reader import Reader
from wasmdialect.wasm.text.custom_annotations import SECTION_WORDS
from wasmdialect.wasm.text.literals import name_literal, string_literal

_WORDS = {section: word for word, section in SECTION_WORDS.items()}
_CODE = 10


def custom_fields(module: Module) -> tuple[list[str], BranchHints]:
    """A `@custom` annotation for each section that the rest of the text does not imply, and the
    branch hints that it has to say."""
    order = [s.name for s in module.custom_sections]
    hints = implied_hints(module) if order.count(BRANCH_HINT) == 1 else {}
    implied: set[str] = {BRANCH_HINT} if hints else set()
    if order.count("name") == 1 and _name_is_implied(module):
        implied.add("name")
    last = module.last_section
    fields = [_field(s, last) for s in module.custom_sections if s.name not in implied]
    return fields, hints


def _field(section: CustomSection, last: int) -> str:
    if section.after == last:
        place = ""
    else:
        place = f" (after {_WORDS[section.after]})" if section.after else " (before first)"
    name = name_literal(section.name)
    content = f" {string_literal(section.bytes)}" if section.bytes else ""
    return f"(@custom {name}{place}{content})"


def _name_is_implied(module: Module) -> bool:
    last = module.custom_sections[-1]
    if last.name != "name" or last.after != module.last_section or not last.bytes:
        return False
    return encode_names(_implied_names(module)) == bytes(last.bytes)


def _implied_names(module: Module) -> Names:
    """The names expressed by the text."""
    names = module.names
    return Names(
        names.module,
        _below(names.functions, len(module.functions)),
        {
            f.index: _below(names.locals.get(f.index, {}), _count_locals(module, f.index))
            for f in module.defined_functions()
            if f.index in names.locals
        },
        {
            f.index: _labels(names.labels[f.index], f, module)
            for f in module.defined_functions()
            if f.index in names.labels
        },
        _below(names.types, len(module.types)),
        _below(names.tables, len(module.tables)),
        _below(names.memories, len(module.memories)),
        _below(names.globals, len(module.globals)),
        _below(names.elements, len(module.elements)),
        _below(names.data, len(module.data)),
        {
            index: _below(names.fields[index], len(t.composite.fields))
            for index, t in enumerate(module.types)
            if index in names.fields and isinstance(t.composite, StructType)
        },
        _below(names.tags, len(module.tags)),
    )


def _below(names: IndexedNames, count: int) -> IndexedNames:
    return {index: name for index, name in names.items() if index < count}


def _labels(names: IndexedNames, function: Function, module: Module) -> IndexedNames:
    """The names of blocks that there are; an empty one cannot be written."""
    assert function.code is not None
    reader = Reader(function.code.bytes, 0, module.features)
    decode_locals(reader)
    instructions = decode_instructions(reader, len(function.code.bytes))
    blocks = sum(opcode in OPENERS for opcode, _, _ in instructions)
    return {number: name for number, name in _below(names, blocks).items() if name}


def _count_locals(module: Module, index: int) -> int:
    function = module.functions[index]
    assert function.code is not None
    reader = Reader(function.code.bytes, 0, module.features)
    return len(function.signature.params) + len(decode_locals(reader))


def implied_hints(module: Module) -> BranchHints:
    """The branch hints of a module, if annotations can say them: none otherwise."""
    (section,) = (s for s in module.custom_sections if s.name == BRANCH_HINT)
    customs = [s for s in module.custom_sections if s.after == section.after]
    if customs[-1] is not section or module.section_behind(section.after) != _CODE:
        return {}
    try:
        hints = decode_branch_hints(section.bytes)
    except DecodeError:
        return {}
    sayable = all(_are_instructions(module, index, hints[index]) for index in hints)
    return hints if sayable and encode_branch_hints(hints) == bytes(section.bytes) else {}


def _are_instructions(module: Module, index: int, hints: dict[int, bool]) -> bool:
    """Whether each hint is for an instruction of a function, and not for its last `end`."""
    code = module.functions[index].code if index < len(module.functions) else None
    if code is None or not hints:
        return False
    reader = Reader(code.bytes, 0, module.features)
    decode_locals(reader)
    instructions = decode_instructions(reader, len(code.bytes))
    return {at for _, _, at in instructions[:-1]}.issuperset(hints)
