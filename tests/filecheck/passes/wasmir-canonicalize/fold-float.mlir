// RUN: wasm-opt-py %s -p wasmir-canonicalize,wasmir-dce | filecheck %s
// BLESS

// Floats are rounded once to their own width. What gives a NaN stays: which one is for the machine to
// say. Operations on bits (neg, reinterpret) give an exact result, so they are folded.

// CHECK-LABEL: @rounding(
// CHECK-NEXT:    %same = wasmir.f32.const "0x1p+24"
// CHECK-NEXT:    %even = wasmir.f32.const "0x1p+1"
// CHECK-NEXT:    %root = wasmir.f64.const "0x1.6a09e667f3bcd"
// CHECK-NEXT:    wasmir.return %same, %even, %root : f32, f32, f64
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @rounding() -> (f32, f32, f64) {
  %large = wasmir.f32.const "16777216"
  %one = wasmir.f32.const "1"
  %same = wasmir.f32.add %large, %one
  %halfway = wasmir.f32.const "2.5"
  %even = wasmir.f32.nearest %halfway
  %two = wasmir.f64.const "2"
  %root = wasmir.f64.sqrt %two
  wasmir.return %same, %even, %root : f32, f32, f64
}

// CHECK-LABEL: @nan_results(
// CHECK-NEXT:    %zero = wasmir.f32.const "0x0"
// CHECK-NEXT:    %undefined = wasmir.f32.div %zero, %zero
// CHECK-NEXT:    %signalling = wasmir.f32.const "nan:0x200000"
// CHECK-NEXT:    %sum = wasmir.f32.add %signalling, %zero
// CHECK-NEXT:    %bits = wasmir.i32.const 2141192192
// CHECK-NEXT:    wasmir.return %undefined, %sum, %bits : f32, f32, i32
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @nan_results() -> (f32, f32, i32) {
  %zero = wasmir.f32.const "0"
  %undefined = wasmir.f32.div %zero, %zero
  %signalling = wasmir.f32.const "nan:0x200000"
  %sum = wasmir.f32.add %signalling, %zero
  %bits = wasmir.i32.reinterpret_f32 %signalling
  wasmir.return %undefined, %sum, %bits : f32, f32, i32
}
