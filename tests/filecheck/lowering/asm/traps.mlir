// REQUIRES: x86-64
// RUN: wasm-opt-py %s -t asm -O2 | filecheck %s
// BLESS

// A branch on a comparison is one compare; a trap is one instruction, behind the function's code.

// CHECK-LABEL: "wasm[0]::function[0]":
// CHECK-NEXT:          pushq   %rbp
// CHECK-NEXT:          movq    %rsp, %rbp
// CHECK-NEXT:          testl   %ecx, %ecx
// CHECK-NEXT:          je      .LBB0_2
// CHECK-NEXT:          movl    %edx, %eax
// CHECK-NEXT:          xorl    %edx, %edx
// CHECK-NEXT:          divl    %ecx
// CHECK-NEXT:          popq    %rbp
// CHECK-NEXT:          retq
// CHECK-NEXT:  .LBB0_2:
// CHECK-NEXT:          #MEMBARRIER
// CHECK-NEXT:          ud1l    7(%eax), %eax
wasmir.func index 0 slot 0 @divide(%x: i32, %y: i32) -> i32 {
  %0 = wasmir.i32.div_u %x, %y
  wasmir.return %0 : i32
}

// The plain store before the trap is still there.
wasmir.memory @memory i32 min 1 page 16 index 0 slot 0

// CHECK-LABEL: "wasm[0]::function[1]":
// CHECK-NEXT:          pushq   %rbp
// CHECK-NEXT:          movq    %rsp, %rbp
// CHECK-NEXT:          movq    80(%rdi), %rax
// CHECK-NEXT:          movl    %edx, (%rax)
// CHECK-NEXT:          #MEMBARRIER
// CHECK-NEXT:          ud1l    9(%eax), %eax
wasmir.func index 1 slot 1 @store_and_trap(%v: i32) {
  %zero = wasmir.i32.const 0
  wasmir.i32.store @memory[%zero], %v
  wasmir.unreachable
}
