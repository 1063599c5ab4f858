// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Every operation on the bits of vectors, and constants.

// CHECK-LABEL: wasmir.func index 0 slot 0 @bits(
// CHECK-NEXT:    %0 = wasmir.v128.const 0x000102030405060708090a0b0c0d0e0f {note}
// CHECK-NEXT:    %1 = wasmir.v128.const 0x00000000000000000000000000000007
// CHECK-NEXT:    %2 = wasmir.v128.not %v {note}
// CHECK-NEXT:    %3 = wasmir.v128.and %v, %w
// CHECK-NEXT:    %4 = wasmir.v128.andnot %v, %w
// CHECK-NEXT:    %5 = wasmir.v128.or %v, %w
// CHECK-NEXT:    %6 = wasmir.v128.xor %v, %w
// CHECK-NEXT:    %7 = wasmir.v128.bitselect %v, %w, %v
// CHECK-NEXT:    %8 = wasmir.v128.any_true %v
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "bits"
// GENERIC-NEXT:  ^bb0(%v: vector<16xi8>, %w: vector<16xi8>, %i: i32, %l: i64, %f: f32, %d: f64):
// GENERIC-NEXT:    %0 = "wasmir.v128.const"() <{value = 5233100606242806050955395731361295 : i128}> {note} : () -> vector<16xi8>
// GENERIC-NEXT:    %1 = "wasmir.v128.const"() <{value = 7 : i128}> : () -> vector<16xi8>
// GENERIC-NEXT:    %2 = "wasmir.v128.not"(%v) {note} : (vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %3 = "wasmir.v128.and"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %4 = "wasmir.v128.andnot"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %5 = "wasmir.v128.or"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %6 = "wasmir.v128.xor"(%v, %w) : (vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %7 = "wasmir.v128.bitselect"(%v, %w, %v) : (vector<16xi8>, vector<16xi8>, vector<16xi8>) -> vector<16xi8>
// GENERIC-NEXT:    %8 = "wasmir.v128.any_true"(%v) : (vector<16xi8>) -> i32
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @bits(%v: vector<16xi8>, %w: vector<16xi8>, %i: i32, %l: i64, %f: f32, %d: f64) {
  %0 = wasmir.v128.const 0x000102030405060708090a0b0c0d0e0f {note}
  %1 = wasmir.v128.const 7
  %2 = wasmir.v128.not %v {note}
  %3 = wasmir.v128.and %v, %w
  %4 = wasmir.v128.andnot %v, %w
  %5 = wasmir.v128.or %v, %w
  %6 = wasmir.v128.xor %v, %w
  %7 = wasmir.v128.bitselect %v, %w, %v
  %8 = wasmir.v128.any_true %v
  wasmir.return
}
