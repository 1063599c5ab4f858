"""Every constructor of `WasmBuilder`: complete, and what it makes passes the verifier."""

from __future__ import annotations

import re
from typing import Any

import pytest
from xdsl.dialects.builtin import FunctionType, SymbolRefAttr, f32, f64, i32, i64
from xdsl.ir import Block, Operation, Region
from xdsl.traits import IsTerminator

from wasmdialect.abi.traps import TrapCode
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.fast import segment_sizes
from wasmdialect.dialects.wasm_builder import WasmBuilder
from wasmdialect.dialects.wasmvm import PTR, Path


def method(b: WasmBuilder, mnemonic: str) -> Any:
    """The constructor of an instruction."""
    return getattr(b, mnemonic.replace(".", "_"))


def built() -> Region:
    """A function that calls every constructor."""
    entry = Block(arg_types=[i32, i64, PTR, wasmir.FUNCREF])
    region = Region([entry])
    b = WasmBuilder.at_end(entry)
    x, wide, pointer, reference = entry.args
    b.select(b.i32_const(0), b.f32_const(0), b.f32_const(1 << 31))
    b.numeric("f64.neg", b.f64_const(0))
    b.numeric("i64.add", wide, b.i64_const(-1))
    b.call("f", (x, wide), (i32, f64))
    b.call_indirect(SymbolRefAttr("t"), "type", x, (wide,), ())
    b.mark_operators(3)
    b.mark_loop_header()
    b.global_set("g", b.global_get("g", f32))
    for mnemonic in wasmir.LOAD_OPS:
        method(b, mnemonic)("m", x, offset=(1 << 64) - 1)
    for mnemonic, cls in wasmir.STORE_OPS.items():
        value = b.global_get("g", cls.VALUE_TYPE)
        method(b, mnemonic)(SymbolRefAttr("m"), wide, value, align=1)
    for mnemonic, cls in wasmir.NUMERIC_OPS.items():
        method(b, mnemonic)(*(b.global_get("g", t) for t in cls.OPERAND_TYPES))
    for mnemonic, cls in wasmir.WIDE_OPS.items():
        method(b, mnemonic)(*(wide for _ in cls.get_irdl_definition().operands))
    vector = b.v128_const(1)
    for mnemonic, cls in wasmir.LANE_OPS.items():
        operands = [b.global_get("g", t) for t in cls.OPERAND_TYPES]
        b.lane(mnemonic, 1, *operands)
        method(b, mnemonic)(1, *operands)
    b.i8x16_shuffle(wasmir.pack_lanes(range(16)), vector, vector)
    for mnemonic in wasmir.LOAD_LANE_OPS:
        method(b, mnemonic)("m", 1, x, vector, offset=8, align=1)
    for mnemonic in wasmir.STORE_LANE_OPS:
        method(b, mnemonic)("m", 0, wide, vector)
    for mnemonic, cls in wasmir.ATOMIC_ACCESS_OPS.items():
        values = [b.global_get("g", t) for t in cls.VALUE_TYPES]
        method(b, mnemonic)("m", x, *values, offset=8)
    b.atomic_fence()
    b.memory_grow("m", b.memory_size("m", i64))
    b.trap_fence()
    b.memory_fill("m", x, x, x)
    b.memory_copy("m", "m", x, x, x)
    b.memory_init("m", "d", x, x, x)
    b.data_drop("d", segment_index=0)
    b.ref_is_null(b.ref_null(wasmir.EXTERNREF))
    b.table_set("t", x, b.ref_func("f", wasmir.FUNCREF))
    b.call_ref("type", b.ref_as_non_null(reference, wasmir.FUNCREF.as_non_null()), (wide,), ())
    b.table_get("t", wide, wasmir.FUNCREF)
    b.table_grow("t", reference, b.table_size("t", i32))
    b.table_fill("t", x, reference, x)
    b.table_copy("t", "t", x, x, x)
    b.table_init("t", "e", x, x, x, segment_index=1)
    b.elem_drop("e")
    limits = b.load_field(b.vmctx(), "vmctx.limits", invariant=True)
    b.store_field(limits, "limits.stack_limit", wide, volatile=True)
    b.load_field(b.caller_vmctx(), Path("owned_memories", 2, "current_length"), volatile=True)
    b.entry_address(pointer, "func_refs", 2, wasmir.FUNCREF)
    b.count("calls")
    b.count("calls", 2)
    b.store_bytes("area", 3, b.load_bytes("area", 3))
    b.linear_load(pointer, x, i64, bytes=4, offset=8, signed=True, may_fault=True, volatile=True)
    b.linear_store(pointer, wide, x, bytes=2, align=2, may_fault=True, volatile=True)
    b.linear_load(pointer, x, i64, bytes=4, align=4, volatile=True, atomic=True)
    b.linear_store(pointer, wide, x, bytes=2, align=2, volatile=True, atomic=True)
    old = b.atomic_rmw("add", pointer, x, wide, bytes=2, offset=4, may_fault=True)
    b.atomic_compare_exchange(pointer, wide, old, wide, bytes=8)
    b.fence()
    b.load_field(pointer, "memory.current_length", ordering="seq_cst")
    b.linear_address(pointer, wide)
    b.bounds_check(x, 4, wide)
    b.range_check(wide, wide, wide, TrapCode.MEMORY_OUT_OF_BOUNDS)
    element = b.element_address(pointer, x)
    b.load_element(pointer, element, x, wasmir.FUNCREF, table=1, function=True)
    b.store_element(element, reference, function=True, volatile=True)
    b.signature_id(pointer, 3)
    b.trap_if(x, TrapCode.BAD_SIGNATURE)
    b.call_function("f", pointer, pointer, (x,), (i32, i64))
    b.call_pointer("native", pointer, pointer, pointer, (x,), ())
    b.call_builtin("new_epoch", pointer, (), (i64,))
    b.call_builtin("out_of_gas", pointer)
    b.check_pending(pointer)
    for _ in (b.stack_pointer(), b.parent_frame_pointer(), b.return_address()):
        pass
    b.stack_check(wide)
    slots = b.stack_slots(2)
    b.store_slot(slots, 1, b.load_slot(slots, 0, f64))
    exception = b.exception("tag", (x,))
    b.exception_values(exception, "tag", (i32,))
    b.trace_throw(exception)
    b.exception_is(b.caught(), "tag")
    b.select(b.threw(), exception, b.new_exception(pointer, 32))
    b.store_slot(b.exception_slots(exception), 0, x)
    b.unwind_if_thrown(pointer)
    b.thrown(pointer)
    b.exception_barrier(pointer, b.global_get("g", wasmir.FUNCREF.as_non_null()))
    target = b.new_block((i32, i64))
    end = b.new_block()
    b.br_if(x, end, target, (), (x, wide))
    b.begin(target)
    b.br_table(x, (end, ()), [(target, (x, wide)), (end, ()), (target, target.args)])
    for finish in (
        *(b.return_, b.unreachable, lambda: b.trap(0), lambda: b.br(target, (x, wide))),
        *(lambda: b.throw_ref(exception), lambda: b.unwind(pointer)),
        lambda: b.return_call("f", (x,)),
        lambda: b.return_call_indirect("t", "type", x, (wide,)),
        lambda: b.return_call_ref("type", reference, (wide,)),
        lambda: b.return_call_function("f", pointer, pointer, (x,)),
        lambda: b.return_call_pointer(pointer, pointer, pointer, ()),
    ):
        b.begin(b.new_block())
        finish()
    b.begin(end)
    b.return_()
    return region


