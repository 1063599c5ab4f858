// RUN: wasm-opt-py %s -p wasmvm-to-llvm | filecheck %s
// BLESS

// Each trap has its own block behind all others; the fence keeps the stores before it.

// CHECK-LABEL: llvm.func hidden @traps
// CHECK-NEXT:    %3 = llvm.mlir.constant(0 : i32) : i32
// CHECK-NEXT:    %4 = llvm.icmp "ne" %2, %3 : i32
// CHECK-NEXT:    llvm.cond_br %4, ^bb3, ^bb1
// CHECK-NEXT:  ^bb1:
// CHECK-NEXT:    %5 = llvm.mlir.constant(0 : i32) : i32
// CHECK-NEXT:    %6 = llvm.icmp "ne" %2, %5 : i32
// CHECK-NEXT:    llvm.cond_br %6, ^bb4, ^bb2
// CHECK-NEXT:  ^bb2:
// CHECK-NEXT:    llvm_ext.fence
// CHECK-NEXT:    llvm_ext.ubsantrap 9
// CHECK-NEXT:    llvm.unreachable
// CHECK-NEXT:  ^bb3:
// CHECK-NEXT:    llvm_ext.fence
// CHECK-NEXT:    llvm_ext.ubsantrap 3
// CHECK-NEXT:    llvm.unreachable
// CHECK-NEXT:  ^bb4:
// CHECK-NEXT:    llvm_ext.fence
// CHECK-NEXT:    llvm_ext.ubsantrap 3
// CHECK-NEXT:    llvm.unreachable
// CHECK-NEXT:  }
wasmvm.func wasm @traps(%c: i32) {
  wasmvm.trap_if %c, 3
  wasmvm.trap_if %c, 3
  wasmvm.trap 9
}

// CHECK-LABEL: llvm.func hidden @unreachable
// CHECK-NEXT:    llvm_ext.fence
// CHECK-NEXT:    llvm_ext.ubsantrap 9
// CHECK-NEXT:    llvm.unreachable
// CHECK-NEXT:  }
wasmvm.func wasm @unreachable() {
  wasmir.unreachable
}
