// RUN: wasm-opt-py %s -p wasmir-gvn | filecheck %s
// BLESS

// Only what dominates can be reused: not what the other side of a branch has computed.

// CHECK-LABEL: @diamond(
// CHECK-NEXT:    %outer = wasmir.i32.clz %x
// CHECK-NEXT:    wasmir.br_if %c, ^then, ^else
// CHECK-NEXT:  ^then:
// CHECK-NEXT:    %left = wasmir.i32.ctz %outer
// CHECK-NEXT:    wasmir.br ^end(%left : i32)
// CHECK-NEXT:  ^else:
// CHECK-NEXT:    %right = wasmir.i32.ctz %outer
// CHECK-NEXT:    wasmir.br ^end(%right : i32)
// CHECK-NEXT:  ^end(%r: i32):
// CHECK-NEXT:    %below = wasmir.i32.ctz %outer
// CHECK-NEXT:    wasmir.return %r, %below : i32, i32
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @diamond(%c: i32, %x: i32) -> (i32, i32) {
  %outer = wasmir.i32.clz %x
  wasmir.br_if %c, ^then, ^else
^then:
  %same = wasmir.i32.clz %x
  %left = wasmir.i32.ctz %same
  wasmir.br ^end(%left : i32)
^else:
  %right = wasmir.i32.ctz %outer
  wasmir.br ^end(%right : i32)
^end(%r: i32):
  %below = wasmir.i32.ctz %outer
  wasmir.return %r, %below : i32, i32
}
