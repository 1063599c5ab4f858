// RUN: wasm-opt-py %s -p canonicalize-nans | filecheck %s
// BLESS

// Only arithmetic is followed by a choice, and only for uses that tell NaNs apart: not for arithmetic
// and comparisons. Operations on bits and conversions from integers are left alone. Each function has
// one constant of each type.

// CHECK-LABEL: @arithmetic(
// CHECK-NEXT:    %0 = wasmir.f64.const "nan"
// CHECK-NEXT:    %1 = wasmir.f32.const "nan"
// CHECK-NEXT:    %sum = wasmir.f32.add %a, %b
// CHECK-NEXT:    %square = wasmir.f32.mul %sum, %sum
// CHECK-NEXT:    %2 = wasmir.f32.eq %square, %square
// CHECK-NEXT:    %3 = wasmir.select %2, %square, %1 : f32
// CHECK-NEXT:    %wide = wasmir.f64.promote_f32 %square
// CHECK-NEXT:    %4 = wasmir.f64.eq %wide, %wide
// CHECK-NEXT:    %5 = wasmir.select %4, %wide, %0 : f64
// CHECK-NEXT:    %unused = wasmir.f32.sqrt %square
// CHECK-NEXT:    %less = wasmir.f32.lt %sum, %square
// CHECK-NEXT:    wasmir.return %3, %5 : f32, f64
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @arithmetic(%a: f32, %b: f32) -> (f32, f64) {
  %sum = wasmir.f32.add %a, %b
  %square = wasmir.f32.mul %sum, %sum
  %wide = wasmir.f64.promote_f32 %square
  %unused = wasmir.f32.sqrt %square
  %less = wasmir.f32.lt %sum, %square
  wasmir.return %square, %wide : f32, f64
}

// CHECK-LABEL: @both_kinds_of_use(
// CHECK-NEXT:    %0 = wasmir.f64.const "nan"
// CHECK-NEXT:    %sum = wasmir.f64.add %a, %b
// CHECK-NEXT:    %1 = wasmir.f64.eq %sum, %sum
// CHECK-NEXT:    %2 = wasmir.select %1, %sum, %0 : f64
// CHECK-NEXT:    %negated = wasmir.f64.neg %2
// CHECK-NEXT:    %product = wasmir.f64.mul %sum, %negated
// CHECK-NEXT:    %3 = wasmir.f64.eq %product, %product
// CHECK-NEXT:    %4 = wasmir.select %3, %product, %0 : f64
// CHECK-NEXT:    wasmir.return %4 : f64
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @both_kinds_of_use(%a: f64, %b: f64) -> f64 {
  %sum = wasmir.f64.add %a, %b
  %negated = wasmir.f64.neg %sum
  %product = wasmir.f64.mul %sum, %negated
  wasmir.return %product : f64
}

// CHECK-LABEL: @bits(
// CHECK-NEXT:    %negated = wasmir.f32.neg %a
// CHECK-NEXT:    %signed = wasmir.f32.copysign %negated, %b
// CHECK-NEXT:    %number = wasmir.f32.convert_i32_s %n
// CHECK-NEXT:    %cast = wasmir.f32.reinterpret_i32 %n
// CHECK-NEXT:    wasmir.return %signed, %number, %cast : f32, f32, f32
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @bits(%a: f32, %b: f32, %n: i32) -> (f32, f32, f32) {
  %negated = wasmir.f32.neg %a
  %signed = wasmir.f32.copysign %negated, %b
  %number = wasmir.f32.convert_i32_s %n
  %cast = wasmir.f32.reinterpret_i32 %n
  wasmir.return %signed, %number, %cast : f32, f32, f32
}

// The sum is canonicalized on its way out of the loop, not in it. What is stored is a use that tells.

// CHECK-LABEL: @loop(
// CHECK-NEXT:    %0 = wasmir.f64.const "nan"
// CHECK-NEXT:    %zero = wasmir.f64.const "0x0"
// CHECK-NEXT:    wasmir.br ^loop(%zero : f64)
// CHECK-NEXT:  ^loop(%sum: f64):
// CHECK-NEXT:    %next = wasmir.f64.add %sum, %a
// CHECK-NEXT:    %1 = wasmir.f64.eq %next, %next
// CHECK-NEXT:    %2 = wasmir.select %1, %next, %0 : f64
// CHECK-NEXT:    %bigger = wasmir.select %n, %next, %a : f64
// CHECK-NEXT:    wasmir.br_if %n, ^loop(%bigger : f64), ^end(%2 : f64)
// CHECK-NEXT:  ^end(%result: f64):
// CHECK-NEXT:    wasmir.return %result : f64
// CHECK-NEXT:  }
wasmir.func index 3 slot 3 @loop(%a: f64, %n: i32) -> f64 {
  %zero = wasmir.f64.const "0"
  wasmir.br ^loop(%zero : f64)
^loop(%sum: f64):
  %next = wasmir.f64.add %sum, %a
  %bigger = wasmir.select %n, %next, %a : f64
  wasmir.br_if %n, ^loop(%bigger : f64), ^end(%next : f64)
^end(%result: f64):
  wasmir.return %result : f64
}
