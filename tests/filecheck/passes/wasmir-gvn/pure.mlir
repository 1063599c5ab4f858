// RUN: wasm-opt-py %s -p wasmir-gvn | filecheck %s
// BLESS

// Equal means: operation, properties and operands. The order of operands counts unless the operation is
// commutative, to the bit: a float addition is not, because of NaNs.

// CHECK-LABEL: @pure(
// CHECK-NEXT:    %one = wasmir.i32.const 1
// CHECK-NEXT:    %0 = wasmir.i32.add %x, %one
// CHECK-NEXT:    %1 = wasmir.i32.mul %x, %y
// CHECK-NEXT:    %2 = wasmir.i32.sub %x, %y
// CHECK-NEXT:    %3 = wasmir.i32.sub %y, %x
// CHECK-NEXT:    wasmir.return %0, %0, %1, %1, %2, %3 : i32, i32, i32, i32, i32, i32
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @pure(%x: i32, %y: i32) -> (i32, i32, i32, i32, i32, i32) {
  %one = wasmir.i32.const 1
  %again = wasmir.i32.const 1
  %0 = wasmir.i32.add %x, %one
  %1 = wasmir.i32.add %x, %again
  %2 = wasmir.i32.mul %x, %y
  %3 = wasmir.i32.mul %y, %x
  %4 = wasmir.i32.sub %x, %y
  %5 = wasmir.i32.sub %y, %x
  wasmir.return %0, %1, %2, %3, %4, %5 : i32, i32, i32, i32, i32, i32
}

// CHECK-LABEL: @float_order(
// CHECK-NEXT:    %0 = wasmir.f32.eq %x, %y
// CHECK-NEXT:    %1 = wasmir.f32.add %x, %y
// CHECK-NEXT:    %2 = wasmir.f32.add %y, %x
// CHECK-NEXT:    wasmir.return %0, %0, %1, %2 : i32, i32, f32, f32
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @float_order(%x: f32, %y: f32) -> (i32, i32, f32, f32) {
  %0 = wasmir.f32.eq %x, %y
  %1 = wasmir.f32.eq %y, %x
  %2 = wasmir.f32.add %x, %y
  %3 = wasmir.f32.add %y, %x
  wasmir.return %0, %1, %2, %3 : i32, i32, f32, f32
}

// Zero and minus zero, and two NaNs, are different constants.
// CHECK-LABEL: @floats(
// CHECK-NEXT:    %zero = wasmir.f32.const "0x0"
// CHECK-NEXT:    %minus = wasmir.f32.const "-0x0"
// CHECK-NEXT:    %quiet = wasmir.f32.const "nan"
// CHECK-NEXT:    %other = wasmir.f32.const "nan:0x400001"
// CHECK-NEXT:    wasmir.return %zero, %minus, %quiet, %other : f32, f32, f32, f32
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @floats() -> (f32, f32, f32, f32) {
  %zero = wasmir.f32.const "0"
  %minus = wasmir.f32.const "-0"
  %quiet = wasmir.f32.const "nan"
  %other = wasmir.f32.const "nan:0x400001"
  wasmir.return %zero, %minus, %quiet, %other : f32, f32, f32, f32
}
