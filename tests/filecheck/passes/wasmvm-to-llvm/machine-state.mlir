// RUN: wasm-opt-py %s -p wasmvm-to-llvm | filecheck %s
// BLESS

// The stack pointer, the frame pointer of the caller and the return address.

// CHECK-LABEL: llvm.func hidden @machine
// CHECK-NEXT:    %3 = llvm.intr.stacksave : !llvm.ptr
// CHECK-NEXT:    %4 = llvm.ptrtoint %3 : !llvm.ptr to i64
// CHECK-NEXT:    %5 = llvm.icmp "ult" %4, %2 : i64
// CHECK-NEXT:    llvm.cond_br %5, ^bb2, ^bb1
// CHECK-NEXT:  ^bb1:
// CHECK-NEXT:    %6 = llvm.intr.stacksave : !llvm.ptr
// CHECK-NEXT:    %7 = llvm.mlir.constant(0 : i32) : i32
// CHECK-NEXT:    %8 = llvm.call_intrinsic "llvm.frameaddress.p0"(%7) : (i32) -> !llvm.ptr
// CHECK-NEXT:    %9 = llvm_ext.load %8 align 8 alias "stack" : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT:    %10 = llvm.mlir.constant(0 : i32) : i32
// CHECK-NEXT:    %11 = llvm.call_intrinsic "llvm.returnaddress"(%10) : (i32) -> !llvm.ptr
// CHECK-NEXT:    %12 = llvm.getelementptr %6[24] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    llvm_ext.store %9, %12 align 8 alias "limits" : !llvm.ptr, !llvm.ptr
// CHECK-NEXT:    %13 = llvm.getelementptr %6[32] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    llvm_ext.store %11, %13 align 8 alias "limits" : !llvm.ptr, !llvm.ptr
// CHECK-NEXT:    llvm.return
// CHECK-NEXT:  ^bb2:
// CHECK-NEXT:    llvm_ext.fence
// CHECK-NEXT:    llvm_ext.ubsantrap 0
// CHECK-NEXT:    llvm.unreachable
// CHECK-NEXT:  }
wasmvm.func wasm @machine(%limit: i64) {
  wasmvm.stack_check %limit
  %sp = wasmvm.stack_pointer : !llvm.ptr
  %fp = wasmvm.parent_frame_pointer : !llvm.ptr
  %pc = wasmvm.return_address : !llvm.ptr
  wasmvm.store_field %sp, limits.last_wasm_exit_fp, %fp : !llvm.ptr
  wasmvm.store_field %sp, limits.last_wasm_exit_pc, %pc : !llvm.ptr
  wasmir.return
}
