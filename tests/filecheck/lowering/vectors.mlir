// RUN: wasm-opt-py %s -p wasmvm-to-llvm -t mlir | filecheck %s
// BLESS

// Operations read a vector in their own shape. What processors have instructions for stays one operation.

// CHECK-LABEL: @"wasm[0]::function[0]"(
// CHECK-NEXT:    %5 = llvm.bitcast %2 : vector<16xi8> to vector<4xi32>
// CHECK-NEXT:    %6 = llvm.bitcast %3 : vector<16xi8> to vector<4xi32>
// CHECK-NEXT:    %7 = llvm.add %5, %6 : vector<4xi32>
// CHECK-NEXT:    %8 = llvm.bitcast %7 : vector<4xi32> to vector<16xi8>
// CHECK-NEXT:    %9 = llvm.bitcast %2 : vector<16xi8> to vector<4xi32>
// CHECK-NEXT:    %10 = llvm.mul %7, %9 : vector<4xi32>
// CHECK-NEXT:    %11 = llvm.bitcast %10 : vector<4xi32> to vector<16xi8>
// CHECK-NEXT:    %12 = llvm.mlir.constant(15 : i32) : i32
// CHECK-NEXT:    %13 = llvm.and %4, %12 : i32
// CHECK-NEXT:    %14 = llvm.trunc %13 : i32 to i16
// CHECK-NEXT:    %15 = llvm.mlir.undef : vector<8xi16>
// CHECK-NEXT:    %16 = llvm.mlir.constant(0 : i32) : i32
// CHECK-NEXT:    %17 = llvm.insertelement %14, %15[%16 : i32] : vector<8xi16>
// CHECK-NEXT:    %18 = llvm.shufflevector %17, %17 [0, 0, 0, 0, 0, 0, 0, 0] : vector<8xi16>
// CHECK-NEXT:    %19 = llvm.bitcast %11 : vector<16xi8> to vector<8xi16>
// CHECK-NEXT:    %20 = llvm.lshr %19, %18 : vector<8xi16>
// CHECK-NEXT:    %21 = llvm.bitcast %20 : vector<8xi16> to vector<16xi8>
// CHECK-NEXT:    llvm.return %21 : vector<16xi8>
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @shapes(%v: vector<16xi8>, %w: vector<16xi8>, %i: i32) -> vector<16xi8> {
  %0 = wasmir.i32x4.add %v, %w
  %1 = wasmir.i32x4.mul %0, %v
  %2 = wasmir.i16x8.shr_u %1, %i
  wasmir.return %2 : vector<16xi8>
}

// A signalling NaN must not pass: the constant 1 is hidden, and so is what may become one.

