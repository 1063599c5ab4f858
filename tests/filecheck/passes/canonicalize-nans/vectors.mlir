// RUN: wasm-opt-py %s -p canonicalize-nans | filecheck %s
// BLESS

// Lanes are chosen by a mask. A use in another shape, or of a lane, tells NaNs apart.

// CHECK-LABEL: @lanes(
// CHECK-NEXT:    %0 = wasmir.v128.const 0x7ff80000000000007ff8000000000000
// CHECK-NEXT:    %1 = wasmir.v128.const 0x7fc000007fc000007fc000007fc00000
// CHECK-NEXT:    %sum = wasmir.f32x4.add %a, %b
// CHECK-NEXT:    %product = wasmir.f32x4.mul %sum, %b
// CHECK-NEXT:    %2 = wasmir.f32x4.eq %product, %product
// CHECK-NEXT:    %3 = wasmir.v128.bitselect %product, %1, %2
// CHECK-NEXT:    %wide = wasmir.f64x2.add %3, %b
// CHECK-NEXT:    %4 = wasmir.f64x2.eq %wide, %wide
// CHECK-NEXT:    %5 = wasmir.v128.bitselect %wide, %0, %4
// CHECK-NEXT:    wasmir.return %5 : vector<16xi8>
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @lanes(%a: vector<16xi8>, %b: vector<16xi8>) -> vector<16xi8> {
  %sum = wasmir.f32x4.add %a, %b
  %product = wasmir.f32x4.mul %sum, %b
  %wide = wasmir.f64x2.add %product, %b
  wasmir.return %wide : vector<16xi8>
}

// CHECK-LABEL: @splat(
// CHECK-NEXT:    %0 = wasmir.f64.const "nan"
// CHECK-NEXT:    %sum = wasmir.f64.add %a, %a
// CHECK-NEXT:    %1 = wasmir.f64.eq %sum, %sum
// CHECK-NEXT:    %2 = wasmir.select %1, %sum, %0 : f64
// CHECK-NEXT:    %splat = wasmir.f64x2.splat %2
// CHECK-NEXT:    wasmir.return %splat : vector<16xi8>
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @splat(%a: f64) -> vector<16xi8> {
  %sum = wasmir.f64.add %a, %a
  %splat = wasmir.f64x2.splat %sum
  wasmir.return %splat : vector<16xi8>
}
