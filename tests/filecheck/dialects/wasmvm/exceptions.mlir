// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// CHECK-LABEL: @exceptions
// CHECK-NEXT:    %vmctx = wasmvm.vmctx
// CHECK-NEXT:    %exception = wasmvm.new_exception %vmctx 32 {note} : !wasmir.ref<exn>
// CHECK-NEXT:    %slots = wasmvm.exception_slots %exception {note} : !wasmir.ref<exn>
// CHECK-NEXT:    %barrier = wasmvm.exception_barrier %vmctx, %function {note} : !wasmir.ref<func> -> !wasmir.ref<func>
// CHECK-NEXT:    %thrown = wasmvm.thrown %vmctx {note}
// CHECK-NEXT:    wasmvm.unwind_if_thrown %vmctx {note}
// CHECK-NEXT:    wasmvm.unwind %vmctx {note}
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "exceptions"
// GENERIC-NEXT:  ^bb0(%function: !wasmir.ref<func>):
// GENERIC-NEXT:    %vmctx = "wasmvm.vmctx"() : () -> !llvm.ptr
// GENERIC-NEXT:    %exception = "wasmvm.new_exception"(%vmctx) <{size = 32 : i64}> {note} : (!llvm.ptr) -> !wasmir.ref<exn>
// GENERIC-NEXT:    %slots = "wasmvm.exception_slots"(%exception) {note} : (!wasmir.ref<exn>) -> !llvm.ptr
// GENERIC-NEXT:    %barrier = "wasmvm.exception_barrier"(%vmctx, %function) {note} : (!llvm.ptr, !wasmir.ref<func>) -> !wasmir.ref<func>
// GENERIC-NEXT:    %thrown = "wasmvm.thrown"(%vmctx) {note} : (!llvm.ptr) -> i32
// GENERIC-NEXT:    "wasmvm.unwind_if_thrown"(%vmctx) {note} : (!llvm.ptr) -> ()
// GENERIC-NEXT:    "wasmvm.unwind"(%vmctx) {note} : (!llvm.ptr) -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmvm.func wasm @exceptions(%function: !wasmir.ref<func>) {
  %vmctx = wasmvm.vmctx
  %exception = wasmvm.new_exception %vmctx 32 {note} : !wasmir.ref<exn>
  %slots = wasmvm.exception_slots %exception {note} : !wasmir.ref<exn>
  %barrier = wasmvm.exception_barrier %vmctx, %function {note} : !wasmir.ref<func> -> !wasmir.ref<func>
  %thrown = wasmvm.thrown %vmctx {note}
  wasmvm.unwind_if_thrown %vmctx {note}
  wasmvm.unwind %vmctx {note}
}