// CHECK-LABEL: @"wasm[0]::function[1]"(
// CHECK-NEXT:    %26 = llvm.mlir.constant(dense<[0, 0, -128, 63, 0, 0, -128, 63, 0, 0, -128, 63, 0, 0, -128, 63]> : vector<16xi8>) : vector<16xi8>
// CHECK-NEXT:    %27 = llvm.mlir.constant(dense<[0, 0, 0, 64, 0, 0, 0, 64, 0, 0, 0, 64, 0, 0, 0, 64]> : vector<16xi8>) : vector<16xi8>
// CHECK-NEXT:    %28 = llvm.bitcast %24 : vector<16xi8> to vector<4xf32>
// CHECK-NEXT:    %29 = llvm.mlir.constant(dense<1065353216> : vector<4xi32>) : vector<4xi32>
// CHECK-NEXT:    %30 = llvm.bitcast %29 : vector<4xi32> to vector<4xf32>
// CHECK-NEXT:    %31 = llvm.call_intrinsic "llvm.arithmetic.fence.v4f32"(%30) : (vector<4xf32>) -> vector<4xf32>
// CHECK-NEXT:    %32 = llvm.fmul %28, %31 : vector<4xf32>
// CHECK-NEXT:    %33 = llvm.bitcast %32 : vector<4xf32> to vector<16xi8>
// CHECK-NEXT:    %34 = llvm.mlir.constant(dense<1073741824> : vector<4xi32>) : vector<4xi32>
// CHECK-NEXT:    %35 = llvm.bitcast %34 : vector<4xi32> to vector<4xf32>
// CHECK-NEXT:    %36 = llvm.fmul %32, %35 : vector<4xf32>
// CHECK-NEXT:    %37 = llvm.bitcast %36 : vector<4xf32> to vector<16xi8>
// CHECK-NEXT:    %38 = llvm.mlir.constant(dense<[0, 0, -128, 63, 0, 0, -128, 63, 0, 0, -128, 63, 0, 0, -128, 63]> : vector<16xi8>) : vector<16xi8>
// CHECK-NEXT:    %39 = llvm.and %37, %38 : vector<16xi8>
// CHECK-NEXT:    %40 = llvm.bitcast %39 : vector<16xi8> to vector<4xf32>
// CHECK-NEXT:    %41 = llvm.call_intrinsic "llvm.arithmetic.fence.v4f32"(%40) : (vector<4xf32>) -> vector<4xf32>
// CHECK-NEXT:    %42 = llvm.fadd %36, %41 : vector<4xf32>
// CHECK-NEXT:    %43 = llvm.bitcast %42 : vector<4xf32> to vector<16xi8>
// CHECK-NEXT:    %44 = llvm.mlir.undef : vector<4xf32>
// CHECK-NEXT:    %45 = llvm.mlir.constant(0 : i32) : i32
// CHECK-NEXT:    %46 = llvm.insertelement %25, %44[%45 : i32] : vector<4xf32>
// CHECK-NEXT:    %47 = llvm.shufflevector %46, %46 [0, 0, 0, 0] : vector<4xf32>
// CHECK-NEXT:    %48 = llvm.bitcast %47 : vector<4xf32> to vector<16xi8>
// CHECK-NEXT:    %49 = llvm_ext.fcmp "uno" %42, %47 : vector<4xf32> -> vector<4xi1>
// CHECK-NEXT:    %50 = llvm.fadd %42, %47 : vector<4xf32>
// CHECK-NEXT:    %51 = llvm.call_intrinsic "llvm.minimum.v4f32"(%42, %47) : (vector<4xf32>, vector<4xf32>) -> vector<4xf32>
// CHECK-NEXT:    %52 = llvm_ext.select %49, %50, %51 : vector<4xi1>, vector<4xf32>
// CHECK-NEXT:    %53 = llvm.bitcast %52 : vector<4xf32> to vector<16xi8>
// CHECK-NEXT:    llvm.return %53 : vector<16xi8>
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @identities(%v: vector<16xi8>, %f: f32) -> vector<16xi8> {
  %one = wasmir.v128.const 0x3f8000003f8000003f8000003f800000
  %two = wasmir.v128.const 0x40000000400000004000000040000000
  %0 = wasmir.f32x4.mul %v, %one
  %1 = wasmir.f32x4.mul %0, %two
  %2 = wasmir.v128.and %1, %one
  %3 = wasmir.f32x4.add %1, %2
  %4 = wasmir.f32x4.splat %f
  %5 = wasmir.f32x4.min %3, %4
  wasmir.return %5 : vector<16xi8>
}

