// RUN: not wasm-opt-py %s 2>&1 | filecheck %s
// RUN: wasm-opt-py %s --verify none | filecheck %s --check-prefix NONE
// RUN: wasm-opt-py %s --disable-verify | filecheck %s --check-prefix NONE

// CHECK: wasmir.return uses a value before it is defined: a result of wasmir.i32.const
// NONE:  wasmir.return %0 : i32
wasmir.func index 0 slot 0 @f(%c: i32) -> i32 {
  wasmir.br_if %c, ^a, ^b
^a:
  %0 = wasmir.i32.const 0
  wasmir.return %0 : i32
^b:
  wasmir.return %0 : i32
}
