// RUN: wasm-opt-py %s -p wasmir-dce | filecheck %s
// BLESS

// Blocks without a path from the entry go, though they refer to each other and to live values.

// CHECK-LABEL: @unreachable_blocks(
// CHECK-NEXT:    wasmir.br ^end(%x : i32)
// CHECK-NEXT:  ^end(%r: i32):
// CHECK-NEXT:    wasmir.return %r : i32
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @unreachable_blocks(%x: i32) -> i32 {
  wasmir.br ^end(%x : i32)
^dead(%y: i32):
  %0 = wasmir.i32.add %x, %y
  wasmir.br_if %0, ^dead(%0 : i32), ^other
^other:
  wasmir.br ^end(%0 : i32)
^end(%r: i32):
  wasmir.return %r : i32
}
