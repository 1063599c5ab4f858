"""A constructor for each operation of wasmir that goes into a function.

Symbols are given as they are printed, without the `@`, or as references; offsets and counts are plain
integers. The classes of the operations say what each one does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from xdsl.dialects.builtin import DenseArrayBase, SymbolRefAttr, i32
from xdsl.ir import Attribute, Block, SSAValue

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.builder import OpBuilder
from wasmdialect.dialects.fast import integer_attr, segments

Symbol = SymbolRefAttr | str
Edge = tuple[Block, Sequence[SSAValue]]
"""A block and the values of its arguments."""

_I32_CONST = wasmir.CONST_OPS["i32.const"]
_I64_CONST = wasmir.CONST_OPS["i64.const"]
_F32_CONST = wasmir.CONST_OPS["f32.const"]
_F64_CONST = wasmir.CONST_OPS["f64.const"]


class WasmIRBuilder(OpBuilder):
    """Builds operations of wasmir."""

    # --- numbers ---

    def i32_const(self, value: int) -> SSAValue:
        """An i32, given as a signed or unsigned number."""
        return self.value(
            _I32_CONST, (), _I32_CONST.RESULT_TYPE, {"value": integer_attr(value, 32)}
        )

    def i64_const(self, value: int) -> SSAValue:
        """An i64, given as a signed or unsigned number."""
        return self.value(
            _I64_CONST, (), _I64_CONST.RESULT_TYPE, {"value": integer_attr(value, 64)}
        )

    def f32_const(self, bits: int) -> SSAValue:
        """An f32, given by its bits."""
        return self.value(_F32_CONST, (), _F32_CONST.RESULT_TYPE, {"value": integer_attr(bits, 32)})

    def f64_const(self, bits: int) -> SSAValue:
        """An f64, given by its bits."""
        return self.value(_F64_CONST, (), _F64_CONST.RESULT_TYPE, {"value": integer_attr(bits, 64)})

    def numeric(self, mnemonic: str, *operands: SSAValue) -> SSAValue:
        """The numeric instruction of that name, such as `i32.add`. Raises ValueError if there is none,
        or it takes other operands."""
        cls = wasmir.NUMERIC_OPS.get(mnemonic)
        if cls is None:
            raise ValueError(f"no numeric instruction is called {mnemonic!r}")
        types = tuple([operand.type for operand in operands])
        if types != cls.OPERAND_TYPES:
            takes, given = (", ".join(map(str, ts)) for ts in (cls.OPERAND_TYPES, types))
            raise ValueError(f"{mnemonic} takes ({takes}), not ({given})")
        return self.value(cls, operands, cls.RESULT_TYPE)

    def select(self, condition: SSAValue, true_value: SSAValue, false_value: SSAValue) -> SSAValue:
        """`select`; the condition comes first."""
        operands = (condition, true_value, false_value)
        return self.value(wasmir.SelectOp, operands, true_value.type)

    # --- control ---

    def br(self, target: Block, arguments: Sequence[SSAValue] = ()) -> None:
        """End the block with a jump."""
        self.terminator(wasmir.BrOp, arguments, (target,))

    def br_if(
        self,
        condition: SSAValue,
        then_block: Block,
        else_block: Block,
        then_arguments: Sequence[SSAValue] = (),
        else_arguments: Sequence[SSAValue] = (),
    ) -> None:
        """End the block: go to `then_block` if the i32 is not zero, else to `else_block`."""
        self.terminator(
            wasmir.BrIfOp,
            (condition, *then_arguments, *else_arguments),
            (then_block, else_block),
            segments(1, len(then_arguments), len(else_arguments)),
        )

    def br_table(self, index: SSAValue, default: Edge, cases: Sequence[Edge]) -> None:
        """End the block: go to the case of that number (unsigned), to `default` if there is none."""
        operands = [index, *default[1]]
        for _, arguments in cases:
            operands.extend(arguments)
        sizes = [len(arguments) for _, arguments in cases]
        properties = segments(1, len(default[1]), sum(sizes))
        properties["case_sizes"] = DenseArrayBase.from_list(i32, sizes)
        blocks = [default[0], *(block for block, _ in cases)]
        self.terminator(wasmir.BrTableOp, operands, blocks, properties)

    def return_(self, values: Sequence[SSAValue] = ()) -> None:
        """End the block: return from the function."""
        self.step(wasmir.ReturnOp, values)

    def unreachable(self) -> None:
        """End the block with a trap."""
        self.step(wasmir.UnreachableOp)

    def call(
        self,
        callee: Symbol,
        arguments: Sequence[SSAValue] = (),
        result_types: Sequence[Attribute] = (),
    ) -> Sequence[SSAValue]:
        """Call a Wasm function; returns its results."""
        return self.results(wasmir.CallOp, arguments, result_types, {"callee": symbol_ref(callee)})

    def call_indirect(
        self,
        table: Symbol,
        signature: Symbol,
        index: SSAValue,
        arguments: Sequence[SSAValue],
        result_types: Sequence[Attribute],
    ) -> Sequence[SSAValue]:
        """Call the function at `index` of a table; `signature` is a `wasmir.type`."""
        properties: dict[str, Attribute] = {
            "table": symbol_ref(table),
            "signature": symbol_ref(signature),
        }
        operands = (index, *arguments)
        return self.results(wasmir.CallIndirectOp, operands, result_types, properties)

    def mark_operators(self, count: int) -> None:
        """Mark that so many operators ran."""
        self.step(wasmir.OperatorsOp, (), {"count": integer_attr(count, 64)})

    def mark_loop_header(self) -> None:
        """Mark the start of a loop."""
        self.step(wasmir.LoopHeaderOp)

    # --- globals ---

    def global_get(self, variable: Symbol, result_type: Attribute) -> SSAValue:
        """Read a global."""
        properties: dict[str, Attribute] = {"variable": symbol_ref(variable)}
        return self.value(wasmir.GlobalGetOp, (), result_type, properties)

    def global_set(self, variable: Symbol, value: SSAValue) -> None:
        """Write a global."""
        self.step(wasmir.GlobalSetOp, (value,), {"variable": symbol_ref(variable)})

    # --- memories ---

    def load(
        self,
        mnemonic: str,
        memory: Symbol,
        address: SSAValue,
        *,
        offset: int = 0,
        align: int | None = None,
    ) -> SSAValue:
        """A load, such as `i32.load8_s`; `align` in bytes if less than the width is promised. KeyError
        for another name."""
        cls = wasmir.LOAD_OPS[mnemonic]
        return self.value(
            cls, (address,), cls.RESULT_TYPE, _access_properties(memory, offset, align)
        )

    def store(
        self,
        mnemonic: str,
        memory: Symbol,
        address: SSAValue,
        value: SSAValue,
        *,
        offset: int = 0,
        align: int | None = None,
    ) -> None:
        """A store, such as `i32.store8`."""
        cls = wasmir.STORE_OPS[mnemonic]
        self.step(cls, (address, value), _access_properties(memory, offset, align))

    def memory_size(self, memory: Symbol, result_type: Attribute = i32) -> SSAValue:
        """The pages of a memory, in its address type."""
        properties: dict[str, Attribute] = {"memory": symbol_ref(memory)}
        return self.value(wasmir.MemorySizeOp, (), result_type, properties)

    def memory_grow(self, memory: Symbol, delta: SSAValue) -> SSAValue:
        """Add pages to a memory; returns the old number of pages, or -1."""
        properties: dict[str, Attribute] = {"memory": symbol_ref(memory)}
        return self.value(wasmir.MemoryGrowOp, (delta,), delta.type, properties)

    def memory_fill(
        self, memory: Symbol, start: SSAValue, value: SSAValue, length: SSAValue
    ) -> None:
        """Set bytes of a memory."""
        operands = (start, value, length)
        self.step(wasmir.MemoryFillOp, operands, {"memory": symbol_ref(memory)})

    def memory_copy(
        self,
        memory: Symbol,
        source_memory: Symbol,
        destination: SSAValue,
        source: SSAValue,
        length: SSAValue,
    ) -> None:
        """Copy bytes between memories, or inside one."""
        properties: dict[str, Attribute] = {
            "memory": symbol_ref(memory),
            "source_memory": symbol_ref(source_memory),
        }
        self.step(wasmir.MemoryCopyOp, (destination, source, length), properties)

    def memory_init(
        self,
        memory: Symbol,
        segment: Symbol,
        destination: SSAValue,
        source: SSAValue,
        length: SSAValue,
        *,
        segment_index: int | None = None,
    ) -> None:
        """Copy bytes of a data segment to a memory."""
        properties: dict[str, Attribute] = {
            "memory": symbol_ref(memory),
            **_segment(segment, segment_index),
        }
        self.step(wasmir.MemoryInitOp, (destination, source, length), properties)

    def data_drop(self, segment: Symbol, segment_index: int | None = None) -> None:
        """Empty a data segment."""
        self.step(wasmir.DataDropOp, (), _segment(segment, segment_index))

    # --- references and tables ---

    def ref_null(self, result_type: Attribute) -> SSAValue:
        """The null reference of a type."""
        return self.value(wasmir.RefNullOp, (), result_type)

    def ref_is_null(self, reference: SSAValue) -> SSAValue:
        """1 if the reference is null, else 0."""
        return self.value(wasmir.RefIsNullOp, (reference,), i32)

    def ref_func(self, function: Symbol) -> SSAValue:
        """A reference to a function."""
        properties: dict[str, Attribute] = {"function": symbol_ref(function)}
        return self.value(wasmir.RefFuncOp, (), wasmir.FUNCREF, properties)

    def table_get(self, table: Symbol, index: SSAValue, result_type: Attribute) -> SSAValue:
        """An element of a table."""
        properties: dict[str, Attribute] = {"table": symbol_ref(table)}
        return self.value(wasmir.TableGetOp, (index,), result_type, properties)

    def table_set(self, table: Symbol, index: SSAValue, value: SSAValue) -> None:
        """Change an element of a table."""
        self.step(wasmir.TableSetOp, (index, value), {"table": symbol_ref(table)})

    def table_size(self, table: Symbol, result_type: Attribute = i32) -> SSAValue:
        """The elements of a table, in its index type."""
        properties: dict[str, Attribute] = {"table": symbol_ref(table)}
        return self.value(wasmir.TableSizeOp, (), result_type, properties)

    def table_grow(self, table: Symbol, value: SSAValue, delta: SSAValue) -> SSAValue:
        """Add elements to a table; returns the old number of elements, or -1."""
        properties: dict[str, Attribute] = {"table": symbol_ref(table)}
        return self.value(wasmir.TableGrowOp, (value, delta), delta.type, properties)

    def table_fill(self, table: Symbol, start: SSAValue, value: SSAValue, length: SSAValue) -> None:
        """Set elements of a table."""
        self.step(wasmir.TableFillOp, (start, value, length), {"table": symbol_ref(table)})

    def table_copy(
        self,
        table: Symbol,
        source_table: Symbol,
        destination: SSAValue,
        source: SSAValue,
        length: SSAValue,
    ) -> None:
        """Copy elements between tables, or inside one."""
        properties: dict[str, Attribute] = {
            "table": symbol_ref(table),
            "source_table": symbol_ref(source_table),
        }
        self.step(wasmir.TableCopyOp, (destination, source, length), properties)

    def table_init(
        self,
        table: Symbol,
        segment: Symbol,
        destination: SSAValue,
        source: SSAValue,
        length: SSAValue,
        *,
        segment_index: int | None = None,
    ) -> None:
        """Copy elements of an element segment to a table."""
        properties: dict[str, Attribute] = {
            "table": symbol_ref(table),
            **_segment(segment, segment_index),
        }
        self.step(wasmir.TableInitOp, (destination, source, length), properties)

    def elem_drop(self, segment: Symbol, segment_index: int | None = None) -> None:
        """Empty an element segment."""
        self.step(wasmir.ElemDropOp, (), _segment(segment, segment_index))


CONSTANTS: dict[str, Callable[[WasmIRBuilder, int], SSAValue]] = {
    "i32.const": WasmIRBuilder.i32_const,
    "i64.const": WasmIRBuilder.i64_const,
    "f32.const": WasmIRBuilder.f32_const,
    "f64.const": WasmIRBuilder.f64_const,
}
"""The constructors of constants by mnemonic."""


# --- properties ---


def symbol_ref(symbol: Symbol) -> SymbolRefAttr:
    """A reference to a symbol."""
    return _symbol(symbol) if isinstance(symbol, str) else symbol


@lru_cache(10_000)
def _symbol(name: str) -> SymbolRefAttr:
    return SymbolRefAttr(name)


def _segment(segment: Symbol, index: int | None) -> dict[str, Attribute]:
    properties: dict[str, Attribute] = {"segment": symbol_ref(segment)}
    if index is not None:
        properties["segment_index"] = integer_attr(index, 64)
    return properties


def _access_properties(memory: Symbol, offset: int, align: int | None) -> dict[str, Attribute]:
    """The properties of a load or store of wasmir."""
    properties: dict[str, Attribute] = {
        "memory": symbol_ref(memory),
        "offset": integer_attr(offset, 64),
    }
    if align is not None:
        properties["align"] = integer_attr(align, 64)
    return properties
