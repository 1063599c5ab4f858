// RUN: wasm-opt-py %s -p insert-vmctx-loads,insert-stack-limit-checks | filecheck %s
// BLESS

// Behind insert-vmctx-loads, memory.grow has become a call and counts.

wasmir.memory @memory i32 min 1 page 16 index 0 slot 0

// CHECK-LABEL: @grows(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field %0, vmctx.limits : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.load_field %1, limits.stack_limit : i64
// CHECK-NEXT:    wasmvm.stack_check %2
// CHECK-NEXT:    %3 = wasmvm.vmctx
// CHECK-NEXT:    %4 = wasmir.i32.const 0
// CHECK-NEXT:    %5 = wasmir.i64.extend_i32_u %x
// CHECK-NEXT:    %6 = wasmvm.call_builtin "memory32_grow"[%3] (%5, %4) : (i64, i32) -> i64
// CHECK-NEXT:    %7 = wasmir.i32.wrap_i64 %6
// CHECK-NEXT:    wasmir.return %7 : i32
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @grows(%x: i32) -> i32 {
  %old = wasmir.memory.grow @memory, %x : i32 -> i32
  wasmir.return %old : i32
}
