"""The description of a Wasm module for its artifact: everything but the code, from the module itself.
`metadata` describes modules whose declarations are operations: IR, and Wasm to which passes have added
some. Both give the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from wasmdialect import types as wt
from wasmdialect.abi.reservation import has_guard
from wasmdialect.importer.numbers import ModuleNumbers
from wasmdialect.object.info import (
    CONSTANTS,
    ArtifactInfo,
    ConstantExpression,
    DataInfo,
    ElementInfo,
    ExportInfo,
    GlobalInfo,
    ImportInfo,
    MemoryInfo,
    TableInfo,
)
from wasmdialect.object.type_forms import write_heap
from wasmdialect.wasm.instructions import BY_OPCODE
from wasmdialect.wasm.instructions.opcodes import I32_CONST
from wasmdialect.wasm.module import (
    ConstExpr,
    DataSegment,
    ElementSegment,
    Memory,
    Module,
    Table,
)


class Description(NamedTuple):
    """An artifact's description of a module."""

    info: ArtifactInfo
    data: bytes
    """The contents of `.rodata.wasm`."""
    names: bytes
    """The contents of `.name.wasm`."""

    def to_plain(self) -> tuple[bytes, bytes, bytes]:
        """Values that `marshal` can write."""
        return self.info.to_bytes(), self.data, self.names

    @staticmethod
    def from_plain(plain: tuple[bytes, bytes, bytes]) -> Description:
        """The inverse of `to_plain`. Raises ValueError."""
        info, data, names = plain
        return Description(ArtifactInfo.from_bytes(info), data, names)


def describe_wasm(wasm: Module, numbers: ModuleNumbers, *, guarded: bool) -> Description:
    """Describe a valid module. `guarded` says whether compiled code relies on guard pages around 32-bit
    memories."""
    type_indices = wt.type_indices(wasm.types)
    written = wt.indexer(wasm.types)
    codes = [function.code for function in wasm.functions]
    data, contents = _data(wasm.data, written)
    name_rows, names = write_names(
        (index, name)
        for index, name in sorted(wasm.names.functions.items())
        if name and index < len(wasm.functions)
    )
    info = ArtifactInfo(
        module_name=wasm.names.module or None,
        types=[*wasm.types],
        signatures=[*numbers.signatures],
        functions=[type_indices[function.type] for function in wasm.functions],
        tables=[_table(table, written) for table in wasm.tables],
        memories=[_memory(memory, guarded) for memory in wasm.memories],
        tags=[type_indices[tag.type.type] for tag in wasm.tags],
        globals=[
            GlobalInfo(g.type.value, g.type.mutable, _optional(g.init, written))
            for g in wasm.globals
        ],
        imports=[
            ImportInfo(name.module, name.name, kind.word, index)
            for (name, _, _), (kind, index) in zip(wasm.imports(), wasm.import_order, strict=True)
        ],
        exports=[ExportInfo(e.name, e.kind.word, e.index) for e in wasm.exports],
        start=wasm.start,
        elements=[_element(segment, written) for segment in wasm.elements],
        data=data,
        escaping=[*numbers.func_refs],
        has_exceptions=numbers.counts.has_exceptions != 0,
        function_names=name_rows,
        function_starts=[0 if code is None else code.offset for code in codes],
        function_ends=[0 if code is None else code.offset + len(code.bytes) for code in codes],
    )
    return Description(info, contents, names)


def write_names(names: Iterable[tuple[int, str]]) -> tuple[list[int], bytes]:
    """The rows of `ArtifactInfo.function_names` for some indices and names, and `.name.wasm`."""
    rows: list[int] = []
    content = bytearray()
    for index, name in names:
        encoded = name.encode("utf-8", "replace")
        rows += index, len(content), len(encoded)
        content += encoded
    return rows, bytes(content)


_Written = Callable[[wt.TypeRef], wt.TypeRef]
"""How a type of the module is written: by its index."""


def _table(table: Table, written: _Written) -> TableInfo:
    t = table.type
    init = _optional(table.init, written)
    return TableInfo(t.element, t.limits.minimum, t.limits.maximum, t.address is wt.I64, init)


def _memory(memory: Memory, guarded: bool) -> MemoryInfo:
    t = memory.type
    is_64, page = t.address is wt.I64, t.page_size_log2
    has_own = guarded and has_guard(is_64=is_64, page_size_log2=page)
    return MemoryInfo(t.limits.minimum, t.limits.maximum, is_64, t.shared, page, has_own)


def _element(segment: ElementSegment, written: _Written) -> ElementInfo:
    functions = None if segment.functions is None else [*segment.functions]
    items = [_expression(each, written) for each in segment.expressions or ()]
    return ElementInfo(
        segment.mode.value,
        segment.type,
        segment.table,
        _optional(segment.offset, written),
        functions,
        items if functions is None else None,
    )


def _data(segments: Iterable[DataSegment], written: _Written) -> tuple[DataInfo, bytes]:
    info = DataInfo()
    contents = bytearray()
    for segment in segments:
        offset = _optional(segment.offset, written)
        info.add(len(segment.bytes), None if offset is None else (segment.memory, offset))
        contents += segment.bytes
    return info, bytes(contents)


def _optional(expression: ConstExpr | None, written: _Written) -> ConstantExpression | None:
    return None if expression is None else _expression(expression, written)


def _expression(expression: ConstExpr, written: _Written) -> ConstantExpression:
    steps: ConstantExpression = []
    for instruction in expression.instructions:
        opcode, immediate = instruction.opcode, instruction.immediate
        if opcode == I32_CONST:
            steps.append(["i32.const", immediate & 0xFFFF_FFFF])
        else:
            steps.append(_instruction(BY_OPCODE[opcode].mnemonic, immediate, written))
    return steps


def _instruction(mnemonic: str, immediate: Any, written: _Written) -> list[Any]:
    t = CONSTANTS.get(mnemonic)
    if t is not None:
        bits = immediate & (1 << 8 * t.size) - 1
        return [mnemonic, bits if t.size <= 8 else f"{bits:032x}"]
    if mnemonic == "ref.null":
        return [mnemonic, write_heap(wt.map_heap(immediate, written))]
    return [mnemonic, immediate]
