// RUN: wasm-opt-py %s -p wasmir-dce | filecheck %s
// BLESS

// Pure operations and reads of state go when nobody uses them, and what only they used goes too.

wasmir.memory @memory i32 min 1 page 16 index 0 slot 0
wasmir.table @table !wasmir.ref<null func> i32 min 1 index 0 slot 0
wasmir.global @global mut i32 index 0 slot 0

// CHECK-LABEL: @unused(
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 func_ref 0 @unused(%x: i32) {
  %0 = wasmir.i32.const 1
  %1 = wasmir.i32.add %x, %0
  %2 = wasmir.global.get @global : i32
  %3 = wasmir.memory.size @memory : i32
  %4 = wasmir.table.size @table : i32
  %5 = wasmir.ref.func @unused : !wasmir.ref<null func>
  %6 = wasmir.ref.is_null %5 : !wasmir.ref<null func>
  %7 = wasmir.select %x, %6, %x : i32
  wasmir.return
}
