// RUN: wasm-opt-py %s -p wasmvm-to-llvm | filecheck %s
// BLESS

// Volatile accesses stay volatile, and what may fault is marked. Narrow accesses extend and truncate; a
// large offset is added apart.

// CHECK-LABEL: llvm.func hidden @accesses
// CHECK-NEXT:    %6 = llvm.zext %3 : i32 to i64
// CHECK-NEXT:    %7 = llvm.getelementptr %2[%6] : (!llvm.ptr, i64) -> !llvm.ptr, i8
// CHECK-NEXT:    %8 = llvm.getelementptr %7[16] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK-NEXT:    %9 = llvm_ext.load %8 align 1 alias "linear" : !llvm.ptr -> f64
// CHECK-NEXT:    %10 = llvm_ext.load volatile may_fault %7 align 1 alias "linear" : !llvm.ptr -> i16
// CHECK-NEXT:    %11 = llvm.sext %10 : i16 to i64
// CHECK-NEXT:    %12 = llvm.getelementptr %2[%4] : (!llvm.ptr, i64) -> !llvm.ptr, i8
// CHECK-NEXT:    %13 = llvm.mlir.constant(4294967296) : i64
// CHECK-NEXT:    %14 = llvm.getelementptr %12[%13] : (!llvm.ptr, i64) -> !llvm.ptr, i8
// CHECK-NEXT:    %15 = llvm_ext.load %14 align 1 alias "linear" : !llvm.ptr -> i8
// CHECK-NEXT:    %16 = llvm.zext %15 : i8 to i32
// CHECK-NEXT:    %17 = llvm.trunc %5 : i64 to i32
// CHECK-NEXT:    llvm_ext.store volatile may_fault %17, %7 align 1 alias "linear" : i32, !llvm.ptr
// CHECK-NEXT:    %18 = llvm.getelementptr %2[%4] : (!llvm.ptr, i64) -> !llvm.ptr, i8
// CHECK-NEXT:    llvm.return %11 : i64
// CHECK-NEXT:  }
wasmvm.func wasm @accesses(%base: !llvm.ptr, %a: i32, %b: i64, %v: i64) -> i64 {
  %0 = wasmvm.linear_load %base[%a : i32 + 16] bytes 8 align 1 : f64
  %1 = wasmvm.linear_load volatile may_fault signed %base[%a : i32 + 0] bytes 2 align 1 : i64
  %2 = wasmvm.linear_load %base[%b : i64 + 4294967296] bytes 1 align 1 : i32
  wasmvm.linear_store volatile may_fault %base[%a : i32 + 0], %v bytes 4 align 1 : i64
  %3 = wasmvm.linear_address %base[%b : i64]
  wasmir.return %1 : i64
}
