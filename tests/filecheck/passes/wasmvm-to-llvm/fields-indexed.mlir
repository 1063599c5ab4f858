// RUN: wasm-opt-py %s -p wasmvm-to-llvm | filecheck %s
// BLESS

// Fields that passes declared, at an index: one that is computed is checked, a constant needs no check.

wasmvm.declare_field "edges" size 24 align 8 counter
wasmvm.declare_field "map" size 256 align 16

// CHECK-LABEL: llvm.func hidden @counted
// CHECK-NEXT:    %3 = llvm.zext %2 : i32 to i64
// CHECK-NEXT:    %4 = llvm.mlir.constant(2) : i64
// CHECK-NEXT:    %5 = llvm.icmp "ugt" %3, %4 : i64
// CHECK-NEXT:    llvm.cond_br %5, ^bb2, ^bb1
// CHECK-NEXT:  ^bb1:
// CHECK-NEXT:    %6 = llvm.mlir.constant(8) : i64
// CHECK-NEXT:    %7 = llvm.mul %3, %6 : i64
// CHECK-NEXT:    %8 = llvm.getelementptr %0[80] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    %9 = llvm.getelementptr %8[%7] : (!llvm.ptr, i64) -> !llvm.ptr, i8
// CHECK-NEXT:    %10 = llvm_ext.load %9 align 8 alias "extra" : !llvm.ptr -> i64
// CHECK-NEXT:    %11 = llvm.mlir.constant(1) : i64
// CHECK-NEXT:    %12 = llvm.add %10, %11 : i64
// CHECK-NEXT:    llvm_ext.store volatile %12, %9 align 8 alias "extra" : i64, !llvm.ptr
// CHECK-NEXT:    llvm.return
// CHECK-NEXT:  ^bb2:
// CHECK-NEXT:    llvm_ext.fence
// CHECK-NEXT:    llvm_ext.ubsantrap 1
// CHECK-NEXT:    llvm.unreachable
// CHECK-NEXT:  }
wasmvm.func wasm @counted(%i: i32) {
  wasmvm.count "edges"[%i] volatile
  wasmir.return
}

// CHECK-LABEL: llvm.func hidden @bytes
// CHECK-NEXT:    %16 = llvm.mlir.constant(2 : i32) : i32
// CHECK-NEXT:    %17 = llvm.getelementptr %13[114] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    %18 = llvm_ext.load %17 align 1 alias "extra" : !llvm.ptr -> i16
// CHECK-NEXT:    %19 = llvm.sext %18 : i16 to i64
// CHECK-NEXT:    %20 = llvm.zext %15 : i32 to i64
// CHECK-NEXT:    %21 = llvm.mlir.constant(252) : i64
// CHECK-NEXT:    %22 = llvm.icmp "ugt" %20, %21 : i64
// CHECK-NEXT:    llvm.cond_br %22, ^bb2, ^bb1
// CHECK-NEXT:  ^bb1:
// CHECK-NEXT:    %23 = llvm.getelementptr %13[112] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    %24 = llvm.getelementptr %23[%20] : (!llvm.ptr, i64) -> !llvm.ptr, i8
// CHECK-NEXT:    %25 = llvm.trunc %19 : i64 to i32
// CHECK-NEXT:    llvm_ext.store %25, %24 align 1 alias "extra" : i32, !llvm.ptr
// CHECK-NEXT:    llvm.return %19 : i64
// CHECK-NEXT:  ^bb2:
// CHECK-NEXT:    llvm_ext.fence
// CHECK-NEXT:    llvm_ext.ubsantrap 1
// CHECK-NEXT:    llvm.unreachable
// CHECK-NEXT:  }
wasmvm.func wasm @bytes(%i: i32) -> i64 {
  %two = wasmir.i32.const 2
  %0 = wasmvm.load_bytes "map"[%two] bytes 2 signed : i64
  wasmvm.store_bytes "map"[%i], %0 bytes 4 : i64
  wasmir.return %0 : i64
}