// CHECK-LABEL: @"wasm[0]::function[2]"(
// CHECK-NEXT:    %57 = llvm.bitcast %56 : vector<16xi8> to vector<4xi32>
// CHECK-NEXT:    %58 = llvm.call_intrinsic "llvm.vector.reduce.or.v4i32"(%57) : (vector<4xi32>) -> i32
// CHECK-NEXT:    %59 = llvm.mlir.constant(0 : i32) : i32
// CHECK-NEXT:    %60 = llvm.icmp "ne" %58, %59 : i32
// CHECK-NEXT:    %61 = llvm.mlir.constant(dense<0> : vector<16xi8>) : vector<16xi8>
// CHECK-NEXT:    %62 = llvm.icmp "ne" %56, %61 : vector<16xi8>
// CHECK-NEXT:    %63 = llvm.call_intrinsic "llvm.vector.reduce.and.v16i1"(%62) : (vector<16xi1>) -> i1
// CHECK-NEXT:    %64 = llvm.zext %63 : i1 to i32
// CHECK-NEXT:    %65 = llvm.bitcast %56 : vector<16xi8> to vector<2xi64>
// CHECK-NEXT:    %66 = llvm.mlir.constant(dense<0> : vector<2xi64>) : vector<2xi64>
// CHECK-NEXT:    %67 = llvm.icmp "slt" %65, %66 : vector<2xi64>
// CHECK-NEXT:    %68 = llvm.bitcast %67 : vector<2xi1> to i2
// CHECK-NEXT:    %69 = llvm.zext %68 : i2 to i32
// CHECK-NEXT:    %70 = llvm.select %60, %56, %56 : i1, vector<16xi8>
// CHECK-NEXT:    %71 = llvm.mlir.undef : vector<4xi32>
// CHECK-NEXT:    %72 = llvm.mlir.constant(0 : i32) : i32
// CHECK-NEXT:    %73 = llvm.insertelement %64, %71[%72 : i32] : vector<4xi32>
// CHECK-NEXT:    %74 = llvm.shufflevector %73, %73 [0, 0, 0, 0] : vector<4xi32>
// CHECK-NEXT:    %75 = llvm.bitcast %74 : vector<4xi32> to vector<16xi8>
// CHECK-NEXT:    %76 = llvm.mlir.constant(3 : i32) : i32
// CHECK-NEXT:    %77 = llvm.insertelement %69, %74[%76 : i32] : vector<4xi32>
// CHECK-NEXT:    %78 = llvm.bitcast %77 : vector<4xi32> to vector<16xi8>
// CHECK-NEXT:    llvm.return %78 : vector<16xi8>
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @conditions(%v: vector<16xi8>) -> vector<16xi8> {
  %0 = wasmir.v128.any_true %v
  %1 = wasmir.i8x16.all_true %v
  %2 = wasmir.i64x2.bitmask %v
  %3 = wasmir.select %0, %v, %v : vector<16xi8>
  %4 = wasmir.i32x4.splat %1
  %5 = wasmir.i32x4.replace_lane %4[3], %2
  wasmir.return %5 : vector<16xi8>
}

