// RUN: wasm-opt-py %s -p insert-vmctx-loads | filecheck %s
// BLESS

// 64-bit addresses and other page sizes have no guard pages that cover them: always compared.

wasmir.memory @large i64 min 1 page 16 index 0 slot 0
wasmir.memory @bytes i32 min 1 page 0 index 1 slot 1

// CHECK-LABEL: @memory64(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field %0, owned_memories.current_length[0] : i64
// CHECK-NEXT:    wasmvm.bounds_check %a : i64, 20 within %1
// CHECK-NEXT:    %2 = wasmvm.load_field %0, owned_memories.base[0] : !llvm.ptr
// CHECK-NEXT:    %3 = wasmvm.linear_load %2[%a : i64 + 16] bytes 4 align 1 : i32
// CHECK-NEXT:    wasmir.return %3 : i32
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @memory64(%a: i64) -> i32 {
  %0 = wasmir.i32.load @large[%a : i64 + 16]
  wasmir.return %0 : i32
}

// CHECK-LABEL: @custom_pages(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field %0, owned_memories.current_length[1] : i64
// CHECK-NEXT:    wasmvm.bounds_check %a : i32, 1 within %1
// CHECK-NEXT:    %2 = wasmvm.load_field %0, owned_memories.base[1] : !llvm.ptr
// CHECK-NEXT:    %3 = wasmvm.linear_load %2[%a : i32 + 0] bytes 1 align 1 : i32
// CHECK-NEXT:    wasmir.return %3 : i32
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @custom_pages(%a: i32) -> i32 {
  %0 = wasmir.i32.load8_u @bytes[%a]
  wasmir.return %0 : i32
}

// CHECK-LABEL: @sizes(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmir.i32.const 0
// CHECK-NEXT:    %2 = wasmvm.call_builtin "memory32_grow"[%0] (%delta, %1) : (i64, i32) -> i64
// CHECK-NEXT:    %3 = wasmir.i64.const 16
// CHECK-NEXT:    %4 = wasmvm.load_field %0, owned_memories.current_length[0] : i64
// CHECK-NEXT:    %5 = wasmir.i64.shr_u %4, %3
// CHECK-NEXT:    %6 = wasmir.i64.const 0
// CHECK-NEXT:    %7 = wasmvm.load_field %0, owned_memories.current_length[1] : i64
// CHECK-NEXT:    %8 = wasmir.i64.shr_u %7, %6
// CHECK-NEXT:    %9 = wasmir.i32.wrap_i64 %8
// CHECK-NEXT:    wasmir.return %2, %5, %9 : i64, i64, i32
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @sizes(%delta: i64) -> (i64, i64, i32) {
  %old = wasmir.memory.grow @large, %delta : i64 -> i64
  %pages = wasmir.memory.size @large : i64
  %bytes = wasmir.memory.size @bytes : i32
  wasmir.return %old, %pages, %bytes : i64, i64, i32
}

// Offset and width do not fit 64 bits together: nothing is in bounds.
// CHECK-LABEL: @never_in_bounds(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field %0, owned_memories.current_length[0] : i64
// CHECK-NEXT:    wasmvm.bounds_check %a : i64, -1 within %1
// CHECK-NEXT:    %2 = wasmvm.load_field %0, owned_memories.base[0] : !llvm.ptr
// CHECK-NEXT:    %3 = wasmvm.linear_load %2[%a : i64 + -1] bytes 4 align 1 : i32
// CHECK-NEXT:    wasmir.return %3 : i32
// CHECK-NEXT:  }
wasmir.func index 3 slot 3 @never_in_bounds(%a: i64) -> i32 {
  %0 = wasmir.i32.load @large[%a : i64 + 18446744073709551615]
  wasmir.return %0 : i32
}
