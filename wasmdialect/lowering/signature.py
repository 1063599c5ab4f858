"""The LLVM signature of a Wasm signature in each calling convention (docs/abi.md, "Calling
conventions")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import Float32Type, Float64Type, VectorType, f32, i32, i64
from xdsl.dialects.llvm import LLVMFunctionType, LLVMStructType
from xdsl.ir import Attribute

from wasmdialect.abi.conventions import Convention
from wasmdialect.abi.returns import (
    RETURN_AREA_PARAMETER,
    ReturnPlan,
    native_returns,
    wasm_returns,
)
from wasmdialect.dialects.wasmir import V128, RefType
from wasmdialect.dialects.wasmvm import PTR


def llvm_type(t: Attribute) -> Attribute:
    """The LLVM type of a value: references are pointers, other types are unchanged."""
    return PTR if t.__class__ is RefType else t


_SIZES: dict[int, tuple[Attribute, int]] = {}


def type_size(t: Attribute) -> int:
    """Bytes of a value of an LLVM type. Cached by identity, since attributes are slow to compare; the
    entry keeps the type alive."""
    known = _SIZES.get(id(t))
    if known is None:
        size = 16 if t == V128 else 4 if t in (i32, f32) else 8
        known = _SIZES[id(t)] = t, size
    return known[1]


@dataclass(frozen=True, slots=True)
class AbiSignature:
    """A Wasm signature in one convention."""

    type: LLVMFunctionType
    first_parameter: int
    """The position of the first Wasm parameter among LLVM's."""
    area_parameter: int | None
    """Which of LLVM's parameters is the return area or return pointer."""
    returns: ReturnPlan
    register_types: tuple[Attribute, ...]
    """Types of the results in registers; LLVM returns two or more as a structure."""
    memory_types: tuple[Attribute, ...]
    """Types of the results in the return area."""
    returned: Attribute | None
    """The result type of the LLVM function."""
    result_types: tuple[Attribute, ...]
    """LLVM's types of all results, in order."""


_SIGNATURES: dict[tuple[int, tuple[int, ...], tuple[int, ...]], AbiSignature] = {}
_KEPT_TYPES: list[Attribute] = []


def abi_signature(
    convention: Convention, params: Sequence[Attribute], results: Sequence[Attribute]
) -> AbiSignature:
    """The LLVM signature for Wasm parameters and results in a convention.

    Cached by the identity of the types: hashing attributes costs more than the rest of a call.
    """
    key = (id(convention), tuple(map(id, params)), tuple(map(id, results)))
    known = _SIGNATURES.get(key)
    if known is None:
        _KEPT_TYPES.extend((*params, *results))  # an id is valid while its object lives
        known = _SIGNATURES[key] = _abi_signature(convention, params, results)
    return known


_BUILTIN_TYPES: dict[tuple[int, ...], LLVMFunctionType] = {}


def builtin_type(params: Sequence[Attribute], result: Attribute | None) -> LLVMFunctionType:
    """The LLVM type of a builtin, which gets the VMContext besides. Cached by identity."""
    key = (id(result), *map(id, params))
    known = _BUILTIN_TYPES.get(key)
    if known is None:
        _KEPT_TYPES.extend(params if result is None else (*params, result))
        known = _BUILTIN_TYPES[key] = LLVMFunctionType([PTR, *params], result)
    return known


def _abi_signature(
    convention: Convention, params: Sequence[Attribute], results: Sequence[Attribute]
) -> AbiSignature:
    if convention is Convention.ARRAY:
        array = LLVMFunctionType([PTR, PTR, PTR, i64])
        return AbiSignature(array, 2, None, ReturnPlan((), (), 0), (), (), None, ())
    result_types = [llvm_type(t) for t in results]
    sizes = [type_size(t) for t in result_types]
    parameters: list[Attribute] = [PTR, PTR, *(llvm_type(t) for t in params)]
    area: int | None = None
    if convention is Convention.WASM:
        floats = [isinstance(t, Float32Type | Float64Type | VectorType) for t in result_types]
        plan = wasm_returns(sizes, floats)
        first = RETURN_AREA_PARAMETER
        if plan.area_size:
            area = RETURN_AREA_PARAMETER
            parameters.insert(area, PTR)
            first = RETURN_AREA_PARAMETER + 1
    else:
        plan = native_returns(sizes)
        first = 2
        if plan.area_size:
            area = len(parameters)
            parameters.append(PTR)
    register_types = tuple(result_types[i] for i in plan.registers)
    returned: Attribute | None = None
    if len(register_types) == 1:
        returned = register_types[0]
    elif register_types:
        returned = LLVMStructType.from_type_list(register_types)
    llvm = LLVMFunctionType(parameters, returned)
    memory_types = tuple(result_types[i] for i, _ in plan.memory)
    return AbiSignature(
        llvm, first, area, plan, register_types, memory_types, returned, (*result_types,)
    )
