// RUN: not wasm-opt-py %s -t llvm 2>&1 | filecheck %s

// CHECK: error: func.func is not lowered: run wasmvm-to-llvm first
llvm.func @lowered() {
  llvm.return
}
func.func @foreign() {
  func.return
}
