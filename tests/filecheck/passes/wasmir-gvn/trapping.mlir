// RUN: wasm-opt-py %s -p wasmir-gvn | filecheck %s
// BLESS

// Behind an equal operation that did not trap, this one does not trap either.

// CHECK-LABEL: @divisions(
// CHECK-NEXT:    %0 = wasmir.i32.div_u %x, %y
// CHECK-NEXT:    %1 = wasmir.i32.div_s %x, %y
// CHECK-NEXT:    %2 = wasmir.i32.add %0, %0
// CHECK-NEXT:    %3 = wasmir.i32.add %2, %1
// CHECK-NEXT:    wasmir.return %3 : i32
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @divisions(%x: i32, %y: i32) -> i32 {
  %0 = wasmir.i32.div_u %x, %y
  %1 = wasmir.i32.div_u %x, %y
  %2 = wasmir.i32.div_s %x, %y
  %3 = wasmir.i32.add %0, %1
  %4 = wasmir.i32.add %3, %2
  wasmir.return %4 : i32
}
