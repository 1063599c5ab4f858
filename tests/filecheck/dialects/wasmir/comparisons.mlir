// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Comparisons give an i32.

// CHECK-LABEL: @i32_comparisons(
// CHECK-NEXT:    %eqz = wasmir.i32.eqz %a
// CHECK-NEXT:    %eq = wasmir.i32.eq %a, %b
// CHECK-NEXT:    %ne = wasmir.i32.ne %a, %b
// CHECK-NEXT:    %lt_s = wasmir.i32.lt_s %a, %b
// CHECK-NEXT:    %lt_u = wasmir.i32.lt_u %a, %b
// CHECK-NEXT:    %gt_s = wasmir.i32.gt_s %a, %b
// CHECK-NEXT:    %gt_u = wasmir.i32.gt_u %a, %b
// CHECK-NEXT:    %le_s = wasmir.i32.le_s %a, %b
// CHECK-NEXT:    %le_u = wasmir.i32.le_u %a, %b
// CHECK-NEXT:    %ge_s = wasmir.i32.ge_s %a, %b
// CHECK-NEXT:    %ge_u = wasmir.i32.ge_u %a, %b
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "i32_comparisons"
// GENERIC-NEXT:  ^bb0(%a: i32, %b: i32):
// GENERIC-NEXT:    %eqz = "wasmir.i32.eqz"(%a) : (i32) -> i32
// GENERIC-NEXT:    %eq = "wasmir.i32.eq"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %ne = "wasmir.i32.ne"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %lt_s = "wasmir.i32.lt_s"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %lt_u = "wasmir.i32.lt_u"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %gt_s = "wasmir.i32.gt_s"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %gt_u = "wasmir.i32.gt_u"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %le_s = "wasmir.i32.le_s"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %le_u = "wasmir.i32.le_u"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %ge_s = "wasmir.i32.ge_s"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %ge_u = "wasmir.i32.ge_u"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @i32_comparisons(%a: i32, %b: i32) {
  %eqz = wasmir.i32.eqz %a
  %eq = wasmir.i32.eq %a, %b
  %ne = wasmir.i32.ne %a, %b
  %lt_s = wasmir.i32.lt_s %a, %b
  %lt_u = wasmir.i32.lt_u %a, %b
  %gt_s = wasmir.i32.gt_s %a, %b
  %gt_u = wasmir.i32.gt_u %a, %b
  %le_s = wasmir.i32.le_s %a, %b
  %le_u = wasmir.i32.le_u %a, %b
  %ge_s = wasmir.i32.ge_s %a, %b
  %ge_u = wasmir.i32.ge_u %a, %b
  wasmir.return
}

// CHECK-LABEL: @i64_comparisons(
// CHECK-NEXT:    %eqz = wasmir.i64.eqz %a
// CHECK-NEXT:    %eq = wasmir.i64.eq %a, %b
// CHECK-NEXT:    %ne = wasmir.i64.ne %a, %b
// CHECK-NEXT:    %lt_s = wasmir.i64.lt_s %a, %b
// CHECK-NEXT:    %lt_u = wasmir.i64.lt_u %a, %b
// CHECK-NEXT:    %gt_s = wasmir.i64.gt_s %a, %b
// CHECK-NEXT:    %gt_u = wasmir.i64.gt_u %a, %b
// CHECK-NEXT:    %le_s = wasmir.i64.le_s %a, %b
// CHECK-NEXT:    %le_u = wasmir.i64.le_u %a, %b
// CHECK-NEXT:    %ge_s = wasmir.i64.ge_s %a, %b
// CHECK-NEXT:    %ge_u = wasmir.i64.ge_u %a, %b
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "i64_comparisons"
// GENERIC-NEXT:  ^bb0(%a: i64, %b: i64):
// GENERIC-NEXT:    %eqz = "wasmir.i64.eqz"(%a) : (i64) -> i32
// GENERIC-NEXT:    %eq = "wasmir.i64.eq"(%a, %b) : (i64, i64) -> i32
// GENERIC-NEXT:    %ne = "wasmir.i64.ne"(%a, %b) : (i64, i64) -> i32
// GENERIC-NEXT:    %lt_s = "wasmir.i64.lt_s"(%a, %b) : (i64, i64) -> i32
// GENERIC-NEXT:    %lt_u = "wasmir.i64.lt_u"(%a, %b) : (i64, i64) -> i32
// GENERIC-NEXT:    %gt_s = "wasmir.i64.gt_s"(%a, %b) : (i64, i64) -> i32
// GENERIC-NEXT:    %gt_u = "wasmir.i64.gt_u"(%a, %b) : (i64, i64) -> i32
// GENERIC-NEXT:    %le_s = "wasmir.i64.le_s"(%a, %b) : (i64, i64) -> i32
// GENERIC-NEXT:    %le_u = "wasmir.i64.le_u"(%a, %b) : (i64, i64) -> i32
// GENERIC-NEXT:    %ge_s = "wasmir.i64.ge_s"(%a, %b) : (i64, i64) -> i32
// GENERIC-NEXT:    %ge_u = "wasmir.i64.ge_u"(%a, %b) : (i64, i64) -> i32
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 1 slot 1 @i64_comparisons(%a: i64, %b: i64) {
  %eqz = wasmir.i64.eqz %a
  %eq = wasmir.i64.eq %a, %b
  %ne = wasmir.i64.ne %a, %b
  %lt_s = wasmir.i64.lt_s %a, %b
  %lt_u = wasmir.i64.lt_u %a, %b
  %gt_s = wasmir.i64.gt_s %a, %b
  %gt_u = wasmir.i64.gt_u %a, %b
  %le_s = wasmir.i64.le_s %a, %b
  %le_u = wasmir.i64.le_u %a, %b
  %ge_s = wasmir.i64.ge_s %a, %b
  %ge_u = wasmir.i64.ge_u %a, %b
  wasmir.return
}

