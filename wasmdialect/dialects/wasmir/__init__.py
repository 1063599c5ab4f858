"""wasmir: WebAssembly as a control-flow graph in SSA form, one operation for each Wasm operator.

Locals and structured control are gone; memories, tables, globals and functions are symbols; nothing
of a runtime's ABI is in it. docs/dialects/wasmir.md explains the choices. Operation classes are named
after the mnemonic (`i32.load8_s` is `I32Load8SOp`); `op_class("i32.load8_s")` finds one by name.
"""

from __future__ import annotations

from xdsl.dialect_interfaces.constant_materialization import ConstantMaterializationInterface
from xdsl.ir import Attribute, Dialect, Operation

from wasmdialect.dialects.wasmir.atomic import (
    ATOMIC_ACCESS_OPS,
    FENCE_OPS,
    AtomicAccess,
    AtomicCompareExchangeOp,
    AtomicFenceOp,
    AtomicLoadOp,
    AtomicNotifyOp,
    AtomicRMWOp,
    AtomicStoreOp,
    AtomicWaitOp,
)
from wasmdialect.dialects.wasmir.base import (
    CallLike,
    LoadLike,
    MayTrap,
    MemoryAccess,
    StoreLike,
    WasmOp,
    instruction_of,
    result_types,
)
from wasmdialect.dialects.wasmir.control import (
    CONTROL_OPS,
    BrIfOp,
    BrOp,
    BrTableOp,
    CallIndirectOp,
    CallOp,
    CallRefOp,
    ReturnCallIndirectOp,
    ReturnCallOp,
    ReturnCallRefOp,
    ReturnOp,
    SelectOp,
    TailCallOp,
    UnreachableOp,
)
from wasmdialect.dialects.wasmir.declarations import (
    DECLARATION_OPS,
    DataOp,
    DeclarationOp,
    ElemOp,
    ExportOp,
    FuncOp,
    GlobalOp,
    ImportableOp,
    MemoryOp,
    StartOp,
    TableOp,
    TagOp,
    TypeOp,
)
from wasmdialect.dialects.wasmir.exceptions import (
    EXCEPTION_OPS,
    CaughtOp,
    ExceptionIsOp,
    ExceptionOp,
    ExceptionValuesOp,
    ThrewOp,
    ThrowRefOp,
    TraceThrowOp,
)
from wasmdialect.dialects.wasmir.immediates import pack_lanes
from wasmdialect.dialects.wasmir.instructions import *  # noqa: F403 (every class of the table)
from wasmdialect.dialects.wasmir.markers import MARKER_OPS, LoopHeaderOp, OperatorsOp, TrapFenceOp
from wasmdialect.dialects.wasmir.memory import (
    BULK_OPS,
    LOAD_LANE_OPS,
    LOAD_OPS,
    STORE_LANE_OPS,
    STORE_OPS,
    DataDropOp,
    LoadLaneOp,
    LoadOp,
    MemoryCopyOp,
    MemoryFillOp,
    MemoryGrowOp,
    MemoryInitOp,
    MemorySizeOp,
    StoreLaneOp,
    StoreOp,
)
from wasmdialect.dialects.wasmir.numeric import (
    CONST_OPS,
    NUMERIC_OPS,
    BinaryOp,
    ConstOp,
    NumericOp,
    TernaryOp,
    TrappingBinaryOp,
    TrappingUnaryOp,
    UnaryOp,
    bits_attr,
    constant,
    constant_bits,
)
from wasmdialect.dialects.wasmir.reference import (
    REFERENCE_OPS,
    RefAsNonNullOp,
    RefFuncOp,
    RefIsNullOp,
    RefNullOp,
)
from wasmdialect.dialects.wasmir.table import (
    TABLE_OPS,
    ElemDropOp,
    TableCopyOp,
    TableFillOp,
    TableGetOp,
    TableGrowOp,
    TableInitOp,
    TableSetOp,
    TableSizeOp,
)
from wasmdialect.dialects.wasmir.types import (
    EXN,
    EXNREF,
    EXTERNREF,
    FUNCREF,
    V128,
    ArrayType,
    FieldType,
    RefType,
    StructType,
    value_type,
    wasm_type,
)
from wasmdialect.dialects.wasmir.variable import (
    VARIABLE_OPS,
    GlobalGetOp,
    GlobalSetOp,
)
from wasmdialect.dialects.wasmir.vector import (
    LANE_OPS,
    SHUFFLE_OPS,
    ExtractLaneOp,
    LaneOp,
    ReplaceLaneOp,
    ShuffleOp,
)
from wasmdialect.dialects.wasmir.wide import WIDE_OPS, WideOp

