// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Every operation on i64x2.

// CHECK-LABEL: wasmir.func index 0 slot 0 @lanes(
// CHECK-NEXT:    %0 = wasmir.i64x2.splat %l {note}
// CHECK-NEXT:    %1 = wasmir.i64x2.extract_lane %v[1]
// CHECK-NEXT:    %2 = wasmir.i64x2.replace_lane %v[1], %l
// CHECK-NEXT:    %3 = wasmir.i64x2.abs %v
// CHECK-NEXT:    %4 = wasmir.i64x2.neg %v
// CHECK-NEXT:    %5 = wasmir.i64x2.all_true %v
// CHECK-NEXT:    %6 = wasmir.i64x2.bitmask %v
// CHECK-NEXT:    %7 = wasmir.i64x2.extend_low_i32x4_s %v
// CHECK-NEXT:    %8 = wasmir.i64x2.extend_high_i32x4_s %v
// CHECK-NEXT:    %9 = wasmir.i64x2.extend_low_i32x4_u %v
// CHECK-NEXT:    %10 = wasmir.i64x2.extend_high_i32x4_u %v
// CHECK-NEXT:    %11 = wasmir.i64x2.shl %v, %i
// CHECK-NEXT:    %12 = wasmir.i64x2.shr_s %v, %i
// CHECK-NEXT:    %13 = wasmir.i64x2.shr_u %v, %i
// CHECK-NEXT:    %14 = wasmir.i64x2.add %v, %w
// CHECK-NEXT:    %15 = wasmir.i64x2.sub %v, %w
// CHECK-NEXT:    %16 = wasmir.i64x2.mul %v, %w
// CHECK-NEXT:    %17 = wasmir.i64x2.eq %v, %w
// CHECK-NEXT:    %18 = wasmir.i64x2.ne %v, %w
// CHECK-NEXT:    %19 = wasmir.i64x2.lt_s %v, %w
// CHECK-NEXT:    %20 = wasmir.i64x2.gt_s %v, %w
// CHECK-NEXT:    %21 = wasmir.i64x2.le_s %v, %w
// CHECK-NEXT:    %22 = wasmir.i64x2.ge_s %v, %w
// CHECK-NEXT:    %23 = wasmir.i64x2.extmul_low_i32x4_s %v, %w
// CHECK-NEXT:    %24 = wasmir.i64x2.extmul_high_i32x4_s %v, %w
// CHECK-NEXT:    %25 = wasmir.i64x2.extmul_low_i32x4_u %v, %w
// CHECK-NEXT:    %26 = wasmir.i64x2.extmul_high_i32x4_u %v, %w
// CHECK-NEXT:    %27 = wasmir.i64x2.relaxed_laneselect %v, %w, %v
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "lanes"
// GENERIC-NEXT:  ^bb0(%v: vector<16xi8>, %w: vector<16xi8>, %i: i32, %l: i64, %f: f32, %d: f64):
// GENERIC-NEXT:    %0 = "wasmir.i64x2.splat"(%l) {note} : (i64) -> vector<16xi8>
// GENERIC-NEXT:    %1 = "wasmir.i64x2.extract_lane"(%v) <{lane = 1 : i64}> : (vector<16xi8>) -> i64
// GENERIC-NEXT:    %2 = "wasmir.i64x2.replace_lane"(%v, %l) <{lane = 1 : i64}> : (vector<16xi8>, i64) -> vector<16xi8>
// GENERIC-NEXT:    %3 = "wasmir.i64x2.abs"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %4 = "wasmir.i64x2.neg"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %5 = "wasmir.i64x2.all_true"(%v) : (vector<16xi8>) -> i32
// GENERIC-NEXT:    %6 = "wasmir.i64x2.bitmask"(%v) : (vector<16xi8>) -> i32
// GENERIC-NEXT:    %7 = "wasmir.i64x2.extend_low_i32x4_s"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %8 = "wasmir.i64x2.extend_high_i32x4_s"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %9 = "wasmir.i64x2.extend_low_i32x4_u"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %10 = "wasmir.i64x2.extend_high_i32x4_u"(%v) : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %11 = "wasmir.i64x2.shl"(%v, %i) : (vector<16xi8>, i32) -> vector<16xi8>
// GENERIC-NEXT:    %12 = "wasmir.i64x2.shr_s"(%v, %i) : (vector<16xi8>, i32) -> vector<16xi8>
// GENERIC-NEXT:    %13 = "wasmir.i64x2.shr_u"(%v, %i) : (vector<16xi8>, i32) -> vector<16xi8>
// GENERIC-NEXT:    %14 = "wasmir.i64x2.add"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %15 = "wasmir.i64x2.sub"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %16 = "wasmir.i64x2.mul"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %17 = "wasmir.i64x2.eq"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %18 = "wasmir.i64x2.ne"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %19 = "wasmir.i64x2.lt_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %20 = "wasmir.i64x2.gt_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %21 = "wasmir.i64x2.le_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %22 = "wasmir.i64x2.ge_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %23 = "wasmir.i64x2.extmul_low_i32x4_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %24 = "wasmir.i64x2.extmul_high_i32x4_s"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %25 = "wasmir.i64x2.extmul_low_i32x4_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %26 = "wasmir.i64x2.extmul_high_i32x4_u"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %27 = "wasmir.i64x2.relaxed_laneselect"(%v, %w, %v) : (vector<16xi8>, vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @lanes(%v: vector<16xi8>, %w: vector<16xi8>, %i: i32, %l: i64, %f: f32, %d: f64) {
  %0 = wasmir.i64x2.splat %l {note}
  %1 = wasmir.i64x2.extract_lane %v[1]
  %2 = wasmir.i64x2.replace_lane %v[1], %l
  %3 = wasmir.i64x2.abs %v
  %4 = wasmir.i64x2.neg %v
  %5 = wasmir.i64x2.all_true %v
  %6 = wasmir.i64x2.bitmask %v
  %7 = wasmir.i64x2.extend_low_i32x4_s %v
  %8 = wasmir.i64x2.extend_high_i32x4_s %v
  %9 = wasmir.i64x2.extend_low_i32x4_u %v
  %10 = wasmir.i64x2.extend_high_i32x4_u %v
  %11 = wasmir.i64x2.shl %v, %i
  %12 = wasmir.i64x2.shr_s %v, %i
  %13 = wasmir.i64x2.shr_u %v, %i
  %14 = wasmir.i64x2.add %v, %w
  %15 = wasmir.i64x2.sub %v, %w
  %16 = wasmir.i64x2.mul %v, %w
  %17 = wasmir.i64x2.eq %v, %w
  %18 = wasmir.i64x2.ne %v, %w
  %19 = wasmir.i64x2.lt_s %v, %w
  %20 = wasmir.i64x2.gt_s %v, %w
  %21 = wasmir.i64x2.le_s %v, %w
  %22 = wasmir.i64x2.ge_s %v, %w
  %23 = wasmir.i64x2.extmul_low_i32x4_s %v, %w
  %24 = wasmir.i64x2.extmul_high_i32x4_s %v, %w
  %25 = wasmir.i64x2.extmul_low_i32x4_u %v, %w
  %26 = wasmir.i64x2.extmul_high_i32x4_u %v, %w
  %27 = wasmir.i64x2.relaxed_laneselect %v, %w, %v
  wasmir.return
}
