// RUN: wasm-opt-py %s -p insert-vmctx-loads | filecheck %s
// BLESS

// 64-bit indices of a table: one that does not fit 32 bits becomes -1, which no table is as long as.

wasmir.table @table !wasmir.ref<null extern> i64 min 1 index 0 slot 0

// CHECK-LABEL: @elements(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmir.i64.const 4294967295
// CHECK-NEXT:    %2 = wasmir.i64.gt_u %i, %1
// CHECK-NEXT:    %3 = wasmir.i32.const -1
// CHECK-NEXT:    %4 = wasmir.i32.wrap_i64 %i
// CHECK-NEXT:    %5 = wasmir.select %2, %3, %4 : i32
// CHECK-NEXT:    %6 = wasmvm.load_field %0, tables.current_elements[0] : i32
// CHECK-NEXT:    %7 = wasmir.i32.ge_u %5, %6
// CHECK-NEXT:    wasmvm.trap_if %7, 3
// CHECK-NEXT:    %8 = wasmvm.load_field %0, tables.base[0] : !llvm.ptr
// CHECK-NEXT:    %9 = wasmvm.element_address %8[%5]
// CHECK-NEXT:    %10 = wasmvm.load_element %0, %9 table 0[%5] : !wasmir.ref<null extern>
// CHECK-NEXT:    %11 = wasmir.i64.const 4294967295
// CHECK-NEXT:    %12 = wasmir.i64.gt_u %i, %11
// CHECK-NEXT:    %13 = wasmir.i32.const -1
// CHECK-NEXT:    %14 = wasmir.i32.wrap_i64 %i
// CHECK-NEXT:    %15 = wasmir.select %12, %13, %14 : i32
// CHECK-NEXT:    %16 = wasmir.i32.ge_u %15, %6
// CHECK-NEXT:    wasmvm.trap_if %16, 3
// CHECK-NEXT:    %17 = wasmvm.element_address %8[%15]
// CHECK-NEXT:    wasmvm.store_element volatile %17, %10 : !wasmir.ref<null extern>
// CHECK-NEXT:    %18 = wasmir.i64.extend_i32_s %6
// CHECK-NEXT:    wasmir.return %18 : i64
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @elements(%i: i64) -> i64 {
  %0 = wasmir.table.get @table[%i : i64] : !wasmir.ref<null extern>
  wasmir.table.set @table[%i : i64], %0 : !wasmir.ref<null extern>
  %1 = wasmir.table.size @table : i64
  wasmir.return %1 : i64
}

// CHECK-LABEL: @grow(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmir.i32.const 0
// CHECK-NEXT:    %2 = wasmir.i64.const 4294967295
// CHECK-NEXT:    %3 = wasmir.i64.gt_u %n, %2
// CHECK-NEXT:    %4 = wasmir.i32.const -1
// CHECK-NEXT:    %5 = wasmir.i32.wrap_i64 %n
// CHECK-NEXT:    %6 = wasmir.select %3, %4, %5 : i32
// CHECK-NEXT:    %7 = wasmvm.call_builtin "table_grow_externref"[%0] (%1, %6, %x) : (i32, i32, !wasmir.ref<null extern>) -> i32
// CHECK-NEXT:    %8 = wasmir.i64.extend_i32_s %7
// CHECK-NEXT:    wasmir.return %8 : i64
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @grow(%n: i64, %x: !wasmir.ref<null extern>) -> i64 {
  %old = wasmir.table.grow @table, %x, %n : !wasmir.ref<null extern>, i64 -> i64
  wasmir.return %old : i64
}

// CHECK-LABEL: @fill(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmir.i64.const 4294967295
// CHECK-NEXT:    %2 = wasmir.i64.gt_u %i, %1
// CHECK-NEXT:    %3 = wasmir.i32.const -1
// CHECK-NEXT:    %4 = wasmir.i32.wrap_i64 %i
// CHECK-NEXT:    %5 = wasmir.select %2, %3, %4 : i32
// CHECK-NEXT:    %6 = wasmir.i64.const 4294967295
// CHECK-NEXT:    %7 = wasmir.i64.gt_u %n, %6
// CHECK-NEXT:    %8 = wasmir.i32.const -1
// CHECK-NEXT:    %9 = wasmir.i32.wrap_i64 %n
// CHECK-NEXT:    %10 = wasmir.select %7, %8, %9 : i32
// CHECK-NEXT:    %11 = wasmir.i32.const 0
// CHECK-NEXT:    wasmvm.call_builtin "table_fill_externref"[%0] (%11, %5, %x, %10) : (i32, i32, !wasmir.ref<null extern>, i32) -> ()
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 2 slot 2 @fill(%i: i64, %n: i64, %x: !wasmir.ref<null extern>) {
  wasmir.table.fill @table[%i, %n], %x : i64, i64, !wasmir.ref<null extern>
  wasmir.return
}

wasmir.table @small !wasmir.ref<null extern> i32 min 1 index 1 slot 1

// CHECK-LABEL: @copy(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmir.i32.const 0
// CHECK-NEXT:    %2 = wasmir.i32.const 1
// CHECK-NEXT:    %3 = wasmir.i64.const 4294967295
// CHECK-NEXT:    %4 = wasmir.i64.gt_u %i, %3
// CHECK-NEXT:    %5 = wasmir.i32.const -1
// CHECK-NEXT:    %6 = wasmir.i32.wrap_i64 %i
// CHECK-NEXT:    %7 = wasmir.select %4, %5, %6 : i32
// CHECK-NEXT:    wasmvm.call_builtin "table_copy"[%0] (%1, %2, %7, %j, %n) : (i32, i32, i32, i32, i32) -> ()
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 3 slot 3 @copy(%i: i64, %j: i32, %n: i32) {
  wasmir.table.copy @table[%i], @small[%j], %n : i64, i32, i32
  wasmir.return
}
