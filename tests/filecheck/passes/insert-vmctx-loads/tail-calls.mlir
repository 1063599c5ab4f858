// RUN: wasm-opt-py %s -p insert-vmctx-loads | filecheck %s
// BLESS

// As calls, but for the last step, which ends the block.

wasmir.type @type (i32) -> i64 index 4
wasmir.table @table !wasmir.ref<null func> i32 min 1 index 0 slot 0
wasmir.func import "env" "f" index 0 slot 0 @imported(i32) -> i64

// CHECK-LABEL: @direct(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    wasmvm.return_call @direct[%0, %0] (%x : i32)
// CHECK-NEXT:  }
wasmir.func index 1 slot 0 @direct(%x: i32) -> i64 {
  wasmir.return_call @direct(%x : i32)
}

// CHECK-LABEL: @to_import(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field %0, imported_functions.wasm_call[0] : !llvm.ptr
// CHECK-NEXT:    %2 = wasmvm.load_field %0, imported_functions.vmctx[0] : !llvm.ptr
// CHECK-NEXT:    wasmvm.return_call_pointer %1[%2, %0] (%x : i32)
// CHECK-NEXT:  }
wasmir.func index 2 slot 1 @to_import(%x: i32) -> i64 {
  wasmir.return_call @imported(%x : i32)
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
// CHECK-NEXT:    wasmvm.return_call_pointer %10[%11, %0] (%x : i32)
// CHECK-NEXT:  }
wasmir.func index 3 slot 2 @indirect(%x: i32, %i: i32) -> i64 {
  wasmir.return_call_indirect @table[%i : i32] @type(%x : i32)
}

// CHECK-LABEL: @reference(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmir.ref.is_null %r : !wasmir.ref<null @type>
// CHECK-NEXT:    wasmvm.trap_if %1, 14
// CHECK-NEXT:    %2 = wasmvm.load_field %r : !wasmir.ref<null @type>, func_ref.wasm_call : !llvm.ptr
// CHECK-NEXT:    %3 = wasmvm.load_field %r : !wasmir.ref<null @type>, func_ref.vmctx : !llvm.ptr
// CHECK-NEXT:    wasmvm.return_call_pointer %2[%3, %0] (%x : i32)
// CHECK-NEXT:  }
wasmir.func index 4 slot 3 @reference(%x: i32, %r: !wasmir.ref<null @type>) -> i64 {
  wasmir.return_call_ref %r : !wasmir.ref<null @type> @type(%x : i32)
}
