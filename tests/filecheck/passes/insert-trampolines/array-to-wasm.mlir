// RUN: wasm-opt-py %s -p 'insert-trampolines{kinds=array-to-wasm}' | filecheck %s
// BLESS

// The host calls a Wasm function with its values in slots; the results go to the same slots.

// CHECK-LABEL: @"wasm[0]::array_to_wasm_trampoline[2]"
// CHECK-NEXT:    %2 = wasmvm.vmctx
// CHECK-NEXT:    %3 = wasmvm.caller_vmctx
// CHECK-NEXT:    %4 = wasmvm.load_slot %0[0] : i32
// CHECK-NEXT:    %5 = wasmvm.load_slot %0[1] : f64
// CHECK-NEXT:    %6 = wasmvm.load_field %2, vmctx.limits : !llvm.ptr
// CHECK-NEXT:    %7 = wasmvm.stack_pointer : !llvm.ptr
// CHECK-NEXT:    wasmvm.store_field %6, limits.last_wasm_entry_sp, %7 : !llvm.ptr
// CHECK-NEXT:    %8, %9 = wasmvm.call @escaping[%2, %3] (%4, %5) : (i32, f64) -> (i64, f32)
// CHECK-NEXT:    wasmvm.store_slot %0[0], %8 : i64
// CHECK-NEXT:    wasmvm.store_slot %0[1], %9 : f32
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 2 slot 0 func_ref 0 @escaping(%a: i32, %b: f64) -> (i64, f32) {
  %0 = wasmir.i64.const 1
  %1 = wasmir.f32.const "1"
  wasmir.return %0, %1 : i64, f32
}
