// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Every access of memory by vectors: all bytes, parts of a vector, single lanes.

// CHECK-LABEL: wasmir.func index 0 slot 0 @accesses(
// CHECK-NEXT:    %0 = wasmir.v128.load @m[%a + 16] align 1 inbounds
// CHECK-NEXT:    %1 = wasmir.v128.load8x8_s @m[%a + 16]
// CHECK-NEXT:    %2 = wasmir.v128.load8x8_u @m[%a + 16]
// CHECK-NEXT:    %3 = wasmir.v128.load16x4_s @m[%a + 16]
// CHECK-NEXT:    %4 = wasmir.v128.load16x4_u @m[%a + 16]
// CHECK-NEXT:    %5 = wasmir.v128.load32x2_s @m[%a + 16]
// CHECK-NEXT:    %6 = wasmir.v128.load32x2_u @m[%a + 16]
// CHECK-NEXT:    %7 = wasmir.v128.load8_splat @m[%a + 16]
// CHECK-NEXT:    %8 = wasmir.v128.load16_splat @m[%a + 16]
// CHECK-NEXT:    %9 = wasmir.v128.load32_splat @m[%a + 16]
// CHECK-NEXT:    %10 = wasmir.v128.load64_splat @m[%a + 16]
// CHECK-NEXT:    %11 = wasmir.v128.load32_zero @m[%a + 16]
// CHECK-NEXT:    %12 = wasmir.v128.load64_zero @m[%a + 16]
// CHECK-NEXT:    wasmir.v128.store @m[%b : i64 + 16], %v
// CHECK-NEXT:    %13 = wasmir.v128.load8_lane @m[%a + 3], %v[1]
// CHECK-NEXT:    %14 = wasmir.v128.load16_lane @m[%a + 3], %v[1] align 1
// CHECK-NEXT:    %15 = wasmir.v128.load32_lane @m[%a + 3], %v[1]
// CHECK-NEXT:    %16 = wasmir.v128.load64_lane @m[%a + 3], %v[1]
// CHECK-NEXT:    wasmir.v128.store8_lane @m[%b : i64], %v[0] {note}
// CHECK-NEXT:    wasmir.v128.store16_lane @m[%b : i64], %v[0] {note}
// CHECK-NEXT:    wasmir.v128.store32_lane @m[%b : i64], %v[0] {note}
// CHECK-NEXT:    wasmir.v128.store64_lane @m[%b : i64], %v[0] {note}
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "accesses"
// GENERIC-NEXT:  ^bb0(%a: i32, %b: i64, %v: vector<16xi8>):
// GENERIC-NEXT:    %0 = "wasmir.v128.load"(%a) <{memory = @m, offset = 16 : i64, align = 1 : i64, in_bounds}> : (i32) -> vector<16xi8>
// GENERIC-NEXT:    %1 = "wasmir.v128.load8x8_s"(%a) <{memory = @m, offset = 16 : i64}> : (i32) -> vector<16xi8>
// GENERIC-NEXT:    %2 = "wasmir.v128.load8x8_u"(%a) <{memory = @m, offset = 16 : i64}> : (i32) -> vector<16xi8>
// GENERIC-NEXT:    %3 = "wasmir.v128.load16x4_s"(%a) <{memory = @m, offset = 16 : i64}> : (i32) -> vector<16xi8>
// GENERIC-NEXT:    %4 = "wasmir.v128.load16x4_u"(%a) <{memory = @m, offset = 16 : i64}> : (i32) -> vector<16xi8>
// GENERIC-NEXT:    %5 = "wasmir.v128.load32x2_s"(%a) <{memory = @m, offset = 16 : i64}> : (i32) -> vector<16xi8>
// GENERIC-NEXT:    %6 = "wasmir.v128.load32x2_u"(%a) <{memory = @m, offset = 16 : i64}> : (i32) -> vector<16xi8>
// GENERIC-NEXT:    %7 = "wasmir.v128.load8_splat"(%a) <{memory = @m, offset = 16 : i64}> : (i32) -> vector<16xi8>
// GENERIC-NEXT:    %8 = "wasmir.v128.load16_splat"(%a) <{memory = @m, offset = 16 : i64}> : (i32) -> vector<16xi8>
// GENERIC-NEXT:    %9 = "wasmir.v128.load32_splat"(%a) <{memory = @m, offset = 16 : i64}> : (i32) -> vector<16xi8>
// GENERIC-NEXT:    %10 = "wasmir.v128.load64_splat"(%a) <{memory = @m, offset = 16 : i64}> : (i32) -> vector<16xi8>
// GENERIC-NEXT:    %11 = "wasmir.v128.load32_zero"(%a) <{memory = @m, offset = 16 : i64}> : (i32) -> vector<16xi8>
// GENERIC-NEXT:    %12 = "wasmir.v128.load64_zero"(%a) <{memory = @m, offset = 16 : i64}> : (i32) -> vector<16xi8>
// GENERIC-NEXT:    "wasmir.v128.store"(%b, %v) <{memory = @m, offset = 16 : i64}> : (i64, vector<16xi8>) -> ()
// GENERIC-NEXT:    %13 = "wasmir.v128.load8_lane"(%a, %v) <{memory = @m, offset = 3 : i64, lane = 1 : i64}> : (i32, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %14 = "wasmir.v128.load16_lane"(%a, %v) <{memory = @m, offset = 3 : i64, lane = 1 : i64, align = 1 : i64}> : (i32, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %15 = "wasmir.v128.load32_lane"(%a, %v) <{memory = @m, offset = 3 : i64, lane = 1 : i64}> : (i32, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %16 = "wasmir.v128.load64_lane"(%a, %v) <{memory = @m, offset = 3 : i64, lane = 1 : i64}> : (i32, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    "wasmir.v128.store8_lane"(%b, %v) <{memory = @m, offset = 0 : i64, lane = 0 : i64}> {note} : (i64, vector<16xi8>) -> ()
// GENERIC-NEXT:    "wasmir.v128.store16_lane"(%b, %v) <{memory = @m, offset = 0 : i64, lane = 0 : i64}> {note} : (i64, vector<16xi8>) -> ()
// GENERIC-NEXT:    "wasmir.v128.store32_lane"(%b, %v) <{memory = @m, offset = 0 : i64, lane = 0 : i64}> {note} : (i64, vector<16xi8>) -> ()
// GENERIC-NEXT:    "wasmir.v128.store64_lane"(%b, %v) <{memory = @m, offset = 0 : i64, lane = 0 : i64}> {note} : (i64, vector<16xi8>) -> ()
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @accesses(%a: i32, %b: i64, %v: vector<16xi8>) {
  %0 = wasmir.v128.load @m[%a + 16] align 1 inbounds
  %1 = wasmir.v128.load8x8_s @m[%a + 16]
  %2 = wasmir.v128.load8x8_u @m[%a + 16]
  %3 = wasmir.v128.load16x4_s @m[%a + 16]
  %4 = wasmir.v128.load16x4_u @m[%a + 16]
  %5 = wasmir.v128.load32x2_s @m[%a + 16]
  %6 = wasmir.v128.load32x2_u @m[%a + 16]
  %7 = wasmir.v128.load8_splat @m[%a + 16]
  %8 = wasmir.v128.load16_splat @m[%a + 16]
  %9 = wasmir.v128.load32_splat @m[%a + 16]
  %10 = wasmir.v128.load64_splat @m[%a + 16]
  %11 = wasmir.v128.load32_zero @m[%a + 16]
  %12 = wasmir.v128.load64_zero @m[%a + 16]
  wasmir.v128.store @m[%b : i64 + 16], %v
  %13 = wasmir.v128.load8_lane @m[%a + 3], %v[1]
  %14 = wasmir.v128.load16_lane @m[%a + 3], %v[1] align 1
  %15 = wasmir.v128.load32_lane @m[%a + 3], %v[1]
  %16 = wasmir.v128.load64_lane @m[%a + 3], %v[1]
  wasmir.v128.store8_lane @m[%b : i64], %v[0] {note}
  wasmir.v128.store16_lane @m[%b : i64], %v[0] {note}
  wasmir.v128.store32_lane @m[%b : i64], %v[0] {note}
  wasmir.v128.store64_lane @m[%b : i64], %v[0] {note}
  wasmir.return
}
