// RUN: wasm-opt-py %s -p insert-vmctx-loads | filecheck %s
// RUN: wasm-opt-py %s -p 'insert-vmctx-loads{bounds=explicit}' | filecheck %s --check-prefix EXPLICIT
// BLESS

// A direct call stays in the instance, an import brings its code and VMContext, an indirect call
// checks index, null and signature in this order. With guard pages, reading the signature of null
// traps by itself. Fields are not kept across calls.

wasmir.type @type (i32) -> i32 index 4
wasmir.table @table !wasmir.ref<null func> i32 min 1 index 0 slot 0
wasmir.func import "env" "f" index 0 slot 0 @imported(i32) -> (i32, i32)
wasmir.func index 1 slot 0 func_ref 2 @own(i32) -> i32

// CHECK-LABEL: @direct(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.call @own[%0, %0] (%x) : (i32) -> i32
// CHECK-NEXT:    %2 = wasmvm.load_field %0, imported_functions.wasm_call[0] : !llvm.ptr
// CHECK-NEXT:    %3 = wasmvm.load_field %0, imported_functions.vmctx[0] : !llvm.ptr
// CHECK-NEXT:    %4, %5 = wasmvm.call_pointer "wasm" %2[%3, %0] (%1) : (i32) -> (i32, i32)
// CHECK-NEXT:    wasmir.return %4, %5 : i32, i32
// CHECK-NEXT:  }
wasmir.func index 2 slot 1 @direct(%x: i32) -> (i32, i32) {
  %0 = wasmir.call @own(%x) : (i32) -> i32
  %1, %2 = wasmir.call @imported(%0) : (i32) -> (i32, i32)
  wasmir.return %1, %2 : i32, i32
}

// CHECK-LABEL: @indirect(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field invariant %0, vmctx.signature_ids : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.load_field %0, tables.current_elements[0] : i32
// CHECK-NEXT:    %3 = wasmir.i32.ge_u %i, %2
// CHECK-NEXT:    wasmvm.trap_if %3, 3
// CHECK-NEXT:    %4 = wasmvm.load_field %0, tables.base[0] : !llvm.ptr
// CHECK-NEXT:    %5 = wasmvm.element_address %4[%i]
// CHECK-NEXT:    %6 = wasmvm.load_element function %0, %5 table 0[%i] : !wasmir.ref<null func>
// CHECK-NEXT:    %7 = wasmvm.signature_id %1[4]
// CHECK-NEXT:    %8 = wasmvm.load_field volatile %6 : !wasmir.ref<null func>, func_ref.type_index else 4 : i32
// CHECK-NEXT:    %9 = wasmir.i32.ne %8, %7
// CHECK-NEXT:    wasmvm.trap_if %9, 5
// CHECK-NEXT:    %10 = wasmvm.load_field %6 : !wasmir.ref<null func>, func_ref.wasm_call : !llvm.ptr
// CHECK-NEXT:    %11 = wasmvm.load_field %6 : !wasmir.ref<null func>, func_ref.vmctx : !llvm.ptr
// CHECK-NEXT:    %12 = wasmvm.call_pointer "wasm" %10[%11, %0] (%x) : (i32) -> i32
// CHECK-NEXT:    wasmir.return %12 : i32
// CHECK-NEXT:  }
// EXPLICIT-LABEL: @indirect(
// EXPLICIT-NEXT:    %0 = wasmvm.vmctx
// EXPLICIT-NEXT:    %1 = wasmvm.load_field invariant %0, vmctx.signature_ids : !llvm.ptr
// EXPLICIT-NEXT:    %2 = wasmvm.load_field %0, tables.current_elements[0] : i32
// EXPLICIT-NEXT:    %3 = wasmir.i32.ge_u %i, %2
// EXPLICIT-NEXT:    wasmvm.trap_if %3, 3
// EXPLICIT-NEXT:    %4 = wasmvm.load_field %0, tables.base[0] : !llvm.ptr
// EXPLICIT-NEXT:    %5 = wasmvm.element_address %4[%i]
// EXPLICIT-NEXT:    %6 = wasmvm.load_element function %0, %5 table 0[%i] : !wasmir.ref<null func>
// EXPLICIT-NEXT:    %7 = wasmvm.signature_id %1[4]
// EXPLICIT-NEXT:    %8 = wasmir.ref.is_null %6 : !wasmir.ref<null func>
// EXPLICIT-NEXT:    wasmvm.trap_if %8, 4
// EXPLICIT-NEXT:    %9 = wasmvm.load_field %6 : !wasmir.ref<null func>, func_ref.type_index : i32
// EXPLICIT-NEXT:    %10 = wasmir.i32.ne %9, %7
// EXPLICIT-NEXT:    wasmvm.trap_if %10, 5
// EXPLICIT-NEXT:    %11 = wasmvm.load_field %6 : !wasmir.ref<null func>, func_ref.wasm_call : !llvm.ptr
// EXPLICIT-NEXT:    %12 = wasmvm.load_field %6 : !wasmir.ref<null func>, func_ref.vmctx : !llvm.ptr
// EXPLICIT-NEXT:    %13 = wasmvm.call_pointer "wasm" %11[%12, %0] (%x) : (i32) -> i32
// EXPLICIT-NEXT:    wasmir.return %13 : i32
// EXPLICIT-NEXT:  }
wasmir.func index 3 slot 2 @indirect(%x: i32, %i: i32) -> i32 {
  %0 = wasmir.call_indirect @table[%i : i32] @type(%x) : (i32) -> i32
  wasmir.return %0 : i32
}

// CHECK-LABEL: @reference(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.entry_address %0, "func_refs"[2] : !wasmir.ref<null func>
// CHECK-NEXT:    wasmir.return %1 : !wasmir.ref<null func>
// CHECK-NEXT:  }
wasmir.func index 4 slot 3 @reference() -> !wasmir.ref<null func> {
  %0 = wasmir.ref.func @own : !wasmir.ref<null func>
  wasmir.return %0 : !wasmir.ref<null func>
}
