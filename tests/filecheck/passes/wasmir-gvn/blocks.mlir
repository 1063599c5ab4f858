// RUN: wasm-opt-py %s -p wasmir-gvn | filecheck %s
// BLESS

// State is known in a block with one predecessor, and unknown where paths meet: one may have written.

wasmir.global @global mut i32 index 0 slot 0

// CHECK-LABEL: @one_predecessor(
// CHECK-NEXT:    %0 = wasmir.global.get @global : i32
// CHECK-NEXT:    wasmir.br_if %c, ^a, ^b
// CHECK-NEXT:  ^a:
// CHECK-NEXT:    wasmir.return %0 : i32
// CHECK-NEXT:  ^b:
// CHECK-NEXT:    wasmir.return %0 : i32
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @one_predecessor(%c: i32) -> i32 {
  %0 = wasmir.global.get @global : i32
  wasmir.br_if %c, ^a, ^b
^a:
  %1 = wasmir.global.get @global : i32
  wasmir.return %1 : i32
^b:
  wasmir.return %0 : i32
}

// CHECK-LABEL: @loop(
// CHECK-NEXT:    %0 = wasmir.global.get @global : i32
// CHECK-NEXT:    wasmir.br ^loop
// CHECK-NEXT:  ^loop:
// CHECK-NEXT:    %1 = wasmir.global.get @global : i32
// CHECK-NEXT:    %2 = wasmir.i32.add %1, %0
// CHECK-NEXT:    wasmir.global.set @global, %2 : i32
// CHECK-NEXT:    wasmir.br_if %c, ^loop, ^end
// CHECK-NEXT:  ^end:
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @loop(%c: i32) {
  %0 = wasmir.global.get @global : i32
  wasmir.br ^loop
^loop:
  %1 = wasmir.global.get @global : i32
  %2 = wasmir.i32.add %1, %0
  wasmir.global.set @global, %2 : i32
  wasmir.br_if %c, ^loop, ^end
^end:
  wasmir.return
}
