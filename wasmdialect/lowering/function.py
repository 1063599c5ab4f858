"""Lowering one function: the state, and the steps that every operation's lowering is made of.

The function is rebuilt: a new `llvm.func`, block for block, with a map from old values to new ones.
A check that traps ends the block it is in and goes on in a new one. Comparisons are kept as `i1` next
to their i32 value, so that a branch on a comparison costs one instruction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xdsl.dialects import llvm
from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    IntegerAttr,
    IntegerType,
    StringAttr,
    SymbolRefAttr,
    UnitAttr,
    i1,
    i8,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from wasmdialect.abi.builtins import BUILTINS
from wasmdialect.abi.layout import POINTER_SIZE, VMCONTEXT_HEADER, Alias, VMContextLayout
from wasmdialect.dialects import llvm_ext
from wasmdialect.dialects.blocks import reverse_postorder
from wasmdialect.dialects.fast import (
    LocationAttr,
    append_op,
    append_terminator,
    append_value,
    integer_attr,
    splice_front,
)
from wasmdialect.dialects.wasmvm import PTR
from wasmdialect.lowering.signature import AbiSignature, llvm_type

UNIT = UnitAttr()
NO_FAST_MATH = llvm.FastMathAttr("none")
_NO_SEGMENTS = DenseArrayBase.from_list(i32, ())
_PLAIN_CALL = {
    "fastmathFlags": NO_FAST_MATH,
    "CConv": llvm.CallingConventionAttr("ccc"),
    "op_bundle_sizes": _NO_SEGMENTS,
    # Not a tail call: runaway recursion must use up the stack, not loop.
    "TailCallKind": llvm.TailCallKindAttr(llvm.TailCallKind.NOTAIL),
}
_COND_BR_SIZES = DenseArrayBase.from_list(i32, (1, 0, 0))
_ICMP = {flag.value: integer_attr(flag.to_int(), 64) for flag in llvm.ALL_ICMP_FLAGS}

NO_INLINE = "no_inline"
"""The attribute of a call that must stay one."""
HIDDEN = 1
FUNCTION_ATTRIBUTES = ArrayAttr(
    [
        StringAttr("nounwind"),
        # Backtraces walk frame pointers (docs/llvm.md, "Frames").
        ArrayAttr([StringAttr("frame-pointer"), StringAttr("all")]),
        # No loop becomes a call of memset, no call is taken for a C library function.
        StringAttr("no-builtins"),
    ]
)

Handler = Callable[["FunctionLowering", Any], None]
"""Lowers one operation."""


class FunctionLowering:
    """Rebuilds one function as an `llvm.func`."""

    def __init__(
        self,
        symbol: str,
        signature: AbiSignature,
        layout: VMContextLayout,
        symbols: Mapping[str, str],
    ):
        self.symbol = symbol
        self.signature = signature
        self.layout = layout
        self.is_trampoline = False
        """Whether calls must not be inlined: the frame of a Wasm function shows in backtraces."""
        self.symbols = symbols
        """The LLVM symbol of each Wasm function by its symbol in wasmir."""
        self.entry = Block(arg_types=signature.type.inputs.data)
        self.vmctx, self.caller_vmctx = self.entry.args[0], self.entry.args[1]
        self.block = self.entry
        """Where operations go."""
        self.location: LocationAttr
        self.values: dict[SSAValue, SSAValue] = {}
        """Old value to new value."""
        self.conditions: dict[SSAValue, SSAValue] = {}
        """Old i32 value that is 0 or 1, to the same as an i1."""
        self.blocks: dict[Block, Block] = {}
        """Old block to new block."""
        self._made: list[Block] = []
        """The blocks that the source block at hand became, so far."""
        self._cold_blocks: list[Block] = []
        self._prelude = Block()
        self._return_area: SSAValue | None = None

    # --- the walk ---

    def lower(self, body: Region, handlers: Mapping[type[Operation], Handler]) -> llvm.FuncOp:
        """The lowered function. Raises ValueError for an operation without handler."""
        sources = [*body.blocks]
        self._map_blocks(sources)
        lowered: dict[Block, list[Block]] = {}
        for source in reverse_postorder(sources[0]):
            self._made = lowered[source] = []
            self.begin(self.blocks[source])
            op = source.first_op
            while op is not None:
                self.location = op.location
                handler = handlers.get(op.__class__)
                if handler is None and op.name.startswith("llvm.") and not op.successors:
                    handler = _keep
                if handler is None:
                    raise ValueError(
                        f"{op.name} is not lowered here; a pass turns it into wasmir, wasmvm or llvm"
                        " operations first"
                    )
                handler(self, op)
                op = op.next_op
        region = Region()
        for source in sources:
            region.add_block(lowered.get(source, ()))  # unreachable blocks are left out
        region.add_block(self._cold_blocks)
        splice_front(self.entry, self._prelude)
        function = llvm.FuncOp(
            self.symbol,
            self.signature.type,
            llvm.LinkageAttr("external"),
            visibility=HIDDEN,
            body=region,
        )
        function.properties["passthrough"] = FUNCTION_ATTRIBUTES
        return function

    def _map_blocks(self, sources: Sequence[Block]) -> None:
        first = self.signature.first_parameter
        self.blocks[sources[0]] = self.entry
        for index, argument in enumerate(sources[0].args):
            self.values[argument] = self.entry.args[first + index]
        for source in sources[1:]:
            target = Block(arg_types=[llvm_type(a.type) for a in source.args])
            self.blocks[source] = target
            for old, new in zip(source.args, target.args, strict=True):
                self.values[old] = new

    def begin(self, block: Block) -> None:
        """Go on in a block that is not in the function yet."""
        self._made.append(block)
        self.block = block

    def cold_block(self) -> Block:
        """A new block that is placed behind all others."""
        block = Block()
        self._cold_blocks.append(block)
        return block

    # --- building ---

    def emit(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        result_type: Attribute,
        properties: dict[str, Attribute] | None = None,
    ) -> SSAValue:
        """Append an operation with one result."""
        return append_value(self.block, cls, operands, result_type, properties or {}, self.location)

    def step(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        properties: dict[str, Attribute] | None = None,
    ) -> None:
        """Append an operation without results."""
        append_op(self.block, cls, operands, properties or {}, self.location)

    def terminate(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        successors: Sequence[Block],
        properties: dict[str, Attribute] | None = None,
    ) -> None:
        """Append a terminator with successors."""
        append_terminator(self.block, cls, operands, successors, properties or {}, self.location)

    def constant(self, value: int, bits: int) -> SSAValue:
        """An integer constant, any width."""
        attr = integer_attr(value, bits)
        return self.emit(llvm.ConstantOp, (), attr.type, {"value": attr})

    def null(self) -> SSAValue:
        """The null pointer."""
        return self.emit(llvm.ZeroOp, (), PTR)

    def compare(self, predicate: str, lhs: SSAValue, rhs: SSAValue) -> SSAValue:
        """An integer or pointer comparison as an i1."""
        return self.emit(llvm.ICmpOp, (lhs, rhs), i1, {"predicate": _ICMP[predicate]})

    def intrinsic(
        self, name: str, operands: Sequence[SSAValue], result_type: Attribute
    ) -> SSAValue:
        """Call an LLVM intrinsic."""
        properties: dict[str, Attribute] = {
            "intrin": StringAttr(name),
            "fastmathFlags": NO_FAST_MATH,
            "op_bundle_sizes": _NO_SEGMENTS,
            "operandSegmentSizes": DenseArrayBase.from_list(i32, (len(operands), 0)),
        }
        return self.emit(llvm.CallIntrinsicOp, operands, result_type, properties)

    # --- values ---

    def condition(self, old: SSAValue) -> SSAValue:
        """An old i32 value as an i1: whether it is not zero."""
        known = self.conditions.get(old)
        if known is not None:
            return known
        return self.compare("ne", self.values[old], self.constant(0, 32))

    def as_i64(self, old: SSAValue) -> SSAValue:
        """An old address or length, zero-extended to i64."""
        value = self.values[old]
        return value if value.type == i64 else self.emit(llvm.ZExtOp, (value,), i64)

    # --- pointers ---

    def byte_offset(self, base: SSAValue, offset: int) -> SSAValue:
        """`base` plus a constant number of bytes."""
        if offset == 0:
            return base
        if offset > _MAX_CONSTANT_INDEX:
            return self.index(base, self.constant(offset, 64))
        return self.emit(llvm.GEPOp, (base,), PTR, _constant_gep(offset))

    def index(self, base: SSAValue, index: SSAValue) -> SSAValue:
        """`base` plus an i64 number of bytes."""
        return self.emit(llvm.GEPOp, (base, index), PTR, dict(_DYNAMIC_GEP))

    def load(
        self,
        address: SSAValue,
        result_type: Attribute,
        alignment: int,
        alias: str,
        *,
        invariant: bool = False,
        volatile: bool = False,
        may_fault: bool = False,
    ) -> SSAValue:
        """Load from an address."""
        properties = _access_properties(alignment, alias, volatile, may_fault)
        if invariant:
            properties["invariant"] = UNIT
        return self.emit(llvm_ext.LoadOp, (address,), result_type, properties)

    def store(
        self,
        value: SSAValue,
        address: SSAValue,
        alignment: int,
        alias: str,
        *,
        volatile: bool = False,
        may_fault: bool = False,
    ) -> None:
        """Store to an address."""
        properties = _access_properties(alignment, alias, volatile, may_fault)
        self.step(llvm_ext.StoreOp, (value, address), properties)

    def header_field(self, vmctx: SSAValue, name: str) -> SSAValue:
        """A pointer of the VMContext's fixed part."""
        field = VMCONTEXT_HEADER.field(name)
        address = self.byte_offset(vmctx, field.offset)
        return self.load(address, PTR, POINTER_SIZE, field.alias, invariant=field.invariant)

    def stack_slot(self, size: int) -> SSAValue:
        """Memory in the function's frame, 16-aligned."""
        count = append_value(
            self._prelude,
            llvm.ConstantOp,
            (),
            i64,
            {"value": integer_attr(size, 64)},
            self.location,
        )
        properties: dict[str, Attribute] = {"elem_type": i8, "alignment": integer_attr(16, 64)}
        return append_value(self._prelude, llvm.AllocaOp, (count,), PTR, properties, self.location)

    # --- traps ---

    def trap_if(self, condition: SSAValue, code: int) -> None:
        """Trap with `code` if an i1 is set, else go on in a new block."""
        self.branch_cold(condition, self.trap_block(code))

    def branch_cold(self, condition: SSAValue, cold: Block) -> None:
        """Go to a cold block if an i1 is set, else go on in a new block."""
        following = Block()
        self.terminate(
            llvm.CondBrOp,
            (condition,),
            (cold, following),
            {"operandSegmentSizes": _COND_BR_SIZES},
        )
        self.begin(following)

    def trap_block(self, code: int) -> Block:
        """A new block that traps. Each check has its own, so that the place of the trap is known."""
        block = self.cold_block()
        self.fill_trap(block, code)
        return block

    def fill_trap(self, block: Block, code: int) -> None:
        """Append a trap: the fence keeps LLVM from deleting stores before it."""
        append_op(block, llvm_ext.FenceOp, (), {}, self.location)
        properties: dict[str, Attribute] = {"code": integer_attr(code, 64)}
        append_op(block, llvm_ext.UBSanTrapOp, (), properties, self.location)
        append_op(block, llvm.UnreachableOp, (), {}, self.location)

    # --- calls ---

    def call(
        self,
        callee: str | SSAValue,
        signature: AbiSignature,
        callee_vmctx: SSAValue,
        caller_vmctx: SSAValue,
        arguments: Sequence[SSAValue],
    ) -> list[SSAValue]:
        """Call a symbol or an address in a convention; the Wasm results in order."""
        operands = [callee_vmctx, caller_vmctx, *arguments]
        area: SSAValue | None = None
        if signature.area_parameter is not None:
            area = self._area(signature.returns.area_size)
            operands.insert(signature.area_parameter, area)
        returned = self.plain_call(callee, signature.type, operands)
        results: dict[int, SSAValue] = {}
        types = signature.register_types
        if len(types) == 1:
            assert returned is not None
            results[signature.returns.registers[0]] = returned
        elif types:
            assert returned is not None
            for position, index in enumerate(signature.returns.registers):
                results[index] = self.extract(returned, position, types[position])
        for (index, offset), t in zip(
            signature.returns.memory, signature.memory_types, strict=True
        ):
            assert area is not None
            address = self.byte_offset(area, offset)
            results[index] = self.load(address, t, 1, Alias.STACK)
        return [results[index] for index in sorted(results)]

    def plain_call(
        self, callee: str | SSAValue, type: llvm.LLVMFunctionType, operands: Sequence[SSAValue]
    ) -> SSAValue | None:
        """Call a symbol or an address in the C convention of LLVM."""
        properties: dict[str, Attribute] = dict(_PLAIN_CALL)
        if isinstance(callee, str):
            properties["callee"] = SymbolRefAttr(callee)
        else:
            operands = [callee, *operands]
        properties["operandSegmentSizes"] = _call_sizes(len(operands))
        result: SSAValue | None = None
        if isinstance(type.output, llvm.LLVMVoidType):
            self.step(llvm.CallOp, operands, properties)
        else:
            result = self.emit(llvm.CallOp, operands, type.output, properties)
        call = self.block.last_op
        if self.is_trampoline and call is not None:
            call.attributes[NO_INLINE] = UNIT
        return result

    def call_builtin(
        self, name: str, vmctx: SSAValue, arguments: Sequence[SSAValue], result: Attribute | None
    ) -> SSAValue | None:
        """Call entry `name` of the builtins array of `vmctx`."""
        builtins = self.header_field(vmctx, "builtins")
        address = self.byte_offset(builtins, POINTER_SIZE * BUILTINS[name].index)
        code = self.load(address, PTR, POINTER_SIZE, Alias.VMCONTEXT, invariant=True)
        types = [PTR, *(a.type for a in arguments)]
        return self.plain_call(code, llvm.LLVMFunctionType(types, result), [vmctx, *arguments])

    def _area(self, size: int) -> SSAValue:
        """A return area of this function for its calls, large enough for any signature so far."""
        if self._return_area is None or size > self._return_area_size:
            self._return_area = self.stack_slot(size)
            self._return_area_size = size
        return self._return_area

    _return_area_size = 0

    def extract(self, structure: SSAValue, position: int, type: Attribute) -> SSAValue:
        """A member of a structure value."""
        properties: dict[str, Attribute] = {"position": DenseArrayBase.from_list(i64, (position,))}
        return self.emit(llvm.ExtractValueOp, (structure,), type, properties)

    def return_values(self, values: Sequence[SSAValue]) -> None:
        """Return the Wasm results as the function's convention says."""
        signature = self.signature
        for index, offset in signature.returns.memory:
            assert signature.area_parameter is not None
            area = self.entry.args[signature.area_parameter]
            self.store(values[index], self.byte_offset(area, offset), 1, Alias.STACK)
        registers = [values[i] for i in signature.returns.registers]
        if len(registers) > 1:
            assert signature.returned is not None
            structure = self.emit(llvm.UndefOp, (), signature.returned)
            for position, value in enumerate(registers):
                place = DenseArrayBase.from_list(i64, (position,))
                structure = self.emit(
                    llvm.InsertValueOp, (structure, value), signature.returned, {"position": place}
                )
            registers = [structure]
        self.step(llvm.ReturnOp, registers)


