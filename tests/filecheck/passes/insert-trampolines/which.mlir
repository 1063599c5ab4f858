// RUN: wasm-opt-py %s -p insert-trampolines | filecheck %s

// Functions that no reference can reach get none, nor do imports; types get some where they carry
// the number of their structure. Everything is appended behind the module.

wasmir.type @elsewhere () -> () index 0
wasmir.type @here (i32) -> () index 1 signature 7
wasmir.func import "env" "f" index 0 slot 0 func_ref 0 @imported()
wasmir.func index 1 slot 0 @hidden() {
  wasmir.return
}
wasmir.func index 2 slot 1 func_ref 1 @elsewhere_defined()
wasmir.func index 3 slot 2 func_ref 2 @escaping() {
  wasmir.return
}

// CHECK-NOT: wasmvm.func
// CHECK:     wasmir.func index 3 slot 2 func_ref 2 @escaping
// CHECK:     wasmvm.func wasm @"signatures[7]::wasm_to_native_trampoline"(%{{.*}}: i32) {
// CHECK:     wasmvm.func wasm @"signatures[7]::wasm_to_array_trampoline"(%{{.*}}: i32) {
// CHECK:     wasmvm.func native @"signatures[7]::native_to_array_trampoline"(%{{.*}}: i32) {
// CHECK:     wasmvm.func array @"wasm[0]::array_to_wasm_trampoline[3]"(
// CHECK:     wasmvm.func native @"wasm[0]::native_to_wasm_trampoline[3]"(
// CHECK-NOT: wasmvm.func
