"""wasmir-direct-calls: turn calls through tables that nothing writes into direct calls.

A call that can reach one or two slots of such a table asks for them first. The call through the table
stays behind that, and makes all checks. In a unit, which holds a part of a module, an attribute says
what is in the slots (`TARGETS`). docs/direct-calls.md says which tables count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, cast

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, ModuleOp, SymbolRefAttr, i64
from xdsl.ir import Attribute, Block, Operation, Region
from xdsl.passes import ModulePass

from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.counts import COUNTS_ATTRIBUTE
from wasmdialect.dialects.declared import ModuleDeclarations
from wasmdialect.dialects.fast import add_block_argument, make_block, operations_of, replace_value
from wasmdialect.dialects.lowered import lowered_by
from wasmdialect.dialects.wasm_builder import WasmBuilder
from wasmdialect.passes.base import defined_functions, enter_function, report
from wasmdialect.wasm.fixed_tables import Filling, TableTypes, Targets, table_contents

TARGETS = "targets"
"""The attribute of a unit: rows of a table, a type, a slot and the function in it."""

_Slot = tuple[int, SymbolRefAttr]
_Call = wasmir.CallIndirectOp | wasmir.ReturnCallIndirectOp
_TargetsOf = Callable[[_Call], Sequence[_Slot]]


@dataclass(frozen=True)
class WasmIRDirectCalls(ModulePass):
    """Turn calls through tables that nothing writes into direct calls."""

    name = "wasmir-direct-calls"
    scope: ClassVar[Literal["function", "module"]] = "function"

    remarks: bool = False
    """Report each call that is changed."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        targets = _given_targets(op) if COUNTS_ATTRIBUTE in op.attributes else _own_targets(op)
        if targets is None:
            return
        for function in defined_functions(op):
            enter_function(function)
            calls = [
                call
                for block in function.body.blocks
                for call in operations_of(block)
                if isinstance(call, _Call)
            ]
            for call in calls:
                slots = () if "in_try" in call.properties else targets(call)
                if slots and self.remarks:
                    callees = [symbol.root_reference.data for _, symbol in slots]
                    report(call, "made direct", callees=callees)
                for slot, callee in slots:
                    _ask_first(call, slot, callee)
        enter_function(None)


def note_targets(
    unit: ModuleOp, targets: Targets, declare: Callable[[str, int], SymbolRefAttr]
) -> None:
    """Note in a unit what calls through tables call directly. `declare` gives the symbol of what has a
    keyword and an index, which is then declared in the unit."""
    rows: list[Attribute] = []
    for (table, type_index), slots in targets.items():
        key = declare("table", table), declare("type", type_index)
        for slot, function in slots:
            rows.append(ArrayAttr([*key, IntegerAttr(slot, i64), declare("func", function)]))
    unit.attributes[TARGETS] = ArrayAttr(rows)


def _given_targets(unit: ModuleOp) -> _TargetsOf | None:
    rows = unit.attributes.pop(TARGETS, None)
    if not isinstance(rows, ArrayAttr):
        return None
    known: dict[tuple[Attribute, Attribute], list[_Slot]] = {}
    for row in cast("ArrayAttr[ArrayAttr[Any]]", rows):
        table, signature, slot, callee = row.data
        known.setdefault((table, signature), []).append((slot.value.data, callee))
    return lambda call: known.get((call.table, call.signature), ())


def _ask_first(call: _Call, slot: int, callee: SymbolRefAttr) -> None:
    """Call a function directly if a call asks for the slot that it is in."""
    b = WasmBuilder.before(call)
    other = b.split()
    direct = make_block()
    b.region.insert_block_before(direct, other)
    is_wide = call.index.type == i64
    wanted = b.i64_const(slot) if is_wide else b.i32_const(slot)
    is_there = b.i64_eq(call.index, wanted) if is_wide else b.i32_eq(call.index, wanted)
    b.br_if(is_there, direct, other)
    b.begin(direct)
    if isinstance(call, wasmir.ReturnCallIndirectOp):
        b.return_call(callee, call.arguments)
        return
    results = b.call(callee, call.arguments, [result.type for result in call.returned])
    behind = WasmBuilder.after(call)
    rest = behind.split()
    for result in call.returned:
        replace_value(result, add_block_argument(rest, result.type))
    behind.br(rest, call.returned)
    b.br(rest, results)


# --- of a whole module ---

_READING = (
    wasmir.CallIndirectOp,
    wasmir.ReturnCallIndirectOp,
    wasmir.TableGetOp,
    wasmir.TableSizeOp,
)
"""The operations whose `table` stays as it is. That of a copy is where it goes."""
_ANY_TABLE = (wasmvm.ElementAddressOp, wasmvm.StoreElementOp)
"""The operations that may write elements, it is not known of which table."""


def _own_targets(module: ModuleOp) -> _TargetsOf | None:
    """What calls in a module that is all there can reach; None if that is not known."""
    if lowered_by(module):
        return None
    declared = ModuleDeclarations(module)
    written = _written(declared)
    if written is None:
        return None
    tables = {op.sym_name.data: n for n, op in enumerate(declared.of(wasmir.TableOp))}
    functions = {op.sym_name.data: n for n, op in enumerate(declared.functions)}
    imported = {tables[op.sym_name.data] for op in declared.of(wasmir.TableOp) if op.is_import}
    exported = {op.target.root_reference.data for op in declared.exports}
    minimums = {
        n: op.limits[0]
        for n, op in enumerate(declared.of(wasmir.TableOp))
        if not op.is_import and op.init is None and op.sym_name.data not in written | exported
    }
    fillings = [
        _filling(op, tables[op.table.root_reference.data], functions)
        for op in declared.of(wasmir.ElemOp)
        if op.table is not None
    ]
    types = declared.types
    by_type = {
        table: TableTypes(slots, lambda n: types.function(declared.functions[n]))
        for table, slots in table_contents(minimums, imported, fillings).items()
    }

    def targets(call: _Call) -> Sequence[_Slot]:
        table = by_type.get(tables[call.table.root_reference.data])
        slots = () if table is None else table.targets(types.named(call.signature))
        return [(slot, declared.functions[function].symbol) for slot, function in slots]

    return targets


def _written(declared: ModuleDeclarations) -> set[str] | None:
    """The tables that functions may write; None if it cannot be told."""
    written: set[str] = set()
    for function in declared.functions:
        if function.is_declaration and not function.is_import:
            return None
        for op in function.body.walk():
            if isinstance(op, _ANY_TABLE):
                return None
            table = op.properties.get("table")
            if isinstance(table, SymbolRefAttr) and not isinstance(op, _READING):
                written.add(table.root_reference.data)
    return written


def _filling(op: wasmir.ElemOp, table: int, functions: Mapping[str, int]) -> Filling:
    start: int | None = None
    for place in _values(op.place):
        if isinstance(place, wasmir.ConstOp):
            start = place.value.value.data & (1 << place.value.type.width.data) - 1
    if op.functions is not None:
        symbols = op.functions.data
        return Filling(table, start, [functions[each.root_reference.data] for each in symbols])
    items: list[int | None] = []
    for value in _values(op.items):
        if isinstance(value, wasmir.RefFuncOp):
            items.append(functions[value.function.root_reference.data])
        elif isinstance(value, wasmir.RefNullOp):
            items.append(None)
        else:
            return Filling(table, start, None)
    return Filling(table, start, items)


def _values(region: Region) -> Sequence[Operation | Block]:
    """What gives the values of constant expressions."""
    last = None if region.first_block is None else region.first_block.last_op
    return [] if last is None else [value.owner for value in last.operands]
