// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Every operation on i16x8.

// CHECK-LABEL: wasmir.func index 0 slot 0 @lanes(
// CHECK-NEXT:    %0 = wasmir.i16x8.splat %i {note}
// CHECK-NEXT:    %1 = wasmir.i16x8.extract_lane_s %v[1]
// CHECK-NEXT:    %2 = wasmir.i16x8.extract_lane_u %v[1]
// CHECK-NEXT:    %3 = wasmir.i16x8.replace_lane %v[1], %i
// CHECK-NEXT:    %4 = wasmir.i16x8.eq %v, %w
// CHECK-NEXT:    %5 = wasmir.i16x8.ne %v, %w
// CHECK-NEXT:    %6 = wasmir.i16x8.lt_s %v, %w
// CHECK-NEXT:    %7 = wasmir.i16x8.lt_u %v, %w
// CHECK-NEXT:    %8 = wasmir.i16x8.gt_s %v, %w
// CHECK-NEXT:    %9 = wasmir.i16x8.gt_u %v, %w
// CHECK-NEXT:    %10 = wasmir.i16x8.le_s %v, %w
// CHECK-NEXT:    %11 = wasmir.i16x8.le_u %v, %w
// CHECK-NEXT:    %12 = wasmir.i16x8.ge_s %v, %w
// CHECK-NEXT:    %13 = wasmir.i16x8.ge_u %v, %w
// CHECK-NEXT:    %14 = wasmir.i16x8.extadd_pairwise_i8x16_s %v
// CHECK-NEXT:    %15 = wasmir.i16x8.extadd_pairwise_i8x16_u %v
// CHECK-NEXT:    %16 = wasmir.i16x8.abs %v
// CHECK-NEXT:    %17 = wasmir.i16x8.neg %v
// CHECK-NEXT:    %18 = wasmir.i16x8.q15mulr_sat_s %v, %w
// CHECK-NEXT:    %19 = wasmir.i16x8.all_true %v
// CHECK-NEXT:    %20 = wasmir.i16x8.bitmask %v
// CHECK-NEXT:    %21 = wasmir.i16x8.narrow_i32x4_s %v, %w
// CHECK-NEXT:    %22 = wasmir.i16x8.narrow_i32x4_u %v, %w
// CHECK-NEXT:    %23 = wasmir.i16x8.extend_low_i8x16_s %v
// CHECK-NEXT:    %24 = wasmir.i16x8.extend_high_i8x16_s %v
// CHECK-NEXT:    %25 = wasmir.i16x8.extend_low_i8x16_u %v
// CHECK-NEXT:    %26 = wasmir.i16x8.extend_high_i8x16_u %v
// CHECK-NEXT:    %27 = wasmir.i16x8.shl %v, %i
// CHECK-NEXT:    %28 = wasmir.i16x8.shr_s %v, %i
// CHECK-NEXT:    %29 = wasmir.i16x8.shr_u %v, %i
// CHECK-NEXT:    %30 = wasmir.i16x8.add %v, %w
// CHECK-NEXT:    %31 = wasmir.i16x8.add_sat_s %v, %w
// CHECK-NEXT:    %32 = wasmir.i16x8.add_sat_u %v, %w
// CHECK-NEXT:    %33 = wasmir.i16x8.sub %v, %w
// CHECK-NEXT:    %34 = wasmir.i16x8.sub_sat_s %v, %w
// CHECK-NEXT:    %35 = wasmir.i16x8.sub_sat_u %v, %w
// CHECK-NEXT:    %36 = wasmir.i16x8.mul %v, %w
// CHECK-NEXT:    %37 = wasmir.i16x8.min_s %v, %w
// CHECK-NEXT:    %38 = wasmir.i16x8.min_u %v, %w
// CHECK-NEXT:    %39 = wasmir.i16x8.max_s %v, %w
// CHECK-NEXT:    %40 = wasmir.i16x8.max_u %v, %w
// CHECK-NEXT:    %41 = wasmir.i16x8.avgr_u %v, %w
// CHECK-NEXT:    %42 = wasmir.i16x8.extmul_low_i8x16_s %v, %w
// CHECK-NEXT:    %43 = wasmir.i16x8.extmul_high_i8x16_s %v, %w
// CHECK-NEXT:    %44 = wasmir.i16x8.extmul_low_i8x16_u %v, %w
// CHECK-NEXT:    %45 = wasmir.i16x8.extmul_high_i8x16_u %v, %w
// CHECK-NEXT:    %46 = wasmir.i16x8.relaxed_laneselect %v, %w, %v
// CHECK-NEXT:    %47 = wasmir.i16x8.relaxed_q15mulr_s %v, %w
// CHECK-NEXT:    %48 = wasmir.i16x8.relaxed_dot_i8x16_i7x16_s %v, %w
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "lanes"
// GENERIC-NEXT:  ^bb0(%v: vector<16xi8>, %w: vector<16xi8>, %i: i32, %l: i64, %f: f32, %d: f64):
// GENERIC-NEXT:    %0 = "wasmir.i16x8.splat"(%i) {note} : (i32) -> vector<16xi8>
// GENERIC-NEXT:    %1 = "wasmir.i16x8.extract_lane_s"(%v) <{lane = 1 : i64}> : (vector<16xi8>) -> i32
// GENERIC-NEXT:    %2 = "wasmir.i16x8.extract_lane_u"(%v) <{lane = 1 : i64}> : (vector<16xi8>) -> i32
// GENERIC-NEXT:    %3 = "wasmir.i16x8.replace_lane"(%v, %i) <{lane = 1 : i64}> : (vector<16xi8>, i32) -> vector<16xi8>
// GENERIC-NEXT:    %4 = "wasmir.i16x8.eq"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %5 = "wasmir.i16x8.ne"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %6 = "wasmir.i16x8.lt_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %7 = "wasmir.i16x8.lt_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %8 = "wasmir.i16x8.gt_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %9 = "wasmir.i16x8.gt_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %10 = "wasmir.i16x8.le_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %11 = "wasmir.i16x8.le_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %12 = "wasmir.i16x8.ge_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %13 = "wasmir.i16x8.ge_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %14 = "wasmir.i16x8.extadd_pairwise_i8x16_s"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %15 = "wasmir.i16x8.extadd_pairwise_i8x16_u"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %16 = "wasmir.i16x8.abs"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %17 = "wasmir.i16x8.neg"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %18 = "wasmir.i16x8.q15mulr_sat_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %19 = "wasmir.i16x8.all_true"(%v) : (vector<16xi8>) -> i32
// GENERIC-NEXT:    %20 = "wasmir.i16x8.bitmask"(%v) : (vector<16xi8>) -> i32
// GENERIC-NEXT:    %21 = "wasmir.i16x8.narrow_i32x4_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %22 = "wasmir.i16x8.narrow_i32x4_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %23 = "wasmir.i16x8.extend_low_i8x16_s"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %24 = "wasmir.i16x8.extend_high_i8x16_s"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %25 = "wasmir.i16x8.extend_low_i8x16_u"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %26 = "wasmir.i16x8.extend_high_i8x16_u"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %27 = "wasmir.i16x8.shl"(%v, %i) : (vector<16xi8>, i32) -> vector<16xi8>
// GENERIC-NEXT:    %28 = "wasmir.i16x8.shr_s"(%v, %i) : (vector<16xi8>, i32) -> vector<16xi8>
// GENERIC-NEXT:    %29 = "wasmir.i16x8.shr_u"(%v, %i) : (vector<16xi8>, i32) -> vector<16xi8>
// GENERIC-NEXT:    %30 = "wasmir.i16x8.add"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %31 = "wasmir.i16x8.add_sat_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %32 = "wasmir.i16x8.add_sat_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %33 = "wasmir.i16x8.sub"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %34 = "wasmir.i16x8.sub_sat_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %35 = "wasmir.i16x8.sub_sat_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %36 = "wasmir.i16x8.mul"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %37 = "wasmir.i16x8.min_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %38 = "wasmir.i16x8.min_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %39 = "wasmir.i16x8.max_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %40 = "wasmir.i16x8.max_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %41 = "wasmir.i16x8.avgr_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %42 = "wasmir.i16x8.extmul_low_i8x16_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %43 = "wasmir.i16x8.extmul_high_i8x16_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %44 = "wasmir.i16x8.extmul_low_i8x16_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %45 = "wasmir.i16x8.extmul_high_i8x16_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %46 = "wasmir.i16x8.relaxed_laneselect"(%v, %w, %v) : (vector<16xi8>, vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %47 = "wasmir.i16x8.relaxed_q15mulr_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %48 = "wasmir.i16x8.relaxed_dot_i8x16_i7x16_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @lanes(%v: vector<16xi8>, %w: vector<16xi8>, %i: i32, %l: i64, %f: f32, %d: f64) {
  %0 = wasmir.i16x8.splat %i {note}
  %1 = wasmir.i16x8.extract_lane_s %v[1]
  %2 = wasmir.i16x8.extract_lane_u %v[1]
  %3 = wasmir.i16x8.replace_lane %v[1], %i
  %4 = wasmir.i16x8.eq %v, %w
  %5 = wasmir.i16x8.ne %v, %w
  %6 = wasmir.i16x8.lt_s %v, %w
  %7 = wasmir.i16x8.lt_u %v, %w
  %8 = wasmir.i16x8.gt_s %v, %w
  %9 = wasmir.i16x8.gt_u %v, %w
  %10 = wasmir.i16x8.le_s %v, %w
  %11 = wasmir.i16x8.le_u %v, %w
  %12 = wasmir.i16x8.ge_s %v, %w
  %13 = wasmir.i16x8.ge_u %v, %w
  %14 = wasmir.i16x8.extadd_pairwise_i8x16_s %v
  %15 = wasmir.i16x8.extadd_pairwise_i8x16_u %v
  %16 = wasmir.i16x8.abs %v
  %17 = wasmir.i16x8.neg %v
  %18 = wasmir.i16x8.q15mulr_sat_s %v, %w
  %19 = wasmir.i16x8.all_true %v
  %20 = wasmir.i16x8.bitmask %v
  %21 = wasmir.i16x8.narrow_i32x4_s %v, %w
  %22 = wasmir.i16x8.narrow_i32x4_u %v, %w
  %23 = wasmir.i16x8.extend_low_i8x16_s %v
  %24 = wasmir.i16x8.extend_high_i8x16_s %v
  %25 = wasmir.i16x8.extend_low_i8x16_u %v
  %26 = wasmir.i16x8.extend_high_i8x16_u %v
  %27 = wasmir.i16x8.shl %v, %i
  %28 = wasmir.i16x8.shr_s %v, %i
  %29 = wasmir.i16x8.shr_u %v, %i
  %30 = wasmir.i16x8.add %v, %w
  %31 = wasmir.i16x8.add_sat_s %v, %w
  %32 = wasmir.i16x8.add_sat_u %v, %w
  %33 = wasmir.i16x8.sub %v, %w
  %34 = wasmir.i16x8.sub_sat_s %v, %w
  %35 = wasmir.i16x8.sub_sat_u %v, %w
  %36 = wasmir.i16x8.mul %v, %w
  %37 = wasmir.i16x8.min_s %v, %w
  %38 = wasmir.i16x8.min_u %v, %w
  %39 = wasmir.i16x8.max_s %v, %w
  %40 = wasmir.i16x8.max_u %v, %w
  %41 = wasmir.i16x8.avgr_u %v, %w
  %42 = wasmir.i16x8.extmul_low_i8x16_s %v, %w
  %43 = wasmir.i16x8.extmul_high_i8x16_s %v, %w
  %44 = wasmir.i16x8.extmul_low_i8x16_u %v, %w
  %45 = wasmir.i16x8.extmul_high_i8x16_u %v, %w
  %46 = wasmir.i16x8.relaxed_laneselect %v, %w, %v
  %47 = wasmir.i16x8.relaxed_q15mulr_s %v, %w
  %48 = wasmir.i16x8.relaxed_dot_i8x16_i7x16_s %v, %w
  wasmir.return
}
