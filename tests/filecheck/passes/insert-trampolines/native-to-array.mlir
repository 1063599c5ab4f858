// RUN: wasm-opt-py %s -p 'insert-trampolines{kinds=native-to-array}' | filecheck %s
// BLESS

// The host calls a host function; nothing of Wasm is on the stack, so nothing is saved.

// CHECK-LABEL: @"signatures[0]::native_to_array_trampoline"
// CHECK-NEXT:    %2 = wasmvm.vmctx
// CHECK-NEXT:    %3 = wasmvm.caller_vmctx
// CHECK-NEXT:    %4 = wasmvm.stack_slots 3
// CHECK-NEXT:    wasmvm.store_slot %4[0], %0 : i32
// CHECK-NEXT:    wasmvm.store_slot %4[1], %1 : f64
// CHECK-NEXT:    %5 = wasmvm.load_field %2, host_context.func_ref : !llvm.ptr
// CHECK-NEXT:    %6 = wasmvm.load_field %5, func_ref.array_call : !llvm.ptr
// CHECK-NEXT:    %7 = wasmir.i64.const 3
// CHECK-NEXT:    wasmvm.call_pointer "array" %6[%2, %3] (%4, %7) : (!llvm.ptr, i64) -> ()
// CHECK-NEXT:    %8 = wasmvm.load_slot %4[0] : i64
// CHECK-NEXT:    %9 = wasmvm.load_slot %4[1] : f32
// CHECK-NEXT:    %10 = wasmvm.load_slot %4[2] : i32
// CHECK-NEXT:    wasmir.return %8, %9, %10 : i64, f32, i32
// CHECK-NEXT:  }
wasmir.type @several (i32, f64) -> (i64, f32, i32) index 3 signature 0

// CHECK-LABEL: @"signatures[1]::native_to_array_trampoline"
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.caller_vmctx
// CHECK-NEXT:    %2 = wasmvm.stack_slots 0
// CHECK-NEXT:    %3 = wasmvm.load_field %0, host_context.func_ref : !llvm.ptr
// CHECK-NEXT:    %4 = wasmvm.load_field %3, func_ref.array_call : !llvm.ptr
// CHECK-NEXT:    %5 = wasmir.i64.const 0
// CHECK-NEXT:    wasmvm.call_pointer "array" %4[%0, %1] (%2, %5) : (!llvm.ptr, i64) -> ()
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.type @nothing () -> () index 5 signature 1
