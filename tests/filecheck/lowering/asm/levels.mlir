// REQUIRES: x86-64
// RUN: wasm-opt-py %s -t asm -O0 | filecheck %s --check-prefix O0
// RUN: wasm-opt-py %s -t asm -O1 | filecheck %s --check-prefix O1
// RUN: wasm-opt-py %s -o - -t asm -O3 | filecheck %s --check-prefix O1

// -O0 does what it is told; -O1 computes constants.

// O0-LABEL: "wasm[0]::function[0]":
// O0:         imull
// O1-LABEL: "wasm[0]::function[0]":
// O1-NOT:     imull
// O1:         $42, %eax
wasmir.func index 0 slot 0 @product() -> i32 {
  %six = wasmir.i32.const 6
  %seven = wasmir.i32.const 7
  %0 = wasmir.i32.mul %six, %seven
  wasmir.return %0 : i32
}
