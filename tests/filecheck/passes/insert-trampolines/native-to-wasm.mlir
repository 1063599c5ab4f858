// RUN: wasm-opt-py %s -p 'insert-trampolines{kinds=native-to-wasm}' | filecheck %s
// BLESS

// The host calls a Wasm function with its values as arguments of C.

// CHECK-LABEL: @"wasm[0]::native_to_wasm_trampoline[2]"
// CHECK-NEXT:    %2 = wasmvm.vmctx
// CHECK-NEXT:    %3 = wasmvm.caller_vmctx
// CHECK-NEXT:    %4 = wasmvm.load_field %2, vmctx.limits : !llvm.ptr
// CHECK-NEXT:    %5 = wasmvm.stack_pointer : !llvm.ptr
// CHECK-NEXT:    wasmvm.store_field %4, limits.last_wasm_entry_sp, %5 : !llvm.ptr
// CHECK-NEXT:    %6, %7 = wasmvm.call @escaping[%2, %3] (%0, %1) : (i32, f64) -> (i64, f32)
// CHECK-NEXT:    wasmir.return %6, %7 : i64, f32
// CHECK-NEXT:  }
wasmir.func index 2 slot 0 func_ref 0 @escaping(%a: i32, %b: f64) -> (i64, f32) {
  %0 = wasmir.i64.const 1
  %1 = wasmir.f32.const "1"
  wasmir.return %0, %1 : i64, f32
}
