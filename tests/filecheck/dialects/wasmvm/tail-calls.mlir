// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Tail calls in the wasm convention: of a function of the module, and of code at an address.

// CHECK-LABEL: @direct(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    wasmvm.return_call @direct[%0, %0] (%x : i32) {note}
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "direct"
// GENERIC-NEXT:  ^bb0(%x: i32):
// GENERIC-NEXT:    %0 = "wasmvm.vmctx"() : () -> !llvm.ptr
// GENERIC-NEXT:    "wasmvm.return_call"(%0, %0, %x) <{callee = @direct}> {note} : (!llvm.ptr, !llvm.ptr, i32) -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @direct(%x: i32) -> f32 {
  %0 = wasmvm.vmctx
  wasmvm.return_call @direct[%0, %0] (%x : i32) {note}
}

// CHECK-LABEL: @nothing(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    wasmvm.return_call @nothing[%0, %0]
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "nothing"
// GENERIC-NEXT:    %0 = "wasmvm.vmctx"() : () -> !llvm.ptr
// GENERIC-NEXT:    "wasmvm.return_call"(%0, %0) <{callee = @nothing}> : (!llvm.ptr, !llvm.ptr) -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 1 slot 1 @nothing() {
  %0 = wasmvm.vmctx
  wasmvm.return_call @nothing[%0, %0]
}

// CHECK-LABEL: @pointer(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    wasmvm.return_call_pointer %code[%0, %0] (%x : i32) {note}
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "pointer"
// GENERIC-NEXT:  ^bb0(%x: i32, %code: !llvm.ptr):
// GENERIC-NEXT:    %0 = "wasmvm.vmctx"() : () -> !llvm.ptr
// GENERIC-NEXT:    "wasmvm.return_call_pointer"(%code, %0, %0, %x) {note} : (!llvm.ptr, !llvm.ptr, !llvm.ptr, i32) -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 2 slot 2 @pointer(%x: i32, %code: !llvm.ptr) -> f32 {
  %0 = wasmvm.vmctx
  wasmvm.return_call_pointer %code[%0, %0] (%x : i32) {note}
}
