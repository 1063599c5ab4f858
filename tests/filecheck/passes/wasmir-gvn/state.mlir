// RUN: wasm-opt-py %s -p wasmir-gvn | filecheck %s
// BLESS

// Globals, tables and the size of a memory are states of their own.

wasmir.memory @memory i32 min 1 page 16 index 0 slot 0
wasmir.table @table !wasmir.ref<null func> i32 min 1 index 0 slot 0
wasmir.global @global mut i32 index 0 slot 0

// CHECK-LABEL: @states(
// CHECK-NEXT:    %g0 = wasmir.global.get @global : i32
// CHECK-NEXT:    %s0 = wasmir.memory.size @memory : i32
// CHECK-NEXT:    %t0 = wasmir.table.get @table[%a : i32] : !wasmir.ref<null func>
// CHECK-NEXT:    wasmir.table.set @table[%a : i32], %t0 : !wasmir.ref<null func>
// CHECK-NEXT:    %t1 = wasmir.table.get @table[%a : i32] : !wasmir.ref<null func>
// CHECK-NEXT:    wasmir.table.set @table[%a : i32], %t1 : !wasmir.ref<null func>
// CHECK-NEXT:    %old = wasmir.memory.grow @memory, %a : i32 -> i32
// CHECK-NEXT:    %s2 = wasmir.memory.size @memory : i32
// CHECK-NEXT:    wasmir.return %g0, %s0, %g0, %s2 : i32, i32, i32, i32
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @states(%a: i32, %f: !wasmir.ref<null func>) -> (i32, i32, i32, i32) {
  %g0 = wasmir.global.get @global : i32
  %s0 = wasmir.memory.size @memory : i32
  %t0 = wasmir.table.get @table[%a : i32] : !wasmir.ref<null func>
  wasmir.table.set @table[%a : i32], %t0 : !wasmir.ref<null func>
  %g1 = wasmir.global.get @global : i32
  %s1 = wasmir.memory.size @memory : i32
  %t1 = wasmir.table.get @table[%a : i32] : !wasmir.ref<null func>
  wasmir.table.set @table[%a : i32], %t1 : !wasmir.ref<null func>
  %old = wasmir.memory.grow @memory, %a : i32 -> i32
  %g2 = wasmir.global.get @global : i32
  %s2 = wasmir.memory.size @memory : i32
  wasmir.return %g1, %s1, %g2, %s2 : i32, i32, i32, i32
}
