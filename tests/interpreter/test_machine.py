"""Running: depth, limits, the place of a trap, the host, exceptions, additions of passes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from interpreter.running import call, imported, instance_of

from wasmdialect.abi.traps import TrapCode
from wasmdialect.dialects import wasmir
from wasmdialect.interpreter import (
    BrokenPromise,
    HostFunction,
    LinkFailure,
    Machine,
    NotInterpreted,
    Observer,
    StepLimit,
    Tag,
    Trapped,
    Uncaught,
)
from wasmdialect.types import I32, func_def_type

COUNT_DOWN = """(module (func $f (export "f") (param i32) (result i32)
  (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
  (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1))))))"""


def test_calls_nest_deeper_than_the_recursion_limit_of_python():
    assert call(instance_of(COUNT_DOWN), "f", 50_000) == [50_000]


def test_a_recursion_without_end_exhausts_the_stack_and_the_instance_goes_on():
    instance = instance_of(COUNT_DOWN, Machine(stack=10_000))
    for _ in range(2):
        with pytest.raises(Trapped) as caught:
            call(instance, "f", 0xFFFF_FFFF)
        assert caught.value.code is TrapCode.STACK_OVERFLOW
        assert call(instance, "f", 10) == [10]


def test_tail_calls_take_no_stack():
    source = """(module (func $f (export "f") (param i32) (result i32)
      (if (i32.eqz (local.get 0)) (then (return (i32.const 7))))
      (return_call $f (i32.sub (local.get 0) (i32.const 1)))))"""
    assert call(instance_of(source, Machine(stack=100)), "f", 100_000) == [7]


def test_the_limit_of_steps_ends_a_loop_without_end():
    instance = instance_of('(module (func (export "f") (loop (br 0))))', Machine(1000))
    with pytest.raises(StepLimit, match="more than 1000 operations"):
        call(instance, "f")


def test_a_trap_names_the_operations_that_were_running():
    source = """(module
      (func $div (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
      (func (export "f") (param i32) (result i32) (call $div (local.get 0))))"""
    with pytest.raises(Trapped) as caught:
        call(instance_of(source), "f", 0)
    inner, outer = caught.value.places
    assert caught.value.code is TrapCode.INTEGER_DIVISION_BY_ZERO
    assert (inner.function, inner.operation) == ("div", "wasmir.i32.div_u")
    assert (outer.function, outer.operation) == ("func1", "wasmir.call")
    assert str(inner) == f"wasmir.i32.div_u at 0x{inner.wasm_offset:x} in @div"


def test_a_store_that_traps_leaves_what_was_before_it():
    source = """(module (memory (export "m") 1) (func (export "f")
      (i32.store (i32.const 0) (i32.const 1)) (i32.store (i32.const 65533) (i32.const -1))))"""
    instance = instance_of(source)
    with pytest.raises(Trapped, match="out of bounds memory access"):
        call(instance, "f")
    memory = instance.exports["m"]
    assert memory.bytes[:4] == b"\1\0\0\0"
    assert memory.bytes[65532:65536] == bytes(4)


# --- host functions


HOST = """(module (import "m" "host" (func $h (param i32) (result i32)))
  (func (export "f") (param i32) (result i32) (i32.add (call $h (local.get 0)) (i32.const 1)))
  (func (export "g") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))"""
ONE_TO_ONE = func_def_type([I32], [I32])


def test_a_host_function_calls_back():
    machine = Machine()

    def back(value: int) -> Sequence[int]:
        return machine.invoke(instance.exports["g"], [value])  # pyright: ignore[reportArgumentType]

    instance = instance_of(HOST, machine, host=HostFunction(ONE_TO_ONE, back))
    assert call(instance, "f", 20) == [41]


def test_recursion_through_the_host_without_end_is_a_trap():
    machine = Machine()

    def back(value: int) -> Sequence[int]:
        return machine.invoke(instance.exports["f"], [value])  # pyright: ignore[reportArgumentType]

    instance = instance_of(HOST, machine, host=HostFunction(ONE_TO_ONE, back))
    with pytest.raises(Trapped) as caught:
        call(instance, "f", 1)
    assert caught.value.code is TrapCode.STACK_OVERFLOW
    assert machine.frames == []


def test_an_exception_of_the_host_unwinds_the_machine():
    def fail(_: int) -> Sequence[int]:
        raise KeyError("of the host")

    instance = instance_of(HOST, host=HostFunction(ONE_TO_ONE, fail))
    with pytest.raises(KeyError):
        call(instance, "f", 1)
    assert instance.machine.frames == []
    assert call(instance, "g", 4) == [8]


THROWS = """(module (import "m" "host" (func $h)) (import "m" "tag" (tag $t (param i32)))
  (func $throw (throw $t (i32.const 9)))
  (func (export "catch") (result i32)
    (block $b (result i32) (try_table (catch $t $b) (call $h)) (i32.const 1)))
  (func (export "throw") (call $throw)))"""


def test_exceptions_cross_host_functions_and_are_caught():
    machine, tag = Machine(), Tag(func_def_type([I32], []))
    nothing = func_def_type([], [])

    def throw() -> Sequence[int]:
        return machine.invoke(instance.exports["throw"], [])  # pyright: ignore[reportArgumentType]

    instance = instance_of(THROWS, machine, host=HostFunction(nothing, throw), tag=tag)
    assert call(instance, "catch") == [9]
    with pytest.raises(Uncaught) as caught:
        call(instance, "throw")
    assert caught.value.exception.tag is tag
    assert caught.value.exception.values == (9,)
    quiet = instance_of(THROWS, machine, host=HostFunction(nothing, lambda: ()), tag=tag)
    assert call(quiet, "catch") == [1]


def test_imports_that_are_missing_or_do_not_fit():
    with pytest.raises(LinkFailure, match="unknown import: `m::host`"):
        instance_of(HOST)
    with pytest.raises(LinkFailure, match="incompatible import type for `m::host`"):
        instance_of(HOST, host=HostFunction(func_def_type([], []), lambda: ()))


# --- what passes make


def test_ir_as_text_runs():
    source = """wasmir.func @f(%a: i32) -> i32 {
      %two = wasmir.i32.const 2
      %b = wasmir.i32.mul %a, %two
      wasmir.return %b : i32
    }
    wasmir.export "f" @f"""
    assert call(instance_of(source), "f", 21) == [42]


def test_counters_and_fields_count():
    source = """wasmvm.declare_field "calls" size 8 align 8 counter
    wasmir.func @f() {
      wasmvm.count "calls" by 3
      wasmir.return
    }
    wasmir.export "f" @f"""
    instance = instance_of(source)
    call(instance, "f")
    call(instance, "f")
    assert instance.fields == {"calls": (6).to_bytes(8, "little")}


def test_an_access_that_is_wrongly_marked_in_bounds_is_a_broken_promise():
    source = """wasmir.memory @m i32 min 1 page 16
    wasmir.func @f(%a: i32) -> i32 {
      %b = wasmir.i32.load @m[%a] inbounds
      wasmir.return %b : i32
    }
    wasmir.export "f" @f"""
    instance = instance_of(source)
    assert call(instance, "f", 65532) == [0]
    with pytest.raises(BrokenPromise, match="inbounds"):
        call(instance, "f", 65533)


def test_a_lowered_module_is_refused():
    module = imported(COUNT_DOWN, "insert-vmctx-loads")
    from wasmdialect.interpreter import Instance

    with pytest.raises(NotInterpreted, match="has been lowered: insert-vmctx-loads"):
        Instance(Machine(), module, {})


def test_an_observer_sees_what_happens_to_state_in_order():
    source = """(module (memory 1) (global $g (mut i32) (i32.const 0))
      (func $h (param i32) (global.set $g (local.get 0)))
      (func (export "f") (i32.store (i32.const 8) (i32.const 5)) (call $h (i32.const 3))))"""
    seen: list[tuple[str, list[int]]] = []
    observer = Observer(
        lambda op: isinstance(op, wasmir.StoreOp | wasmir.GlobalSetOp | wasmir.CallOp),
        lambda op, values, _: seen.append((op.name, [*values])),
    )
    call(instance_of(source, Machine(observer=observer)), "f")
    assert seen == [
        ("wasmir.i32.store", [8, 5]),
        ("wasmir.call", [3]),
        ("wasmir.global.set", [3]),
    ]


def test_arithmetic_gives_canonical_nans_on_request():
    source = """(module (func (export "f") (param f32) (result f32)
      (f32.add (local.get 0) (local.get 0))))"""
    payload = 0xFF80_0001
    assert call(instance_of(source), "f", payload) == [0xFFC0_0001]
    assert call(instance_of(source, Machine(canonical_nans=True)), "f", payload) == [0x7FC0_0000]
