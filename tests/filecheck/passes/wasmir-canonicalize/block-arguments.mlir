// RUN: wasm-opt-py %s -p wasmir-canonicalize | filecheck %s
// BLESS

// An argument that has one value on every edge is that value, also when a loop hands it to itself.

// CHECK-LABEL: @invariant(
// CHECK-NEXT:    wasmir.br ^loop(%n : i32)
// CHECK-NEXT:  ^loop(%i: i32):
// CHECK-NEXT:    %one = wasmir.i32.const 1
// CHECK-NEXT:    %next = wasmir.i32.sub %i, %one
// CHECK-NEXT:    wasmir.br_if %next, ^loop(%next : i32), ^end
// CHECK-NEXT:  ^end:
// CHECK-NEXT:    wasmir.return %x : i64
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @invariant(%x: i64, %n: i32) -> i64 {
  wasmir.br ^loop(%x, %n : i64, i32)
^loop(%same: i64, %i: i32):
  %one = wasmir.i32.const 1
  %next = wasmir.i32.sub %i, %one
  wasmir.br_if %next, ^loop(%same, %next : i64, i32), ^end
^end:
  wasmir.return %same : i64
}

// Two arguments that a loop exchanges stay.
// CHECK-LABEL: @exchanged(
// CHECK-NEXT:    wasmir.br ^loop(%x, %y : i64, i64)
// CHECK-NEXT:  ^loop(%a: i64, %b: i64):
// CHECK-NEXT:    wasmir.br_if %n, ^loop(%b, %a : i64, i64), ^end
// CHECK-NEXT:  ^end:
// CHECK-NEXT:    wasmir.return %a : i64
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @exchanged(%x: i64, %y: i64, %n: i32) -> i64 {
  wasmir.br ^loop(%x, %y : i64, i64)
^loop(%a: i64, %b: i64):
  wasmir.br_if %n, ^loop(%b, %a : i64, i64), ^end
^end:
  wasmir.return %a : i64
}
