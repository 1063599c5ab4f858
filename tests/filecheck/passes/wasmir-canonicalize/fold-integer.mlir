// RUN: wasm-opt-py %s -p wasmir-canonicalize,wasmir-dce | filecheck %s
// BLESS

// Integers wrap, shift counts are taken modulo the width, comparisons give 0 or 1.

// CHECK-LABEL: @wraps(
// CHECK-NEXT:    %sum = wasmir.i32.const -2147483648
// CHECK-NEXT:    %shifted = wasmir.i32.const 2
// CHECK-NEXT:    %less = wasmir.i32.const 0
// CHECK-NEXT:    %wide = wasmir.i64.const -2147483648
// CHECK-NEXT:    %half = wasmir.i64.const -2
// CHECK-NEXT:    wasmir.return %sum, %shifted, %less, %wide, %half : i32, i32, i32, i64, i64
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @wraps() -> (i32, i32, i32, i64, i64) {
  %largest = wasmir.i32.const 2147483647
  %one = wasmir.i32.const 1
  %sum = wasmir.i32.add %largest, %one
  %count = wasmir.i32.const 33
  %shifted = wasmir.i32.shl %one, %count
  %less = wasmir.i32.lt_u %sum, %largest
  %wide = wasmir.i64.extend_i32_s %sum
  %negative = wasmir.i64.const -2
  %half = wasmir.i64.shr_u %negative, %wide
  wasmir.return %sum, %shifted, %less, %wide, %half : i32, i32, i32, i64, i64
}
