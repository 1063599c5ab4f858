// RUN: wasm-opt-py %s -p 'insert-stack-limit-checks{every_function=true}' | filecheck %s
// RUN: wasm-opt-py %s -p 'insert-stack-limit-checks{every-function=true}' | filecheck %s
// BLESS

// Functions without calls are checked too; trampolines run on what their caller has checked.

// CHECK-LABEL: @leaf(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field %0, vmctx.limits : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.load_field %1, limits.stack_limit : i64
// CHECK-NEXT:    wasmvm.stack_check %2
// CHECK-NEXT:    wasmir.return %x : i32
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @leaf(%x: i32) -> i32 {
  wasmir.return %x : i32
}

// CHECK-LABEL: @trampoline(
// CHECK-NEXT:    wasmir.return %x : i32
// CHECK-NEXT:  }
wasmvm.func native @trampoline(%x: i32) -> i32 {
  wasmir.return %x : i32
}
