// RUN: wasm-opt-py %s -p wasmvm-to-llvm | filecheck %s

// A function whose body is elsewhere is declared; an import is not, nor is anything else.

// CHECK-NOT: wasmir
// CHECK: llvm.func hidden @"wasm[0]::function[1]"(!llvm.ptr, !llvm.ptr, i32) -> i64
// CHECK-NOT: wasmir
wasmir.func import "env" "f" index 0 slot 0 @import()
wasmir.func index 1 slot 0 @elsewhere(i32) -> i64
wasmir.memory @memory i32 min 1 page 16 index 0 slot 0
wasmir.export "memory" @memory
