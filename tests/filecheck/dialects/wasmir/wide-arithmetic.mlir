// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// 128-bit integers are pairs of i64, the low half first.

// CHECK-LABEL: @wide(
// CHECK-NEXT:    %low, %high = wasmir.i64.add128 %a, %b, %c, %d
// CHECK-NEXT:    %low_1, %high_1 = wasmir.i64.sub128 %low, %high, %c, %d
// CHECK-NEXT:    %low_2, %high_2 = wasmir.i64.mul_wide_s %low_1, %high_1
// CHECK-NEXT:    %low_3, %high_3 = wasmir.i64.mul_wide_u %low_2, %high_2
// CHECK-NEXT:    wasmir.return %low_3, %high_3 : i64, i64
// CHECK-NEXT:  }
// GENERIC-LABEL: "wasmir.func"
// GENERIC-NEXT:  ^bb0(%a: i64, %b: i64, %c: i64, %d: i64):
// GENERIC-NEXT:    %low, %high = "wasmir.i64.add128"(%a, %b, %c, %d) : (i64, i64, i64, i64) -> (i64, i64)
// GENERIC-NEXT:    %low_1, %high_1 = "wasmir.i64.sub128"(%low, %high, %c, %d) : (i64, i64, i64, i64) -> (i64, i64)
// GENERIC-NEXT:    %low_2, %high_2 = "wasmir.i64.mul_wide_s"(%low_1, %high_1) : (i64, i64) -> (i64, i64)
// GENERIC-NEXT:    %low_3, %high_3 = "wasmir.i64.mul_wide_u"(%low_2, %high_2) : (i64, i64) -> (i64, i64)
// GENERIC-NEXT:    "wasmir.return"(%low_3, %high_3) : (i64, i64) -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @wide(%a: i64, %b: i64, %c: i64, %d: i64) -> (i64, i64) {
  %low, %high = wasmir.i64.add128 %a, %b, %c, %d
  %low_1, %high_1 = wasmir.i64.sub128 %low, %high, %c, %d
  %low_2, %high_2 = wasmir.i64.mul_wide_s %low_1, %high_1
  %low_3, %high_3 = wasmir.i64.mul_wide_u %low_2, %high_2
  wasmir.return %low_3, %high_3 : i64, i64
}
