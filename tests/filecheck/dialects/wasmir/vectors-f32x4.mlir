// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Every operation on f32x4.

// CHECK-LABEL: wasmir.func index 0 slot 0 @lanes(
// CHECK-NEXT:    %0 = wasmir.f32x4.splat %f {note}
// CHECK-NEXT:    %1 = wasmir.f32x4.extract_lane %v[1]
// CHECK-NEXT:    %2 = wasmir.f32x4.replace_lane %v[1], %f
// CHECK-NEXT:    %3 = wasmir.f32x4.eq %v, %w
// CHECK-NEXT:    %4 = wasmir.f32x4.ne %v, %w
// CHECK-NEXT:    %5 = wasmir.f32x4.lt %v, %w
// CHECK-NEXT:    %6 = wasmir.f32x4.gt %v, %w
// CHECK-NEXT:    %7 = wasmir.f32x4.le %v, %w
// CHECK-NEXT:    %8 = wasmir.f32x4.ge %v, %w
// CHECK-NEXT:    %9 = wasmir.f32x4.demote_f64x2_zero %v
// CHECK-NEXT:    %10 = wasmir.f32x4.ceil %v
// CHECK-NEXT:    %11 = wasmir.f32x4.floor %v
// CHECK-NEXT:    %12 = wasmir.f32x4.trunc %v
// CHECK-NEXT:    %13 = wasmir.f32x4.nearest %v
// CHECK-NEXT:    %14 = wasmir.f32x4.abs %v
// CHECK-NEXT:    %15 = wasmir.f32x4.neg %v
// CHECK-NEXT:    %16 = wasmir.f32x4.sqrt %v
// CHECK-NEXT:    %17 = wasmir.f32x4.add %v, %w
// CHECK-NEXT:    %18 = wasmir.f32x4.sub %v, %w
// CHECK-NEXT:    %19 = wasmir.f32x4.mul %v, %w
// CHECK-NEXT:    %20 = wasmir.f32x4.div %v, %w
// CHECK-NEXT:    %21 = wasmir.f32x4.min %v, %w
// CHECK-NEXT:    %22 = wasmir.f32x4.max %v, %w
// CHECK-NEXT:    %23 = wasmir.f32x4.pmin %v, %w
// CHECK-NEXT:    %24 = wasmir.f32x4.pmax %v, %w
// CHECK-NEXT:    %25 = wasmir.f32x4.convert_i32x4_s %v
// CHECK-NEXT:    %26 = wasmir.f32x4.convert_i32x4_u %v
// CHECK-NEXT:    %27 = wasmir.f32x4.relaxed_madd %v, %w, %v
// CHECK-NEXT:    %28 = wasmir.f32x4.relaxed_nmadd %v, %w, %v
// CHECK-NEXT:    %29 = wasmir.f32x4.relaxed_min %v, %w
// CHECK-NEXT:    %30 = wasmir.f32x4.relaxed_max %v, %w
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "lanes"
// GENERIC-NEXT:  ^bb0(%v: vector<16xi8>, %w: vector<16xi8>, %i: i32, %l: i64, %f: f32, %d: f64):
// GENERIC-NEXT:    %0 = "wasmir.f32x4.splat"(%f) {note} : (f32) -> vector<16xi8>
// GENERIC-NEXT:    %1 = "wasmir.f32x4.extract_lane"(%v) <{lane = 1 : i64}> : (vector<16xi8>) -> f32
// GENERIC-NEXT:    %2 = "wasmir.f32x4.replace_lane"(%v, %f) <{lane = 1 : i64}> : (vector<16xi8>, f32) -> vector<16xi8>
// GENERIC-NEXT:    %3 = "wasmir.f32x4.eq"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %4 = "wasmir.f32x4.ne"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %5 = "wasmir.f32x4.lt"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %6 = "wasmir.f32x4.gt"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %7 = "wasmir.f32x4.le"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %8 = "wasmir.f32x4.ge"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %9 = "wasmir.f32x4.demote_f64x2_zero"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %10 = "wasmir.f32x4.ceil"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %11 = "wasmir.f32x4.floor"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %12 = "wasmir.f32x4.trunc"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %13 = "wasmir.f32x4.nearest"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %14 = "wasmir.f32x4.abs"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %15 = "wasmir.f32x4.neg"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %16 = "wasmir.f32x4.sqrt"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %17 = "wasmir.f32x4.add"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %18 = "wasmir.f32x4.sub"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %19 = "wasmir.f32x4.mul"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %20 = "wasmir.f32x4.div"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %21 = "wasmir.f32x4.min"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %22 = "wasmir.f32x4.max"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %23 = "wasmir.f32x4.pmin"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %24 = "wasmir.f32x4.pmax"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %25 = "wasmir.f32x4.convert_i32x4_s"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %26 = "wasmir.f32x4.convert_i32x4_u"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %27 = "wasmir.f32x4.relaxed_madd"(%v, %w, %v) : (vector<16xi8>, vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %28 = "wasmir.f32x4.relaxed_nmadd"(%v, %w, %v) : (vector<16xi8>, vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %29 = "wasmir.f32x4.relaxed_min"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %30 = "wasmir.f32x4.relaxed_max"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @lanes(%v: vector<16xi8>, %w: vector<16xi8>, %i: i32, %l: i64, %f: f32, %d: f64) {
  %0 = wasmir.f32x4.splat %f {note}
  %1 = wasmir.f32x4.extract_lane %v[1]
  %2 = wasmir.f32x4.replace_lane %v[1], %f
  %3 = wasmir.f32x4.eq %v, %w
  %4 = wasmir.f32x4.ne %v, %w
  %5 = wasmir.f32x4.lt %v, %w
  %6 = wasmir.f32x4.gt %v, %w
  %7 = wasmir.f32x4.le %v, %w
  %8 = wasmir.f32x4.ge %v, %w
  %9 = wasmir.f32x4.demote_f64x2_zero %v
  %10 = wasmir.f32x4.ceil %v
  %11 = wasmir.f32x4.floor %v
  %12 = wasmir.f32x4.trunc %v
  %13 = wasmir.f32x4.nearest %v
  %14 = wasmir.f32x4.abs %v
  %15 = wasmir.f32x4.neg %v
  %16 = wasmir.f32x4.sqrt %v
  %17 = wasmir.f32x4.add %v, %w
  %18 = wasmir.f32x4.sub %v, %w
  %19 = wasmir.f32x4.mul %v, %w
  %20 = wasmir.f32x4.div %v, %w
  %21 = wasmir.f32x4.min %v, %w
  %22 = wasmir.f32x4.max %v, %w
  %23 = wasmir.f32x4.pmin %v, %w
  %24 = wasmir.f32x4.pmax %v, %w
  %25 = wasmir.f32x4.convert_i32x4_s %v
  %26 = wasmir.f32x4.convert_i32x4_u %v
  %27 = wasmir.f32x4.relaxed_madd %v, %w, %v
  %28 = wasmir.f32x4.relaxed_nmadd %v, %w, %v
  %29 = wasmir.f32x4.relaxed_min %v, %w
  %30 = wasmir.f32x4.relaxed_max %v, %w
  wasmir.return
}
