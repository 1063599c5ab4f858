"""The metadata of a compiled module: what the artifact says besides the code."""

from __future__ import annotations

from wasmdialect.abi.reservation import has_guard
from wasmdialect.importer.declarations import PlanDeclarations
from wasmdialect.importer.plan import ModulePlan
from wasmdialect.object.info import (
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
from wasmdialect.wasm.instructions import BY_OPCODE
from wasmdialect.wasm.module import ConstExpr, DataSegment, ElementSegment, Memory
from wasmdialect.wasm.types import I64, DefType, FuncType, top_of


def module_info(
    plan: ModulePlan, declarations: PlanDeclarations, *, guarded: bool
) -> tuple[ArtifactInfo, bytes, bytes]:
    """The information, the bytes of `.rodata.wasm` and those of `.name.wasm`.

    `guarded` says whether compiled code relies on guard pages around 32-bit memories.
    """
    module = plan.module
    data, wasm_data = _data(module.data)
    function_names, names = _names(plan)
    info = ArtifactInfo(
        module_name=module.names.module,
        types=[_function_type(t) for t in module.types],
        signatures=list(plan.signatures),
        functions=[f.type_index for f in module.functions],
        tables=[
            TableInfo(
                str(t.type.element),
                t.type.limits.minimum,
                t.type.limits.maximum,
                t.type.address is I64,
                _expression(t.init),
            )
            for t in module.tables
        ],
        memories=[_memory(m, guarded) for m in module.memories],
        globals=[
            GlobalInfo(str(g.type.value), g.type.mutable, _expression(g.init))
            for g in module.globals
        ],
        imports=[
            ImportInfo(name.module, name.name, kind.word, index)
            for (kind, index), (name, _, _) in zip(
                module.import_order, module.imports(), strict=True
            )
        ],
        exports=[ExportInfo(e.name, e.kind.word, e.index) for e in module.exports],
        start=module.start,
        elements=[_element(e) for e in module.elements],
        data=data,
        escaping=list(plan.func_ref_slots),
        extra_fields=[list(row) for row in plan.extra_fields],
        counters=declarations.counters,
        function_names=function_names,
        function_starts=[0 if f.code is None else f.code.offset for f in module.functions],
        function_ends=[
            0 if f.code is None else f.code.offset + len(f.code.bytes) for f in module.functions
        ],
    )
    return info, wasm_data, names


def _function_type(t: DefType) -> str | None:
    if not isinstance(t.composite, FuncType):
        return None
    return f"{','.join(map(str, t.composite.params))}->{','.join(map(str, t.composite.results))}"


def _memory(memory: Memory, guarded: bool) -> MemoryInfo:
    t = memory.type
    return MemoryInfo(
        t.limits.minimum,
        t.limits.maximum,
        t.address is I64,
        t.shared,
        t.page_size_log2,
        guarded and has_guard(is_64=t.address is I64, page_size_log2=t.page_size_log2),
    )


def _expression(expression: ConstExpr | None) -> ConstantExpression | None:
    if expression is None:
        return None
    steps: ConstantExpression = []
    for instruction in expression.instructions:
        immediate = instruction.immediate
        mnemonic = BY_OPCODE[instruction.opcode].mnemonic
        if mnemonic == "ref.null":
            immediate = str(top_of(immediate))
        steps.append([mnemonic, immediate])
    return steps


def _element(segment: ElementSegment) -> ElementInfo:
    expressions: list[ConstantExpression] | None = None
    if segment.expressions is not None:
        expressions = [_expression(e) or [] for e in segment.expressions]
    functions = None if segment.functions is None else list(segment.functions)
    return ElementInfo(
        segment.mode.value,
        str(segment.type),
        segment.table,
        _expression(segment.offset),
        functions,
        expressions,
    )


def _data(segments: list[DataSegment]) -> tuple[list[DataInfo], bytes]:
    rows: list[DataInfo] = []
    content = bytearray()
    for segment in segments:
        offset = _expression(segment.offset)
        row = DataInfo(segment.mode.value, segment.memory, offset, len(content), len(segment.bytes))
        rows.append(row)
        content += segment.bytes
    return rows, bytes(content)


def _names(plan: ModulePlan) -> tuple[list[int], bytes]:
    rows: list[int] = []
    content = bytearray()
    for index, name in sorted(plan.module.names.functions.items()):
        if index >= len(plan.module.functions):
            continue
        encoded = name.encode("utf-8", "replace")
        rows += index, len(content), len(encoded)
        content += encoded
    return rows, bytes(content)
