"""Lowering of functions that make tail calls (docs/abi.md, "Tail calls").

LLVM guarantees a tail call only between functions of one type. So all these functions have the same
LLVM type, `PROTOTYPE`: every register in which the C convention passes arguments and results. A
function of an ordinary type whose parameters fit the registers has the same machine interface, and is
called as if it were of that type.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import llvm
from xdsl.dialects.builtin import (
    Float32Type,
    Float64Type,
    VectorType,
    f32,
    f64,
    i32,
    i64,
)
from xdsl.ir import Attribute, Operation, Region, SSAValue

from wasmdialect.abi.conventions import Convention
from wasmdialect.abi.layout import (
    POINTER_SIZE,
    RUNTIME_LIMITS,
    TAIL_ARGUMENTS,
    TAIL_ENTRIES,
    VMCONTEXT_HEADER,
    Alias,
)
from wasmdialect.abi.returns import MAX_FLOAT_RESULTS, MAX_INTEGER_RESULTS, RETURN_AREA_PARAMETER
from wasmdialect.abi.symbols import function_symbol, tail_entry_symbol, tail_to_wasm_symbol
from wasmdialect.abi.tail_calls import (
    ENTRY_WORD_SIZE,
    INTEGER_REGISTERS,
    VECTOR_REGISTERS,
    TailPlan,
    tail_parameters,
)
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.fast import LocationAttr, blocks_of, operands_of
from wasmdialect.dialects.llvm_builder import LLVMBuilder
from wasmdialect.dialects.wasmvm import PTR
from wasmdialect.lowering.exceptions import leave_if_thrown
from wasmdialect.lowering.function import NEVER_INLINED, FunctionLowering, Handler, ModuleContext
from wasmdialect.lowering.signature import AbiSignature, abi_signature, type_size

VECTOR = VectorType(f32, [4])
"""The type of a floating-point register."""
_VECTORS: dict[Attribute, Attribute] = {f32: VECTOR, f64: VectorType(f64, [2])}
"""The vector that holds a float in its first lane."""
RETURNED = llvm.LLVMStructType.from_type_list(
    [i64] * MAX_INTEGER_RESULTS + [VECTOR] * MAX_FLOAT_RESULTS
)
PROTOTYPE = llvm.LLVMFunctionType(
    [
        *(PTR, PTR),
        *[i64] * (INTEGER_REGISTERS - RETURN_AREA_PARAMETER),
        *[VECTOR] * VECTOR_REGISTERS,
    ],
    RETURNED,
)
"""The type of every function that makes tail calls."""


def makes_tail_calls(body: Region) -> bool:
    """Whether a function body has a tail call."""
    return any(block.last_op.__class__ in _TAIL_CALLS for block in blocks_of(body))


_TAIL_CALLS = frozenset(
    (
        *wasmvm.TAIL_CALLS,
        wasmir.ReturnCallOp,
        wasmir.ReturnCallIndirectOp,
        wasmir.ReturnCallRefOp,
    )
)


class TailCallingFunction(FunctionLowering):
    """Rebuilds a function that makes tail calls. If its parameters do not fit the registers, what is
    rebuilt is its tail entry, and `tail_entry_caller` makes its ordinary one."""

    def __init__(
        self,
        index: int,
        signature: AbiSignature,
        module: ModuleContext,
        location: LocationAttr,
    ):
        """`signature` is the one in the wasm convention."""
        self.plan = _plan(signature)
        self.ordinary_symbol = function_symbol(index)
        self.needed: dict[str, AbiSignature] = {}
        """The tail-to-wasm trampolines for its calls: symbols and signatures."""
        symbol = tail_entry_symbol(index) if self.plan.memory else self.ordinary_symbol
        super().__init__(symbol, signature, module, location, PROTOTYPE)

    def parameters(self) -> Sequence[SSAValue]:
        return _incoming(self.prelude, self.entry.args, self.signature, self.vmctx)

    def return_values(self, values: Sequence[SSAValue]) -> None:
        if self.signature.area_parameter is not None:
            position = self.entry.args[RETURN_AREA_PARAMETER]
            self.store_results(values, self.value(llvm.IntToPtrOp, (position,), PTR))
        registers = [values[i] for i in self.signature.returns.registers]
        self.return_([_packed_results(self, registers)])

    def tail_call(
        self,
        callee: str | SSAValue,
        callee_vmctx: SSAValue,
        caller_vmctx: SSAValue,
        arguments: Sequence[SSAValue],
    ) -> None:
        """End the block: call a symbol or an address, and return its results."""
        types = [a.type for a in arguments]
        signature = _with_parameters(self.signature, types)
        area: SSAValue | None = None
        if signature.area_parameter is not None:
            area = self.entry.args[RETURN_AREA_PARAMETER]
        plan = _plan(signature)
        if plan.memory:
            callee = self._pass_in_memory(callee, callee_vmctx, signature, arguments)
        operands = _packed(self, plan, (callee_vmctx, caller_vmctx), area, arguments)
        returned = self.call(callee, PROTOTYPE, operands, no_inline=True, tail=True)
        assert returned is not None
        self.return_([returned])

    def _pass_in_memory(
        self,
        callee: str | SSAValue,
        callee_vmctx: SSAValue,
        signature: AbiSignature,
        arguments: Sequence[SSAValue],
    ) -> str | SSAValue:
        """Store the arguments without a register; what to call instead of the ordinary entry."""
        memory = _tail_arguments(self, self.vmctx)
        _store_arguments(self, memory, _plan(signature), arguments)
        if callee == self.ordinary_symbol:
            return self.symbol
        code = self.address_of(callee) if isinstance(callee, str) else callee
        row = TAIL_ARGUMENTS.field("callee")
        self.store(code, self.byte_offset(memory, row.offset), POINTER_SIZE, row.alias)
        symbol = tail_to_wasm_symbol(_words(signature))
        self.needed[symbol] = signature
        trampoline = self.address_of(symbol)
        look, found = self.new_block(), self.new_block([PTR])
        is_set = self.has_flag(callee_vmctx, TAIL_ENTRIES)
        self.cond_br(is_set, look, found, (), (trampoline,))
        self.begin(look)
        address = self.byte_offset(code, -ENTRY_WORD_SIZE)
        word = self.load(address, i32, ENTRY_WORD_SIZE, Alias.VMCONTEXT, invariant=True)
        entry = self.index(code, self.value(llvm.SExtOp, (word,), i64))
        has_own = self.icmp("ne", word, self.constant(0, 32))
        self.br(found, (self.select(has_own, entry, trampoline),))
        self.begin(found)
        return found.args[0]


# --- the functions between the ordinary convention and tail calls ---


def tail_entry_caller(
    function: TailCallingFunction, lowering: type[FunctionLowering] = FunctionLowering
) -> llvm.FuncOp:
    """The ordinary entry of a function with a tail entry."""
    signature = function.signature
    b = lowering(function.ordinary_symbol, signature, function.module)
    entry, callee_vmctx, caller_vmctx = b.entry, b.vmctx, b.caller_vmctx
    arguments = entry.args[signature.first_parameter :]
    area: SSAValue | None = None
    if signature.area_parameter is not None:
        area = b.value(llvm.PtrToIntOp, (entry.args[signature.area_parameter],), i64)
    _store_arguments(b, _tail_arguments(b, callee_vmctx), function.plan, arguments)
    operands = _packed(b, function.plan, (callee_vmctx, caller_vmctx), area, arguments)
    returned = b.call(function.symbol, PROTOTYPE, operands, no_inline=True)
    assert returned is not None
    if b.layout.counts.has_exceptions:
        leave_if_thrown(b, callee_vmctx)
    integers = floats = 0
    results: list[SSAValue] = []
    for t in signature.register_types:
        if _is_vector(t):
            position = MAX_INTEGER_RESULTS + floats
            floats += 1
            results.append(_from_vector(b, b.extract(returned, position, VECTOR), t))
        else:
            results.append(_from_integer(b, b.extract(returned, integers, i64), t))
            integers += 1
    if len(results) > 1:
        assert signature.returned is not None
        results = [b.structure(results, signature.returned)]
    b.return_(results)
    return _adapter(b)


def tail_to_wasm(
    symbol: str,
    signature: AbiSignature,
    module: ModuleContext,
    lowering: type[FunctionLowering] = FunctionLowering,
) -> llvm.FuncOp:
    """The trampoline that calls the ordinary entry of a function for a tail call."""
    b = lowering(symbol, signature, module, type=PROTOTYPE)
    entry, callee_vmctx, caller_vmctx = b.entry, b.vmctx, b.caller_vmctx
    memory = _tail_arguments(b, caller_vmctx)
    row = TAIL_ARGUMENTS.field("callee")
    code = b.load(b.byte_offset(memory, row.offset), PTR, POINTER_SIZE, row.alias)
    operands: list[SSAValue] = [callee_vmctx, caller_vmctx]
    if signature.area_parameter is not None:
        operands.append(b.value(llvm.IntToPtrOp, (entry.args[RETURN_AREA_PARAMETER],), PTR))
    # The callee's context may be that of a host function, which has no limits.
    operands += _incoming(b, entry.args, signature, caller_vmctx)
    returned = b.call(code, signature.type, operands, no_inline=True)
    if module.layout.counts.has_exceptions:
        leave_if_thrown(b, caller_vmctx)
    types = signature.register_types
    results: list[SSAValue] = [] if returned is None else [returned]
    if len(types) > 1:
        assert returned is not None
        results = [b.extract(returned, i, t) for i, t in enumerate(types)]
    b.return_([_packed_results(b, results)])
    return _adapter(b)


def _adapter(b: FunctionLowering) -> llvm.FuncOp:
    function = b.finish(b.made)
    # Inlined, its call would have no location in the function around it.
    function.properties["passthrough"] = NEVER_INLINED
    return function


# --- signatures ---


def _plan(signature: AbiSignature) -> TailPlan:
    types = _parameter_types(signature)
    has_area = signature.area_parameter is not None
    return tail_parameters([type_size(t) for t in types], [*map(_is_vector, types)], has_area)


def _parameter_types(signature: AbiSignature) -> Sequence[Attribute]:
    return signature.type.inputs.data[signature.first_parameter :]


def _with_parameters(signature: AbiSignature, types: Sequence[Attribute]) -> AbiSignature:
    """A signature with the same results in the wasm convention."""
    return abi_signature(Convention.WASM, types, signature.result_types)


def _words(signature: AbiSignature) -> str:
    """A signature in words that are the same in every module."""
    params, results = (
        ",".join("ptr" if t == PTR else str(t) for t in types)
        for types in (_parameter_types(signature), signature.result_types)
    )
    return f"{params}->{results}"


# --- values in registers and in memory ---


def _tail_arguments(b: LLVMBuilder, vmctx: SSAValue) -> SSAValue:
    """The memory for the arguments of tail calls."""
    row = VMCONTEXT_HEADER.field("limits")
    limits = b.load(b.byte_offset(vmctx, row.offset), PTR, row.size, row.alias, invariant=True)
    row = RUNTIME_LIMITS.field("tail_arguments")
    return b.load(b.byte_offset(limits, row.offset), PTR, row.size, row.alias, invariant=True)


def _store_arguments(
    b: LLVMBuilder, memory: SSAValue, plan: TailPlan, arguments: Sequence[SSAValue]
) -> None:
    for index, offset in plan.memory:
        value = arguments[index]
        b.store(value, b.byte_offset(memory, offset), type_size(value.type), Alias.STACK)


def _packed(
    b: LLVMBuilder,
    plan: TailPlan,
    contexts: Sequence[SSAValue],
    area: SSAValue | None,
    arguments: Sequence[SSAValue],
) -> list[SSAValue]:
    """The operands of a call as PROTOTYPE; what has no register is in memory already."""
    integers = [] if area is None else [area]
    integers += [_to_integer(b, arguments[i]) for i in plan.integers]
    vectors = [_to_vector(b, arguments[i]) for i in plan.vectors]
    missing = INTEGER_REGISTERS - RETURN_AREA_PARAMETER - len(integers)
    integers += [b.undefined(i64)] * missing if missing else []
    missing = VECTOR_REGISTERS - len(vectors)
    vectors += [b.undefined(VECTOR)] * missing if missing else []
    return [*contexts, *integers, *vectors]


def _packed_results(b: LLVMBuilder, registers: Sequence[SSAValue]) -> SSAValue:
    """The results in registers, as PROTOTYPE returns them."""
    integers, vectors = 0, MAX_INTEGER_RESULTS
    returned = b.undefined(RETURNED)
    for value in registers:
        if _is_vector(value.type):
            returned = b.with_member(returned, vectors, _to_vector(b, value))
            vectors += 1
        else:
            returned = b.with_member(returned, integers, _to_integer(b, value))
            integers += 1
    return returned


def _incoming(
    b: LLVMBuilder, arguments: Sequence[SSAValue], signature: AbiSignature, vmctx: SSAValue
) -> list[SSAValue]:
    """The parameters of a function of type PROTOTYPE; `vmctx` is a VMContext of its store."""
    types, plan = _parameter_types(signature), _plan(signature)
    found: dict[int, SSAValue] = {}
    for index, argument in zip(plan.integers, arguments[signature.first_parameter :], strict=False):
        found[index] = _from_integer(b, argument, types[index])
    for index, argument in zip(plan.vectors, arguments[INTEGER_REGISTERS:], strict=False):
        found[index] = _from_vector(b, argument, types[index])
    if plan.memory:
        memory = _tail_arguments(b, vmctx)
        for index, offset in plan.memory:
            t = types[index]
            found[index] = b.load(b.byte_offset(memory, offset), t, type_size(t), Alias.STACK)
    return [found[index] for index in range(len(types))]


def _is_vector(t: Attribute) -> bool:
    """Whether values of a type travel in floating-point registers."""
    return isinstance(t, Float32Type | Float64Type | VectorType)


def _to_integer(b: LLVMBuilder, value: SSAValue) -> SSAValue:
    if value.type == i64:
        return value
    return b.value(llvm.PtrToIntOp if value.type == PTR else llvm.ZExtOp, (value,), i64)


def _from_integer(b: LLVMBuilder, value: SSAValue, t: Attribute) -> SSAValue:
    if t == i64:
        return value
    return b.value(llvm.IntToPtrOp if t == PTR else llvm.TruncOp, (value,), t)


def _to_vector(b: LLVMBuilder, value: SSAValue) -> SSAValue:
    lanes = _VECTORS.get(value.type)
    if lanes is not None:
        value = b.insert_element(b.undefined(lanes), value)
    return value if value.type == VECTOR else b.value(llvm.BitcastOp, (value,), VECTOR)


def _from_vector(b: LLVMBuilder, value: SSAValue, t: Attribute) -> SSAValue:
    lanes = _VECTORS.get(t, t)
    if lanes != VECTOR:
        value = b.value(llvm.BitcastOp, (value,), lanes)
    return value if lanes == t else b.first_element(value, t)


# --- operations ---


def _return_call(f: FunctionLowering, op: wasmvm.ReturnCallOp) -> None:
    assert isinstance(f, TailCallingFunction)
    (callee_vmctx, caller_vmctx), arguments = _operands(f, op)
    symbol = f.symbols[op.callee.root_reference.data]
    f.tail_call(symbol, callee_vmctx, caller_vmctx, arguments)


def _return_call_pointer(f: FunctionLowering, op: wasmvm.ReturnCallPointerOp) -> None:
    assert isinstance(f, TailCallingFunction)
    (code, callee_vmctx, caller_vmctx), arguments = _operands(f, op)
    f.tail_call(code, callee_vmctx, caller_vmctx, arguments)


def _operands(
    f: FunctionLowering, op: wasmvm.ReturnCallOp | wasmvm.ReturnCallPointerOp
) -> tuple[list[SSAValue], list[SSAValue]]:
    """What to call in which contexts, and the arguments."""
    values = [f.values[v] for v in operands_of(op)]
    split = len(values) - len(op.arguments)
    return values[:split], values[split:]


HANDLERS: dict[type[Operation], Handler] = {
    wasmvm.ReturnCallOp: _return_call,
    wasmvm.ReturnCallPointerOp: _return_call_pointer,
}
