// RUN: wasm-opt-py %s -p wasmir-dce --split-input-file --verify-diagnostics | filecheck %s

// CHECK: a field cannot have size 4 and alignment 3
wasmvm.declare_field "f" size 4 align 3

// -----

// CHECK: a counter has 8 bytes
wasmvm.declare_field "f" size 4 align 4 counter
