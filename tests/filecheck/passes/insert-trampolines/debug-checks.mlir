// RUN: wasm-opt-py %s -p 'insert-trampolines{debug_checks=true kinds=array-to-wasm,wasm-to-native}' | filecheck %s
// BLESS

// The magic number of the VMContext and the room in the slots are checked before they are relied on.

// CHECK-LABEL: @"signatures[0]::wasm_to_native_trampoline"
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.caller_vmctx
// CHECK-NEXT:    %2 = wasmvm.load_field %1, vmctx.magic : i32
// CHECK-NEXT:    %3 = wasmir.i32.const 1701998435
// CHECK-NEXT:    %4 = wasmir.i32.ne %2, %3
// CHECK-NEXT:    wasmvm.trap_if %4, 255
// CHECK-NEXT:    %5 = wasmvm.load_field %1, vmctx.limits : !llvm.ptr
// CHECK-NEXT:    %6 = wasmvm.parent_frame_pointer : !llvm.ptr
// CHECK-NEXT:    wasmvm.store_field %5, limits.last_wasm_exit_fp, %6 : !llvm.ptr
// CHECK-NEXT:    %7 = wasmvm.return_address : !llvm.ptr
// CHECK-NEXT:    wasmvm.store_field %5, limits.last_wasm_exit_pc, %7 : !llvm.ptr
// CHECK-NEXT:    %8 = wasmvm.load_field %0, host_context.func_ref : !llvm.ptr
// CHECK-NEXT:    %9 = wasmvm.load_field %8, func_ref.native_call : !llvm.ptr
// CHECK-NEXT:    wasmvm.call_pointer "native" %9[%0, %1] () : () -> ()
// CHECK-NEXT:    wasmvm.check_pending %1
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.type @type () -> () index 0 signature 0

// CHECK-LABEL: @"wasm[0]::array_to_wasm_trampoline[0]"
// CHECK-NEXT:    %2 = wasmvm.vmctx
// CHECK-NEXT:    %3 = wasmvm.caller_vmctx
// CHECK-NEXT:    %4 = wasmvm.load_slot %0[0] : i32
// CHECK-NEXT:    %5 = wasmvm.load_slot %0[1] : f64
// CHECK-NEXT:    %6 = wasmvm.load_field %2, vmctx.magic : i32
// CHECK-NEXT:    %7 = wasmir.i32.const 1701998435
// CHECK-NEXT:    %8 = wasmir.i32.ne %6, %7
// CHECK-NEXT:    wasmvm.trap_if %8, 255
// CHECK-NEXT:    %9 = wasmir.i64.const 2
// CHECK-NEXT:    %10 = wasmir.i64.lt_u %1, %9
// CHECK-NEXT:    wasmvm.trap_if %10, 255
// CHECK-NEXT:    %11 = wasmvm.load_field %2, vmctx.limits : !llvm.ptr
// CHECK-NEXT:    %12 = wasmvm.stack_pointer : !llvm.ptr
// CHECK-NEXT:    wasmvm.store_field %11, limits.last_wasm_entry_sp, %12 : !llvm.ptr
// CHECK-NEXT:    wasmvm.call @escaping[%2, %3] (%4, %5) : (i32, f64) -> ()
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 func_ref 0 @escaping(%a: i32, %b: f64) {
  wasmir.return
}
