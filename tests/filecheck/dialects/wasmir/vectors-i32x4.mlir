// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Every operation on i32x4.

// CHECK-LABEL: wasmir.func index 0 slot 0 @lanes(
// CHECK-NEXT:    %0 = wasmir.i32x4.splat %i {note}
// CHECK-NEXT:    %1 = wasmir.i32x4.extract_lane %v[1]
// CHECK-NEXT:    %2 = wasmir.i32x4.replace_lane %v[1], %i
// CHECK-NEXT:    %3 = wasmir.i32x4.eq %v, %w
// CHECK-NEXT:    %4 = wasmir.i32x4.ne %v, %w
// CHECK-NEXT:    %5 = wasmir.i32x4.lt_s %v, %w
// CHECK-NEXT:    %6 = wasmir.i32x4.lt_u %v, %w
// CHECK-NEXT:    %7 = wasmir.i32x4.gt_s %v, %w
// CHECK-NEXT:    %8 = wasmir.i32x4.gt_u %v, %w
// CHECK-NEXT:    %9 = wasmir.i32x4.le_s %v, %w
// CHECK-NEXT:    %10 = wasmir.i32x4.le_u %v, %w
// CHECK-NEXT:    %11 = wasmir.i32x4.ge_s %v, %w
// CHECK-NEXT:    %12 = wasmir.i32x4.ge_u %v, %w
// CHECK-NEXT:    %13 = wasmir.i32x4.extadd_pairwise_i16x8_s %v
// CHECK-NEXT:    %14 = wasmir.i32x4.extadd_pairwise_i16x8_u %v
// CHECK-NEXT:    %15 = wasmir.i32x4.abs %v
// CHECK-NEXT:    %16 = wasmir.i32x4.neg %v
// CHECK-NEXT:    %17 = wasmir.i32x4.all_true %v
// CHECK-NEXT:    %18 = wasmir.i32x4.bitmask %v
// CHECK-NEXT:    %19 = wasmir.i32x4.extend_low_i16x8_s %v
// CHECK-NEXT:    %20 = wasmir.i32x4.extend_high_i16x8_s %v
// CHECK-NEXT:    %21 = wasmir.i32x4.extend_low_i16x8_u %v
// CHECK-NEXT:    %22 = wasmir.i32x4.extend_high_i16x8_u %v
// CHECK-NEXT:    %23 = wasmir.i32x4.shl %v, %i
// CHECK-NEXT:    %24 = wasmir.i32x4.shr_s %v, %i
// CHECK-NEXT:    %25 = wasmir.i32x4.shr_u %v, %i
// CHECK-NEXT:    %26 = wasmir.i32x4.add %v, %w
// CHECK-NEXT:    %27 = wasmir.i32x4.sub %v, %w
// CHECK-NEXT:    %28 = wasmir.i32x4.mul %v, %w
// CHECK-NEXT:    %29 = wasmir.i32x4.min_s %v, %w
// CHECK-NEXT:    %30 = wasmir.i32x4.min_u %v, %w
// CHECK-NEXT:    %31 = wasmir.i32x4.max_s %v, %w
// CHECK-NEXT:    %32 = wasmir.i32x4.max_u %v, %w
// CHECK-NEXT:    %33 = wasmir.i32x4.dot_i16x8_s %v, %w
// CHECK-NEXT:    %34 = wasmir.i32x4.extmul_low_i16x8_s %v, %w
// CHECK-NEXT:    %35 = wasmir.i32x4.extmul_high_i16x8_s %v, %w
// CHECK-NEXT:    %36 = wasmir.i32x4.extmul_low_i16x8_u %v, %w
// CHECK-NEXT:    %37 = wasmir.i32x4.extmul_high_i16x8_u %v, %w
// CHECK-NEXT:    %38 = wasmir.i32x4.trunc_sat_f32x4_s %v
// CHECK-NEXT:    %39 = wasmir.i32x4.trunc_sat_f32x4_u %v
// CHECK-NEXT:    %40 = wasmir.i32x4.trunc_sat_f64x2_s_zero %v
// CHECK-NEXT:    %41 = wasmir.i32x4.trunc_sat_f64x2_u_zero %v
// CHECK-NEXT:    %42 = wasmir.i32x4.relaxed_trunc_f32x4_s %v
// CHECK-NEXT:    %43 = wasmir.i32x4.relaxed_trunc_f32x4_u %v
// CHECK-NEXT:    %44 = wasmir.i32x4.relaxed_trunc_f64x2_s_zero %v
// CHECK-NEXT:    %45 = wasmir.i32x4.relaxed_trunc_f64x2_u_zero %v
// CHECK-NEXT:    %46 = wasmir.i32x4.relaxed_laneselect %v, %w, %v
// CHECK-NEXT:    %47 = wasmir.i32x4.relaxed_dot_i8x16_i7x16_add_s %v, %w, %v
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "lanes"
// GENERIC-NEXT:  ^bb0(%v: vector<16xi8>, %w: vector<16xi8>, %i: i32, %l: i64, %f: f32, %d: f64):
// GENERIC-NEXT:    %0 = "wasmir.i32x4.splat"(%i) {note} : (i32) -> vector<16xi8>
// GENERIC-NEXT:    %1 = "wasmir.i32x4.extract_lane"(%v) <{lane = 1 : i64}> : (vector<16xi8>) -> i32
// GENERIC-NEXT:    %2 = "wasmir.i32x4.replace_lane"(%v, %i) <{lane = 1 : i64}> : (vector<16xi8>, i32) -> vector<16xi8>
// GENERIC-NEXT:    %3 = "wasmir.i32x4.eq"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %4 = "wasmir.i32x4.ne"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %5 = "wasmir.i32x4.lt_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %6 = "wasmir.i32x4.lt_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %7 = "wasmir.i32x4.gt_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %8 = "wasmir.i32x4.gt_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %9 = "wasmir.i32x4.le_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %10 = "wasmir.i32x4.le_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %11 = "wasmir.i32x4.ge_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %12 = "wasmir.i32x4.ge_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %13 = "wasmir.i32x4.extadd_pairwise_i16x8_s"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %14 = "wasmir.i32x4.extadd_pairwise_i16x8_u"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %15 = "wasmir.i32x4.abs"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %16 = "wasmir.i32x4.neg"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %17 = "wasmir.i32x4.all_true"(%v) : (vector<16xi8>) -> i32
// GENERIC-NEXT:    %18 = "wasmir.i32x4.bitmask"(%v) : (vector<16xi8>) -> i32
// GENERIC-NEXT:    %19 = "wasmir.i32x4.extend_low_i16x8_s"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %20 = "wasmir.i32x4.extend_high_i16x8_s"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %21 = "wasmir.i32x4.extend_low_i16x8_u"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %22 = "wasmir.i32x4.extend_high_i16x8_u"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %23 = "wasmir.i32x4.shl"(%v, %i) : (vector<16xi8>, i32) -> vector<16xi8>
// GENERIC-NEXT:    %24 = "wasmir.i32x4.shr_s"(%v, %i) : (vector<16xi8>, i32) -> vector<16xi8>
// GENERIC-NEXT:    %25 = "wasmir.i32x4.shr_u"(%v, %i) : (vector<16xi8>, i32) -> vector<16xi8>
// GENERIC-NEXT:    %26 = "wasmir.i32x4.add"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %27 = "wasmir.i32x4.sub"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %28 = "wasmir.i32x4.mul"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %29 = "wasmir.i32x4.min_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %30 = "wasmir.i32x4.min_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %31 = "wasmir.i32x4.max_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %32 = "wasmir.i32x4.max_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %33 = "wasmir.i32x4.dot_i16x8_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %34 = "wasmir.i32x4.extmul_low_i16x8_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %35 = "wasmir.i32x4.extmul_high_i16x8_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %36 = "wasmir.i32x4.extmul_low_i16x8_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %37 = "wasmir.i32x4.extmul_high_i16x8_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %38 = "wasmir.i32x4.trunc_sat_f32x4_s"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %39 = "wasmir.i32x4.trunc_sat_f32x4_u"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %40 = "wasmir.i32x4.trunc_sat_f64x2_s_zero"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %41 = "wasmir.i32x4.trunc_sat_f64x2_u_zero"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %42 = "wasmir.i32x4.relaxed_trunc_f32x4_s"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %43 = "wasmir.i32x4.relaxed_trunc_f32x4_u"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %44 = "wasmir.i32x4.relaxed_trunc_f64x2_s_zero"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %45 = "wasmir.i32x4.relaxed_trunc_f64x2_u_zero"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %46 = "wasmir.i32x4.relaxed_laneselect"(%v, %w, %v) : (vector<16xi8>, vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %47 = "wasmir.i32x4.relaxed_dot_i8x16_i7x16_add_s"(%v, %w, %v) : (vector<16xi8>, vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @lanes(%v: vector<16xi8>, %w: vector<16xi8>, %i: i32, %l: i64, %f: f32, %d: f64) {
  %0 = wasmir.i32x4.splat %i {note}
  %1 = wasmir.i32x4.extract_lane %v[1]
  %2 = wasmir.i32x4.replace_lane %v[1], %i
  %3 = wasmir.i32x4.eq %v, %w
  %4 = wasmir.i32x4.ne %v, %w
  %5 = wasmir.i32x4.lt_s %v, %w
  %6 = wasmir.i32x4.lt_u %v, %w
  %7 = wasmir.i32x4.gt_s %v, %w
  %8 = wasmir.i32x4.gt_u %v, %w
  %9 = wasmir.i32x4.le_s %v, %w
  %10 = wasmir.i32x4.le_u %v, %w
  %11 = wasmir.i32x4.ge_s %v, %w
  %12 = wasmir.i32x4.ge_u %v, %w
  %13 = wasmir.i32x4.extadd_pairwise_i16x8_s %v
  %14 = wasmir.i32x4.extadd_pairwise_i16x8_u %v
  %15 = wasmir.i32x4.abs %v
  %16 = wasmir.i32x4.neg %v
  %17 = wasmir.i32x4.all_true %v
  %18 = wasmir.i32x4.bitmask %v
  %19 = wasmir.i32x4.extend_low_i16x8_s %v
  %20 = wasmir.i32x4.extend_high_i16x8_s %v
  %21 = wasmir.i32x4.extend_low_i16x8_u %v
  %22 = wasmir.i32x4.extend_high_i16x8_u %v
  %23 = wasmir.i32x4.shl %v, %i
  %24 = wasmir.i32x4.shr_s %v, %i
  %25 = wasmir.i32x4.shr_u %v, %i
  %26 = wasmir.i32x4.add %v, %w
  %27 = wasmir.i32x4.sub %v, %w
  %28 = wasmir.i32x4.mul %v, %w
  %29 = wasmir.i32x4.min_s %v, %w
  %30 = wasmir.i32x4.min_u %v, %w
  %31 = wasmir.i32x4.max_s %v, %w
  %32 = wasmir.i32x4.max_u %v, %w
  %33 = wasmir.i32x4.dot_i16x8_s %v, %w
  %34 = wasmir.i32x4.extmul_low_i16x8_s %v, %w
  %35 = wasmir.i32x4.extmul_high_i16x8_s %v, %w
  %36 = wasmir.i32x4.extmul_low_i16x8_u %v, %w
  %37 = wasmir.i32x4.extmul_high_i16x8_u %v, %w
  %38 = wasmir.i32x4.trunc_sat_f32x4_s %v
  %39 = wasmir.i32x4.trunc_sat_f32x4_u %v
  %40 = wasmir.i32x4.trunc_sat_f64x2_s_zero %v
  %41 = wasmir.i32x4.trunc_sat_f64x2_u_zero %v
  %42 = wasmir.i32x4.relaxed_trunc_f32x4_s %v
  %43 = wasmir.i32x4.relaxed_trunc_f32x4_u %v
  %44 = wasmir.i32x4.relaxed_trunc_f64x2_s_zero %v
  %45 = wasmir.i32x4.relaxed_trunc_f64x2_u_zero %v
  %46 = wasmir.i32x4.relaxed_laneselect %v, %w, %v
  %47 = wasmir.i32x4.relaxed_dot_i8x16_i7x16_add_s %v, %w, %v
  wasmir.return
}
