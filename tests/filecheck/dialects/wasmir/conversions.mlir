// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Between the four number types.

// CHECK-LABEL: @converting(
// CHECK-NEXT:    %i32_wrap_i64 = wasmir.i32.wrap_i64 %i64
// CHECK-NEXT:    %i64_extend_i32_s = wasmir.i64.extend_i32_s %i32
// CHECK-NEXT:    %i64_extend_i32_u = wasmir.i64.extend_i32_u %i32
// CHECK-NEXT:    %f32_convert_i32_s = wasmir.f32.convert_i32_s %i32
// CHECK-NEXT:    %f32_convert_i32_u = wasmir.f32.convert_i32_u %i32
// CHECK-NEXT:    %f32_convert_i64_s = wasmir.f32.convert_i64_s %i64
// CHECK-NEXT:    %f32_convert_i64_u = wasmir.f32.convert_i64_u %i64
// CHECK-NEXT:    %f32_demote_f64 = wasmir.f32.demote_f64 %f64
// CHECK-NEXT:    %f64_convert_i32_s = wasmir.f64.convert_i32_s %i32
// CHECK-NEXT:    %f64_convert_i32_u = wasmir.f64.convert_i32_u %i32
// CHECK-NEXT:    %f64_convert_i64_s = wasmir.f64.convert_i64_s %i64
// CHECK-NEXT:    %f64_convert_i64_u = wasmir.f64.convert_i64_u %i64
// CHECK-NEXT:    %f64_promote_f32 = wasmir.f64.promote_f32 %f32
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "converting"
// GENERIC-NEXT:  ^bb0(%i64: i64, %i32: i32, %f64: f64, %f32: f32):
// GENERIC-NEXT:    %i32_wrap_i64 = "wasmir.i32.wrap_i64"(%i64) : (i64) -> i32
// GENERIC-NEXT:    %i64_extend_i32_s = "wasmir.i64.extend_i32_s"(%i32) : (i32) -> i64
// GENERIC-NEXT:    %i64_extend_i32_u = "wasmir.i64.extend_i32_u"(%i32) : (i32) -> i64
// GENERIC-NEXT:    %f32_convert_i32_s = "wasmir.f32.convert_i32_s"(%i32) : (i32) -> f32
// GENERIC-NEXT:    %f32_convert_i32_u = "wasmir.f32.convert_i32_u"(%i32) : (i32) -> f32
// GENERIC-NEXT:    %f32_convert_i64_s = "wasmir.f32.convert_i64_s"(%i64) : (i64) -> f32
// GENERIC-NEXT:    %f32_convert_i64_u = "wasmir.f32.convert_i64_u"(%i64) : (i64) -> f32
// GENERIC-NEXT:    %f32_demote_f64 = "wasmir.f32.demote_f64"(%f64) : (f64) -> f32
// GENERIC-NEXT:    %f64_convert_i32_s = "wasmir.f64.convert_i32_s"(%i32) : (i32) -> f64
// GENERIC-NEXT:    %f64_convert_i32_u = "wasmir.f64.convert_i32_u"(%i32) : (i32) -> f64
// GENERIC-NEXT:    %f64_convert_i64_s = "wasmir.f64.convert_i64_s"(%i64) : (i64) -> f64
// GENERIC-NEXT:    %f64_convert_i64_u = "wasmir.f64.convert_i64_u"(%i64) : (i64) -> f64
// GENERIC-NEXT:    %f64_promote_f32 = "wasmir.f64.promote_f32"(%f32) : (f32) -> f64
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @converting(%i64: i64, %i32: i32, %f64: f64, %f32: f32) {
  %i32_wrap_i64 = wasmir.i32.wrap_i64 %i64
  %i64_extend_i32_s = wasmir.i64.extend_i32_s %i32
  %i64_extend_i32_u = wasmir.i64.extend_i32_u %i32
  %f32_convert_i32_s = wasmir.f32.convert_i32_s %i32
  %f32_convert_i32_u = wasmir.f32.convert_i32_u %i32
  %f32_convert_i64_s = wasmir.f32.convert_i64_s %i64
  %f32_convert_i64_u = wasmir.f32.convert_i64_u %i64
  %f32_demote_f64 = wasmir.f32.demote_f64 %f64
  %f64_convert_i32_s = wasmir.f64.convert_i32_s %i32
  %f64_convert_i32_u = wasmir.f64.convert_i32_u %i32
  %f64_convert_i64_s = wasmir.f64.convert_i64_s %i64
  %f64_convert_i64_u = wasmir.f64.convert_i64_u %i64
  %f64_promote_f32 = wasmir.f64.promote_f32 %f32
  wasmir.return
}

