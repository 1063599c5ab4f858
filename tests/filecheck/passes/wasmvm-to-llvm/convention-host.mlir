// RUN: wasm-opt-py %s -p wasmvm-to-llvm | filecheck %s
// BLESS

// The other conventions: native returns the first result and stores the rest, array gets the slots.
// Trampolines are not inlined into: their frames are where backtraces begin and end.

// CHECK-LABEL: llvm.func hidden @native
// CHECK-NEXT:    %5 = llvm.mlir.constant(16) : i64
// CHECK-NEXT:    %6 = llvm.alloca %5 x i8 {alignment = 16 : i64} : (i64) -> !llvm.ptr
// CHECK-NEXT:    %7 = llvm.call notail %1(%0, %0, %2, %3, %6) {no_inline} : !llvm.ptr, (!llvm.ptr, !llvm.ptr, i32, f64, !llvm.ptr) -> i64
// CHECK-NEXT:    %8 = llvm_ext.load %6 align 1 alias "stack" : !llvm.ptr -> f32
// CHECK-NEXT:    %9 = llvm.getelementptr %6[8] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    %10 = llvm_ext.load %9 align 1 alias "stack" : !llvm.ptr -> f64
// CHECK-NEXT:    llvm_ext.store %8, %4 align 1 alias "stack" : f32, !llvm.ptr
// CHECK-NEXT:    %11 = llvm.getelementptr %4[8] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    llvm_ext.store %10, %11 align 1 alias "stack" : f64, !llvm.ptr
// CHECK-NEXT:    llvm.return %7 : i64
// CHECK-NEXT:  }
wasmvm.func native @native(%x: i32, %y: f64) -> (i64, f32, f64) {
  %vmctx = wasmvm.vmctx
  %code = wasmvm.caller_vmctx
  %0, %1, %2 = wasmvm.call_pointer "native" %code[%vmctx, %vmctx](%x, %y) : (i32, f64) -> (i64, f32, f64)
  wasmir.return %0, %1, %2 : i64, f32, f64
}

// CHECK-LABEL: llvm.func hidden @array
// CHECK-NEXT:    %16 = llvm.mlir.constant(32) : i64
// CHECK-NEXT:    %17 = llvm.alloca %16 x i8 {alignment = 16 : i64} : (i64) -> !llvm.ptr
// CHECK-NEXT:    %18 = llvm.getelementptr %14[16] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    %19 = llvm_ext.load %18 align 4 alias "stack" : !llvm.ptr -> f32
// CHECK-NEXT:    %20 = llvm.getelementptr %17[16] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    llvm_ext.store %19, %20 align 4 alias "stack" : f32, !llvm.ptr
// CHECK-NEXT:    llvm.call notail %14(%14, %14, %17, %15) {no_inline} : !llvm.ptr, (!llvm.ptr, !llvm.ptr, !llvm.ptr, i64) -> ()
// CHECK-NEXT:    llvm.return
// CHECK-NEXT:  }
wasmvm.func array @array(%slots: !llvm.ptr, %count: i64) {
  %own = wasmvm.stack_slots 2
  %0 = wasmvm.load_slot %slots[1] : f32
  wasmvm.store_slot %own[1], %0 : f32
  wasmvm.call_pointer "array" %slots[%slots, %slots](%own, %count) : (!llvm.ptr, i64) -> ()
  wasmir.return
}
