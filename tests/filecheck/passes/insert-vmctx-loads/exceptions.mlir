// RUN: wasm-opt-py %s -p insert-vmctx-loads | filecheck %s
// BLESS

// After each call of Wasm there is a test: one that leaves the function, unless a branch follows.

wasmir.tag @e (i32) -> () index 0 slot 0
wasmir.type @type () -> () index 0
wasmir.func import "env" "f" index 0 slot 0 @imported()

// CHECK-LABEL: @throw(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, vmctx.limits : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.new_exception %0 32 : !wasmir.ref<exn>
// CHECK-NEXT:    %3 = wasmvm.load_field invariant %0, tags.tag[0] : i64
// CHECK-NEXT:    wasmvm.store_field %2 : !wasmir.ref<exn>, exception.tag, %3 : i64
// CHECK-NEXT:    %4 = wasmvm.exception_slots %2 : !wasmir.ref<exn>
// CHECK-NEXT:    wasmvm.store_slot %4[0], %x : i32
// CHECK-NEXT:    wasmvm.call_builtin "trace_exception"[%0] (%2) : (!wasmir.ref<exn>) -> ()
// CHECK-NEXT:    wasmvm.store_field %1, limits.exception, %2 : !wasmir.ref<exn>
// CHECK-NEXT:    wasmvm.unwind %0
// CHECK-NEXT:  }
wasmir.func index 1 slot 0 @throw(%x: i32) {
  %exception = wasmir.exception @e(%x) : (i32) -> !wasmir.ref<exn>
  wasmir.trace_throw %exception : !wasmir.ref<exn>
  wasmir.throw_ref %exception : !wasmir.ref<exn>
}

// CHECK-LABEL: @null(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, vmctx.limits : !llvm.ptr
// CHECK-NEXT:    %2 = wasmir.ref.is_null %exception : !wasmir.ref<null exn>
// CHECK-NEXT:    wasmvm.trap_if %2, 14
// CHECK-NEXT:    wasmvm.store_field %1, limits.exception, %exception : !wasmir.ref<null exn>
// CHECK-NEXT:    wasmvm.unwind %0
// CHECK-NEXT:  }
wasmir.func index 2 slot 1 @null(%exception: !wasmir.ref<null exn>) {
  wasmir.throw_ref %exception : !wasmir.ref<null exn>
}

// CHECK-LABEL: @calls(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    wasmvm.call @throw[%0, %0] (%x) : (i32) -> ()
// CHECK-NEXT:    wasmvm.unwind_if_thrown %0
// CHECK-NEXT:    %1 = wasmvm.load_field %0, imported_functions.wasm_call[0] : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.load_field %0, imported_functions.vmctx[0] : !llvm.ptr
// CHECK-NEXT:    wasmvm.call_pointer "wasm" %1[%2, %0] () : () -> ()
// CHECK-NEXT:    wasmvm.unwind_if_thrown %0
// CHECK-NEXT:    %3 = wasmvm.exception_barrier %0, %reference : !wasmir.ref<@type> -> !wasmir.ref<@type>
// CHECK-NEXT:    %4 = wasmvm.load_field %3 : !wasmir.ref<@type>, func_ref.wasm_call : !llvm.ptr
// CHECK-NEXT:    %5 = wasmvm.load_field %3 : !wasmir.ref<@type>, func_ref.vmctx : !llvm.ptr
// CHECK-NEXT:    wasmvm.call_pointer "wasm" %4[%5, %0] () : () -> ()
// CHECK-NEXT:    wasmvm.unwind_if_thrown %0
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 3 slot 2 @calls(%x: i32, %reference: !wasmir.ref<@type>) {
  wasmir.call @throw(%x) : (i32) -> ()
  wasmir.call @imported() : () -> ()
  wasmir.call_ref %reference : !wasmir.ref<@type> @type() : () -> ()
  wasmir.return
}

// CHECK-LABEL: @catch(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, vmctx.limits : !llvm.ptr
// CHECK-NEXT:    wasmvm.call @throw[%0, %0] (%x) : (i32) -> ()
// CHECK-NEXT:    %2 = wasmvm.thrown %0
// CHECK-NEXT:    wasmir.br_if %2, ^handler, ^end
// CHECK-NEXT:  ^handler:
// CHECK-NEXT:    %3 = wasmvm.load_field %1, limits.exception : !wasmir.ref<exn>
// CHECK-NEXT:    %4 = wasmir.ref.null : !wasmir.ref<null exn>
// CHECK-NEXT:    wasmvm.store_field %1, limits.exception, %4 : !wasmir.ref<null exn>
// CHECK-NEXT:    %5 = wasmvm.load_field %3 : !wasmir.ref<exn>, exception.tag : i64
// CHECK-NEXT:    %6 = wasmvm.load_field invariant %0, tags.tag[0] : i64
// CHECK-NEXT:    %7 = wasmir.i64.eq %5, %6
// CHECK-NEXT:    %8 = wasmvm.exception_slots %3 : !wasmir.ref<exn>
// CHECK-NEXT:    %9 = wasmvm.load_slot %8[0] : i32
// CHECK-NEXT:    wasmir.return %9 : i32
// CHECK-NEXT:  ^end:
// CHECK-NEXT:    wasmir.return %x : i32
// CHECK-NEXT:  }
wasmir.func index 4 slot 3 @catch(%x: i32) -> i32 {
  wasmir.call @throw(%x) in_try : (i32) -> ()
  %threw = wasmir.threw : i32
  wasmir.br_if %threw, ^handler, ^end
^handler:
  %exception = wasmir.caught : !wasmir.ref<exn>
  %is = wasmir.exception_is %exception @e : !wasmir.ref<exn> -> i32
  %value = wasmir.exception_values %exception @e : (!wasmir.ref<exn>) -> i32
  wasmir.return %value : i32
^end:
  wasmir.return %x : i32
}

// CHECK-LABEL: @tail(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field %0, imported_functions.wasm_call[0] : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.load_field %0, imported_functions.vmctx[0] : !llvm.ptr
// CHECK-NEXT:    wasmvm.return_call_pointer %1[%2, %0]
// CHECK-NEXT:  }
wasmir.func index 5 slot 4 @tail() {
  wasmir.return_call @imported
}
