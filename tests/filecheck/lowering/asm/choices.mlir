// REQUIRES: x86-64
// RUN: wasm-opt-py %s -t asm -O2 --cpu x86-64-v4 | filecheck %s
// RUN: wasm-opt-py %s -o - -t asm -O3 --cpu x86-64-v4 | filecheck %s

// The value that is nearest so far, and where it was: no mask comes from a general register.

// CHECK-LABEL: "wasm[0]::function[0]":
// CHECK-NOT:     kmov
// CHECK:         retq
wasmir.func index 0 slot 0 @nearest(%x: f64, %best: f64, %least: f64, %i: i32, %old: i32) -> (i32, f64) {
  %lt = wasmir.f64.lt %x, %best
  %gt = wasmir.f64.gt %x, %least
  %both = wasmir.i32.and %lt, %gt
  %index = wasmir.select %both, %i, %old : i32
  %value = wasmir.select %both, %x, %best : f64
  wasmir.return %index, %value : i32, f64
}