// CHECK-LABEL: @trapping(
// CHECK-NEXT:    %i32_trunc_f32_s = wasmir.i32.trunc_f32_s %f32
// CHECK-NEXT:    %i32_trunc_f32_u = wasmir.i32.trunc_f32_u %f32
// CHECK-NEXT:    %i32_trunc_f64_s = wasmir.i32.trunc_f64_s %f64
// CHECK-NEXT:    %i32_trunc_f64_u = wasmir.i32.trunc_f64_u %f64
// CHECK-NEXT:    %i64_trunc_f32_s = wasmir.i64.trunc_f32_s %f32
// CHECK-NEXT:    %i64_trunc_f32_u = wasmir.i64.trunc_f32_u %f32
// CHECK-NEXT:    %i64_trunc_f64_s = wasmir.i64.trunc_f64_s %f64
// CHECK-NEXT:    %i64_trunc_f64_u = wasmir.i64.trunc_f64_u %f64
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "trapping"
// GENERIC-NEXT:  ^bb0(%f32: f32, %f64: f64):
// GENERIC-NEXT:    %i32_trunc_f32_s = "wasmir.i32.trunc_f32_s"(%f32) : (f32) -> i32
// GENERIC-NEXT:    %i32_trunc_f32_u = "wasmir.i32.trunc_f32_u"(%f32) : (f32) -> i32
// GENERIC-NEXT:    %i32_trunc_f64_s = "wasmir.i32.trunc_f64_s"(%f64) : (f64) -> i32
// GENERIC-NEXT:    %i32_trunc_f64_u = "wasmir.i32.trunc_f64_u"(%f64) : (f64) -> i32
// GENERIC-NEXT:    %i64_trunc_f32_s = "wasmir.i64.trunc_f32_s"(%f32) : (f32) -> i64
// GENERIC-NEXT:    %i64_trunc_f32_u = "wasmir.i64.trunc_f32_u"(%f32) : (f32) -> i64
// GENERIC-NEXT:    %i64_trunc_f64_s = "wasmir.i64.trunc_f64_s"(%f64) : (f64) -> i64
// GENERIC-NEXT:    %i64_trunc_f64_u = "wasmir.i64.trunc_f64_u"(%f64) : (f64) -> i64
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 1 slot 1 @trapping(%f32: f32, %f64: f64) {
  %i32_trunc_f32_s = wasmir.i32.trunc_f32_s %f32
  %i32_trunc_f32_u = wasmir.i32.trunc_f32_u %f32
  %i32_trunc_f64_s = wasmir.i32.trunc_f64_s %f64
  %i32_trunc_f64_u = wasmir.i32.trunc_f64_u %f64
  %i64_trunc_f32_s = wasmir.i64.trunc_f32_s %f32
  %i64_trunc_f32_u = wasmir.i64.trunc_f32_u %f32
  %i64_trunc_f64_s = wasmir.i64.trunc_f64_s %f64
  %i64_trunc_f64_u = wasmir.i64.trunc_f64_u %f64
  wasmir.return
}

