// RUN: not wasm-opt-py %s --verify-each 2>&1 | filecheck %s
// RUN: not wasm-opt-py %s --verify-each=false 2>&1 | filecheck %s
// RUN: not wasm-opt-py %s --verify-each=perhaps 2>&1 | filecheck %s --check-prefix BOOL
// RUN: wasm-opt-py %s --verify-each --disable-verify | filecheck %s --check-prefix NONE

// CHECK: wasmir.return uses a value before it is defined: a result of wasmir.i32.const
// BOOL:  error: argument --verify-each: 'perhaps' is neither true nor false
// NONE:  wasmir.return %0 : i32
wasmir.func index 0 slot 0 @f(%c: i32) -> i32 {
  wasmir.br_if %c, ^a, ^b
^a:
  %0 = wasmir.i32.const 0
  wasmir.return %0 : i32
^b:
  wasmir.return %0 : i32
}
