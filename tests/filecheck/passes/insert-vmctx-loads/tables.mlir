// RUN: wasm-opt-py %s -p insert-vmctx-loads | filecheck %s
// BLESS

// An element is checked against the current number of elements; those of function tables carry a bit.
// Stores are volatile, so that they stay in front of accesses that may fault.

wasmir.table @functions !wasmir.ref<null func> i32 min 1 index 0 slot 0
wasmir.table @hosts !wasmir.ref<null extern> i32 min 1 index 1 slot 1
wasmir.elem @segment !wasmir.ref<null func> functions [] index 3 place {
} items {
}

// CHECK-LABEL: @elements(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field %0, tables.current_elements[0] : i32
// CHECK-NEXT:    %2 = wasmir.i32.ge_u %i, %1
// CHECK-NEXT:    wasmvm.trap_if %2, 3
// CHECK-NEXT:    %3 = wasmvm.load_field %0, tables.base[0] : !llvm.ptr
// CHECK-NEXT:    %4 = wasmvm.element_address %3[%i]
// CHECK-NEXT:    %5 = wasmvm.load_element function %0, %4 table 0[%i] : !wasmir.ref<null func>
// CHECK-NEXT:    %6 = wasmir.i32.ge_u %i, %1
// CHECK-NEXT:    wasmvm.trap_if %6, 3
// CHECK-NEXT:    %7 = wasmvm.element_address %3[%i]
// CHECK-NEXT:    wasmvm.store_element volatile function %7, %5 : !wasmir.ref<null func>
// CHECK-NEXT:    %8 = wasmvm.load_field %0, tables.current_elements[1] : i32
// CHECK-NEXT:    %9 = wasmir.i32.ge_u %i, %8
// CHECK-NEXT:    wasmvm.trap_if %9, 3
// CHECK-NEXT:    %10 = wasmvm.load_field %0, tables.base[1] : !llvm.ptr
// CHECK-NEXT:    %11 = wasmvm.element_address %10[%i]
// CHECK-NEXT:    wasmvm.store_element volatile %11, %x : !wasmir.ref<null extern>
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @elements(%i: i32, %x: !wasmir.ref<null extern>) {
  %0 = wasmir.table.get @functions[%i : i32] : !wasmir.ref<null func>
  wasmir.table.set @functions[%i : i32], %0 : !wasmir.ref<null func>
  wasmir.table.set @hosts[%i : i32], %x : !wasmir.ref<null extern>
  wasmir.return
}

// CHECK-LABEL: @whole(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmir.i32.const 0
// CHECK-NEXT:    %2 = wasmvm.call_builtin "table_grow_func_ref"[%0] (%1, %i, %f) : (i32, i32, !wasmir.ref<null func>) -> i32
// CHECK-NEXT:    %3 = wasmir.i32.const 1
// CHECK-NEXT:    %4 = wasmvm.call_builtin "table_grow_externref"[%0] (%3, %i, %x) : (i32, i32, !wasmir.ref<null extern>) -> i32
// CHECK-NEXT:    %5 = wasmir.i32.const 0
// CHECK-NEXT:    wasmvm.call_builtin "table_fill_func_ref"[%0] (%5, %i, %f, %i) : (i32, i32, !wasmir.ref<null func>, i32) -> ()
// CHECK-NEXT:    %6 = wasmir.i32.const 1
// CHECK-NEXT:    wasmvm.call_builtin "table_fill_externref"[%0] (%6, %i, %x, %i) : (i32, i32, !wasmir.ref<null extern>, i32) -> ()
// CHECK-NEXT:    %7 = wasmir.i32.const 0
// CHECK-NEXT:    %8 = wasmir.i32.const 0
// CHECK-NEXT:    wasmvm.call_builtin "table_copy"[%0] (%7, %8, %i, %2, %4) : (i32, i32, i32, i32, i32) -> ()
// CHECK-NEXT:    %9 = wasmir.i32.const 0
// CHECK-NEXT:    %10 = wasmir.i32.const 3
// CHECK-NEXT:    wasmvm.call_builtin "table_init"[%0] (%9, %10, %i, %2, %4) : (i32, i32, i32, i32, i32) -> ()
// CHECK-NEXT:    %11 = wasmir.i32.const 3
// CHECK-NEXT:    wasmvm.call_builtin "elem_drop"[%0] (%11) : (i32) -> ()
// CHECK-NEXT:    %12 = wasmvm.load_field %0, tables.current_elements[0] : i32
// CHECK-NEXT:    wasmir.return %12 : i32
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @whole(%i: i32, %f: !wasmir.ref<null func>, %x: !wasmir.ref<null extern>) -> i32 {
  %0 = wasmir.table.grow @functions, %f, %i : !wasmir.ref<null func>, i32 -> i32
  %1 = wasmir.table.grow @hosts, %x, %i : !wasmir.ref<null extern>, i32 -> i32
  wasmir.table.fill @functions[%i, %i], %f : i32, i32, !wasmir.ref<null func>
  wasmir.table.fill @hosts[%i, %i], %x : i32, i32, !wasmir.ref<null extern>
  wasmir.table.copy @functions[%i], @functions[%0], %1 : i32, i32, i32
  wasmir.table.init @functions[%i], @segment index 3[%0], %1 : i32
  wasmir.elem.drop @segment index 3
  %2 = wasmir.table.size @functions : i32
  wasmir.return %2 : i32
}
