// REQUIRES: x86-64
// RUN: wasm-opt-py %s -t asm -O2 | filecheck %s
// BLESS

// A load from a guarded memory is one instruction behind the load of the base.

wasmir.memory @memory i32 min 1 page 16 index 0 slot 0

// CHECK-LABEL: "wasm[0]::function[0]":
// CHECK-NEXT:          pushq   %rbp
// CHECK-NEXT:          movq    %rsp, %rbp
// CHECK-NEXT:          movq    80(%rdi), %rax
// CHECK-NEXT:          movl    %edx, %ecx
// CHECK-NEXT:          movl    16(%rax,%rcx), %eax
// CHECK-NEXT:          popq    %rbp
// CHECK-NEXT:          retq
wasmir.func index 0 slot 0 @load(%a: i32) -> i32 {
  %0 = wasmir.i32.load @memory[%a + 16]
  wasmir.return %0 : i32
}
