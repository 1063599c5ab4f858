// RUN: wasm-opt-py %s -p insert-vmctx-loads --print-debuginfo | filecheck %s
// RUN: wasm-opt-py %s -p insert-vmctx-loads,insert-stack-limit-checks,wasmvm-to-llvm --print-debuginfo | filecheck %s --check-prefix LLVM

// The steps of an instruction are where it was; what is loaded at the entry is where the function is.

// CHECK:      wasmvm.vmctx loc("m":0:8)
// CHECK-NEXT: wasmvm.load_field invariant {{.*}} loc("m":0:8)
// CHECK:      wasmvm.linear_load {{.*}} loc("m":0:12)
// CHECK-NEXT: wasmir.i64.extend_i32_u {{.*}} loc("m":0:16)
// CHECK:      wasmvm.call_builtin {{.*}} loc("m":0:16)
// LLVM:       llvm.intr.stacksave {{.*}} loc("m":0:8)
// LLVM:       llvm_ext.load volatile {{.*}} loc("m":0:12)
// LLVM:       llvm.call {{.*}} loc("m":0:16)
wasmir.memory @memory i32 min 1 page 16 index 0 slot 0
wasmir.func index 0 slot 0 @f(%a: i32) {
  %0 = wasmir.i32.load @memory[%a] loc("m":0:12)
  wasmir.memory.fill @memory[%a, %a], %0 : i32, i32 loc("m":0:16)
  wasmir.return loc("m":0:20)
} loc("m":0:8)
