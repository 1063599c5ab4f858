// RUN: wasm-opt-py %s -p wasmir-dce --split-input-file --verify-diagnostics | filecheck %s

// CHECK: the trap codes of passes are those from 64 to 127
wasmvm.declare_trap "mine" code 9 "a message" by "my-pass"
