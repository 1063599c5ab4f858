// REQUIRES: x86-64
// RUN: wasm-opt-py %s -t asm -O2 | filecheck %s
// BLESS

// A wide sum is an addition with carry.

// CHECK-LABEL: "wasm[0]::function[0]":
// CHECK-NEXT:          pushq   %rbp
// CHECK-NEXT:          movq    %rsp, %rbp
// CHECK-NEXT:          movq    %rcx, %rax
// CHECK-NEXT:          addq    %r8, %rdx
// CHECK-NEXT:          adcq    %r9, %rax
// CHECK-NEXT:          popq    %rbp
// CHECK-NEXT:          retq
wasmir.func index 0 slot 0 @sum(%a: i64, %b: i64, %c: i64, %d: i64) -> i64 {
  %low, %high = wasmir.i64.add128 %a, %b, %c, %d
  wasmir.return %high : i64
}