// CHECK-LABEL: @f32_comparisons(
// CHECK-NEXT:    %eq = wasmir.f32.eq %a, %b
// CHECK-NEXT:    %ne = wasmir.f32.ne %a, %b
// CHECK-NEXT:    %lt = wasmir.f32.lt %a, %b
// CHECK-NEXT:    %gt = wasmir.f32.gt %a, %b
// CHECK-NEXT:    %le = wasmir.f32.le %a, %b
// CHECK-NEXT:    %ge = wasmir.f32.ge %a, %b
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "f32_comparisons"
// GENERIC-NEXT:  ^bb0(%a: f32, %b: f32):
// GENERIC-NEXT:    %eq = "wasmir.f32.eq"(%a, %b) : (f32, f32) -> i32
// GENERIC-NEXT:    %ne = "wasmir.f32.ne"(%a, %b) : (f32, f32) -> i32
// GENERIC-NEXT:    %lt = "wasmir.f32.lt"(%a, %b) : (f32, f32) -> i32
// GENERIC-NEXT:    %gt = "wasmir.f32.gt"(%a, %b) : (f32, f32) -> i32
// GENERIC-NEXT:    %le = "wasmir.f32.le"(%a, %b) : (f32, f32) -> i32
// GENERIC-NEXT:    %ge = "wasmir.f32.ge"(%a, %b) : (f32, f32) -> i32
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 2 slot 2 @f32_comparisons(%a: f32, %b: f32) {
  %eq = wasmir.f32.eq %a, %b
  %ne = wasmir.f32.ne %a, %b
  %lt = wasmir.f32.lt %a, %b
  %gt = wasmir.f32.gt %a, %b
  %le = wasmir.f32.le %a, %b
  %ge = wasmir.f32.ge %a, %b
  wasmir.return
}

// CHECK-LABEL: @f64_comparisons(
// CHECK-NEXT:    %eq = wasmir.f64.eq %a, %b
// CHECK-NEXT:    %ne = wasmir.f64.ne %a, %b
// CHECK-NEXT:    %lt = wasmir.f64.lt %a, %b
// CHECK-NEXT:    %gt = wasmir.f64.gt %a, %b
// CHECK-NEXT:    %le = wasmir.f64.le %a, %b
// CHECK-NEXT:    %ge = wasmir.f64.ge %a, %b
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "f64_comparisons"
// GENERIC-NEXT:  ^bb0(%a: f64, %b: f64):
// GENERIC-NEXT:    %eq = "wasmir.f64.eq"(%a, %b) : (f64, f64) -> i32
// GENERIC-NEXT:    %ne = "wasmir.f64.ne"(%a, %b) : (f64, f64) -> i32
// GENERIC-NEXT:    %lt = "wasmir.f64.lt"(%a, %b) : (f64, f64) -> i32
// GENERIC-NEXT:    %gt = "wasmir.f64.gt"(%a, %b) : (f64, f64) -> i32
// GENERIC-NEXT:    %le = "wasmir.f64.le"(%a, %b) : (f64, f64) -> i32
// GENERIC-NEXT:    %ge = "wasmir.f64.ge"(%a, %b) : (f64, f64) -> i32
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 3 slot 3 @f64_comparisons(%a: f64, %b: f64) {
  %eq = wasmir.f64.eq %a, %b
  %ne = wasmir.f64.ne %a, %b
  %lt = wasmir.f64.lt %a, %b
  %gt = wasmir.f64.gt %a, %b
  %le = wasmir.f64.le %a, %b
  %ge = wasmir.f64.ge %a, %b
  wasmir.return
}
