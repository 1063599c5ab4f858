// REQUIRES: x86-64
// RUN: wasm-opt-py %s -t asm -O2 | filecheck %s

// Runaway recursion keeps its frames: a call, never a jump, behind the check of the stack.

// CHECK-LABEL: "wasm[0]::function[0]":
// CHECK:         cmpq (%rax), %rsp
// CHECK-NEXT:    jb .LBB0_2
// CHECK:         callq "wasm[0]::function[0]"
// CHECK:         retq
wasmir.func index 0 slot 0 @forever(%x: i32) -> i32 {
  %0 = wasmir.call @forever(%x) : (i32) -> i32
  wasmir.return %0 : i32
}
