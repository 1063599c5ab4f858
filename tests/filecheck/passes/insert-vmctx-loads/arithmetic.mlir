// RUN: wasm-opt-py %s -p insert-vmctx-loads | filecheck %s
// BLESS

// Arithmetic and control flow are none of this pass's business.

// CHECK-LABEL: @untouched(
// CHECK-NEXT:    %0 = wasmir.f32.sqrt %x
// CHECK-NEXT:    wasmir.br_if %c, ^a(%0 : f32), ^b
// CHECK-NEXT:  ^a(%y: f32):
// CHECK-NEXT:    wasmir.return %y : f32
// CHECK-NEXT:  ^b:
// CHECK-NEXT:    wasmir.unreachable
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @untouched(%c: i32, %x: f32) -> f32 {
  %0 = wasmir.f32.sqrt %x
  wasmir.br_if %c, ^a(%0 : f32), ^b
^a(%y: f32):
  wasmir.return %y : f32
^b:
  wasmir.unreachable
}
