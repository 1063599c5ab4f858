// RUN: wasm-opt-py %s -p "wasmvm-to-llvm{relaxed_simd_deterministic=true}" -t mlir | filecheck %s
// BLESS

// With the option, relaxed instructions are those that give the same result on all processors.

// CHECK-LABEL: @"wasm[0]::function[0]"(
// CHECK-NEXT:    %4 = llvm_ext.swizzle %2, %3 : vector<16xi8>, vector<16xi8> -> vector<16xi8>
// CHECK-NEXT:    %5 = llvm.bitcast %4 : vector<16xi8> to vector<4xf32>
// CHECK-NEXT:    %6 = llvm.call_intrinsic "llvm.arithmetic.fence.v4f32"(%5) : (vector<4xf32>) -> vector<4xf32>
// CHECK-NEXT:    %7 = llvm.bitcast %2 : vector<16xi8> to vector<4xf32>
// CHECK-NEXT:    %8 = llvm.bitcast %3 : vector<16xi8> to vector<4xf32>
// CHECK-NEXT:    %9 = llvm_ext.multiply_add %6, %7, %8 : vector<4xf32>
// CHECK-NEXT:    %10 = llvm.bitcast %9 : vector<4xf32> to vector<16xi8>
// CHECK-NEXT:    %11 = llvm.bitcast %2 : vector<16xi8> to vector<4xf32>
// CHECK-NEXT:    %12 = llvm_ext.fcmp "uno" %9, %11 : vector<4xf32> -> vector<4xi1>
// CHECK-NEXT:    %13 = llvm.fadd %9, %11 : vector<4xf32>
// CHECK-NEXT:    %14 = llvm.call_intrinsic "llvm.minimum.v4f32"(%9, %11) : (vector<4xf32>, vector<4xf32>) -> vector<4xf32>
// CHECK-NEXT:    %15 = llvm_ext.select %12, %13, %14 : vector<4xi1>, vector<4xf32>
// CHECK-NEXT:    %16 = llvm.bitcast %15 : vector<4xf32> to vector<16xi8>
// CHECK-NEXT:    %17 = llvm_ext.truncate signed %15 : vector<4xf32> -> vector<4xi32>
// CHECK-NEXT:    %18 = llvm.bitcast %17 : vector<4xi32> to vector<16xi8>
// CHECK-NEXT:    llvm.return %18 : vector<16xi8>
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @f(%v: vector<16xi8>, %w: vector<16xi8>) -> vector<16xi8> {
  %0 = wasmir.i8x16.relaxed_swizzle %v, %w
  %1 = wasmir.f32x4.relaxed_madd %0, %v, %w
  %2 = wasmir.f32x4.relaxed_min %1, %v
  %3 = wasmir.i32x4.relaxed_trunc_f32x4_s %2
  wasmir.return %3 : vector<16xi8>
}
