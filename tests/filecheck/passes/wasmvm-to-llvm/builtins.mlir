// RUN: wasm-opt-py %s -p wasmvm-to-llvm | filecheck %s
// BLESS

// Builtins are called through the array at the VMContext; what a host call left behind is raised.

// CHECK-LABEL: llvm.func hidden @builtins
// CHECK-NEXT:    %3 = llvm.mlir.constant(1) : i64
// CHECK-NEXT:    %4 = llvm.getelementptr %0[56] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    %5 = llvm_ext.load %4 invariant align 8 alias "vmctx" : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT:    %6 = llvm_ext.load %5 invariant align 8 alias "vmctx" : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT:    %7 = llvm.call notail %6(%0, %3, %2) {no_inline} : !llvm.ptr, (!llvm.ptr, i64, i32) -> i64
// CHECK-NEXT:    %8 = llvm.getelementptr %0[56] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    %9 = llvm_ext.load %8 invariant align 8 alias "vmctx" : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT:    %10 = llvm.getelementptr %9[64] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    %11 = llvm_ext.load %10 invariant align 8 alias "vmctx" : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT:    llvm.call notail %11(%0, %2) {no_inline} : !llvm.ptr, (!llvm.ptr, i32) -> ()
// CHECK-NEXT:    %12 = llvm.getelementptr %0[8] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    %13 = llvm_ext.load %12 invariant align 8 alias "vmctx" : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT:    %14 = llvm.getelementptr %13[48] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    %15 = llvm_ext.load %14 align 8 alias "limits" : !llvm.ptr -> i64
// CHECK-NEXT:    %16 = llvm.mlir.constant(0) : i64
// CHECK-NEXT:    %17 = llvm.icmp "ne" %15, %16 : i64
// CHECK-NEXT:    llvm.cond_br %17, ^bb2, ^bb1
// CHECK-NEXT:  ^bb1:
// CHECK-NEXT:    llvm.return %7 : i64
// CHECK-NEXT:  ^bb2:
// CHECK-NEXT:    %18 = llvm.getelementptr %0[56] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    %19 = llvm_ext.load %18 invariant align 8 alias "vmctx" : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT:    %20 = llvm.getelementptr %19[512] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    %21 = llvm_ext.load %20 invariant align 8 alias "vmctx" : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT:    llvm.call notail %21(%0) {no_inline} : !llvm.ptr, (!llvm.ptr) -> ()
// CHECK-NEXT:    llvm.unreachable
// CHECK-NEXT:  }
wasmvm.func wasm @builtins(%x: i32) -> i64 {
  %vmctx = wasmvm.vmctx
  %delta = wasmir.i64.const 1
  %old = wasmvm.call_builtin "memory32_grow"[%vmctx](%delta, %x) : (i64, i32) -> i64
  wasmvm.call_builtin "data_drop"[%vmctx](%x) : (i32) -> ()
  wasmvm.check_pending %vmctx
  wasmir.return %old : i64
}
