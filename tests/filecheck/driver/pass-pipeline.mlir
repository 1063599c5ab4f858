// RUN: wasm-opt-py %s --print-pipeline --pass-pipeline='builtin.module( wasmir-gvn,any(wasmir-dce), wasmir.func(wasmir-canonicalize) ,insert-vmctx-loads{bounds=explicit})' | filecheck %s
// RUN: wasm-opt-py %s --pass-pipeline='wasmir.func(wasmir-canonicalize,wasmir-dce)' | filecheck %s --check-prefix IR
// RUN: not wasm-opt-py %s --pass-pipeline='builtin.module(wasmir.func(wasmir-verify-symbols))' 2>&1 | filecheck %s --check-prefix SCOPE
// RUN: not wasm-opt-py %s --pass-pipeline='builtin.module(func.func(wasmir-dce))' 2>&1 | filecheck %s --check-prefix ANCHOR
// RUN: not wasm-opt-py %s --pass-pipeline='wasmir.func(builtin.module(wasmir-dce))' 2>&1 | filecheck %s --check-prefix INSIDE
// RUN: not wasm-opt-py %s --pass-pipeline='builtin.module(wasmir-dce' 2>&1 | filecheck %s --check-prefix OPEN
// RUN: not wasm-opt-py %s --pass-pipeline='builtin.module(wasmir-dce))' 2>&1 | filecheck %s --check-prefix CLOSED
// RUN: not wasm-opt-py %s --pass-pipeline='builtin.module(wasmir-dcf)' 2>&1 | filecheck %s --check-prefix NAME
// RUN: not wasm-opt-py %s --pass-pipeline='wasmir-dce' -p wasmir-dce 2>&1 | filecheck %s --check-prefix BOTH

// Pipelines in MLIR's notation.

// CHECK: wasmir-gvn,wasmir-dce,wasmir-canonicalize,insert-vmctx-loads{bounds=explicit}
// IR-NOT: wasmir.i32.add
// SCOPE: error: pass 'wasmir-verify-symbols' looks at the whole module: it can be in builtin.module(...), not in wasmir.func(...)
// ANCHOR: error: passes cannot be anchored on func.func: they see the functions of a unit, or the whole module; the anchors are builtin.module, wasmir.func, any
// INSIDE: error: builtin.module is in wasmir.func: there is one module, which is in nothing
// OPEN: error: malformed pipeline 'builtin.module(wasmir-dce': expected , or ) after 'builtin.module(wasmir-dce'
// CLOSED: error: malformed pipeline 'builtin.module(wasmir-dce))': expected , or the end after 'builtin.module(wasmir-dce)'
// NAME: error: there is no pass 'wasmir-dcf'; did you mean 'wasmir-dce'
// BOTH: error: -p and --pass-pipeline are the same: use one of them
wasmir.func @f(%x: i32) -> i32 {
  %0 = wasmir.i32.const 0
  %1 = wasmir.i32.add %x, %0
  wasmir.return %1 : i32
}
