"""Building the wasmvm steps of a function: loads of runtime state, without repetition where
possible, checks, and calls of the runtime. `insert_vmctx_loads.py` defines the steps of each wasmir
operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from xdsl.dialects.builtin import SymbolRefAttr, i32, i64
from xdsl.ir import Attribute, Block, Operation, SSAValue

from wasmdialect.abi.reservation import has_guard, is_covered_by_guard
from wasmdialect.abi.traps import TrapCode
from wasmdialect.analyses.local_ranges import is_inside
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.fast import drop, make_block, relink, replace_by, replace_value
from wasmdialect.dialects.wasm_builder import WasmBuilder
from wasmdialect.dialects.wasmir.types import all_may_be

_D = TypeVar("_D", bound=wasmir.DeclarationOp)


def _orders_accesses(
    bounds: Literal["guard", "explicit"], traps: Literal["exact", "relaxed"]
) -> bool:
    """Whether accesses are volatile to keep their order with traps; decided only here.

    An access that faults is an exit from the function that LLVM does not see. LLVM keeps volatile
    accesses in their order, but deletes, delays and hoists plain stores across them, whether these are
    known to be in bounds or not; and at -O3 it inlines functions that only store next to accesses that
    may fault. So with guard pages every store is volatile. With explicit bounds each trap is a branch
    to a block that starts with a fence, which for LLVM reads all memory: plain stores will do.
    """
    return traps == "exact" and bounds == "guard"


@dataclass(slots=True)
class MemoryFacts:
    """What accesses of a memory need of its declaration, and its base."""

    declaration: wasmir.MemoryOp
    minimum_bytes: int
    is_guarded: bool
    """Whether it has the full reservation and guard."""
    is_shared: bool
    base: SSAValue | None = None
    """Its base address, if it never moves and has been loaded."""

    @property
    def never_moves(self) -> bool:
        return self.is_guarded or self.is_shared

    def holds(self, op: wasmir.MemoryAccess, end: int) -> bool:
        """Whether an access, `end` bytes from its address on, is certainly inside."""
        return op.known_in_bounds or is_inside(op.address_operand, end, self.minimum_bytes)

    def guards(self, end: int) -> bool:
        """Whether it faults if it is not."""
        return self.is_guarded and is_covered_by_guard(end)


class VMContextSteps(WasmBuilder):
    """Appends steps to a block of one function."""

    def __init__(
        self,
        function: wasmir.FuncOp,
        symbols: dict[str, Operation],
        bounds: Literal["guard", "explicit"],
        traps: Literal["exact", "relaxed"],
    ):
        super().__init__(function.entry, function.location)
        self.function = function
        self.symbols = symbols
        self.bounds = bounds
        self.ordered = _orders_accesses(bounds, traps)
        """Whether every store that can be seen after a trap is volatile, and every load that may
        fault."""
        self.prelude = WasmBuilder(make_block(), function.location)
        """Operations for the start of the entry block."""
        self._memories: dict[str, MemoryFacts] = {}
        """By symbol: most operations are accesses."""
        self._vmctx: SSAValue | None = None
        self._entry_values: dict[tuple[SSAValue, wasmvm.Path], SSAValue] = {}
        """Fields that never change, loaded once at the entry."""
        self._block_values: dict[tuple[SSAValue, wasmvm.Path], SSAValue] = {}
        """Fields loaded in this block since the last call."""

    def begin(self, block: Block) -> None:
        """Append to another block, where nothing has been loaded yet."""
        super().begin(block)
        self._block_values.clear()

    # --- values and calls ---

    def extend(self, value: SSAValue) -> SSAValue:
        """An address or length as i64."""
        return value if value.type == i64 else self.numeric("i64.extend_i32_u", value)

    def builtin(self, name: str, *arguments: SSAValue) -> None:
        """Call a runtime function without a result; it may change anything."""
        self.call_builtin(name, self.vmctx(), arguments)
        self.forget_fields()

    def builtin_value(self, name: str, result_type: Attribute, *arguments: SSAValue) -> SSAValue:
        """Call a runtime function for its result; it may change anything."""
        (result,) = self.call_builtin(name, self.vmctx(), arguments, (result_type,))
        self.forget_fields()
        return result

    # --- the end of an operation ---

    def give_place(self, op: Operation) -> None:
        """Replace `op` by the last built operation, which computes its results."""
        last = self.block.last_op
        assert last is not None
        replace_by(op, last)

    def give_values(self, op: Operation, values: Sequence[SSAValue]) -> None:
        """Use these values for the results of `op`."""
        for result, value in zip(op.results, values, strict=True):
            replace_value(result, value)
        drop(op)

    def drop(self, op: Operation) -> None:
        """Leave out `op`, which has no results."""
        drop(op)

    def stay(self, op: Operation) -> None:
        """Put `op` back."""
        relink(self.block, op)

    # --- fields ---

    def vmctx(self) -> SSAValue:
        """The VMContext, taken once at the entry."""
        if self._vmctx is None:
            self._vmctx = self.prelude.vmctx()
        return self._vmctx

    def entry_field(self, base: SSAValue, path: wasmvm.Path) -> SSAValue:
        """A field that never changes: loaded once, at the entry of the function."""
        key = (base, path)
        known = self._entry_values.get(key)
        if known is None:
            known = self._entry_values[key] = self.prelude.load_field(base, path, invariant=True)
        return known

    def block_field(
        self, base: SSAValue, path: wasmvm.Path, ordering: Literal["", "unordered"] = ""
    ) -> SSAValue:
        """A field that only a call can change: loaded once in a block between calls."""
        key = (base, path)
        known = self._block_values.get(key)
        if known is None:
            known = self._block_values[key] = self.load_field(base, path, ordering=ordering)
        return known

    def forget_fields(self) -> None:
        """A call, or another thread that an atomic access has synchronised with, may have changed every
        field that is not invariant."""
        self._block_values.clear()

    # --- declarations ---

    def declared(self, symbol: SymbolRefAttr | str, cls: type[_D]) -> _D:
        """The declaration of a symbol."""
        name = symbol if isinstance(symbol, str) else symbol.root_reference.data
        declaration = self.symbols.get(name)
        if not isinstance(declaration, cls):
            raise ValueError(f"@{name} is not declared here as {cls.name}")
        return declaration

    def memory(self, symbol: SymbolRefAttr) -> wasmir.MemoryOp:
        """The memory of a symbol."""
        return self.declared(symbol, wasmir.MemoryOp)

    def table(self, symbol: SymbolRefAttr) -> wasmir.TableOp:
        """The table of a symbol."""
        return self.declared(symbol, wasmir.TableOp)

    def variable(self, symbol: SymbolRefAttr) -> wasmir.GlobalOp:
        """The global of a symbol."""
        return self.declared(symbol, wasmir.GlobalOp)

    def callee(self, symbol: SymbolRefAttr) -> wasmir.FuncOp:
        """The function of a symbol."""
        return self.declared(symbol, wasmir.FuncOp)

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

    def memory_base(self, memory: wasmir.MemoryOp) -> SSAValue:
        """The base address of the memory."""
        return self.base_of(self.facts(memory.sym_name.data))

    def base_of(self, facts: MemoryFacts) -> SSAValue:
        """The base address of a memory."""
        if facts.base is not None:
            return facts.base
        pointer, path = self.memory_place(facts.declaration)
        path = path.with_field("base")
        if not facts.never_moves:
            return self.block_field(pointer, path)
        facts.base = self.entry_field(pointer, path)
        return facts.base

    def facts(self, symbol: str) -> MemoryFacts:
        """The memory of a symbol, and what accesses need to know of it."""
        known = self._memories.get(symbol)
        if known is None:
            memory = self.declared(symbol, wasmir.MemoryOp)
            is_guarded = self.bounds == "guard" and has_guard(
                is_64=memory.address_type == i64, page_size_log2=memory.page_size_log2.value.data
            )
            is_shared = memory.shared is not None
            known = MemoryFacts(memory, memory.minimum_bytes, is_guarded, is_shared)
            self._memories[symbol] = known
        return known

    def memory_length(self, memory: wasmir.MemoryOp) -> SSAValue:
        """The memory's size in bytes. Other threads may make a shared memory larger at any time, but
        what this thread has not synchronised with need not be seen."""
        if memory.maximum_bytes == memory.minimum_bytes:
            return self.i64_const(memory.minimum_bytes)
        pointer, path = self.memory_place(memory)
        ordering = "" if memory.shared is None else "unordered"
        return self.block_field(pointer, path.with_field("current_length"), ordering)

    def fresh_memory_length(self, memory: wasmir.MemoryOp) -> SSAValue:
        """The memory's size in bytes at this point in the order of all threads."""
        if memory.shared is None or memory.maximum_bytes == memory.minimum_bytes:
            return self.memory_length(memory)
        self.forget_fields()
        pointer, path = self.memory_place(memory)
        path = path.with_field("current_length")
        return self.load_field(pointer, path, ordering="seq_cst")

    def access(self, op: wasmir.MemoryAccess) -> tuple[SSAValue, bool]:
        """Check the bounds of a load or store; the base of its memory, and whether it may fault."""
        memory = self.facts(op.memory_symbol.root_reference.data)
        end = op.static_offset + op.bytes
        may_fault = False
        if not memory.holds(op, end):
            may_fault = memory.guards(end)
            if not may_fault:
                # No memory has 2**64 - 1 bytes, so this value can represent every larger end too.
                bound = self.memory_length(memory.declaration)
                self.bounds_check(op.address_operand, min(end, (1 << 64) - 1), bound)
        return self.base_of(memory), may_fault

    def may_fault(self, op: wasmir.MemoryAccess) -> bool:
        """Whether an access may fault, as `access` says."""
        memory = self.facts(op.memory_symbol.root_reference.data)
        end = op.static_offset + op.bytes
        return memory.guards(end) and not memory.holds(op, end)

    def must_happen(self, op: wasmir.MemoryAccess, *, ordered: bool) -> bool:
        """Whether a load or store is volatile: if traps are `ordered` with it, and in a shared memory.
        A plain access that races with another thread's is undefined behaviour for LLVM, which assumes
        that there is none; it does not look into a volatile one."""
        is_shared = self.facts(op.memory_symbol.root_reference.data).is_shared
        return is_shared or (ordered and "plain" not in op.properties)

    def check_range(self, memory: wasmir.MemoryOp, start: SSAValue, length: SSAValue) -> None:
        """Trap unless `length` bytes from `start` (both i64) are inside the memory."""
        bound, is_narrow = self.memory_length(memory), memory.address_type == i32
        self.range_check(start, length, bound, TrapCode.MEMORY_OUT_OF_BOUNDS, nuw=is_narrow)

    def memory_address(self, memory: wasmir.MemoryOp, address: SSAValue) -> SSAValue:
        """The host address of a checked i64 address."""
        return self.linear_address(self.memory_base(memory), address)

    # --- tables ---

    def table_index(self, value: SSAValue) -> SSAValue:
        """An index into a table or a number of elements as i32. An i64 that does not fit becomes the
        largest i32: no table is that long, so it fails every check that the i64 would fail."""
        if value.type == i32:
            return value
        too_large = self.numeric("i64.gt_u", value, self.i64_const(0xFFFF_FFFF))
        return self.select(too_large, self.i32_const(-1), self.numeric("i32.wrap_i64", value))

    def table_result(self, value: SSAValue, result_type: Attribute) -> SSAValue:
        """A number of elements, or -1, in the table's index type."""
        return value if result_type == i32 else self.numeric("i64.extend_i32_s", value)

    def checked_element(self, table: wasmir.TableOp, index: SSAValue) -> SSAValue:
        """The checked address of a table element; `index` is an i32."""
        pointer, path = self.table_place(table)
        count = self.block_field(pointer, path.with_field("current_elements"))
        self.trap_if(self.numeric("i32.ge_u", index, count), TrapCode.TABLE_OUT_OF_BOUNDS)
        return self.element_address(self.block_field(pointer, path.with_field("base")), index)

    def element(self, table: wasmir.TableOp, index: SSAValue) -> SSAValue:
        """A table element; `index` is an i32."""
        return self.load_element(
            self.vmctx(),
            self.checked_element(table, index),
            index,
            table.element_type,
            table=table.index_value,
            function=holds_functions(table),
        )

    # --- callees ---

    def check_signature(
        self, callee: wasmir.FuncOp, arguments: Sequence[Attribute], results: Sequence[Attribute]
    ) -> None:
        """Raises ValueError if a function has another type than the one it is called as."""
        signature: Any = callee.properties["function_type"]
        inputs, outputs = signature.inputs.data, signature.outputs.data
        if not (all_may_be(arguments, inputs) and all_may_be(outputs, results)):
            raise ValueError(
                f"@{callee.sym_name.data} has type {signature}, and is called as another"
            )

    def imported_code(self, symbol: SymbolRefAttr) -> tuple[SSAValue, SSAValue] | None:
        """The code and the VMContext of an imported function; None if it is defined here."""
        callee = self.callee(symbol)
        if not callee.is_import:
            return None
        place = wasmvm.Path("imported_functions", callee.slot_value)
        code = self.load_field(self.vmctx(), place.with_field("wasm_call"))
        return code, self.load_field(self.vmctx(), place.with_field("vmctx"))

    def code_of(self, reference: SSAValue) -> tuple[SSAValue, SSAValue]:
        """The code and the VMContext of a referenced function."""
        code = self.load_field(reference, "func_ref.wasm_call")
        return code, self.load_field(reference, "func_ref.vmctx")

    def check_not_null(self, reference: SSAValue) -> None:
        """Trap if a reference of a type that may be null is."""
        assert isinstance(reference.type, wasmir.RefType)
        if reference.type.is_nullable:
            self.trap_if(self.ref_is_null(reference), TrapCode.NULL_REFERENCE)

    def checked_callee(
        self, table: SymbolRefAttr, signature: SymbolRefAttr, index: SSAValue
    ) -> SSAValue:
        """The function at an index of a table; traps unless it has the type of the symbol."""
        vmctx = self.vmctx()
        reference = self.element(self.table(table), self.table_index(index))
        declared = self.declared(signature, wasmir.TypeOp)
        ids = self.entry_field(vmctx, wasmvm.Path("vmctx", None, "signature_ids"))
        expected = self.signature_id(ids, declared.index_value)
        actual = self._type_of_callee(reference)
        if declared.open is not None:
            # Subtypes will do, of which other modules may have more.
            actual = self.builtin_value("supertype", i32, actual, expected)
        self.trap_if(self.numeric("i32.ne", actual, expected), TrapCode.BAD_SIGNATURE)
        return reference

    def _type_of_callee(self, reference: SSAValue) -> SSAValue:
        """The type of a function from a table; traps if there is none. Stores before that are volatile
        with guard pages, so the load itself may trap; otherwise a trap is a branch."""
        null, field = TrapCode.INDIRECT_CALL_TO_NULL, "func_ref.type_index"
        if self.bounds == "guard":
            return self.load_field(reference, field, volatile=True, null_trap=null)
        self.trap_if(self.ref_is_null(reference), null)
        return self.load_field(reference, field)


def holds_functions(table: wasmir.TableOp) -> bool:
    """Whether the elements of a table carry the initialised bit."""
    element = table.element_type
    return isinstance(element, wasmir.RefType) and element.is_function
