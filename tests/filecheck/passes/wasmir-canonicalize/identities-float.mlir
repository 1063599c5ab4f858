// RUN: wasm-opt-py %s -p wasmir-canonicalize,wasmir-dce | filecheck %s
// BLESS

// None holds for floats: `x * 1` makes a signalling NaN quiet, `-0 + 0` is +0.

// CHECK-LABEL: @floats(
// CHECK-NEXT:    %zero = wasmir.f64.const "0x0"
// CHECK-NEXT:    %one = wasmir.f64.const "0x1"
// CHECK-NEXT:    %sum = wasmir.f64.add %x, %zero
// CHECK-NEXT:    %product = wasmir.f64.mul %sum, %one
// CHECK-NEXT:    wasmir.return %product : f64
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @floats(%x: f64) -> f64 {
  %zero = wasmir.f64.const "0"
  %one = wasmir.f64.const "1"
  %sum = wasmir.f64.add %x, %zero
  %product = wasmir.f64.mul %sum, %one
  wasmir.return %product : f64
}
