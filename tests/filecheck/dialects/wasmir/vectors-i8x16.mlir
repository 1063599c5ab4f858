// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Every operation on i8x16.

// CHECK-LABEL: wasmir.func index 0 slot 0 @lanes(
// CHECK-NEXT:    %0 = wasmir.i8x16.swizzle %v, %w {note}
// CHECK-NEXT:    %1 = wasmir.i8x16.splat %i
// CHECK-NEXT:    %2 = wasmir.i8x16.extract_lane_s %v[1]
// CHECK-NEXT:    %3 = wasmir.i8x16.extract_lane_u %v[1]
// CHECK-NEXT:    %4 = wasmir.i8x16.replace_lane %v[1], %i
// CHECK-NEXT:    %5 = wasmir.i8x16.eq %v, %w
// CHECK-NEXT:    %6 = wasmir.i8x16.ne %v, %w
// CHECK-NEXT:    %7 = wasmir.i8x16.lt_s %v, %w
// CHECK-NEXT:    %8 = wasmir.i8x16.lt_u %v, %w
// CHECK-NEXT:    %9 = wasmir.i8x16.gt_s %v, %w
// CHECK-NEXT:    %10 = wasmir.i8x16.gt_u %v, %w
// CHECK-NEXT:    %11 = wasmir.i8x16.le_s %v, %w
// CHECK-NEXT:    %12 = wasmir.i8x16.le_u %v, %w
// CHECK-NEXT:    %13 = wasmir.i8x16.ge_s %v, %w
// CHECK-NEXT:    %14 = wasmir.i8x16.ge_u %v, %w
// CHECK-NEXT:    %15 = wasmir.i8x16.abs %v
// CHECK-NEXT:    %16 = wasmir.i8x16.neg %v
// CHECK-NEXT:    %17 = wasmir.i8x16.popcnt %v
// CHECK-NEXT:    %18 = wasmir.i8x16.all_true %v
// CHECK-NEXT:    %19 = wasmir.i8x16.bitmask %v
// CHECK-NEXT:    %20 = wasmir.i8x16.narrow_i16x8_s %v, %w
// CHECK-NEXT:    %21 = wasmir.i8x16.narrow_i16x8_u %v, %w
// CHECK-NEXT:    %22 = wasmir.i8x16.shl %v, %i
// CHECK-NEXT:    %23 = wasmir.i8x16.shr_s %v, %i
// CHECK-NEXT:    %24 = wasmir.i8x16.shr_u %v, %i
// CHECK-NEXT:    %25 = wasmir.i8x16.add %v, %w
// CHECK-NEXT:    %26 = wasmir.i8x16.add_sat_s %v, %w
// CHECK-NEXT:    %27 = wasmir.i8x16.add_sat_u %v, %w
// CHECK-NEXT:    %28 = wasmir.i8x16.sub %v, %w
// CHECK-NEXT:    %29 = wasmir.i8x16.sub_sat_s %v, %w
// CHECK-NEXT:    %30 = wasmir.i8x16.sub_sat_u %v, %w
// CHECK-NEXT:    %31 = wasmir.i8x16.min_s %v, %w
// CHECK-NEXT:    %32 = wasmir.i8x16.min_u %v, %w
// CHECK-NEXT:    %33 = wasmir.i8x16.max_s %v, %w
// CHECK-NEXT:    %34 = wasmir.i8x16.max_u %v, %w
// CHECK-NEXT:    %35 = wasmir.i8x16.avgr_u %v, %w
// CHECK-NEXT:    %36 = wasmir.i8x16.relaxed_swizzle %v, %w
// CHECK-NEXT:    %37 = wasmir.i8x16.relaxed_laneselect %v, %w, %v
// CHECK-NEXT:    %38 = wasmir.i8x16.shuffle %v, %w [0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 31, 15]
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "lanes"
// GENERIC-NEXT:  ^bb0(%v: vector<16xi8>, %w: vector<16xi8>, %i: i32, %l: i64, %f: f32, %d: f64):
// GENERIC-NEXT:    %0 = "wasmir.i8x16.swizzle"(%v, %w) {note} : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %1 = "wasmir.i8x16.splat"(%i) : (i32) -> vector<16xi8>
// GENERIC-NEXT:    %2 = "wasmir.i8x16.extract_lane_s"(%v) <{lane = 1 : i64}> : (vector<16xi8>) -> i32
// GENERIC-NEXT:    %3 = "wasmir.i8x16.extract_lane_u"(%v) <{lane = 1 : i64}> : (vector<16xi8>) -> i32
// GENERIC-NEXT:    %4 = "wasmir.i8x16.replace_lane"(%v, %i) <{lane = 1 : i64}> : (vector<16xi8>, i32) -> vector<16xi8>
// GENERIC-NEXT:    %5 = "wasmir.i8x16.eq"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %6 = "wasmir.i8x16.ne"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %7 = "wasmir.i8x16.lt_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %8 = "wasmir.i8x16.lt_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %9 = "wasmir.i8x16.gt_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %10 = "wasmir.i8x16.gt_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %11 = "wasmir.i8x16.le_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %12 = "wasmir.i8x16.le_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %13 = "wasmir.i8x16.ge_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %14 = "wasmir.i8x16.ge_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %15 = "wasmir.i8x16.abs"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %16 = "wasmir.i8x16.neg"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %17 = "wasmir.i8x16.popcnt"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %18 = "wasmir.i8x16.all_true"(%v) : (vector<16xi8>) -> i32
// GENERIC-NEXT:    %19 = "wasmir.i8x16.bitmask"(%v) : (vector<16xi8>) -> i32
// GENERIC-NEXT:    %20 = "wasmir.i8x16.narrow_i16x8_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %21 = "wasmir.i8x16.narrow_i16x8_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %22 = "wasmir.i8x16.shl"(%v, %i) : (vector<16xi8>, i32) -> vector<16xi8>
// GENERIC-NEXT:    %23 = "wasmir.i8x16.shr_s"(%v, %i) : (vector<16xi8>, i32) -> vector<16xi8>
// GENERIC-NEXT:    %24 = "wasmir.i8x16.shr_u"(%v, %i) : (vector<16xi8>, i32) -> vector<16xi8>
// GENERIC-NEXT:    %25 = "wasmir.i8x16.add"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %26 = "wasmir.i8x16.add_sat_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %27 = "wasmir.i8x16.add_sat_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %28 = "wasmir.i8x16.sub"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %29 = "wasmir.i8x16.sub_sat_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %30 = "wasmir.i8x16.sub_sat_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %31 = "wasmir.i8x16.min_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %32 = "wasmir.i8x16.min_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %33 = "wasmir.i8x16.max_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %34 = "wasmir.i8x16.max_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %35 = "wasmir.i8x16.avgr_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %36 = "wasmir.i8x16.relaxed_swizzle"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %37 = "wasmir.i8x16.relaxed_laneselect"(%v, %w, %v) : (vector<16xi8>, vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %38 = "wasmir.i8x16.shuffle"(%v, %w) <{lanes = 20099827834273897530209815479774679040 : i128}> : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @lanes(%v: vector<16xi8>, %w: vector<16xi8>, %i: i32, %l: i64, %f: f32, %d: f64) {
  %0 = wasmir.i8x16.swizzle %v, %w {note}
  %1 = wasmir.i8x16.splat %i
  %2 = wasmir.i8x16.extract_lane_s %v[1]
  %3 = wasmir.i8x16.extract_lane_u %v[1]
  %4 = wasmir.i8x16.replace_lane %v[1], %i
  %5 = wasmir.i8x16.eq %v, %w
  %6 = wasmir.i8x16.ne %v, %w
  %7 = wasmir.i8x16.lt_s %v, %w
  %8 = wasmir.i8x16.lt_u %v, %w
  %9 = wasmir.i8x16.gt_s %v, %w
  %10 = wasmir.i8x16.gt_u %v, %w
  %11 = wasmir.i8x16.le_s %v, %w
  %12 = wasmir.i8x16.le_u %v, %w
  %13 = wasmir.i8x16.ge_s %v, %w
  %14 = wasmir.i8x16.ge_u %v, %w
  %15 = wasmir.i8x16.abs %v
  %16 = wasmir.i8x16.neg %v
  %17 = wasmir.i8x16.popcnt %v
  %18 = wasmir.i8x16.all_true %v
  %19 = wasmir.i8x16.bitmask %v
  %20 = wasmir.i8x16.narrow_i16x8_s %v, %w
  %21 = wasmir.i8x16.narrow_i16x8_u %v, %w
  %22 = wasmir.i8x16.shl %v, %i
  %23 = wasmir.i8x16.shr_s %v, %i
  %24 = wasmir.i8x16.shr_u %v, %i
  %25 = wasmir.i8x16.add %v, %w
  %26 = wasmir.i8x16.add_sat_s %v, %w
  %27 = wasmir.i8x16.add_sat_u %v, %w
  %28 = wasmir.i8x16.sub %v, %w
  %29 = wasmir.i8x16.sub_sat_s %v, %w
  %30 = wasmir.i8x16.sub_sat_u %v, %w
  %31 = wasmir.i8x16.min_s %v, %w
  %32 = wasmir.i8x16.min_u %v, %w
  %33 = wasmir.i8x16.max_s %v, %w
  %34 = wasmir.i8x16.max_u %v, %w
  %35 = wasmir.i8x16.avgr_u %v, %w
  %36 = wasmir.i8x16.relaxed_swizzle %v, %w
  %37 = wasmir.i8x16.relaxed_laneselect %v, %w, %v
  %38 = wasmir.i8x16.shuffle %v, %w [0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 31, 15]
  wasmir.return
}
