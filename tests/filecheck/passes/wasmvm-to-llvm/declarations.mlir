// RUN: wasm-opt-py %s -p wasmvm-to-llvm | filecheck %s

// Declarations stay, since the artifact is described from them. A function whose body is elsewhere is
// declared for LLVM; an import is not.

// CHECK:      wasmir.func import "env" "f" index 0 slot 0 @import() -> ()
// CHECK-NEXT: wasmir.func index 1 slot 0 @elsewhere(i32) -> i64
// CHECK-NEXT: wasmir.memory @memory i32 min 1 page 16 index 0 slot 0
// CHECK-NEXT: wasmir.export "memory" @memory
// CHECK-NEXT: llvm.func hidden @"wasm[0]::function[1]"(!llvm.ptr, !llvm.ptr, i32) -> i64
// CHECK-NEXT: }
wasmir.func import "env" "f" index 0 slot 0 @import()
wasmir.func index 1 slot 0 @elsewhere(i32) -> i64
wasmir.memory @memory i32 min 1 page 16 index 0 slot 0
wasmir.export "memory" @memory
