// RUN: wasm-opt-py %s -p insert-vmctx-loads | filecheck %s
// BLESS

// A reference that can be null is checked before the call; an open type asks the runtime about subtypes.

wasmir.type @unary (i32) -> i32
wasmir.type @open open () -> ()
wasmir.table @t !wasmir.ref<null func> i32 min 1

// CHECK-LABEL: @nullable(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmir.ref.is_null %f : !wasmir.ref<null @unary>
// CHECK-NEXT:    wasmvm.trap_if %1, 14
// CHECK-NEXT:    %2 = wasmvm.load_field %f : !wasmir.ref<null @unary>, func_ref.wasm_call : !llvm.ptr
// CHECK-NEXT:    %3 = wasmvm.load_field %f : !wasmir.ref<null @unary>, func_ref.vmctx : !llvm.ptr
// CHECK-NEXT:    %r = wasmvm.call_pointer "wasm" %2[%3, %0] (%x) : (i32) -> i32
// CHECK-NEXT:    wasmir.return %r : i32
// CHECK-NEXT:  }
wasmir.func @nullable(%f: !wasmir.ref<null @unary>, %x: i32) -> i32 {
  %r = wasmir.call_ref %f : !wasmir.ref<null @unary> @unary(%x) : (i32) -> i32
  wasmir.return %r : i32
}

// CHECK-LABEL: @never_null(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field %f : !wasmir.ref<@unary>, func_ref.wasm_call : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.load_field %f : !wasmir.ref<@unary>, func_ref.vmctx : !llvm.ptr
// CHECK-NEXT:    %r = wasmvm.call_pointer "wasm" %1[%2, %0] (%x) : (i32) -> i32
// CHECK-NEXT:    wasmir.return %r : i32
// CHECK-NEXT:  }
wasmir.func @never_null(%f: !wasmir.ref<@unary>, %x: i32) -> i32 {
  %r = wasmir.call_ref %f : !wasmir.ref<@unary> @unary(%x) : (i32) -> i32
  wasmir.return %r : i32
}

// CHECK-LABEL: @check(
// CHECK-NEXT:    %0 = wasmir.ref.is_null %f : !wasmir.ref<null @unary>
// CHECK-NEXT:    wasmvm.trap_if %0, 14
// CHECK-NEXT:    %r = wasmir.ref.as_non_null %f known : !wasmir.ref<null @unary> -> !wasmir.ref<@unary>
// CHECK-NEXT:    %s = wasmir.ref.as_non_null %f known : !wasmir.ref<null @unary> -> !wasmir.ref<@unary>
// CHECK-NEXT:    wasmir.return %s : !wasmir.ref<@unary>
// CHECK-NEXT:  }
wasmir.func @check(%f: !wasmir.ref<null @unary>) -> !wasmir.ref<@unary> {
  %r = wasmir.ref.as_non_null %f : !wasmir.ref<null @unary> -> !wasmir.ref<@unary>
  %s = wasmir.ref.as_non_null %f known : !wasmir.ref<null @unary> -> !wasmir.ref<@unary>
  wasmir.return %s : !wasmir.ref<@unary>
}

// CHECK-LABEL: @subtypes(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, vmctx.signature_ids : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.load_field %0, tables.current_elements[0] : i32
// CHECK-NEXT:    %3 = wasmir.i32.ge_u %i, %2
// CHECK-NEXT:    wasmvm.trap_if %3, 3
// CHECK-NEXT:    %4 = wasmvm.load_field %0, tables.base[0] : !llvm.ptr
// CHECK-NEXT:    %5 = wasmvm.element_address %4[%i]
// CHECK-NEXT:    %6 = wasmvm.load_element function %0, %5 table 0[%i] : !wasmir.ref<null func>
// CHECK-NEXT:    %7 = wasmvm.signature_id %1[1]
// CHECK-NEXT:    %8 = wasmvm.load_field volatile %6 : !wasmir.ref<null func>, func_ref.type_index else 4 : i32
// CHECK-NEXT:    %9 = wasmvm.call_builtin "supertype"[%0] (%8, %7) : (i32, i32) -> i32
// CHECK-NEXT:    %10 = wasmir.i32.ne %9, %7
// CHECK-NEXT:    wasmvm.trap_if %10, 5
// CHECK-NEXT:    %11 = wasmvm.load_field %6 : !wasmir.ref<null func>, func_ref.wasm_call : !llvm.ptr
// CHECK-NEXT:    %12 = wasmvm.load_field %6 : !wasmir.ref<null func>, func_ref.vmctx : !llvm.ptr
// CHECK-NEXT:    wasmvm.call_pointer "wasm" %11[%12, %0] () : () -> ()
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func @subtypes(%i: i32) {
  wasmir.call_indirect @t[%i : i32] @open() : () -> ()
  wasmir.return
}
