// RUN: wasm-opt-py %s -p wasmir-dce | filecheck %s
// BLESS

// What may trap or writes state stays; a load only goes when it is known to be in bounds.

wasmir.memory @memory i32 min 1 page 16 index 0 slot 0
wasmir.table @table !wasmir.ref<null func> i32 min 1 index 0 slot 0
wasmir.global @global mut i32 index 0 slot 0
wasmir.data @segment "abc" index 0

// CHECK-LABEL: @observable(
// CHECK-NEXT:    %quotient = wasmir.i32.div_u %x, %x
// CHECK-NEXT:    %integer = wasmir.i32.trunc_f32_s %f
// CHECK-NEXT:    %loaded = wasmir.i32.load @memory[%x]
// CHECK-NEXT:    %element = wasmir.table.get @table[%x : i32] : !wasmir.ref<null func>
// CHECK-NEXT:    %pages = wasmir.memory.grow @memory, %x : i32 -> i32
// CHECK-NEXT:    wasmir.i32.store @memory[%x], %x inbounds
// CHECK-NEXT:    wasmir.global.set @global, %x : i32
// CHECK-NEXT:    wasmir.data.drop @segment index 0
// CHECK-NEXT:    wasmir.call @observable(%x, %f) : (i32, f32) -> ()
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @observable(%x: i32, %f: f32) {
  %quotient = wasmir.i32.div_u %x, %x
  %integer = wasmir.i32.trunc_f32_s %f
  %loaded = wasmir.i32.load @memory[%x]
  %in_bounds = wasmir.i32.load @memory[%x] inbounds
  %element = wasmir.table.get @table[%x : i32] : !wasmir.ref<null func>
  %pages = wasmir.memory.grow @memory, %x : i32 -> i32
  wasmir.i32.store @memory[%x], %x inbounds
  wasmir.global.set @global, %x : i32
  wasmir.data.drop @segment index 0
  wasmir.call @observable(%x, %f) : (i32, f32) -> ()
  wasmir.return
}
