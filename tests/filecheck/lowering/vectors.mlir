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
// CHECK-NEXT:    %18 = llvm.mlir.undef : vector<8xi16>
// CHECK-NEXT:    %19 = llvm.shufflevector %17, %18 [0, 0, 0, 0, 0, 0, 0, 0] : vector<8xi16>
// CHECK-NEXT:    %20 = llvm.bitcast %11 : vector<16xi8> to vector<8xi16>
// CHECK-NEXT:    %21 = llvm.lshr %20, %19 : vector<8xi16>
// CHECK-NEXT:    %22 = llvm.bitcast %21 : vector<8xi16> to vector<16xi8>
// CHECK-NEXT:    llvm.return %22 : vector<16xi8>
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @shapes(%v: vector<16xi8>, %w: vector<16xi8>, %i: i32) -> vector<16xi8> {
  %0 = wasmir.i32x4.add %v, %w
  %1 = wasmir.i32x4.mul %0, %v
  %2 = wasmir.i16x8.shr_u %1, %i
  wasmir.return %2 : vector<16xi8>
}

// A signalling NaN must not pass: the constant 1 is hidden, and so is what may become one.

// CHECK-LABEL: @"wasm[0]::function[1]"(
// CHECK-NEXT:    %27 = llvm.mlir.constant(dense<[0, 0, -128, 63, 0, 0, -128, 63, 0, 0, -128, 63, 0, 0, -128, 63]> : vector<16xi8>) : vector<16xi8>
// CHECK-NEXT:    %28 = llvm.mlir.constant(dense<[0, 0, 0, 64, 0, 0, 0, 64, 0, 0, 0, 64, 0, 0, 0, 64]> : vector<16xi8>) : vector<16xi8>
// CHECK-NEXT:    %29 = llvm.bitcast %25 : vector<16xi8> to vector<4xf32>
// CHECK-NEXT:    %30 = llvm.mlir.constant(dense<1065353216> : vector<4xi32>) : vector<4xi32>
// CHECK-NEXT:    %31 = llvm.bitcast %30 : vector<4xi32> to vector<4xf32>
// CHECK-NEXT:    %32 = llvm.call_intrinsic "llvm.arithmetic.fence.v4f32"(%31) : (vector<4xf32>) -> vector<4xf32>
// CHECK-NEXT:    %33 = llvm.fmul %29, %32 : vector<4xf32>
// CHECK-NEXT:    %34 = llvm.bitcast %33 : vector<4xf32> to vector<16xi8>
// CHECK-NEXT:    %35 = llvm.mlir.constant(dense<1073741824> : vector<4xi32>) : vector<4xi32>
// CHECK-NEXT:    %36 = llvm.bitcast %35 : vector<4xi32> to vector<4xf32>
// CHECK-NEXT:    %37 = llvm.fmul %33, %36 : vector<4xf32>
// CHECK-NEXT:    %38 = llvm.bitcast %37 : vector<4xf32> to vector<16xi8>
// CHECK-NEXT:    %39 = llvm.mlir.constant(dense<[0, 0, -128, 63, 0, 0, -128, 63, 0, 0, -128, 63, 0, 0, -128, 63]> : vector<16xi8>) : vector<16xi8>
// CHECK-NEXT:    %40 = llvm.and %38, %39 : vector<16xi8>
// CHECK-NEXT:    %41 = llvm.bitcast %40 : vector<16xi8> to vector<4xf32>
// CHECK-NEXT:    %42 = llvm.call_intrinsic "llvm.arithmetic.fence.v4f32"(%41) : (vector<4xf32>) -> vector<4xf32>
// CHECK-NEXT:    %43 = llvm.fadd %37, %42 : vector<4xf32>
// CHECK-NEXT:    %44 = llvm.bitcast %43 : vector<4xf32> to vector<16xi8>
// CHECK-NEXT:    %45 = llvm.mlir.undef : vector<4xf32>
// CHECK-NEXT:    %46 = llvm.mlir.constant(0 : i32) : i32
// CHECK-NEXT:    %47 = llvm.insertelement %26, %45[%46 : i32] : vector<4xf32>
// CHECK-NEXT:    %48 = llvm.mlir.undef : vector<4xf32>
// CHECK-NEXT:    %49 = llvm.shufflevector %47, %48 [0, 0, 0, 0] : vector<4xf32>
// CHECK-NEXT:    %50 = llvm.bitcast %49 : vector<4xf32> to vector<16xi8>
// CHECK-NEXT:    %51 = llvm_ext.fcmp "uno" %43, %49 : vector<4xf32> -> vector<4xi1>
// CHECK-NEXT:    %52 = llvm.fadd %43, %49 : vector<4xf32>
// CHECK-NEXT:    %53 = llvm.call_intrinsic "llvm.minimum.v4f32"(%43, %49) : (vector<4xf32>, vector<4xf32>) -> vector<4xf32>
// CHECK-NEXT:    %54 = llvm_ext.select %51, %52, %53 : vector<4xi1>, vector<4xf32>
// CHECK-NEXT:    %55 = llvm.bitcast %54 : vector<4xf32> to vector<16xi8>
// CHECK-NEXT:    llvm.return %55 : vector<16xi8>
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
// CHECK-NEXT:    %59 = llvm.bitcast %58 : vector<16xi8> to vector<4xi32>
// CHECK-NEXT:    %60 = llvm.call_intrinsic "llvm.vector.reduce.or.v4i32"(%59) : (vector<4xi32>) -> i32
// CHECK-NEXT:    %61 = llvm.mlir.constant(0 : i32) : i32
// CHECK-NEXT:    %62 = llvm.icmp "ne" %60, %61 : i32
// CHECK-NEXT:    %63 = llvm.mlir.constant(dense<0> : vector<16xi8>) : vector<16xi8>
// CHECK-NEXT:    %64 = llvm.icmp "ne" %58, %63 : vector<16xi8>
// CHECK-NEXT:    %65 = llvm.call_intrinsic "llvm.vector.reduce.and.v16i1"(%64) : (vector<16xi1>) -> i1
// CHECK-NEXT:    %66 = llvm.zext %65 : i1 to i32
// CHECK-NEXT:    %67 = llvm.bitcast %58 : vector<16xi8> to vector<2xi64>
// CHECK-NEXT:    %68 = llvm.mlir.constant(dense<0> : vector<2xi64>) : vector<2xi64>
// CHECK-NEXT:    %69 = llvm.icmp "slt" %67, %68 : vector<2xi64>
// CHECK-NEXT:    %70 = llvm.bitcast %69 : vector<2xi1> to i2
// CHECK-NEXT:    %71 = llvm.zext %70 : i2 to i32
// CHECK-NEXT:    %72 = llvm.select %62, %58, %58 : i1, vector<16xi8>
// CHECK-NEXT:    %73 = llvm.mlir.undef : vector<4xi32>
// CHECK-NEXT:    %74 = llvm.mlir.constant(0 : i32) : i32
// CHECK-NEXT:    %75 = llvm.insertelement %66, %73[%74 : i32] : vector<4xi32>
// CHECK-NEXT:    %76 = llvm.mlir.undef : vector<4xi32>
// CHECK-NEXT:    %77 = llvm.shufflevector %75, %76 [0, 0, 0, 0] : vector<4xi32>
// CHECK-NEXT:    %78 = llvm.bitcast %77 : vector<4xi32> to vector<16xi8>
// CHECK-NEXT:    %79 = llvm.mlir.constant(3 : i32) : i32
// CHECK-NEXT:    %80 = llvm.insertelement %71, %77[%79 : i32] : vector<4xi32>
// CHECK-NEXT:    %81 = llvm.bitcast %80 : vector<4xi32> to vector<16xi8>
// CHECK-NEXT:    llvm.return %81 : vector<16xi8>
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
// CHECK-NEXT:    %86 = llvm_ext.swizzle %84, %85 : vector<16xi8>, vector<16xi8> -> vector<16xi8>
// CHECK-NEXT:    %87 = llvm_ext.swizzle relaxed %86, %85 : vector<16xi8>, vector<16xi8> -> vector<16xi8>
// CHECK-NEXT:    %88 = llvm.bitcast %87 : vector<16xi8> to vector<4xf32>
// CHECK-NEXT:    %89 = llvm.call_intrinsic "llvm.arithmetic.fence.v4f32"(%88) : (vector<4xf32>) -> vector<4xf32>
// CHECK-NEXT:    %90 = llvm.bitcast %84 : vector<16xi8> to vector<4xf32>
// CHECK-NEXT:    %91 = llvm.bitcast %85 : vector<16xi8> to vector<4xf32>
// CHECK-NEXT:    %92 = llvm.fneg %89 : vector<4xf32>
// CHECK-NEXT:    %93 = llvm_ext.multiply_add relaxed %92, %90, %91 : vector<4xf32>
// CHECK-NEXT:    %94 = llvm.bitcast %93 : vector<4xf32> to vector<16xi8>
// CHECK-NEXT:    %95 = llvm.bitcast %94 : vector<16xi8> to vector<2xf64>
// CHECK-NEXT:    %96 = llvm_ext.truncate relaxed signed %95 : vector<2xf64> -> vector<4xi32>
// CHECK-NEXT:    %97 = llvm.bitcast %96 : vector<4xi32> to vector<16xi8>
// CHECK-NEXT:    %98 = llvm.bitcast %97 : vector<16xi8> to vector<4xf32>
// CHECK-NEXT:    %99 = llvm_ext.truncate %98 : vector<4xf32> -> vector<4xi32>
// CHECK-NEXT:    %100 = llvm.bitcast %99 : vector<4xi32> to vector<16xi8>
// CHECK-NEXT:    %101 = llvm.bitcast %100 : vector<16xi8> to vector<8xi16>
// CHECK-NEXT:    %102 = llvm.bitcast %84 : vector<16xi8> to vector<8xi16>
// CHECK-NEXT:    %103 = llvm.bitcast %85 : vector<16xi8> to vector<8xi16>
// CHECK-NEXT:    %104 = llvm_ext.bitselect relaxed %101, %102, %103 : vector<8xi16>
// CHECK-NEXT:    %105 = llvm.bitcast %104 : vector<8xi16> to vector<16xi8>
// CHECK-NEXT:    %106 = llvm.bitcast %84 : vector<16xi8> to vector<8xi16>
// CHECK-NEXT:    %107 = llvm_ext.fraction_multiply %104, %106 : vector<8xi16>
// CHECK-NEXT:    %108 = llvm.bitcast %107 : vector<8xi16> to vector<16xi8>
// CHECK-NEXT:    %109 = llvm_ext.dot relaxed %108, %84 : vector<16xi8>, vector<16xi8> -> vector<8xi16>
// CHECK-NEXT:    %110 = llvm.sext %109 : vector<8xi16> to vector<8xi32>
// CHECK-NEXT:    %111 = llvm.mlir.undef : vector<8xi32>
// CHECK-NEXT:    %112 = llvm.shufflevector %110, %111 [0, 2, 4, 6] : vector<8xi32>
// CHECK-NEXT:    %113 = llvm.mlir.undef : vector<8xi32>
// CHECK-NEXT:    %114 = llvm.shufflevector %110, %113 [1, 3, 5, 7] : vector<8xi32>
// CHECK-NEXT:    %115 = llvm.add %112, %114 : vector<4xi32>
// CHECK-NEXT:    %116 = llvm.bitcast %85 : vector<16xi8> to vector<4xi32>
// CHECK-NEXT:    %117 = llvm.add %115, %116 : vector<4xi32>
// CHECK-NEXT:    %118 = llvm.bitcast %117 : vector<4xi32> to vector<16xi8>
// CHECK-NEXT:    %119 = llvm.bitcast %118 : vector<16xi8> to vector<2xf64>
// CHECK-NEXT:    %120 = llvm.bitcast %84 : vector<16xi8> to vector<2xf64>
// CHECK-NEXT:    %121 = llvm_ext.fcmp "ogt" %119, %120 : vector<2xf64> -> vector<2xi1>
// CHECK-NEXT:    %122 = llvm_ext.select %121, %119, %120 : vector<2xi1>, vector<2xf64>
// CHECK-NEXT:    %123 = llvm.bitcast %122 : vector<2xf64> to vector<16xi8>
// CHECK-NEXT:    llvm.return %123 : vector<16xi8>
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
// CHECK-NEXT:    %128 = llvm.mlir.undef : vector<16xi8>
// CHECK-NEXT:    %129 = llvm.shufflevector %126, %128 [8, 9, 10, 11, 12, 13, 14, 15] : vector<16xi8>
// CHECK-NEXT:    %130 = llvm.sext %129 : vector<8xi8> to vector<8xi16>
// CHECK-NEXT:    %131 = llvm.mlir.undef : vector<16xi8>
// CHECK-NEXT:    %132 = llvm.shufflevector %127, %131 [8, 9, 10, 11, 12, 13, 14, 15] : vector<16xi8>
// CHECK-NEXT:    %133 = llvm.sext %132 : vector<8xi8> to vector<8xi16>
// CHECK-NEXT:    %134 = llvm.mul %130, %133 : vector<8xi16>
// CHECK-NEXT:    %135 = llvm.bitcast %134 : vector<8xi16> to vector<16xi8>
// CHECK-NEXT:    %136 = llvm.bitcast %127 : vector<16xi8> to vector<8xi16>
// CHECK-NEXT:    %137 = llvm_ext.narrow %134, %136 : vector<8xi16> -> vector<16xi8>
// CHECK-NEXT:    %138 = llvm.bitcast %137 : vector<16xi8> to vector<8xi16>
// CHECK-NEXT:    %139 = llvm.sext %138 : vector<8xi16> to vector<8xi32>
// CHECK-NEXT:    %140 = llvm.sext %134 : vector<8xi16> to vector<8xi32>
// CHECK-NEXT:    %141 = llvm.mul %139, %140 : vector<8xi32>
// CHECK-NEXT:    %142 = llvm.mlir.undef : vector<8xi32>
// CHECK-NEXT:    %143 = llvm.shufflevector %141, %142 [0, 2, 4, 6] : vector<8xi32>
// CHECK-NEXT:    %144 = llvm.mlir.undef : vector<8xi32>
// CHECK-NEXT:    %145 = llvm.shufflevector %141, %144 [1, 3, 5, 7] : vector<8xi32>
// CHECK-NEXT:    %146 = llvm.add %143, %145 : vector<4xi32>
// CHECK-NEXT:    %147 = llvm.bitcast %146 : vector<4xi32> to vector<16xi8>
// CHECK-NEXT:    %148 = llvm.bitcast %147 : vector<16xi8> to vector<8xi16>
// CHECK-NEXT:    %149 = llvm_ext.add_pairs %148 : vector<8xi16> -> vector<4xi32>
// CHECK-NEXT:    %150 = llvm.bitcast %149 : vector<4xi32> to vector<16xi8>
// CHECK-NEXT:    %151 = llvm.mlir.undef : vector<4xi32>
// CHECK-NEXT:    %152 = llvm.shufflevector %149, %151 [0, 1] : vector<4xi32>
// CHECK-NEXT:    %153 = llvm_ext.uitofp %152 : vector<2xi32> to vector<2xf64>
// CHECK-NEXT:    %154 = llvm.bitcast %153 : vector<2xf64> to vector<16xi8>
// CHECK-NEXT:    %155 = llvm.call_intrinsic "llvm.arithmetic.fence.v2f64"(%153) : (vector<2xf64>) -> vector<2xf64>
// CHECK-NEXT:    %156 = llvm.fptrunc %155 : vector<2xf64> to vector<2xf32>
// CHECK-NEXT:    %157 = llvm.mlir.constant(dense<0> : vector<2xi32>) : vector<2xi32>
// CHECK-NEXT:    %158 = llvm.bitcast %157 : vector<2xi32> to vector<2xf32>
// CHECK-NEXT:    %159 = llvm.shufflevector %156, %158 [0, 1, 2, 3] : vector<2xf32>
// CHECK-NEXT:    %160 = llvm.bitcast %159 : vector<4xf32> to vector<16xi8>
// CHECK-NEXT:    %161 = llvm.mlir.undef : vector<4xf32>
// CHECK-NEXT:    %162 = llvm.shufflevector %159, %161 [0, 1] : vector<4xf32>
// CHECK-NEXT:    %163 = llvm.fpext %162 : vector<2xf32> to vector<2xf64>
// CHECK-NEXT:    %164 = llvm.call_intrinsic "llvm.arithmetic.fence.v2f64"(%163) : (vector<2xf64>) -> vector<2xf64>
// CHECK-NEXT:    %165 = llvm.bitcast %164 : vector<2xf64> to vector<16xi8>
// CHECK-NEXT:    llvm.return %165 : vector<16xi8>
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
