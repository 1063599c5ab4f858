// RUN: wasm-opt-py %s --print-pipeline | filecheck %s
// RUN: wasm-opt-py %s --print-pipeline --bounds explicit --traps relaxed --at wasmir-end=wasmir-gvn --at wasmir-end=wasmir-dce --at llvm-end=canonicalize | filecheck %s --check-prefix AT
// RUN: wasm-opt-py %s --print-pipeline -t llvm -p wasmir-gvn,insert-vmctx-loads | filecheck %s --check-prefix COMPLETED
// RUN: not wasm-opt-py %s --print-pipeline -p wasmir-dce --at wasmir-end=wasmir-dce 2>&1 | filecheck %s --check-prefix BOTH
// RUN: not wasm-opt-py %s --at wasmir-ende=wasmir-dce 2>&1 | filecheck %s --check-prefix POINT
// RUN: not wasm-opt-py %s -p wasmir-gvm 2>&1 | filecheck %s --check-prefix PASS

// CHECK:     wasmir-wide-multiply,wasmir-direct-calls,wasmir-inline,wasmir-forward-loads,wasmir-version-loops,insert-vmctx-loads{bounds=guard traps=exact},insert-trampolines,insert-stack-limit-checks,wasmvm-to-llvm
// AT:        wasmir-gvn,wasmir-dce,wasmir-wide-multiply,wasmir-direct-calls,wasmir-inline,wasmir-forward-loads,wasmir-version-loops{bounds=explicit},insert-vmctx-loads{bounds=explicit traps=relaxed},insert-trampolines,insert-stack-limit-checks,wasmvm-to-llvm,canonicalize
// COMPLETED: wasmir-gvn,insert-vmctx-loads,insert-trampolines,insert-stack-limit-checks,wasmvm-to-llvm
// BOTH:      error: -p is the whole pipeline; --at extends the default one: use one of them
// POINT:     error: there is no point 'wasmir-ende' in the pipeline; did you mean 'wasmir-end'?
// PASS:      error: there is no pass 'wasmir-gvm'; did you mean 'wasmir-gvn'
builtin.module {
}