__all__ = [
    "ATOMIC_ACCESS_OPS",
    "CONST_OPS",
    "EXCEPTION_OPS",
    "EXN",
    "EXNREF",
    "EXTERNREF",
    "FUNCREF",
    "LANE_OPS",
    "LOAD_LANE_OPS",
    "LOAD_OPS",
    "NUMERIC_OPS",
    "PLAIN_OPS",
    "SHUFFLE_OPS",
    "STORE_LANE_OPS",
    "STORE_OPS",
    "V128",
    "WASMIR",
    "WIDE_OPS",
    "ArrayType",
    "AtomicAccess",
    "AtomicCompareExchangeOp",
    "AtomicFenceOp",
    "AtomicLoadOp",
    "AtomicNotifyOp",
    "AtomicRMWOp",
    "AtomicStoreOp",
    "AtomicWaitOp",
    "BinaryOp",
    "BrIfOp",
    "BrOp",
    "BrTableOp",
    "CallIndirectOp",
    "CallLike",
    "CallOp",
    "CallRefOp",
    "CaughtOp",
    "ConstOp",
    "DataDropOp",
    "DataOp",
    "DeclarationOp",
    "ElemDropOp",
    "ElemOp",
    "ExceptionIsOp",
    "ExceptionOp",
    "ExceptionValuesOp",
    "ExportOp",
    "ExtractLaneOp",
    "FieldType",
    "FuncOp",
    "GlobalGetOp",
    "GlobalOp",
    "GlobalSetOp",
    "ImportableOp",
    "LaneOp",
    "LoadLaneOp",
    "LoadLike",
    "LoadOp",
    "LoopHeaderOp",
    "MayTrap",
    "MemoryAccess",
    "MemoryCopyOp",
    "MemoryFillOp",
    "MemoryGrowOp",
    "MemoryInitOp",
    "MemoryOp",
    "MemorySizeOp",
    "NumericOp",
    "OperatorsOp",
    "RefAsNonNullOp",
    "RefFuncOp",
    "RefIsNullOp",
    "RefNullOp",
    "RefType",
    "ReplaceLaneOp",
    "ReturnCallIndirectOp",
    "ReturnCallOp",
    "ReturnCallRefOp",
    "ReturnOp",
    "SelectOp",
    "ShuffleOp",
    "StartOp",
    "StoreLaneOp",
    "StoreLike",
    "StoreOp",
    "StructType",
    "TableCopyOp",
    "TableFillOp",
    "TableGetOp",
    "TableGrowOp",
    "TableInitOp",
    "TableOp",
    "TableSetOp",
    "TableSizeOp",
    "TagOp",
    "TailCallOp",
    "TernaryOp",
    "ThrewOp",
    "ThrowRefOp",
    "TraceThrowOp",
    "TrapFenceOp",
    "TrappingBinaryOp",
    "TrappingUnaryOp",
    "TypeOp",
    "UnaryOp",
    "UnreachableOp",
    "WasmOp",
    "WideOp",
    "bits_attr",
    "constant",
    "constant_bits",
    "instruction_of",
    "op_class",
    "pack_lanes",
    "result_types",
    "value_type",
    "wasm_type",
]


class _Constants(ConstantMaterializationInterface):
    def materialize_constant(self, value: Attribute, type: Attribute) -> Operation | None:
        return constant(value, type)


PLAIN_OPS: tuple[type[WasmOp], ...] = (
    *REFERENCE_OPS,
    *TABLE_OPS,
    *VARIABLE_OPS,
    *BULK_OPS,
    *CONST_OPS.values(),
    *NUMERIC_OPS.values(),
    *WIDE_OPS.values(),
    *LANE_OPS.values(),
    *SHUFFLE_OPS.values(),
    *LOAD_OPS.values(),
    *STORE_OPS.values(),
    *LOAD_LANE_OPS.values(),
    *STORE_LANE_OPS.values(),
    *ATOMIC_ACCESS_OPS.values(),
    *FENCE_OPS,
)
"""The operations that stand for one instruction, whose operands and results are on the stack."""

_OPERATIONS = (*CONTROL_OPS, *PLAIN_OPS)
_BY_MNEMONIC = {op.INSTRUCTION.mnemonic: op for op in _OPERATIONS}

WASMIR = Dialect(
    "wasmir",
    [*DECLARATION_OPS, *MARKER_OPS, *EXCEPTION_OPS, *_OPERATIONS],
    [RefType, FieldType, StructType, ArrayType],
    [_Constants()],
)


def op_class(mnemonic: str) -> type[WasmOp]:
    """The operation of an instruction by its text mnemonic; KeyError if it has none."""
    return _BY_MNEMONIC[mnemonic]
