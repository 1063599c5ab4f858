// REQUIRES: x86-64
// RUN: wasm-opt-py %s -t asm -O2 | filecheck %s
// RUN: wasm-opt-py %s -t asm -O0 | filecheck %s

// Jumps, to the ordinary entry.

wasmir.type @type (i32) -> i32 index 0
wasmir.table @table !wasmir.ref<null func> i32 min 1 index 0 slot 0

// CHECK-LABEL: "wasm[0]::function[0]":
// CHECK:         popq %rbp
// CHECK-NEXT:    jmp "wasm[0]::function[1]"
wasmir.func index 0 slot 0 @direct(%x: i32) -> i32 {
  wasmir.return_call @other(%x, %x : i32, i32)
}

// CHECK-LABEL: "wasm[0]::function[1]":
// CHECK:         popq %rbp
// CHECK-NEXT:    jmpq *%r
wasmir.func index 1 slot 1 @other(%x: i32, %i: i32) -> i32 {
  wasmir.return_call_indirect @table[%i : i32] @type(%x : i32)
}