// CHECK-LABEL: @reinterpreting(
// CHECK-NEXT:    %i32_reinterpret_f32 = wasmir.i32.reinterpret_f32 %f32
// CHECK-NEXT:    %i64_reinterpret_f64 = wasmir.i64.reinterpret_f64 %f64
// CHECK-NEXT:    %f32_reinterpret_i32 = wasmir.f32.reinterpret_i32 %i32
// CHECK-NEXT:    %f64_reinterpret_i64 = wasmir.f64.reinterpret_i64 %i64
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "reinterpreting"
// GENERIC-NEXT:  ^bb0(%f32: f32, %f64: f64, %i32: i32, %i64: i64):
// GENERIC-NEXT:    %i32_reinterpret_f32 = "wasmir.i32.reinterpret_f32"(%f32) : (f32) -> i32
// GENERIC-NEXT:    %i64_reinterpret_f64 = "wasmir.i64.reinterpret_f64"(%f64) : (f64) -> i64
// GENERIC-NEXT:    %f32_reinterpret_i32 = "wasmir.f32.reinterpret_i32"(%i32) : (i32) -> f32
// GENERIC-NEXT:    %f64_reinterpret_i64 = "wasmir.f64.reinterpret_i64"(%i64) : (i64) -> f64
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 2 slot 2 @reinterpreting(%f32: f32, %f64: f64, %i32: i32, %i64: i64) {
  %i32_reinterpret_f32 = wasmir.i32.reinterpret_f32 %f32
  %i64_reinterpret_f64 = wasmir.i64.reinterpret_f64 %f64
  %f32_reinterpret_i32 = wasmir.f32.reinterpret_i32 %i32
  %f64_reinterpret_i64 = wasmir.f64.reinterpret_i64 %i64
  wasmir.return
}

// CHECK-LABEL: @saturating(
// CHECK-NEXT:    %i32_trunc_sat_f32_s = wasmir.i32.trunc_sat_f32_s %f32
// CHECK-NEXT:    %i32_trunc_sat_f32_u = wasmir.i32.trunc_sat_f32_u %f32
// CHECK-NEXT:    %i32_trunc_sat_f64_s = wasmir.i32.trunc_sat_f64_s %f64
// CHECK-NEXT:    %i32_trunc_sat_f64_u = wasmir.i32.trunc_sat_f64_u %f64
// CHECK-NEXT:    %i64_trunc_sat_f32_s = wasmir.i64.trunc_sat_f32_s %f32
// CHECK-NEXT:    %i64_trunc_sat_f32_u = wasmir.i64.trunc_sat_f32_u %f32
// CHECK-NEXT:    %i64_trunc_sat_f64_s = wasmir.i64.trunc_sat_f64_s %f64
// CHECK-NEXT:    %i64_trunc_sat_f64_u = wasmir.i64.trunc_sat_f64_u %f64
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "saturating"
// GENERIC-NEXT:  ^bb0(%f32: f32, %f64: f64):
// GENERIC-NEXT:    %i32_trunc_sat_f32_s = "wasmir.i32.trunc_sat_f32_s"(%f32) : (f32) -> i32
// GENERIC-NEXT:    %i32_trunc_sat_f32_u = "wasmir.i32.trunc_sat_f32_u"(%f32) : (f32) -> i32
// GENERIC-NEXT:    %i32_trunc_sat_f64_s = "wasmir.i32.trunc_sat_f64_s"(%f64) : (f64) -> i32
// GENERIC-NEXT:    %i32_trunc_sat_f64_u = "wasmir.i32.trunc_sat_f64_u"(%f64) : (f64) -> i32
// GENERIC-NEXT:    %i64_trunc_sat_f32_s = "wasmir.i64.trunc_sat_f32_s"(%f32) : (f32) -> i64
// GENERIC-NEXT:    %i64_trunc_sat_f32_u = "wasmir.i64.trunc_sat_f32_u"(%f32) : (f32) -> i64
// GENERIC-NEXT:    %i64_trunc_sat_f64_s = "wasmir.i64.trunc_sat_f64_s"(%f64) : (f64) -> i64
// GENERIC-NEXT:    %i64_trunc_sat_f64_u = "wasmir.i64.trunc_sat_f64_u"(%f64) : (f64) -> i64
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 3 slot 3 @saturating(%f32: f32, %f64: f64) {
  %i32_trunc_sat_f32_s = wasmir.i32.trunc_sat_f32_s %f32
  %i32_trunc_sat_f32_u = wasmir.i32.trunc_sat_f32_u %f32
  %i32_trunc_sat_f64_s = wasmir.i32.trunc_sat_f64_s %f64
  %i32_trunc_sat_f64_u = wasmir.i32.trunc_sat_f64_u %f64
  %i64_trunc_sat_f32_s = wasmir.i64.trunc_sat_f32_s %f32
  %i64_trunc_sat_f32_u = wasmir.i64.trunc_sat_f32_u %f32
  %i64_trunc_sat_f64_s = wasmir.i64.trunc_sat_f64_s %f64
  %i64_trunc_sat_f64_u = wasmir.i64.trunc_sat_f64_u %f64
  wasmir.return
}
