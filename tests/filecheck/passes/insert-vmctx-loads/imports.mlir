// RUN: wasm-opt-py %s -p insert-vmctx-loads | filecheck %s
// BLESS

// An import is behind a pointer to its definition, and so is a shared memory.

wasmir.memory @outside i32 min 1 page 16 import "env" "memory" index 0 slot 0
wasmir.memory @shared i32 min 1 max 2 page 16 shared index 1 slot 0
wasmir.table @table !wasmir.ref<null extern> i32 min 1 import "env" "table" index 0 slot 0
wasmir.global @global mut f64 import "env" "global" index 0 slot 0
wasmir.func import "env" "f" index 0 slot 0 @function(i32) -> i32

// CHECK-LABEL: @memory(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, imported_memories.from[0] : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.load_field invariant %1, memory.base : !llvm.ptr
// CHECK-NEXT:    %3 = wasmvm.load_field invariant %0, memories.definition[0] : !llvm.ptr
// CHECK-NEXT:    %4 = wasmvm.load_field invariant %3, memory.base : !llvm.ptr
// CHECK-NEXT:    %5 = wasmvm.linear_load volatile may_fault %2[%a : i32 + 0] bytes 4 align 1 : i32
// CHECK-NEXT:    %6 = wasmvm.linear_load volatile may_fault %4[%a : i32 + 0] bytes 4 align 1 : i32
// CHECK-NEXT:    %7 = wasmir.i64.const 16
// CHECK-NEXT:    %8 = wasmvm.load_field %1, memory.current_length : i64
// CHECK-NEXT:    %9 = wasmir.i64.shr_u %8, %7
// CHECK-NEXT:    %10 = wasmir.i32.wrap_i64 %9
// CHECK-NEXT:    wasmir.return %10 : i32
// CHECK-NEXT:  }
wasmir.func index 1 slot 0 @memory(%a: i32) -> i32 {
  %0 = wasmir.i32.load @outside[%a]
  %1 = wasmir.i32.load @shared[%a]
  %2 = wasmir.memory.size @outside : i32
  wasmir.return %2 : i32
}

// CHECK-LABEL: @other(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, imported_globals.from[0] : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.load_field invariant %0, imported_tables.from[0] : !llvm.ptr
// CHECK-NEXT:    %3 = wasmvm.load_field %1, global.value : f64
// CHECK-NEXT:    wasmvm.store_field volatile %1, global.value, %3 : f64
// CHECK-NEXT:    %4 = wasmvm.load_field %2, table.current_elements : i32
// CHECK-NEXT:    %5 = wasmvm.load_field %0, imported_functions.wasm_call[0] : !llvm.ptr
// CHECK-NEXT:    %6 = wasmvm.load_field %0, imported_functions.vmctx[0] : !llvm.ptr
// CHECK-NEXT:    %7 = wasmvm.call_pointer "wasm" %5[%6, %0] (%a) : (i32) -> i32
// CHECK-NEXT:    wasmir.return %3, %4, %7 : f64, i32, i32
// CHECK-NEXT:  }
wasmir.func index 2 slot 1 @other(%a: i32) -> (f64, i32, i32) {
  %0 = wasmir.global.get @global : f64
  wasmir.global.set @global, %0 : f64
  %1 = wasmir.table.size @table : i32
  %2 = wasmir.call @function(%a) : (i32) -> i32
  wasmir.return %0, %1, %2 : f64, i32, i32
}
