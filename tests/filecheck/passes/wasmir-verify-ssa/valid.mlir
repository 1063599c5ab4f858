// RUN: wasm-opt-py %s -p wasmir-verify-ssa --verify none | filecheck %s

// What dominates may be used, wherever the blocks stand in the text.

// CHECK-LABEL: @loop(
// CHECK: wasmir.return %sum : i32
wasmir.func index 0 slot 0 @loop(%n: i32) -> i32 {
  %zero = wasmir.i32.const 0
  wasmir.br ^loop(%zero : i32)
^end:
  wasmir.return %sum : i32
^loop(%i: i32):
  %sum = wasmir.i32.add %i, %n
  wasmir.br_if %sum, ^loop(%sum : i32), ^end
}
