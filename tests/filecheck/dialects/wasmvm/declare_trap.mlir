// RUN: wasm-opt-py %s | wasm-opt-py | filecheck %s
// RUN: wasm-opt-py %s --print-op-generic | wasm-opt-py | filecheck %s

// Trap codes that passes declare, and traps with them between operations of wasmir.

// CHECK: wasmvm.declare_trap "too large" code 64 "the argument is too large" by "my-pass"
wasmvm.declare_trap "too large" code 64 "the argument is too large" by "my-pass"

// CHECK:      wasmir.func
// CHECK-NEXT:   wasmvm.trap_if %{{.*}}, 64
// CHECK-NEXT:   wasmvm.trap 64
wasmir.func @f(%x: i32) {
  wasmvm.trap_if %x, 64
  wasmvm.trap 64
}
