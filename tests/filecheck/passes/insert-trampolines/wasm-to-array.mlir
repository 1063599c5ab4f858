// RUN: wasm-opt-py %s -p 'insert-trampolines{kinds=wasm-to-array}' | filecheck %s
// BLESS

// Wasm calls a host function that takes slots: as many as the longer side of the signature.

// CHECK-LABEL: @"signatures[0]::wasm_to_array_trampoline"
// CHECK-NEXT:    %2 = wasmvm.vmctx
// CHECK-NEXT:    %3 = wasmvm.caller_vmctx
// CHECK-NEXT:    %4 = wasmvm.load_field %3, vmctx.limits : !llvm.ptr
// CHECK-NEXT:    %5 = wasmvm.parent_frame_pointer : !llvm.ptr
// CHECK-NEXT:    wasmvm.store_field %4, limits.last_wasm_exit_fp, %5 : !llvm.ptr
// CHECK-NEXT:    %6 = wasmvm.return_address : !llvm.ptr
// CHECK-NEXT:    wasmvm.store_field %4, limits.last_wasm_exit_pc, %6 : !llvm.ptr
// CHECK-NEXT:    %7 = wasmvm.stack_slots 3
// CHECK-NEXT:    wasmvm.store_slot %7[0], %0 : i32
// CHECK-NEXT:    wasmvm.store_slot %7[1], %1 : f64
// CHECK-NEXT:    %8 = wasmvm.load_field %2, host_context.func_ref : !llvm.ptr
// CHECK-NEXT:    %9 = wasmvm.load_field %8, func_ref.array_call : !llvm.ptr
// CHECK-NEXT:    %10 = wasmir.i64.const 3
// CHECK-NEXT:    wasmvm.call_pointer "array" %9[%2, %3] (%7, %10) : (!llvm.ptr, i64) -> ()
// CHECK-NEXT:    wasmvm.check_pending %3
// CHECK-NEXT:    %11 = wasmvm.load_slot %7[0] : i64
// CHECK-NEXT:    %12 = wasmvm.load_slot %7[1] : f32
// CHECK-NEXT:    %13 = wasmvm.load_slot %7[2] : i32
// CHECK-NEXT:    wasmir.return %11, %12, %13 : i64, f32, i32
// CHECK-NEXT:  }
wasmir.type @several (i32, f64) -> (i64, f32, i32) index 3 signature 0

// CHECK-LABEL: @"signatures[1]::wasm_to_array_trampoline"
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.caller_vmctx
// CHECK-NEXT:    %2 = wasmvm.load_field %1, vmctx.limits : !llvm.ptr
// CHECK-NEXT:    %3 = wasmvm.parent_frame_pointer : !llvm.ptr
// CHECK-NEXT:    wasmvm.store_field %2, limits.last_wasm_exit_fp, %3 : !llvm.ptr
// CHECK-NEXT:    %4 = wasmvm.return_address : !llvm.ptr
// CHECK-NEXT:    wasmvm.store_field %2, limits.last_wasm_exit_pc, %4 : !llvm.ptr
// CHECK-NEXT:    %5 = wasmvm.stack_slots 0
// CHECK-NEXT:    %6 = wasmvm.load_field %0, host_context.func_ref : !llvm.ptr
// CHECK-NEXT:    %7 = wasmvm.load_field %6, func_ref.array_call : !llvm.ptr
// CHECK-NEXT:    %8 = wasmir.i64.const 0
// CHECK-NEXT:    wasmvm.call_pointer "array" %7[%0, %1] (%5, %8) : (!llvm.ptr, i64) -> ()
// CHECK-NEXT:    wasmvm.check_pending %1
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.type @nothing () -> () index 5 signature 1
