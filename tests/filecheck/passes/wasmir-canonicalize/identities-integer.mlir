// RUN: wasm-opt-py %s -p wasmir-canonicalize,wasmir-dce | filecheck %s
// BLESS

// `x op identity` is x, `x op absorbing` the constant, `x op x` x where that holds.

// CHECK-LABEL: @identity(
// CHECK-NEXT:    wasmir.return %x : i32
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @identity(%x: i32) -> i32 {
  %zero = wasmir.i32.const 0
  %one = wasmir.i32.const 1
  %0 = wasmir.i32.add %zero, %x
  %1 = wasmir.i32.sub %0, %zero
  %2 = wasmir.i32.mul %one, %1
  %3 = wasmir.i32.or %2, %zero
  %4 = wasmir.i32.xor %zero, %3
  %5 = wasmir.i32.shl %4, %zero
  %6 = wasmir.i32.shr_s %5, %zero
  %7 = wasmir.i32.shr_u %6, %zero
  %8 = wasmir.i32.rotl %7, %zero
  %9 = wasmir.i32.rotr %8, %zero
  %10 = wasmir.i32.div_u %9, %one
  %11 = wasmir.i32.div_s %10, %one
  %12 = wasmir.i32.and %11, %11
  %13 = wasmir.i32.or %12, %12
  wasmir.return %13 : i32
}

// Neither side can be exchanged here.
// CHECK-LABEL: @not_identity(
// CHECK-NEXT:    %zero = wasmir.i64.const 0
// CHECK-NEXT:    %one = wasmir.i64.const 1
// CHECK-NEXT:    %negated = wasmir.i64.sub %zero, %x
// CHECK-NEXT:    %shifted = wasmir.i64.shl %zero, %x
// CHECK-NEXT:    %quotient = wasmir.i64.div_u %one, %x
// CHECK-NEXT:    wasmir.return %negated, %shifted, %quotient : i64, i64, i64
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @not_identity(%x: i64) -> (i64, i64, i64) {
  %zero = wasmir.i64.const 0
  %one = wasmir.i64.const 1
  %negated = wasmir.i64.sub %zero, %x
  %shifted = wasmir.i64.shl %zero, %x
  %quotient = wasmir.i64.div_u %one, %x
  wasmir.return %negated, %shifted, %quotient : i64, i64, i64
}

// CHECK-LABEL: @absorbing(
// CHECK-NEXT:    %zero = wasmir.i64.const 0
// CHECK-NEXT:    wasmir.return %zero, %zero : i64, i64
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @absorbing(%x: i64) -> (i64, i64) {
  %zero = wasmir.i64.const 0
  %product = wasmir.i64.mul %zero, %x
  %mask = wasmir.i64.and %x, %zero
  wasmir.return %product, %mask : i64, i64
}
