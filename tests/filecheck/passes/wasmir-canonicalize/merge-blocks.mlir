// RUN: wasm-opt-py %s -p wasmir-canonicalize | filecheck %s
// BLESS

// A block with one predecessor that only goes there is appended to it; one with two is not, and a
// loop of one block neither.

// CHECK-LABEL: @chain(
// CHECK-NEXT:    %0 = wasmir.i32.clz %x
// CHECK-NEXT:    wasmir.return %0 : i32
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @chain(%x: i32) -> i32 {
  wasmir.br ^a(%x : i32)
^a(%y: i32):
  %0 = wasmir.i32.clz %y
  wasmir.br ^b
^b:
  wasmir.return %0 : i32
}

// CHECK-LABEL: @diamond(
// CHECK-NEXT:    wasmir.br_if %c, ^a, ^b
// CHECK-NEXT:  ^a:
// CHECK-NEXT:    wasmir.br ^c
// CHECK-NEXT:  ^b:
// CHECK-NEXT:    wasmir.br ^c
// CHECK-NEXT:  ^c:
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @diamond(%c: i32) {
  wasmir.br_if %c, ^a, ^b
^a:
  wasmir.br ^c
^b:
  wasmir.br ^c
^c:
  wasmir.return
}

// CHECK-LABEL: @forever(
// CHECK-NEXT:    wasmir.br ^a
// CHECK-NEXT:  ^a:
// CHECK-NEXT:    wasmir.br ^a
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @forever() {
  wasmir.br ^a
^a:
  wasmir.br ^a
}
