// RUN: wasm-opt-py %s | wasm-opt-py | filecheck %s
// RUN: wasm-opt-py %s --print-op-generic | wasm-opt-py | filecheck %s

// Fields of the VMContext that passes declare.

// CHECK:      wasmvm.declare_field "last store" size 4 align 4
// CHECK-NEXT: wasmvm.declare_field "calls" size 8 align 8 counter
wasmvm.declare_field "last store" size 4 align 4
wasmvm.declare_field "calls" size 8 align 8 counter
