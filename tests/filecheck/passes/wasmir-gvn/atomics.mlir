// RUN: wasm-opt-py %s -p wasmir-gvn,wasmir-canonicalize,wasmir-dce | filecheck %s
// BLESS

// An atomic load is not repeated and not removed: other threads see it, and it sees them. What was loaded
// before it is loaded again after it.

wasmir.memory @memory i32 min 1 max 2 page 16 shared index 0 slot 0

// CHECK-LABEL: @atomics(
// CHECK-NEXT:    %0 = wasmir.i32.load @memory[%a]
// CHECK-NEXT:    %1 = wasmir.i32.atomic.load @memory[%a]
// CHECK-NEXT:    %2 = wasmir.i32.atomic.load @memory[%a]
// CHECK-NEXT:    %3 = wasmir.i32.load @memory[%a]
// CHECK-NEXT:    wasmir.atomic.fence
// CHECK-NEXT:    %4 = wasmir.i32.load @memory[%a]
// CHECK-NEXT:    %5 = wasmir.i32.atomic.load8_u @memory[%a + 3] inbounds
// CHECK-NEXT:    %6 = wasmir.i32.atomic.rmw.or @memory[%a + 4], %x inbounds
// CHECK-NEXT:    %7 = wasmir.i32.add %0, %3
// CHECK-NEXT:    %8 = wasmir.i32.add %7, %4
// CHECK-NEXT:    wasmir.return %8 : i32
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @atomics(%a: i32, %x: i32) -> i32 {
  %0 = wasmir.i32.load @memory[%a]
  %1 = wasmir.i32.atomic.load @memory[%a]
  %2 = wasmir.i32.atomic.load @memory[%a]
  %3 = wasmir.i32.load @memory[%a]
  wasmir.atomic.fence
  %4 = wasmir.i32.load @memory[%a]
  %5 = wasmir.i32.atomic.load8_u @memory[%a + 3] inbounds
  %6 = wasmir.i32.atomic.rmw.or @memory[%a + 4], %x inbounds
  %7 = wasmir.i32.add %0, %3
  %8 = wasmir.i32.add %7, %4
  wasmir.return %8 : i32
}
