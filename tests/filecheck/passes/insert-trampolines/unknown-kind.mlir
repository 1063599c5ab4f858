// RUN: not wasm-opt-py %s -p 'insert-trampolines{kinds=array-to-array}' 2>&1 | filecheck %s

// CHECK: error: pass 'insert-trampolines': unknown kind 'array-to-array'; the kinds are array-to-wasm,

builtin.module {
}
