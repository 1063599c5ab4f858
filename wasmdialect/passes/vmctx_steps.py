"""Building the wasmvm steps of a function: loads of runtime state, each once where once is enough,
checks, and calls of the runtime. `insert_vmctx_loads.py` says which steps an operation of wasmir is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeVar

from xdsl.dialects.builtin import StringAttr, SymbolRefAttr, UnitAttr, i32, i64
from xdsl.ir import Attribute, Block, Operation, SSAValue

from wasmdialect.abi.reservation import has_guard, is_covered_by_guard
from wasmdialect.abi.traps import TrapCode
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.fast import append_op, append_value, integer_attr

UNIT = UnitAttr()
_D = TypeVar("_D", bound=wasmir.DeclarationOp)


def _order(
    bounds: Literal["guard", "explicit"], traps: Literal["exact", "relaxed"]
) -> dict[str, Attribute]:
    """What keeps accesses in their order with traps: the one place where this is decided.

    An access that faults is an exit from the function that LLVM does not see. LLVM keeps volatile
    accesses in their order, but deletes, delays and hoists plain stores across them, whether these are
    known to be in bounds or not; and at -O3 it inlines functions that only store next to accesses that
    may fault. So with guard pages every store is volatile. With explicit bounds each trap is a branch
    to a block that starts with a fence, which for LLVM reads all memory: plain stores will do.
    """
    return {"volatile": UNIT} if traps == "exact" and bounds == "guard" else {}


class VMContextSteps:
    """Appends steps to a block of one function."""

    def __init__(
        self,
        function: wasmir.FuncOp,
        symbols: dict[str, Operation],
        bounds: Literal["guard", "explicit"],
        traps: Literal["exact", "relaxed"],
    ):
        self.function = function
        self.symbols = symbols
        self.bounds = bounds
        self.order = _order(bounds, traps)
        """Properties of every store that can be seen after a trap, and of every load that may fault."""
        self.location = function.location
        """Of what is appended."""
        self.block = function.entry
        """What is appended to."""
        self.prelude = Block()
        """What goes to the start of the entry block."""
        self._vmctx: SSAValue | None = None
        self._entry_values: dict[tuple[SSAValue, wasmvm.Path], SSAValue] = {}
        """Fields that never change, loaded once at the entry."""
        self._block_values: dict[tuple[SSAValue, wasmvm.Path], SSAValue] = {}
        """Fields loaded in this block since the last call."""

    def start_block(self, block: Block) -> None:
        """Append to another block, where nothing has been loaded yet."""
        self.block = block
        self._block_values.clear()

    # --- building ---

    def value(
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
    ) -> Operation:
        """Append an operation without results (or one that will take over another's)."""
        return append_op(self.block, cls, operands, properties or {}, self.location)

    def constant(self, value: int, bits: Literal[32, 64] = 32) -> SSAValue:
        """An integer constant."""
        cls = wasmir.CONST_OPS[f"i{bits}.const"]
        return self.value(cls, (), cls.RESULT_TYPE, {"value": integer_attr(value, bits)})

    def numeric(self, mnemonic: str, *operands: SSAValue) -> SSAValue:
        """A numeric instruction."""
        cls = wasmir.NUMERIC_OPS[mnemonic]
        return self.value(cls, operands, cls.RESULT_TYPE)

    def extend(self, value: SSAValue) -> SSAValue:
        """An address or length as i64."""
        return value if value.type == i64 else self.numeric("i64.extend_i32_u", value)

    def trap_if(self, condition: SSAValue, code: TrapCode) -> None:
        """Trap when the condition is not zero."""
        self.step(wasmvm.TrapIfOp, (condition,), {"code": integer_attr(code, 64)})

    def builtin(self, name: str, *arguments: SSAValue) -> None:
        """Call a runtime function that gives nothing back; it may change anything."""
        properties: dict[str, Attribute] = {"builtin": StringAttr(name)}
        self.step(wasmvm.CallBuiltinOp, (self.vmctx(), *arguments), properties)
        self.forget_fields()

    def builtin_value(self, name: str, result_type: Attribute, *arguments: SSAValue) -> SSAValue:
        """Call a runtime function for its result; it may change anything."""
        properties: dict[str, Attribute] = {"builtin": StringAttr(name)}
        operands = (self.vmctx(), *arguments)
        result = self.value(wasmvm.CallBuiltinOp, operands, result_type, properties)
        self.forget_fields()
        return result

    # --- fields ---

    def vmctx(self) -> SSAValue:
        """The VMContext, taken once at the entry."""
        if self._vmctx is None:
            location = self.function.location
            self._vmctx = append_value(
                self.prelude, wasmvm.VMContextOp, (), wasmvm.PTR, {}, location
            )
        return self._vmctx

    def entry_field(
        self, base: SSAValue, path: wasmvm.Path, result_type: Attribute = wasmvm.PTR
    ) -> SSAValue:
        """A field that never changes: loaded once, at the entry of the function."""
        key = (base, path)
        known = self._entry_values.get(key)
        if known is None:
            properties = wasmvm.path_properties(path)
            properties["invariant"] = UNIT
            location = self.function.location
            known = self._entry_values[key] = append_value(
                self.prelude, wasmvm.LoadFieldOp, (base,), result_type, properties, location
            )
        return known

    def block_field(
        self, base: SSAValue, path: wasmvm.Path, result_type: Attribute = wasmvm.PTR
    ) -> SSAValue:
        """A field that only a call can change: loaded once in a block between calls."""
        key = (base, path)
        known = self._block_values.get(key)
        if known is None:
            known = self._block_values[key] = self.field(base, path, result_type)
        return known

    def field(
        self, base: SSAValue, path: wasmvm.Path, result_type: Attribute = wasmvm.PTR
    ) -> SSAValue:
        """A field, loaded here."""
        properties = wasmvm.path_properties(path)
        return self.value(wasmvm.LoadFieldOp, (base,), result_type, properties)

    def forget_fields(self) -> None:
        """A call may have changed every field that is not invariant."""
        self._block_values.clear()

    # --- declarations ---

    def _declared(self, symbol: SymbolRefAttr, cls: type[_D]) -> _D:
        """The declaration that a symbol means."""
        name = symbol.root_reference.data
        declaration = self.symbols.get(name)
        if not isinstance(declaration, cls):
            raise ValueError(f"@{name} is not declared here as {cls.name}")
        return declaration

    def memory(self, symbol: SymbolRefAttr) -> wasmir.MemoryOp:
        """The memory that a symbol means."""
        return self._declared(symbol, wasmir.MemoryOp)

    def table(self, symbol: SymbolRefAttr) -> wasmir.TableOp:
        """The table that a symbol means."""
        return self._declared(symbol, wasmir.TableOp)

    def variable(self, symbol: SymbolRefAttr) -> wasmir.GlobalOp:
        """The global that a symbol means."""
        return self._declared(symbol, wasmir.GlobalOp)

    def callee(self, symbol: SymbolRefAttr) -> wasmir.FuncOp:
        """The function that a symbol means."""
        return self._declared(symbol, wasmir.FuncOp)

    # --- where definitions are ---

    def memory_place(self, memory: wasmir.MemoryOp) -> tuple[SSAValue, wasmvm.Path]:
        """The pointer and the path (without field) of a memory's definition."""
        slot = memory.slot_value
        if memory.is_import:
            path = wasmvm.Path("imported_memories", slot, "from")
            return self.entry_field(self.vmctx(), path), wasmvm.Path("memory")
        if memory.shared is not None:
            path = wasmvm.Path("memories", slot, "definition")
            return self.entry_field(self.vmctx(), path), wasmvm.Path("memory")
        return self.vmctx(), wasmvm.Path("owned_memories", slot)

    def table_place(self, table: wasmir.TableOp) -> tuple[SSAValue, wasmvm.Path]:
        """The pointer and the path (without field) of a table's definition."""
        if table.is_import:
            path = wasmvm.Path("imported_tables", table.slot_value, "from")
            return self.entry_field(self.vmctx(), path), wasmvm.Path("table")
        return self.vmctx(), wasmvm.Path("tables", table.slot_value)

    def global_place(self, variable: wasmir.GlobalOp) -> tuple[SSAValue, wasmvm.Path]:
        """The pointer and the path of a global's value."""
        slot = variable.slot_value
        if variable.is_import:
            path = wasmvm.Path("imported_globals", slot, "from")
            return self.entry_field(self.vmctx(), path), wasmvm.Path("global", None, "value")
        return self.vmctx(), wasmvm.Path("globals", slot, "value")

    # --- linear memory ---

    def is_guarded(self, memory: wasmir.MemoryOp) -> bool:
        """Whether the memory has the full reservation and guard, and therefore never moves."""
        return self.bounds == "guard" and has_guard(
            is_64=memory.address_type == i64, page_size_log2=memory.page_size_log2.value.data
        )

    def memory_base(self, memory: wasmir.MemoryOp) -> SSAValue:
        """Where the memory starts."""
        pointer, path = self.memory_place(memory)
        path = path.with_field("base")
        if self.is_guarded(memory):
            return self.entry_field(pointer, path)
        return self.block_field(pointer, path)

    def memory_length(self, memory: wasmir.MemoryOp) -> SSAValue:
        """The memory's size in bytes, as it is now."""
        if memory.maximum_bytes == memory.minimum_bytes:
            return self.constant(memory.minimum_bytes, 64)
        pointer, path = self.memory_place(memory)
        return self.block_field(pointer, path.with_field("current_length"), i64)

    def access(self, op: wasmir.MemoryAccess) -> tuple[SSAValue, dict[str, Attribute]]:
        """Check the bounds of a load or store; its base and the properties of the access."""
        memory = self.memory(op.memory_symbol)
        address, end = op.address_operand, op.static_offset + op.bytes
        properties: dict[str, Attribute] = {
            "offset": op.properties["offset"],
            "bytes": integer_attr(op.bytes, 64),
            "align": _BYTE_ALIGNED,
        }
        if not (op.known_in_bounds or _is_inside(address, end, memory.minimum_bytes)):
            if not (self.is_guarded(memory) and is_covered_by_guard(end)):
                self.step(
                    wasmvm.BoundsCheckOp,
                    (address, self.memory_length(memory)),
                    # No memory has 2**64 - 1 bytes, so that stands for every larger end too.
                    {"size": integer_attr(min(end, (1 << 64) - 1), 64)},
                )
            else:
                properties |= {"may_fault": UNIT, **self.order}
        return self.memory_base(memory), properties

    def check_range(self, memory: wasmir.MemoryOp, start: SSAValue, length: SSAValue) -> None:
        """Trap unless `length` bytes from `start` (both i64) are inside the memory."""
        self.step(
            wasmvm.RangeCheckOp,
            (start, length, self.memory_length(memory)),
            {"code": integer_attr(TrapCode.MEMORY_OUT_OF_BOUNDS, 64)},
        )

    def linear_address(self, memory: wasmir.MemoryOp, address: SSAValue) -> SSAValue:
        """The host address of a checked i64 address."""
        base = self.memory_base(memory)
        return self.value(wasmvm.LinearAddressOp, (base, address), wasmvm.PTR)

    # --- tables ---

    def table_index(self, value: SSAValue) -> SSAValue:
        """An index into a table or a number of elements as i32. An i64 that does not fit becomes the
        largest i32: no table is that long, so it fails every check that the i64 would fail."""
        if value.type == i32:
            return value
        too_large = self.numeric("i64.gt_u", value, self.constant(0xFFFF_FFFF, 64))
        operands = (too_large, self.constant(-1), self.numeric("i32.wrap_i64", value))
        return self.value(wasmir.SelectOp, operands, i32)

    def table_result(self, value: SSAValue, result_type: Attribute) -> SSAValue:
        """A number of elements, or -1, in the table's index type."""
        return value if result_type == i32 else self.numeric("i64.extend_i32_s", value)

    def element_address(self, table: wasmir.TableOp, index: SSAValue) -> SSAValue:
        """The checked address of a table element; `index` is an i32."""
        pointer, path = self.table_place(table)
        count = self.block_field(pointer, path.with_field("current_elements"), i32)
        self.trap_if(self.numeric("i32.ge_u", index, count), TrapCode.TABLE_OUT_OF_BOUNDS)
        base = self.block_field(pointer, path.with_field("base"))
        return self.value(wasmvm.ElementAddressOp, (base, index), wasmvm.PTR)

    def element_properties(self, table: wasmir.TableOp) -> dict[str, Attribute]:
        """Whether the elements carry the initialised bit."""
        return {"function": UNIT} if table.element_type == wasmir.FUNCREF else {}


_BYTE_ALIGNED = integer_attr(1, 64)


def _is_inside(address: SSAValue, end: int, size: int) -> bool:
    constant = wasmir.constant_bits(address)
    return constant is not None and constant + end <= size


# --- one handler for each operation that touches runtime state ---
