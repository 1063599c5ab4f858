// RUN: wasm-opt-py %s -p wasmvm-to-llvm | filecheck %s
// BLESS

// The sum of a 32-bit address and a size cannot wrap in 64 bits; that of a 64-bit one may.

// CHECK-LABEL: llvm.func hidden @address32
// CHECK-NEXT:    %4 = llvm.zext %2 : i32 to i64
// CHECK-NEXT:    %5 = llvm.mlir.constant(4) : i64
// CHECK-NEXT:    %6 = llvm.add %4, %5 : i64
// CHECK-NEXT:    %7 = llvm.icmp "ugt" %6, %3 : i64
// CHECK-NEXT:    llvm.cond_br %7, ^bb2, ^bb1
// CHECK-NEXT:  ^bb1:
// CHECK-NEXT:    llvm.return
// CHECK-NEXT:  ^bb2:
// CHECK-NEXT:    llvm_ext.fence
// CHECK-NEXT:    llvm_ext.ubsantrap 1
// CHECK-NEXT:    llvm.unreachable
// CHECK-NEXT:  }
wasmvm.func wasm @address32(%a: i32, %bound: i64) {
  wasmvm.bounds_check %a : i32, 4 within %bound
  wasmir.return
}

// CHECK-LABEL: llvm.func hidden @address64
// CHECK-NEXT:    %12 = llvm.mlir.constant(4) : i64
// CHECK-NEXT:    %13 = llvm.add %10, %12 : i64
// CHECK-NEXT:    %14 = llvm.icmp "ult" %13, %10 : i64
// CHECK-NEXT:    llvm.cond_br %14, ^bb3, ^bb1
// CHECK-NEXT:  ^bb1:
// CHECK-NEXT:    %15 = llvm.icmp "ugt" %13, %11 : i64
// CHECK-NEXT:    llvm.cond_br %15, ^bb4, ^bb2
// CHECK-NEXT:  ^bb2:
// CHECK-NEXT:    llvm.return
// CHECK-NEXT:  ^bb3:
// CHECK-NEXT:    llvm_ext.fence
// CHECK-NEXT:    llvm_ext.ubsantrap 1
// CHECK-NEXT:    llvm.unreachable
// CHECK-NEXT:  ^bb4:
// CHECK-NEXT:    llvm_ext.fence
// CHECK-NEXT:    llvm_ext.ubsantrap 1
// CHECK-NEXT:    llvm.unreachable
// CHECK-NEXT:  }
wasmvm.func wasm @address64(%a: i64, %bound: i64) {
  wasmvm.bounds_check %a : i64, 4 within %bound
  wasmir.return
}

// CHECK-LABEL: llvm.func hidden @range
// CHECK-NEXT:    %21 = llvm.add %18, %19 : i64
// CHECK-NEXT:    %22 = llvm.icmp "ult" %21, %18 : i64
// CHECK-NEXT:    llvm.cond_br %22, ^bb3, ^bb1
// CHECK-NEXT:  ^bb1:
// CHECK-NEXT:    %23 = llvm.icmp "ugt" %21, %20 : i64
// CHECK-NEXT:    llvm.cond_br %23, ^bb4, ^bb2
// CHECK-NEXT:  ^bb2:
// CHECK-NEXT:    llvm.return
// CHECK-NEXT:  ^bb3:
// CHECK-NEXT:    llvm_ext.fence
// CHECK-NEXT:    llvm_ext.ubsantrap 3
// CHECK-NEXT:    llvm.unreachable
// CHECK-NEXT:  ^bb4:
// CHECK-NEXT:    llvm_ext.fence
// CHECK-NEXT:    llvm_ext.ubsantrap 3
// CHECK-NEXT:    llvm.unreachable
// CHECK-NEXT:  }
wasmvm.func wasm @range(%a: i64, %n: i64, %bound: i64) {
  wasmvm.range_check %a, %n within %bound else 3
  wasmir.return
}
