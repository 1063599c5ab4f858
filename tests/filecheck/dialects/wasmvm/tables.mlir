// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Table elements by address; those of function tables carry the initialised bit.

// CHECK-LABEL: @elements(
// CHECK-NEXT:    %vmctx = wasmvm.vmctx
// CHECK-NEXT:    %address = wasmvm.element_address %base[%i]
// CHECK-NEXT:    %f = wasmvm.load_element function %vmctx, %address table 0[%i] : !wasmir.ref<null func>
// CHECK-NEXT:    %x = wasmvm.load_element %vmctx, %address table 1[%i] {note} : !wasmir.ref<null extern>
// CHECK-NEXT:    wasmvm.store_element volatile function %address, %f : !wasmir.ref<null func>
// CHECK-NEXT:    wasmvm.store_element %address, %x : !wasmir.ref<null extern>
// CHECK-NEXT:    %id = wasmvm.signature_id %base[2]
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "elements"
// GENERIC-NEXT:  ^bb0(%base: !llvm.ptr, %i: i32):
// GENERIC-NEXT:    %vmctx = "wasmvm.vmctx"() : () -> !llvm.ptr
// GENERIC-NEXT:    %address = "wasmvm.element_address"(%base, %i) : (!llvm.ptr, i32) -> !llvm.ptr
// GENERIC-NEXT:    %f = "wasmvm.load_element"(%vmctx, %address, %i) <{function, table = 0 : i64}> : (!llvm.ptr, !llvm.ptr, i32) -> !wasmir.ref<null func>
// GENERIC-NEXT:    %x = "wasmvm.load_element"(%vmctx, %address, %i) <{table = 1 : i64}> {note} : (!llvm.ptr, !llvm.ptr, i32) -> !wasmir.ref<null extern>
// GENERIC-NEXT:    "wasmvm.store_element"(%address, %f) <{volatile, function}> : (!llvm.ptr, !wasmir.ref<null func>) -> ()
// GENERIC-NEXT:    "wasmvm.store_element"(%address, %x) : (!llvm.ptr, !wasmir.ref<null extern>) -> ()
// GENERIC-NEXT:    %id = "wasmvm.signature_id"(%base) <{type_index = 2 : i64}> : (!llvm.ptr) -> i32
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmvm.func wasm @elements(%base: !llvm.ptr, %i: i32) {
  %vmctx = wasmvm.vmctx
  %address = wasmvm.element_address %base[%i]
  %f = wasmvm.load_element function %vmctx, %address table 0[%i] : !wasmir.ref<null func>
  %x = wasmvm.load_element %vmctx, %address table 1[%i] {note} : !wasmir.ref<null extern>
  wasmvm.store_element volatile function %address, %f : !wasmir.ref<null func>
  wasmvm.store_element %address, %x : !wasmir.ref<null extern>
  %id = wasmvm.signature_id %base[2]
  wasmir.return
}
