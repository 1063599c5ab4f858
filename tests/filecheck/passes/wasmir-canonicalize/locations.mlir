// RUN: wasm-opt-py %s -p wasmir-canonicalize,wasmir-dce --print-debuginfo | filecheck %s

// What is folded or rebuilt is where it was.

// CHECK:      %{{.*}} = wasmir.i32.const 3 loc("m":0:12)
// CHECK-NEXT: wasmir.br_if %{{.*}}, ^a, ^b(%{{.*}} : i32) loc("m":0:14)
// CHECK:      wasmir.br ^b(%c : i32) loc("m":0:20)
wasmir.func index 0 slot 0 @f(%c: i32) -> i32 {
  %0 = wasmir.i32.const 1 loc("m":0:10)
  %1 = wasmir.i32.const 2 loc("m":0:11)
  %2 = wasmir.i32.add %0, %1 loc("m":0:12)
  wasmir.br_if %c, ^a(%c : i32), ^b(%2 : i32) loc("m":0:14)
^a(%only: i32):
  wasmir.br_if %1, ^b(%only : i32), ^a(%only : i32) loc("m":0:20)
^b(%r: i32):
  wasmir.return %r : i32 loc("m":0:22)
}