// CHECK-LABEL: @"wasm[0]::function[3]"(
// CHECK-NEXT:    %83 = llvm_ext.swizzle %81, %82 : vector<16xi8>, vector<16xi8> -> vector<16xi8>
// CHECK-NEXT:    %84 = llvm_ext.swizzle relaxed %83, %82 : vector<16xi8>, vector<16xi8> -> vector<16xi8>
// CHECK-NEXT:    %85 = llvm.bitcast %84 : vector<16xi8> to vector<4xf32>
// CHECK-NEXT:    %86 = llvm.call_intrinsic "llvm.arithmetic.fence.v4f32"(%85) : (vector<4xf32>) -> vector<4xf32>
// CHECK-NEXT:    %87 = llvm.bitcast %81 : vector<16xi8> to vector<4xf32>
// CHECK-NEXT:    %88 = llvm.bitcast %82 : vector<16xi8> to vector<4xf32>
// CHECK-NEXT:    %89 = llvm.fneg %86 : vector<4xf32>
// CHECK-NEXT:    %90 = llvm_ext.multiply_add relaxed %89, %87, %88 : vector<4xf32>
// CHECK-NEXT:    %91 = llvm.bitcast %90 : vector<4xf32> to vector<16xi8>
// CHECK-NEXT:    %92 = llvm.bitcast %91 : vector<16xi8> to vector<2xf64>
// CHECK-NEXT:    %93 = llvm_ext.truncate relaxed signed %92 : vector<2xf64> -> vector<4xi32>
// CHECK-NEXT:    %94 = llvm.bitcast %93 : vector<4xi32> to vector<16xi8>
// CHECK-NEXT:    %95 = llvm.bitcast %94 : vector<16xi8> to vector<4xf32>
// CHECK-NEXT:    %96 = llvm_ext.truncate %95 : vector<4xf32> -> vector<4xi32>
// CHECK-NEXT:    %97 = llvm.bitcast %96 : vector<4xi32> to vector<16xi8>
// CHECK-NEXT:    %98 = llvm.bitcast %97 : vector<16xi8> to vector<8xi16>
// CHECK-NEXT:    %99 = llvm.bitcast %81 : vector<16xi8> to vector<8xi16>
// CHECK-NEXT:    %100 = llvm.bitcast %82 : vector<16xi8> to vector<8xi16>
// CHECK-NEXT:    %101 = llvm_ext.bitselect relaxed %98, %99, %100 : vector<8xi16>
// CHECK-NEXT:    %102 = llvm.bitcast %101 : vector<8xi16> to vector<16xi8>
// CHECK-NEXT:    %103 = llvm.bitcast %81 : vector<16xi8> to vector<8xi16>
// CHECK-NEXT:    %104 = llvm_ext.fraction_multiply %101, %103 : vector<8xi16>
// CHECK-NEXT:    %105 = llvm.bitcast %104 : vector<8xi16> to vector<16xi8>
// CHECK-NEXT:    %106 = llvm_ext.dot relaxed %105, %81 : vector<16xi8>, vector<16xi8> -> vector<8xi16>
// CHECK-NEXT:    %107 = llvm.sext %106 : vector<8xi16> to vector<8xi32>
// CHECK-NEXT:    %108 = llvm.shufflevector %107, %107 [0, 2, 4, 6] : vector<8xi32>
// CHECK-NEXT:    %109 = llvm.shufflevector %107, %107 [1, 3, 5, 7] : vector<8xi32>
// CHECK-NEXT:    %110 = llvm.add %108, %109 : vector<4xi32>
// CHECK-NEXT:    %111 = llvm.bitcast %82 : vector<16xi8> to vector<4xi32>
// CHECK-NEXT:    %112 = llvm.add %110, %111 : vector<4xi32>
// CHECK-NEXT:    %113 = llvm.bitcast %112 : vector<4xi32> to vector<16xi8>
// CHECK-NEXT:    %114 = llvm.bitcast %113 : vector<16xi8> to vector<2xf64>
// CHECK-NEXT:    %115 = llvm.bitcast %81 : vector<16xi8> to vector<2xf64>
// CHECK-NEXT:    %116 = llvm_ext.fcmp "ogt" %114, %115 : vector<2xf64> -> vector<2xi1>
// CHECK-NEXT:    %117 = llvm_ext.select %116, %114, %115 : vector<2xi1>, vector<2xf64>
// CHECK-NEXT:    %118 = llvm.bitcast %117 : vector<2xf64> to vector<16xi8>
// CHECK-NEXT:    llvm.return %118 : vector<16xi8>
// CHECK-NEXT:  }
wasmir.func index 3 slot 3 @processors(%v: vector<16xi8>, %w: vector<16xi8>) -> vector<16xi8> {
  %0 = wasmir.i8x16.swizzle %v, %w
  %1 = wasmir.i8x16.relaxed_swizzle %0, %w
  %2 = wasmir.f32x4.relaxed_nmadd %1, %v, %w
  %3 = wasmir.i32x4.relaxed_trunc_f64x2_s_zero %2
  %4 = wasmir.i32x4.trunc_sat_f32x4_u %3
  %5 = wasmir.i16x8.relaxed_laneselect %4, %v, %w
  %6 = wasmir.i16x8.q15mulr_sat_s %5, %v
  %7 = wasmir.i32x4.relaxed_dot_i8x16_i7x16_add_s %6, %v, %w
  %8 = wasmir.f64x2.relaxed_max %7, %v
  wasmir.return %8 : vector<16xi8>
}

