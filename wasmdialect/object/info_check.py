"""Whether the parts of the module information fit together, and the rest of the artifact.

`info` has checked each value alone. Here every index is checked against its index space, every range
against its section, and constant expressions for their types: instances use the information without
further checks. It cannot be checked that the code was compiled for it (docs/artifact.md, "What is
trusted").
"""

from __future__ import annotations

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import COUNTER_SIZE
from wasmdialect.abi.reservation import has_guard
from wasmdialect.object.errors import ArtifactError
from wasmdialect.object.info import CONSTANTS, OPERATORS
from wasmdialect.object.type_forms import read_heap
from wasmdialect.types import (
    I32,
    I64,
    FuncType,
    UnknownTypeError,
    is_defaultable,
    map_reference,
    matches,
    ref_type,
    resolver,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from typing import Any, NoReturn

    from wasmdialect.object.info import (
        ArtifactInfo,
        ConstantExpression,
        DataInfo,
        ElementInfo,
        MemoryInfo,
        TableInfo,
    )
    from wasmdialect.types import RefType, ValType


def check_info(
    info: ArtifactInfo,
    code_offsets: Collection[int],
    text_size: int,
    data_size: int,
    names_size: int,
) -> None:
    """Raises ArtifactError. `code_offsets` are those that symbols in the text have, the sizes those of
    `.text`, `.rodata.wasm` and `.name.wasm` in bytes."""
    _check_functions(info)
    imported = _imported(info)
    _check_code(info, {*imported["func"]}, code_offsets, text_size)
    referable = {*imported["func"], *info.escaping}
    _Declarations(info, imported, referable).check()
    _check_segments(info.data, data_size)
    _check_names(info, names_size)
    _check_extra_fields(info)
    if len({trap.code for trap in info.trap_codes}) != len(info.trap_codes):
        _refuse("a trap code is there twice")


def _refuse(what: str) -> NoReturn:
    raise ArtifactError(f"damaged artifact: {what}")


def _check_functions(info: ArtifactInfo) -> None:
    types = info.types
    used = {*info.functions, *info.tags, *info.signatures}
    if used and (
        max(used) >= len(types)
        or not all(isinstance(types[index].composite, FuncType) for index in used)
    ):
        _refuse("a function or tag has a type that is not one of a function")
    if len({types[index] for index in info.signatures}) != len(info.signatures):
        _refuse("a function type is there twice")
    if not len(info.functions) == len(info.function_starts) == len(info.function_ends):
        _refuse("the places of the bodies are not those of the functions")


def _imported(info: ArtifactInfo) -> dict[str, list[int]]:
    """The indices of imports, by kind."""
    spaces = _spaces(info)
    found: dict[str, list[int]] = {kind: [] for kind in spaces}
    for item in info.imports:
        found[item.kind].append(item.index)
    for kind, indices in found.items():
        if max(indices, default=-1) >= len(spaces[kind]):
            _refuse(f"an imported {kind} is not one of the module's")
        # Functions that passes import come after all others; the rest is in order.
        is_right = len({*indices}) == len(indices)
        if not is_right or (kind != "func" and indices != [*range(len(indices))]):
            _refuse(f"an imported {kind} has the index of another one")
    return found


def _spaces(info: ArtifactInfo) -> dict[str, Sequence[object]]:
    return {
        "func": info.functions,
        "table": info.tables,
        "memory": info.memories,
        "global": info.globals,
        "tag": info.tags,
    }


def _check_code(
    info: ArtifactInfo, imported: set[int], code_offsets: Collection[int], text_size: int
) -> None:
    """The addresses that func refs and calls of host functions get."""
    escaping = info.escaping
    if len({*escaping}) != len(escaping) or max(escaping, default=-1) >= len(info.functions):
        _refuse("what escapes is not functions")
    if len(info.func_ref_code) != 3 * len(escaping):
        _refuse("func_ref_code is not for the functions that escape")
    if len(info.type_trampolines) != 3 * len(info.signatures):
        _refuse("type_trampolines is not for the function types")
    needed = {*info.type_trampolines}
    if imported.isdisjoint(escaping):
        needed.update(info.func_ref_code)
    else:
        code = iter(info.func_ref_code)
        for index, *places in zip(escaping, code, code, code, strict=True):
            if index not in imported:
                needed.update(places)
            elif any(places):
                _refuse("an imported function has code")
    if max(needed, default=0) >= max(text_size, 1) or not needed <= {*code_offsets}:
        _refuse("a function is not in its place in the text")


class _Declarations:
    """The declarations of a module, by the kinds of references to them."""

    def __init__(
        self, info: ArtifactInfo, imported: dict[str, list[int]], referable: Collection[int]
    ):
        self.info = info
        self.imported = imported
        self.referable = referable
        """Functions that can be referenced."""

    def check(self) -> None:
        """Raises ArtifactError."""
        info = self.info
        for table in info.tables:
            _check_limits("table", table, (1 << 64) - 1 if table.is_64 else (1 << 32) - 1)
        for memory in info.memories:
            bits = (64 if memory.is_64 else 32) - memory.page_size_log2
            _check_limits("memory", memory, 1 << bits)
            can_be_guarded = has_guard(is_64=memory.is_64, page_size_log2=memory.page_size_log2)
            if memory.guarded and not can_be_guarded:
                _refuse("a memory has a guard that it cannot have")
        for index, table in enumerate(info.tables):
            self._check_init("table", index, table.element, table.init, len(info.globals))
        for index, variable in enumerate(info.globals):
            self._check_init("global", index, variable.type, variable.init, index)
        for segment in info.elements:
            self._check_elements(segment)
        self._check_data(info.data)
        self._check_exports()

    def _check_init(
        self, kind: str, index: int, t: ValType, init: ConstantExpression | None, known: int
    ) -> None:
        if init is not None:
            self._check_expression(init, t, known)
        if index < len(self.imported[kind]):
            if init is not None:
                _refuse(f"an imported {kind} has an initial value")
        elif init is None and (kind == "global" or not is_defaultable(t)):
            _refuse(f"a {kind} has no initial value")

    def _check_expression(self, expression: ConstantExpression, t: ValType, known: int) -> None:
        """Check that an expression has a value of a type, using functions and the first `known`
        globals."""
        stack: list[ValType] = []
        own: ValType
        for mnemonic, immediate in expression:
            if mnemonic in CONSTANTS:
                own = CONSTANTS[mnemonic]
            elif mnemonic in OPERATORS:
                own = OPERATORS[mnemonic][0]
                if stack[-2:] != [own, own]:
                    _refuse(f"{mnemonic} in a constant expression has other operands")
                del stack[-2:]
            elif mnemonic == "global.get":
                if immediate >= known:
                    _refuse(f"a constant expression refers to global {immediate}")
                index: int = immediate
                own = self.info.globals[index].type
            elif mnemonic == "ref.func":
                if immediate not in self.referable:
                    _refuse(f"a constant expression refers to function {immediate}")
                own = self._reference_to(immediate)
            else:
                own = self._null(immediate)
            stack.append(own)
        if len(stack) != 1 or not matches(stack[0], t):
            _refuse(f"a constant expression is not of type {t}")

    def _reference_to(self, function: int) -> RefType:
        return ref_type(False, self.info.types[self.info.functions[function]])

    def _null(self, heap: Any) -> RefType:
        try:
            return map_reference(ref_type(True, read_heap(heap)), resolver(self.info.types))
        except UnknownTypeError as error:
            _refuse(str(error))

    def _check_elements(self, segment: ElementInfo) -> None:
        tables = self.info.tables
        if segment.mode == "active":
            if segment.table >= len(tables) or not matches(
                segment.type, tables[segment.table].element
            ):
                _refuse("an element segment is of another table")
            self._check_offset(segment.offset, tables[segment.table])
        elif segment.offset is not None:
            _refuse("an element segment has an offset that it does not need")
        if (segment.functions is None) == (segment.expressions is None):
            _refuse("an element segment has neither functions nor expressions, or both")
        for function in segment.functions or ():
            if function not in self.referable:
                _refuse(f"an element segment refers to function {function}")
            if not matches(self._reference_to(function), segment.type):
                _refuse("an element segment has something else than functions")
        for expression in segment.expressions or ():
            self._check_expression(expression, segment.type, len(self.info.globals))

    def _check_data(self, data: DataInfo) -> None:
        memories, count = self.info.memories, len(data.sizes)
        passive, computed = {*data.passive}, {*data.computed}
        if not count == len(data.memories) == len(data.offsets):
            _refuse("a data segment has no memory, or no offset")
        if max(passive | computed, default=-1) >= count or passive & computed:
            _refuse("a data segment is not there, or both passive and active")
        if any(data.offsets[index] for index in passive | computed):
            _refuse("a data segment has an offset that it does not need")
        if len(passive) < count and max(data.memories) >= len(memories):
            _refuse("a data segment is of a memory that is not there")
        if len(data.computed) != len(data.expressions):
            _refuse("a data segment has no offset")
        for index, expression in zip(data.computed, data.expressions, strict=True):
            self._check_offset(expression, memories[data.memories[index]])
        large = {index for index, memory in enumerate(memories) if memory.is_64}
        if large and any(
            memory in large and index not in passive and index not in computed
            for index, memory in enumerate(data.memories)
        ):
            _refuse("a data segment has an offset of another type than its memory's addresses")

    def _check_offset(self, offset: ConstantExpression | None, of: TableInfo | MemoryInfo) -> None:
        if offset is None:
            _refuse("a segment has no offset")
        self._check_expression(offset, I64 if of.is_64 else I32, len(self.info.globals))

    def _check_exports(self) -> None:
        info, spaces = self.info, _spaces(self.info)
        for export in info.exports:
            if export.index >= len(spaces[export.kind]):
                _refuse(f"the export {export.name[:60]!r} is not one of the module's")
            if export.kind == "func" and export.index not in self.referable:
                _refuse(f"the export {export.name[:60]!r} cannot be called")
        if len({export.name for export in info.exports}) != len(info.exports):
            _refuse("an export is there twice")
        start = info.start
        if start is not None and (
            start not in self.referable or info.types[info.functions[start]].composite != FuncType()
        ):
            _refuse("the start function cannot be called")


def _check_limits(what: str, item: TableInfo | MemoryInfo, most: int) -> None:
    maximum = most if item.maximum is None else item.maximum
    if not item.minimum <= maximum <= most:
        _refuse(f"a {what} has limits that it cannot have")


def _check_segments(data: DataInfo, data_size: int) -> None:
    if sum(data.sizes) != data_size:
        _refuse("the data segments are not all of .rodata.wasm")


def _check_names(info: ArtifactInfo, names_size: int) -> None:
    rows = info.function_names
    if len(rows) % 3 or max(rows[::3], default=-1) >= len(info.functions):
        _refuse("a name is of a function that is not there")
    if max(map(int.__add__, rows[1::3], rows[2::3]), default=0) > names_size:
        _refuse("a name is outside of .name.wasm")


def _check_extra_fields(info: ArtifactInfo) -> None:
    fields = {name: (size, alignment) for name, size, alignment in info.extra_fields}
    if len(fields) != len(info.extra_fields):
        _refuse("a field of the VMContext is there twice")
    if {*info.counters} - {*fields}:
        _refuse("a counter is not one of the VMContext's fields")
    for size, alignment in (fields[name] for name in info.counters):
        if size % COUNTER_SIZE or alignment != COUNTER_SIZE:
            _refuse("a field of counters has a part of one")
