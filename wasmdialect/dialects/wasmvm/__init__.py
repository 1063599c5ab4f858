"""wasmvm: the runtime ABI as operations, one for each kind of step.

Runtime state is reached through the VMContext (`wasmvm.vmctx`) by named fields of the one layout
table (`wasmdialect.abi.layout`); offsets are resolved when it is lowered. Arithmetic and control flow
stay wasmir's. Pointers are `!llvm.ptr`; a Wasm reference is the pointer that represents it.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Dialect
from xdsl.irdl import IRDLOperation

from wasmdialect.dialects.wasmvm.atomic import (
    RMW_OPERATIONS,
    AtomicAccessOp,
    AtomicCompareExchangeOp,
    AtomicRMWOp,
    FenceOp,
)
from wasmdialect.dialects.wasmvm.calls import (
    TAIL_CALLS,
    CallBuiltinOp,
    CallOp,
    CallPointerOp,
    CheckPendingOp,
    FuncOp,
    LoadSlotOp,
    ParentFramePointerOp,
    ReturnAddressOp,
    ReturnCallOp,
    ReturnCallPointerOp,
    StackCheckOp,
    StackPointerOp,
    StackSlotsOp,
    StoreSlotOp,
)
from wasmdialect.dialects.wasmvm.counters import (
    CountOp,
    DeclareFieldOp,
)
from wasmdialect.dialects.wasmvm.exceptions import (
    ExceptionBarrierOp,
    ExceptionSlotsOp,
    NewExceptionOp,
    ThrownOp,
    UnwindIfThrownOp,
    UnwindOp,
)
from wasmdialect.dialects.wasmvm.fields import (
    CallerVMContextOp,
    EntryAddressOp,
    FieldOp,
    LoadFieldOp,
    Path,
    StoreFieldOp,
    VMContextOp,
    field_type,
    path_properties,
)
from wasmdialect.dialects.wasmvm.memory import (
    BoundsCheckOp,
    ElementAddressOp,
    LinearAccessOp,
    LinearAddressOp,
    LinearLoadOp,
    LinearStoreOp,
    LoadElementOp,
    RangeCheckOp,
    SignatureIdOp,
    StoreElementOp,
    TrapIfOp,
    TrapOp,
)
from wasmdialect.dialects.wasmvm.types import (
    FIELD_TYPES,
    PTR,
)

_OPERATIONS: Sequence[type[IRDLOperation]] = (
    VMContextOp,
    CallerVMContextOp,
    LoadFieldOp,
    StoreFieldOp,
    EntryAddressOp,
    LinearLoadOp,
    LinearStoreOp,
    LinearAddressOp,
    AtomicRMWOp,
    AtomicCompareExchangeOp,
    FenceOp,
    BoundsCheckOp,
    RangeCheckOp,
    TrapIfOp,
    TrapOp,
    ElementAddressOp,
    LoadElementOp,
    StoreElementOp,
    SignatureIdOp,
    CallOp,
    CallPointerOp,
    ReturnCallOp,
    ReturnCallPointerOp,
    CallBuiltinOp,
    StackPointerOp,
    ParentFramePointerOp,
    ReturnAddressOp,
    StackCheckOp,
    CheckPendingOp,
    NewExceptionOp,
    ExceptionSlotsOp,
    ThrownOp,
    UnwindIfThrownOp,
    UnwindOp,
    ExceptionBarrierOp,
    CountOp,
    DeclareFieldOp,
    StackSlotsOp,
    LoadSlotOp,
    StoreSlotOp,
    FuncOp,
)

WASMVM = Dialect("wasmvm", [*_OPERATIONS], [])

__all__ = [
    "FIELD_TYPES",
    "PTR",
    "RMW_OPERATIONS",
    "TAIL_CALLS",
    "WASMVM",
    "AtomicAccessOp",
    "AtomicCompareExchangeOp",
    "AtomicRMWOp",
    "BoundsCheckOp",
    "CallBuiltinOp",
    "CallOp",
    "CallPointerOp",
    "CallerVMContextOp",
    "CheckPendingOp",
    "CountOp",
    "DeclareFieldOp",
    "ElementAddressOp",
    "EntryAddressOp",
    "ExceptionBarrierOp",
    "ExceptionSlotsOp",
    "FenceOp",
    "FieldOp",
    "FuncOp",
    "LinearAccessOp",
    "LinearAddressOp",
    "LinearLoadOp",
    "LinearStoreOp",
    "LoadElementOp",
    "LoadFieldOp",
    "LoadSlotOp",
    "NewExceptionOp",
    "ParentFramePointerOp",
    "Path",
    "RangeCheckOp",
    "ReturnAddressOp",
    "ReturnCallOp",
    "ReturnCallPointerOp",
    "SignatureIdOp",
    "StackCheckOp",
    "StackPointerOp",
    "StackSlotsOp",
    "StoreElementOp",
    "StoreFieldOp",
    "StoreSlotOp",
    "ThrownOp",
    "TrapIfOp",
    "TrapOp",
    "UnwindIfThrownOp",
    "UnwindOp",
    "VMContextOp",
    "field_type",
    "path_properties",
]
