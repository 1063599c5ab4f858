// RUN: wasm-opt-py %s -p wasmir-canonicalize,wasmir-dce | filecheck %s
// BLESS

// What would trap stays, what would not is folded.

// CHECK-LABEL: @divisions(
// CHECK-NEXT:    %seven = wasmir.i32.const 7
// CHECK-NEXT:    %zero = wasmir.i32.const 0
// CHECK-NEXT:    %smallest = wasmir.i32.const -2147483648
// CHECK-NEXT:    %minus_one = wasmir.i32.const -1
// CHECK-NEXT:    %by_zero = wasmir.i32.div_u %seven, %zero
// CHECK-NEXT:    %overflow = wasmir.i32.div_s %smallest, %minus_one
// CHECK-NEXT:    %remainder = wasmir.i32.const 0
// CHECK-NEXT:    wasmir.return %by_zero, %overflow, %remainder : i32, i32, i32
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @divisions() -> (i32, i32, i32) {
  %seven = wasmir.i32.const 7
  %zero = wasmir.i32.const 0
  %smallest = wasmir.i32.const -2147483648
  %minus_one = wasmir.i32.const -1
  %by_zero = wasmir.i32.div_u %seven, %zero
  %overflow = wasmir.i32.div_s %smallest, %minus_one
  %remainder = wasmir.i32.rem_s %smallest, %minus_one
  wasmir.return %by_zero, %overflow, %remainder : i32, i32, i32
}

// CHECK-LABEL: @truncations(
// CHECK-NEXT:    %large = wasmir.f64.const "0x1.2a05f2p+33"
// CHECK-NEXT:    %fitting = wasmir.i32.const -1
// CHECK-NEXT:    %trapping = wasmir.i32.trunc_f64_s %large
// CHECK-NEXT:    %saturated = wasmir.i32.const 2147483647
// CHECK-NEXT:    wasmir.return %fitting, %trapping, %saturated : i32, i32, i32
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @truncations() -> (i32, i32, i32) {
  %fits = wasmir.f64.const "-1.9"
  %large = wasmir.f64.const "1e10"
  %fitting = wasmir.i32.trunc_f64_s %fits
  %trapping = wasmir.i32.trunc_f64_s %large
  %saturated = wasmir.i32.trunc_sat_f64_s %large
  wasmir.return %fitting, %trapping, %saturated : i32, i32, i32
}