_ACCESS: dict[tuple[int, str, bool, bool], dict[str, Attribute]] = {}


def _access_properties(
    alignment: int, alias: str, volatile: bool, may_fault: bool
) -> dict[str, Attribute]:
    key = (alignment, alias, volatile, may_fault)
    known = _ACCESS.get(key)
    if known is None:
        known = dict[str, Attribute](alignment=integer_attr(alignment, 64), alias=StringAttr(alias))
        if volatile:
            known["volatile_"] = UNIT
        if may_fault:
            known["may_fault"] = UNIT
        _ACCESS[key] = known
    return dict(known)


_GEP_FLAGS = IntegerAttr(0, IntegerType(32))
_DYNAMIC_GEP: dict[str, Attribute] = {
    "elem_type": i8,
    "noWrapFlags": _GEP_FLAGS,
    "rawConstantIndices": DenseArrayBase.from_list(i32, (llvm.GEP_USE_SSA_VAL,)),
}
_MAX_CONSTANT_INDEX = (1 << 31) - 1
"""Constant indices of getelementptr are i32 attributes."""
_CONSTANT_GEPS: dict[int, dict[str, Attribute]] = {}


def _constant_gep(offset: int) -> dict[str, Attribute]:
    known = _CONSTANT_GEPS.get(offset)
    if known is None:
        known = _CONSTANT_GEPS[offset] = {
            **_DYNAMIC_GEP,
            "rawConstantIndices": DenseArrayBase.from_list(i32, (offset,)),
        }
    return dict(known)


_CALL_SIZES: dict[int, Attribute] = {}


def _call_sizes(count: int) -> Attribute:
    known = _CALL_SIZES.get(count)
    if known is None:
        known = _CALL_SIZES[count] = DenseArrayBase.from_list(i32, (count, 0))
    return known


def _keep(f: FunctionLowering, op: Operation) -> None:
    """An operation that a pass has made and that is what it will be."""
    kept = op.clone({operand: f.values[operand] for operand in op.operands})
    f.block.add_op(kept)
    f.values.update(zip(op.results, kept.results, strict=True))
