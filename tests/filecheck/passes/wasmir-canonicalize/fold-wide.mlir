// RUN: wasm-opt-py %s -p wasmir-canonicalize,wasmir-gvn,wasmir-dce | filecheck %s
// BLESS

// Both results of wide arithmetic are folded, and an equal operation is not repeated.

// CHECK-LABEL: @folded(
// CHECK-NEXT:    %one = wasmir.i64.const 1
// CHECK-NEXT:    %low = wasmir.i64.const 0
// CHECK-NEXT:    %high = wasmir.i64.const 3
// CHECK-NEXT:    %high_1 = wasmir.i64.const -2
// CHECK-NEXT:    wasmir.return %low, %high, %one, %high_1 : i64, i64, i64, i64
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @folded() -> (i64, i64, i64, i64) {
  %minus_one = wasmir.i64.const -1
  %one = wasmir.i64.const 1
  %low, %high = wasmir.i64.add128 %minus_one, %one, %one, %one
  %low_1, %high_1 = wasmir.i64.mul_wide_u %minus_one, %minus_one
  wasmir.return %low, %high, %low_1, %high_1 : i64, i64, i64, i64
}

// CHECK-LABEL: @repeated(
// CHECK-NEXT:    %low, %high = wasmir.i64.mul_wide_s %a, %b
// CHECK-NEXT:    wasmir.return %low, %high : i64, i64
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @repeated(%a: i64, %b: i64) -> (i64, i64) {
  %low, %high = wasmir.i64.mul_wide_s %a, %b
  %low_1, %high_1 = wasmir.i64.mul_wide_s %a, %b
  wasmir.return %low, %high_1 : i64, i64
}
