// RUN: wasm-opt-py %s -p wasmir-canonicalize | filecheck %s
// BLESS

// Vectors fold lane by lane, unless a lane is a NaN: the machine chooses which. Relaxed instructions do
// not fold: their result is a choice of the machine, too.

// CHECK-LABEL: @folds(
// CHECK-NEXT:    %0 = wasmir.v128.const 0x00000004000000030000000200000001
// CHECK-NEXT:    %1 = wasmir.v128.const 0x00000008000000060000000400000002
// CHECK-NEXT:    %2 = wasmir.i32.const 4
// CHECK-NEXT:    %3 = wasmir.v128.const 0x00000002000000010000000400000002
// CHECK-NEXT:    %f = wasmir.f32.const "0x1"
// CHECK-NEXT:    %4 = wasmir.v128.const 0x0000000200000001000000043f800000
// CHECK-NEXT:    wasmir.return %1, %2, %3, %4 : vector<16xi8>, i32, vector<16xi8>, vector<16xi8>
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @folds() -> (vector<16xi8>, i32, vector<16xi8>, vector<16xi8>) {
  %0 = wasmir.v128.const 0x00000004000000030000000200000001
  %1 = wasmir.i32x4.add %0, %0
  %2 = wasmir.i8x16.extract_lane_u %1[4]
  %3 = wasmir.i8x16.shuffle %0, %1 [16, 17, 18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5, 6, 7]
  %f = wasmir.f32.const "1"
  %4 = wasmir.f32x4.replace_lane %3[0], %f
  wasmir.return %1, %2, %3, %4 : vector<16xi8>, i32, vector<16xi8>, vector<16xi8>
}

// CHECK-LABEL: @stays(
// CHECK-NEXT:    %infinity = wasmir.v128.const 0x7f8000007f8000007f8000007f800000
// CHECK-NEXT:    %0 = wasmir.f32x4.sub %infinity, %infinity
// CHECK-NEXT:    %1 = wasmir.i8x16.relaxed_swizzle %infinity, %infinity
// CHECK-NEXT:    wasmir.return %0, %1 : vector<16xi8>, vector<16xi8>
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @stays() -> (vector<16xi8>, vector<16xi8>) {
  %infinity = wasmir.v128.const 0x7f8000007f8000007f8000007f800000
  %0 = wasmir.f32x4.sub %infinity, %infinity
  %1 = wasmir.i8x16.relaxed_swizzle %infinity, %infinity
  wasmir.return %0, %1 : vector<16xi8>, vector<16xi8>
}
