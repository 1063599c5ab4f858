// RUN: wasm-opt-py %s -p 'insert-trampolines{kinds=wasm-to-native}' | filecheck %s
// BLESS

// Wasm calls a host function that takes arguments of C; its error is raised here.

// CHECK-LABEL: @"signatures[0]::wasm_to_native_trampoline"
// CHECK-NEXT:    %2 = wasmvm.vmctx
// CHECK-NEXT:    %3 = wasmvm.caller_vmctx
// CHECK-NEXT:    %4 = wasmvm.load_field %3, vmctx.limits : !llvm.ptr
// CHECK-NEXT:    %5 = wasmvm.parent_frame_pointer : !llvm.ptr
// CHECK-NEXT:    wasmvm.store_field %4, limits.last_wasm_exit_fp, %5 : !llvm.ptr
// CHECK-NEXT:    %6 = wasmvm.return_address : !llvm.ptr
// CHECK-NEXT:    wasmvm.store_field %4, limits.last_wasm_exit_pc, %6 : !llvm.ptr
// CHECK-NEXT:    %7 = wasmvm.load_field %2, host_context.func_ref : !llvm.ptr
// CHECK-NEXT:    %8 = wasmvm.load_field %7, func_ref.native_call : !llvm.ptr
// CHECK-NEXT:    %9, %10, %11 = wasmvm.call_pointer "native" %8[%2, %3] (%0, %1) : (i32, f64) -> (i64, f32, i32)
// CHECK-NEXT:    wasmvm.check_pending %3
// CHECK-NEXT:    wasmir.return %9, %10, %11 : i64, f32, i32
// CHECK-NEXT:  }
wasmir.type @several (i32, f64) -> (i64, f32, i32) index 3 signature 0

// CHECK-LABEL: @"signatures[1]::wasm_to_native_trampoline"
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.caller_vmctx
// CHECK-NEXT:    %2 = wasmvm.load_field %1, vmctx.limits : !llvm.ptr
// CHECK-NEXT:    %3 = wasmvm.parent_frame_pointer : !llvm.ptr
// CHECK-NEXT:    wasmvm.store_field %2, limits.last_wasm_exit_fp, %3 : !llvm.ptr
// CHECK-NEXT:    %4 = wasmvm.return_address : !llvm.ptr
// CHECK-NEXT:    wasmvm.store_field %2, limits.last_wasm_exit_pc, %4 : !llvm.ptr
// CHECK-NEXT:    %5 = wasmvm.load_field %0, host_context.func_ref : !llvm.ptr
// CHECK-NEXT:    %6 = wasmvm.load_field %5, func_ref.native_call : !llvm.ptr
// CHECK-NEXT:    wasmvm.call_pointer "native" %6[%0, %1] () : () -> ()
// CHECK-NEXT:    wasmvm.check_pending %1
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.type @nothing () -> () index 5 signature 1
