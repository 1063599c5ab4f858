// RUN: xdsl-opt %s | filecheck %s
// RUN: xdsl-opt %s -p wasmir-canonicalize,wasmir-dce | filecheck %s --check-prefix PASSES
// RUN: xdsl-opt %s -p insert-vmctx-loads,wasmvm-to-llvm | filecheck %s --check-prefix LOWERED
// RUN: xdsl-opt %s -p 'insert-vmctx-loads{bounds=explicit}' | filecheck %s --check-prefix OPTION

// xDSL's own driver knows our dialects and passes, with their options.

// CHECK:    %1 = wasmir.i32.add %a, %0
// PASSES-NOT: wasmir.i32.add
// PASSES:   wasmir.i32.load @memory[%a]
// LOWERED:  llvm.func hidden @"wasm[0]::function[0]"
// LOWERED:  llvm_ext.load volatile
// OPTION:   wasmvm.bounds_check %{{.*}} : i32, 4 within
wasmir.memory @memory i32 min 1 page 16 index 0 slot 0
wasmir.func index 0 slot 0 @f(%a: i32) -> i32 {
  %0 = wasmir.i32.const 0
  %1 = wasmir.i32.add %a, %0
  %2 = wasmir.i32.load @memory[%1]
  wasmir.return %2 : i32
}