def test_what_is_built_is_valid():
    function = wasmvm.FuncOp("f", FunctionType.from_lists([], []), "wasm", built())
    function.verify()
    for op in function.walk():
        assert op is function or op.parent is not None


def test_every_operation_has_a_constructor():
    """All of both dialects but declarations."""
    made = {type(op) for op in built().walk()}
    expected: set[type[Operation]] = {*wasmir.WASMIR.operations, *wasmvm.WASMVM.operations}
    expected -= {wasmvm.FuncOp}
    expected = {op for op in expected if not issubclass(op, wasmir.DeclarationOp)}
    expected -= {wasmir.ExportOp, wasmir.StartOp, wasmvm.DeclareFieldOp, wasmvm.DeclareTrapOp}
    assert {op.name for op in expected - made} == set()


def test_groups_of_operands():
    branches = {type(op): op for op in built().walk() if op.has_trait(IsTerminator)}
    assert segment_sizes(branches[wasmir.BrIfOp]) == (1, 0, 2)
    table = branches[wasmir.BrTableOp]
    assert isinstance(table, wasmir.BrTableOp)
    assert segment_sizes(table) == (1, 0, 4)
    assert [len(arguments) for _, arguments in table.cases()] == [2, 0, 2]


def test_properties_are_not_shared():
    """A pass may change the properties of one operation."""
    b = WasmBuilder.at_end(Block())
    base = b.vmctx()
    first, second = (b.load_field(base, "vmctx.limits") for _ in range(2))
    first_op, second_op = first.owner, second.owner
    assert isinstance(first_op, wasmvm.LoadFieldOp)
    assert isinstance(second_op, wasmvm.LoadFieldOp)
    first_op.properties.pop("field")
    assert "field" in second_op.properties


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("vmctx.limits", PTR),
        ("limits.fuel_consumed", i64),
        ("func_ref.type_index", i32),
        (Path("tables", 3, "current_elements"), i32),
    ],
)
def test_fields_have_the_type_of_the_layout_table(field: str | Path, expected: object):
    b = WasmBuilder.at_end(Block())
    assert b.load_field(b.vmctx(), field).type == expected


@pytest.mark.parametrize(
    "field",
    ["extra.mine", "vmctx.limit", "limits", "tables.base", Path("globals", 0, "value"), "", "a.b"],
)
def test_fields_without_a_known_type_need_one(field: str | Path):
    b = WasmBuilder.at_end(Block())
    base = b.vmctx()
    with pytest.raises(ValueError, match="the layout table has no type for a field"):
        b.load_field(base, field)
    assert b.block.last_op is base.owner


def test_numeric_refuses_other_operands():
    b = WasmBuilder.at_end(Block())
    x, wide = b.i32_const(1), b.i64_const(1)
    for operands, given in (((x,), "i32"), ((x, wide), "i32, i64"), ((), "")):
        with pytest.raises(ValueError, match=re.escape(f"takes (i32, i32), not ({given})")):
            b.numeric("i32.add", *operands)
    with pytest.raises(ValueError, match=r"called 'i32\.ad'"):
        b.numeric("i32.ad", x, x)
    assert b.block.last_op is wide.owner
