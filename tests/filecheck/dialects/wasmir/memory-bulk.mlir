// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Operations on a memory as a whole, in memories with 32-bit and 64-bit addresses.

wasmir.memory @small i32 min 1 page 16 index 0 slot 0
wasmir.memory @large i64 min 1 page 16 index 1 slot 1
wasmir.data @segment "abc" index 0

// CHECK-LABEL: @bulk(
// CHECK-NEXT:    %size = wasmir.memory.size @small : i32
// CHECK-NEXT:    %size64 = wasmir.memory.size @large : i64
// CHECK-NEXT:    %old = wasmir.memory.grow @small, %a : i32 -> i32
// CHECK-NEXT:    %old64 = wasmir.memory.grow @large, %b {note} : i64 -> i64
// CHECK-NEXT:    wasmir.memory.fill @small[%a, %a], %a : i32, i32
// CHECK-NEXT:    wasmir.memory.fill @large[%b, %b], %a : i64, i64
// CHECK-NEXT:    wasmir.memory.copy @large[%b], @small[%a], %a : i64, i32, i32
// CHECK-NEXT:    wasmir.memory.init @large[%b], @segment index 0[%a], %a : i64
// CHECK-NEXT:    wasmir.data.drop @segment index 0
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "bulk"
// GENERIC-NEXT:  ^bb0(%a: i32, %b: i64):
// GENERIC-NEXT:    %size = "wasmir.memory.size"() <{memory = @small}> : () -> i32
// GENERIC-NEXT:    %size64 = "wasmir.memory.size"() <{memory = @large}> : () -> i64
// GENERIC-NEXT:    %old = "wasmir.memory.grow"(%a) <{memory = @small}> : (i32) -> i32
// GENERIC-NEXT:    %old64 = "wasmir.memory.grow"(%b) <{memory = @large}> {note} : (i64) -> i64
// GENERIC-NEXT:    "wasmir.memory.fill"(%a, %a, %a) <{memory = @small}> : (i32, i32, i32) -> ()
// GENERIC-NEXT:    "wasmir.memory.fill"(%b, %a, %b) <{memory = @large}> : (i64, i32, i64) -> ()
// GENERIC-NEXT:    "wasmir.memory.copy"(%b, %a, %a) <{memory = @large, source_memory = @small}> : (i64, i32, i32) -> ()
// GENERIC-NEXT:    "wasmir.memory.init"(%b, %a, %a) <{memory = @large, segment = @segment, segment_index = 0 : i64}> : (i64, i32, i32) -> ()
// GENERIC-NEXT:    "wasmir.data.drop"() <{segment = @segment, segment_index = 0 : i64}> : () -> ()
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @bulk(%a: i32, %b: i64) {
  %size = wasmir.memory.size @small : i32
  %size64 = wasmir.memory.size @large : i64
  %old = wasmir.memory.grow @small, %a : i32 -> i32
  %old64 = wasmir.memory.grow @large, %b {note} : i64 -> i64
  wasmir.memory.fill @small[%a, %a], %a : i32, i32
  wasmir.memory.fill @large[%b, %b], %a : i64, i64
  wasmir.memory.copy @large[%b], @small[%a], %a : i64, i32, i32
  wasmir.memory.init @large[%b], @segment index 0[%a], %a : i64
  wasmir.data.drop @segment index 0
  wasmir.return
}
