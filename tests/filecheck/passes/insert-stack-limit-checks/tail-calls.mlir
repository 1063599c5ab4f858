// RUN: wasm-opt-py %s -p insert-vmctx-loads,insert-stack-limit-checks | filecheck %s
// BLESS

// Tail calls use no stack, so a function without other calls is not checked.

// CHECK-LABEL: @only_tail_calls(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    wasmvm.return_call @only_tail_calls[%0, %0] (%x : i32)
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @only_tail_calls(%x: i32) {
  wasmir.return_call @only_tail_calls(%x : i32)
}

// CHECK-LABEL: @both(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field %0, vmctx.limits : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.load_field %1, limits.stack_limit : i64
// CHECK-NEXT:    wasmvm.stack_check %2
// CHECK-NEXT:    %3 = wasmvm.vmctx
// CHECK-NEXT:    wasmvm.call @both[%3, %3] (%x) : (i32) -> ()
// CHECK-NEXT:    wasmvm.return_call @both[%3, %3] (%x : i32)
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @both(%x: i32) {
  wasmir.call @both(%x) : (i32) -> ()
  wasmir.return_call @both(%x : i32)
}