// CHECK-LABEL: @"wasm[0]::function[4]"(
// CHECK-NEXT:    %123 = llvm.shufflevector %121, %121 [8, 9, 10, 11, 12, 13, 14, 15] : vector<16xi8>
// CHECK-NEXT:    %124 = llvm.sext %123 : vector<8xi8> to vector<8xi16>
// CHECK-NEXT:    %125 = llvm.shufflevector %122, %122 [8, 9, 10, 11, 12, 13, 14, 15] : vector<16xi8>
// CHECK-NEXT:    %126 = llvm.sext %125 : vector<8xi8> to vector<8xi16>
// CHECK-NEXT:    %127 = llvm.mul %124, %126 : vector<8xi16>
// CHECK-NEXT:    %128 = llvm.bitcast %127 : vector<8xi16> to vector<16xi8>
// CHECK-NEXT:    %129 = llvm.bitcast %122 : vector<16xi8> to vector<8xi16>
// CHECK-NEXT:    %130 = llvm_ext.narrow %127, %129 : vector<8xi16> -> vector<16xi8>
// CHECK-NEXT:    %131 = llvm.bitcast %130 : vector<16xi8> to vector<8xi16>
// CHECK-NEXT:    %132 = llvm.sext %131 : vector<8xi16> to vector<8xi32>
// CHECK-NEXT:    %133 = llvm.sext %127 : vector<8xi16> to vector<8xi32>
// CHECK-NEXT:    %134 = llvm.mul %132, %133 : vector<8xi32>
// CHECK-NEXT:    %135 = llvm.shufflevector %134, %134 [0, 2, 4, 6] : vector<8xi32>
// CHECK-NEXT:    %136 = llvm.shufflevector %134, %134 [1, 3, 5, 7] : vector<8xi32>
// CHECK-NEXT:    %137 = llvm.add %135, %136 : vector<4xi32>
// CHECK-NEXT:    %138 = llvm.bitcast %137 : vector<4xi32> to vector<16xi8>
// CHECK-NEXT:    %139 = llvm.bitcast %138 : vector<16xi8> to vector<8xi16>
// CHECK-NEXT:    %140 = llvm_ext.add_pairs %139 : vector<8xi16> -> vector<4xi32>
// CHECK-NEXT:    %141 = llvm.bitcast %140 : vector<4xi32> to vector<16xi8>
// CHECK-NEXT:    %142 = llvm.shufflevector %140, %140 [0, 1] : vector<4xi32>
// CHECK-NEXT:    %143 = llvm_ext.uitofp %142 : vector<2xi32> to vector<2xf64>
// CHECK-NEXT:    %144 = llvm.bitcast %143 : vector<2xf64> to vector<16xi8>
// CHECK-NEXT:    %145 = llvm.call_intrinsic "llvm.arithmetic.fence.v2f64"(%143) : (vector<2xf64>) -> vector<2xf64>
// CHECK-NEXT:    %146 = llvm.fptrunc %145 : vector<2xf64> to vector<2xf32>
// CHECK-NEXT:    %147 = llvm.mlir.constant(dense<0> : vector<2xi32>) : vector<2xi32>
// CHECK-NEXT:    %148 = llvm.bitcast %147 : vector<2xi32> to vector<2xf32>
// CHECK-NEXT:    %149 = llvm.shufflevector %146, %148 [0, 1, 2, 3] : vector<2xf32>
// CHECK-NEXT:    %150 = llvm.bitcast %149 : vector<4xf32> to vector<16xi8>
// CHECK-NEXT:    %151 = llvm.shufflevector %149, %149 [0, 1] : vector<4xf32>
// CHECK-NEXT:    %152 = llvm.fpext %151 : vector<2xf32> to vector<2xf64>
// CHECK-NEXT:    %153 = llvm.call_intrinsic "llvm.arithmetic.fence.v2f64"(%152) : (vector<2xf64>) -> vector<2xf64>
// CHECK-NEXT:    %154 = llvm.bitcast %153 : vector<2xf64> to vector<16xi8>
// CHECK-NEXT:    llvm.return %154 : vector<16xi8>
// CHECK-NEXT:  }
wasmir.func index 4 slot 4 @between_shapes(%v: vector<16xi8>, %w: vector<16xi8>) -> vector<16xi8> {
  %0 = wasmir.i16x8.extmul_high_i8x16_s %v, %w
  %1 = wasmir.i8x16.narrow_i16x8_u %0, %w
  %2 = wasmir.i32x4.dot_i16x8_s %1, %0
  %3 = wasmir.i32x4.extadd_pairwise_i16x8_u %2
  %4 = wasmir.f64x2.convert_low_i32x4_u %3
  %5 = wasmir.f32x4.demote_f64x2_zero %4
  %6 = wasmir.f64x2.promote_low_f32x4 %5
  wasmir.return %6 : vector<16xi8>
}
