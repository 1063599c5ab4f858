// RUN: wasm-opt-py %s -p wasmir-canonicalize,wasmir-gvn,wasmir-dce | filecheck %s
// BLESS

// A tail call and its arguments are observed; what comes before it is no less removable.

// CHECK-LABEL: @f(
// CHECK-NEXT:    %0 = wasmir.i32.const 1
// CHECK-NEXT:    %a = wasmir.i32.add %x, %0
// CHECK-NEXT:    wasmir.return_call @f(%a : i32)
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @f(%x: i32) -> i32 {
  %0 = wasmir.i32.const 1
  %1 = wasmir.i32.add %x, %0
  %2 = wasmir.i32.add %x, %0
  %3 = wasmir.i32.mul %2, %2
  wasmir.br ^end(%1, %3 : i32, i32)
^end(%a: i32, %b: i32):
  wasmir.return_call @f(%a : i32)
}
