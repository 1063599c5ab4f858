// RUN: wasm-opt-py %s -p wasmir-canonicalize,wasmir-dce | filecheck %s
// BLESS

// All ways lead to one block with the same arguments: no decision. With different ones it stays.

// CHECK-LABEL: @same(
// CHECK-NEXT:    wasmir.return %x : i32
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @same(%c: i32, %x: i32) -> i32 {
  wasmir.br_table %c, [^end(%x : i32), ^end(%x : i32)], ^end(%x : i32)
^end(%r: i32):
  wasmir.return %r : i32
}

// CHECK-LABEL: @different(
// CHECK-NEXT:    wasmir.br_if %c, ^end(%x : i32), ^end(%y : i32)
// CHECK-NEXT:  ^end(%r: i32):
// CHECK-NEXT:    wasmir.return %r : i32
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @different(%c: i32, %x: i32, %y: i32) -> i32 {
  wasmir.br_if %c, ^end(%x : i32), ^end(%y : i32)
^end(%r: i32):
  wasmir.return %r : i32
}
