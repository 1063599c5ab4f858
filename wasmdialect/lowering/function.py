"""Lowering one function: the state, and the building blocks of every operation's lowering.

The function is rebuilt: a new `llvm.func`, block for block, with a map from old values to new ones.
A check that traps ends its block and continues in a new one. Comparisons are kept as `i1` next
to their i32 value, so that a branch on a comparison costs one instruction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from xdsl.dialects import llvm
from xdsl.dialects.builtin import ArrayAttr, StringAttr, i32, i64
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.traits import IsTerminator

from wasmdialect.abi.attributes import HAS_TRAP_FREE_LOOPS
from wasmdialect.abi.builtins import BUILTINS
from wasmdialect.abi.layout import POINTER_SIZE, VMCONTEXT_HEADER, Alias, VMContextLayout
from wasmdialect.dialects import wasmvm
from wasmdialect.dialects.blocks import reachable_in_order, reverse_postorder
from wasmdialect.dialects.builder import NOWHERE
from wasmdialect.dialects.fast import LocationAttr, blocks_of, operations_of, splice_front
from wasmdialect.dialects.llvm_builder import LLVMBuilder
from wasmdialect.dialects.wasmvm import PTR
from wasmdialect.lowering.emit import Constants, Emitters
from wasmdialect.lowering.own import lower_own
from wasmdialect.lowering.signature import AbiSignature, builtin_type, llvm_type

HIDDEN = 1
FUNCTION_ATTRIBUTES = ArrayAttr(
    [
        StringAttr("nounwind"),
        # Backtraces walk frame pointers (docs/llvm.md, "Frames").
        ArrayAttr([StringAttr("frame-pointer"), StringAttr("all")]),
        # A loop does not become a call of memset, and a call is not taken for a C library function.
        StringAttr("no-builtins"),
    ]
)

NEVER_INLINED = ArrayAttr([*FUNCTION_ATTRIBUTES.data, StringAttr("noinline")])

_TRAP_FREE_LOOPS = ArrayAttr([StringAttr(HAS_TRAP_FREE_LOOPS), StringAttr("true")])

Handler = Callable[["FunctionLowering", Any], None]
"""Lowers one operation."""


@dataclass(frozen=True, slots=True)
class ModuleContext:
    """What the lowering of each function of a module needs to know."""

    layout: VMContextLayout
    symbols: Mapping[str, str]
    """The LLVM symbol of each Wasm function by its symbol in wasmir."""
    constants: Constants
    emitters: Emitters
    """How operations are written for the target, for functions that are written at once."""
    is_optimized: bool
    """Whether passes of LLVM will read those."""
    torn_stores: Callable[[Region], Collection[Operation]]
    """The stores of a function that need a probe on the target."""


class FunctionLowering(LLVMBuilder):
    """Rebuilds one function as an `llvm.func`. (written.py has one that is only to be written.)"""

    def __init__(
        self,
        symbol: str,
        signature: AbiSignature,
        module: ModuleContext,
        location: LocationAttr = NOWHERE,
        type: llvm.LLVMFunctionType | None = None,
    ):
        """`location` is that of the function, and `type` its type in LLVM, if it is not that of the
        signature."""
        self.symbol = symbol
        self.signature = signature
        self.module = module
        self.function_location = location
        self.is_trampoline = False
        """Whether calls must not be inlined: the frame of a Wasm function shows in backtraces."""
        self.type = signature.type if type is None else type
        self.is_in_order = True
        """Whether blocks are lowered in the order in which they are placed."""
        self.start()
        self.entry = self.make_block(self.type.inputs.data)
        super().__init__(self.entry)
        self.begin(self.entry)
        self.vmctx, self.caller_vmctx = self.entry.args[0], self.entry.args[1]
        self.values: dict[SSAValue, SSAValue] = {}
        """Old value to new value."""
        self.conditions: dict[SSAValue, SSAValue] = {}
        """Old i32 value that is 0 or 1, to the same as an i1."""
        self.unlikely: set[SSAValue] = set()
        """Old conditions that are nearly always 0."""
        self.lanes: dict[SSAValue, SSAValue] = {}
        """Old vector to new vector in the shape in which it was computed."""
        self.places: dict[tuple[SSAValue, SSAValue], SSAValue] = {}
        """Old base and address of an access to their sum, in the current source block."""
        self.blocks: dict[Block, Block] = {}
        """Old block to new block."""
        self.made: list[Block] = [self.entry]
        """The blocks that the current source block became, so far."""
        self._cold_blocks: list[Block] = []
        self.prelude = self.builder_in(self.make_side_block())
        """Operations for the start of the entry block."""
        self.torn_stores: Collection[Operation] = ()
        """The stores that need a probe."""
        self.has_trap_free_loops = False
        self._return_area: SSAValue | None = None
        self.leaving_block: Block | None = None
        """Where the function is left with an exception, if it has such a block (exceptions.py)."""

    @property
    def layout(self) -> VMContextLayout:
        """The layout of the module's VMContext."""
        return self.module.layout

    @property
    def symbols(self) -> Mapping[str, str]:
        """The LLVM symbol of each Wasm function by its symbol in wasmir."""
        return self.module.symbols

    # --- the walk ---

    def lower(self, body: Region, handlers: Mapping[type[Operation], Handler]) -> llvm.FuncOp:
        """The lowered function. Raises ValueError for an operation without handler."""
        sources = blocks_of(body)
        order = reachable_in_order(sources)
        self.is_in_order = order is not None
        self.torn_stores = self.module.torn_stores(body)
        self._map_blocks(sources)
        lowered: dict[Block, list[Block]] = {}
        for source in order or reverse_postorder(sources[0]):
            target = self.blocks[source]
            self.made = lowered[source] = [target]
            self.start_source(target)
            for op in operations_of(source):
                self.location = op.location
                handler = handlers.get(op.__class__) or self.other_handler(op)
                handler(self, op)
        # Unreachable blocks are left out.
        return self.finish([block for source in sources for block in lowered.get(source, ())])

    def start_source(self, target: Block) -> None:
        """Begin with the block that a source block becomes."""
        self.begin(target)
        self.places.clear()

    def other_handler(self, op: Operation) -> Handler:
        """The handler of an operation that is not in the table. Raises ValueError if it has none."""
        if hasattr(op, "to_llvm"):
            return lower_own
        if op.name.startswith("llvm.") and not op.successors:
            return cast(Handler, type(self).keep)
        raise ValueError(
            f"{op.name} is not lowered here; a pass turns it into wasmir, wasmvm or llvm operations"
            " first, or it has a method `to_llvm`"
        )

    def finish(self, blocks: Sequence[Block]) -> llvm.FuncOp:
        """The function, of these blocks and the cold ones."""
        function = self.make_function([*blocks, *self._cold_blocks])
        reads_return_address = self.leaving_block is not None and not self.is_trampoline
        attributes = NEVER_INLINED if reads_return_address else FUNCTION_ATTRIBUTES
        if self.has_trap_free_loops:
            attributes = ArrayAttr([*attributes.data, _TRAP_FREE_LOOPS])
        function.properties["passthrough"] = attributes
        return function

    # --- what it is made of ---

    def start(self) -> None:
        """Called before anything is made."""

    def make_block(self, argument_types: Sequence[Attribute] = ()) -> Block:
        """A block."""
        return Block(arg_types=argument_types)

    def make_side_block(self) -> Block:
        """A block that is not placed after those made before it."""
        return self.make_block()

    def builder_in(self, block: Block) -> LLVMBuilder:
        """A builder at the end of a block."""
        return LLVMBuilder(block, self.location)

    def make_function(self, blocks: Sequence[Block]) -> llvm.FuncOp:
        """A function of these blocks, with the prelude in the first one."""
        region = Region()
        region.add_block(blocks)
        splice_front(self.entry, self.prelude.block)
        external = llvm.LinkageAttr("external")
        function = llvm.FuncOp(self.symbol, self.type, external, visibility=HIDDEN, body=region)
        function.location = self.function_location
        return function

    @property
    def has_ended(self) -> bool:
        """Whether the block has its terminator."""
        last = self.block.last_op
        return last is not None and last.has_trait(IsTerminator)

    def keep(self, op: Operation) -> None:
        """An operation that a pass has created in its final form."""
        kept = self.insert(op.clone({operand: self.values[operand] for operand in op.operands}))
        self.values.update(zip(op.results, kept.results, strict=True))

    def _map_blocks(self, sources: Sequence[Block]) -> None:
        self.blocks[sources[0]] = self.entry
        self.values.update(zip(sources[0].args, self.parameters(), strict=True))
        for source in sources[1:]:
            target = self.make_block([llvm_type(a.type) for a in source.args])
            self.blocks[source] = target
            for old, new in zip(source.args, target.args, strict=True):
                self.values[old] = new

    def parameters(self) -> Sequence[SSAValue]:
        """The values of the Wasm parameters, at the entry."""
        first, area = self.signature.first_parameter, self.signature.area_parameter
        end = area if area is not None and area >= first else len(self.entry.args)
        return self.entry.args[first:end]

    def new_block(self, argument_types: Sequence[Attribute] = ()) -> Block:
        """A block after those that the current source block became, so far."""
        block = self.make_block(argument_types)
        self.made.append(block)
        return block

    def cold_block(self) -> Block:
        """A block after all others."""
        block = self.make_side_block()
        self._cold_blocks.append(block)
        return block

    # --- values ---

    def condition(self, old: SSAValue) -> SSAValue:
        """An old i32 value as an i1: whether it is not zero."""
        known = self.conditions.get(old)
        if known is not None:
            return known
        return self.icmp("ne", self.values[old], self.constant(0, 32))

    def as_i64(self, old: SSAValue) -> SSAValue:
        """An old address or length, zero-extended to i64."""
        value = self.values[old]
        return value if value.type == i64 else self.value(llvm.ZExtOp, (value,), i64)

    def keeps_stored(self, user: Operation) -> bool | None:
        """Whether LLVM does not replace a load of a float, from where this operation stores one, by the
        stored value; None if it does not store to linear memory. Where stores that may fault are
        volatile, such loads are, too, even those that are known to be in bounds: LLVM may find that the
        address is the same, and forwards from a volatile store to a plain load."""
        if not isinstance(user, wasmvm.LinearStoreOp):
            return None
        return "volatile" in user.properties and "may_fault" in user.properties

    # --- runtime state and the frame ---

    def header_field(self, vmctx: SSAValue, name: str) -> SSAValue:
        """A pointer of the VMContext's fixed part."""
        field = VMCONTEXT_HEADER.field(name)
        address = self.byte_offset(vmctx, field.offset)
        return self.load(address, PTR, POINTER_SIZE, field.alias, invariant=field.invariant)

    def has_flag(self, vmctx: SSAValue, flag: int) -> SSAValue:
        """Whether a flag of a VMContext or of the context of a host function is set, as an i1."""
        row = VMCONTEXT_HEADER.field("flags")
        address = self.byte_offset(vmctx, row.offset)
        flags = self.load(address, i32, row.size, row.alias, invariant=row.invariant)
        masked = self.value(llvm.AndOp, (flags, self.constant(flag, 32)), i32)
        return self.icmp("ne", masked, self.constant(0, 32))

    def stack_slot(self, size: int) -> SSAValue:
        """Memory in the function's frame, 16-aligned, made at the entry."""
        self.prelude.location = self.location
        return self.prelude.stack_slot(size)

    # --- traps ---

    def trap_if(self, condition: SSAValue, code: int) -> None:
        """Trap with `code` if an i1 is set, else continue in a new block."""
        self.branch_cold(condition, self.trap_block(code))

    def branch_cold(self, condition: SSAValue, cold: Block) -> None:
        """Go to a cold block if an i1 is set, else continue in a new block."""
        following = self.new_block()
        self.cond_br(condition, cold, following)
        self.begin(following)

    def trap_block(self, code: int) -> Block:
        """A new block that traps. Each check has its own, so that the location of the trap is
        known."""
        block = self.cold_block()
        self.builder_in(block).trap(code)
        return block

    # --- calls ---

    def abi_call(
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
        returned = self.call(callee, signature.type, operands, no_inline=self.is_trampoline)
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

    def call_builtin(
        self, name: str, vmctx: SSAValue, arguments: Sequence[SSAValue], result: Attribute | None
    ) -> SSAValue | None:
        """Call entry `name` of the builtins array of `vmctx`."""
        builtins = self.header_field(vmctx, "builtins")
        address = self.byte_offset(builtins, POINTER_SIZE * BUILTINS[name].index)
        code = self.load(address, PTR, POINTER_SIZE, Alias.VMCONTEXT, invariant=True)
        signature = builtin_type([a.type for a in arguments], result)
        operands = [vmctx, *arguments]
        return self.call(code, signature, operands, no_inline=self.is_trampoline)

    def _area(self, size: int) -> SSAValue:
        """A return area of this function for its calls, large enough for any signature so far."""
        if self._return_area is None or size > self._return_area_size:
            self._return_area = self.stack_slot(size)
            self._return_area_size = size
        return self._return_area

    _return_area_size = 0

    def return_values(self, values: Sequence[SSAValue]) -> None:
        """Return the Wasm results according to the function's convention."""
        signature = self.signature
        if signature.area_parameter is not None:
            self.store_results(values, self.entry.args[signature.area_parameter])
        registers = [values[i] for i in signature.returns.registers]
        if len(registers) > 1:
            assert signature.returned is not None
            registers = [self.structure(registers, signature.returned)]
        self.return_(registers)

    def return_zeros(self) -> None:
        """Return to a caller that will not look at the results."""
        returned = self.type.output
        if isinstance(returned, llvm.LLVMVoidType):
            self.return_()
        elif isinstance(returned, llvm.LLVMStructType):
            members = [self.zero(t) for t in returned.types.data]
            self.return_([self.structure(members, returned)])
        else:
            self.return_([self.zero(returned)])

    def store_results(self, values: Sequence[SSAValue], area: SSAValue) -> None:
        """Store the results that are not returned in registers."""
        for index, offset in self.signature.returns.memory:
            self.store(values[index], self.byte_offset(area, offset), 1, Alias.STACK)
