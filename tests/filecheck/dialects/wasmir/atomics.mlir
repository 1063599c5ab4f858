// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// The operands after the address have the types of the mnemonic. Alignment is natural: there is nothing to
// print.

wasmir.memory @memory i32 min 1 max 2 page 16 shared index 0 slot 0
wasmir.memory @wide i64 min 1 max 2 page 16 shared index 1 slot 1

// CHECK-LABEL: @notify(
// CHECK-NEXT:    %memory_atomic_notify = wasmir.memory.atomic.notify @memory[%a], %x
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "notify"
// GENERIC-NEXT:  ^bb0(%a: i32, %x: i32, %y: i64):
// GENERIC-NEXT:    %memory_atomic_notify = "wasmir.memory.atomic.notify"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> i32
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @notify(%a: i32, %x: i32, %y: i64) {
  %memory_atomic_notify = wasmir.memory.atomic.notify @memory[%a], %x
  wasmir.return
}

// CHECK-LABEL: @wait(
// CHECK-NEXT:    %memory_atomic_wait32 = wasmir.memory.atomic.wait32 @memory[%a], %x, %y
// CHECK-NEXT:    %memory_atomic_wait64 = wasmir.memory.atomic.wait64 @memory[%a], %y, %y
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "wait"
// GENERIC-NEXT:  ^bb0(%a: i32, %x: i32, %y: i64):
// GENERIC-NEXT:    %memory_atomic_wait32 = "wasmir.memory.atomic.wait32"(%a, %x, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i32, i64) -> i32
// GENERIC-NEXT:    %memory_atomic_wait64 = "wasmir.memory.atomic.wait64"(%a, %y, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64, i64) -> i32
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 1 slot 1 @wait(%a: i32, %x: i32, %y: i64) {
  %memory_atomic_wait32 = wasmir.memory.atomic.wait32 @memory[%a], %x, %y
  %memory_atomic_wait64 = wasmir.memory.atomic.wait64 @memory[%a], %y, %y
  wasmir.return
}

// CHECK-LABEL: @loads(
// CHECK-NEXT:    %i32_atomic_load = wasmir.i32.atomic.load @memory[%a]
// CHECK-NEXT:    %i64_atomic_load = wasmir.i64.atomic.load @memory[%a]
// CHECK-NEXT:    %i32_atomic_load8_u = wasmir.i32.atomic.load8_u @memory[%a]
// CHECK-NEXT:    %i32_atomic_load16_u = wasmir.i32.atomic.load16_u @memory[%a]
// CHECK-NEXT:    %i64_atomic_load8_u = wasmir.i64.atomic.load8_u @memory[%a]
// CHECK-NEXT:    %i64_atomic_load16_u = wasmir.i64.atomic.load16_u @memory[%a]
// CHECK-NEXT:    %i64_atomic_load32_u = wasmir.i64.atomic.load32_u @memory[%a]
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "loads"
// GENERIC-NEXT:  ^bb0(%a: i32, %x: i32, %y: i64):
// GENERIC-NEXT:    %i32_atomic_load = "wasmir.i32.atomic.load"(%a) <{memory = @memory, offset = 0 : i64}> : (i32) -> i32
// GENERIC-NEXT:    %i64_atomic_load = "wasmir.i64.atomic.load"(%a) <{memory = @memory, offset = 0 : i64}> : (i32) -> i64
// GENERIC-NEXT:    %i32_atomic_load8_u = "wasmir.i32.atomic.load8_u"(%a) <{memory = @memory, offset = 0 : i64}> : (i32) -> i32
// GENERIC-NEXT:    %i32_atomic_load16_u = "wasmir.i32.atomic.load16_u"(%a) <{memory = @memory, offset = 0 : i64}> : (i32) -> i32
// GENERIC-NEXT:    %i64_atomic_load8_u = "wasmir.i64.atomic.load8_u"(%a) <{memory = @memory, offset = 0 : i64}> : (i32) -> i64
// GENERIC-NEXT:    %i64_atomic_load16_u = "wasmir.i64.atomic.load16_u"(%a) <{memory = @memory, offset = 0 : i64}> : (i32) -> i64
// GENERIC-NEXT:    %i64_atomic_load32_u = "wasmir.i64.atomic.load32_u"(%a) <{memory = @memory, offset = 0 : i64}> : (i32) -> i64
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 2 slot 2 @loads(%a: i32, %x: i32, %y: i64) {
  %i32_atomic_load = wasmir.i32.atomic.load @memory[%a]
  %i64_atomic_load = wasmir.i64.atomic.load @memory[%a]
  %i32_atomic_load8_u = wasmir.i32.atomic.load8_u @memory[%a]
  %i32_atomic_load16_u = wasmir.i32.atomic.load16_u @memory[%a]
  %i64_atomic_load8_u = wasmir.i64.atomic.load8_u @memory[%a]
  %i64_atomic_load16_u = wasmir.i64.atomic.load16_u @memory[%a]
  %i64_atomic_load32_u = wasmir.i64.atomic.load32_u @memory[%a]
  wasmir.return
}

// CHECK-LABEL: @stores(
// CHECK-NEXT:    wasmir.i32.atomic.store @memory[%a], %x
// CHECK-NEXT:    wasmir.i64.atomic.store @memory[%a], %y
// CHECK-NEXT:    wasmir.i32.atomic.store8 @memory[%a], %x
// CHECK-NEXT:    wasmir.i32.atomic.store16 @memory[%a], %x
// CHECK-NEXT:    wasmir.i64.atomic.store8 @memory[%a], %y
// CHECK-NEXT:    wasmir.i64.atomic.store16 @memory[%a], %y
// CHECK-NEXT:    wasmir.i64.atomic.store32 @memory[%a], %y
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "stores"
// GENERIC-NEXT:  ^bb0(%a: i32, %x: i32, %y: i64):
// GENERIC-NEXT:    "wasmir.i32.atomic.store"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> ()
// GENERIC-NEXT:    "wasmir.i64.atomic.store"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> ()
// GENERIC-NEXT:    "wasmir.i32.atomic.store8"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> ()
// GENERIC-NEXT:    "wasmir.i32.atomic.store16"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> ()
// GENERIC-NEXT:    "wasmir.i64.atomic.store8"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> ()
// GENERIC-NEXT:    "wasmir.i64.atomic.store16"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> ()
// GENERIC-NEXT:    "wasmir.i64.atomic.store32"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> ()
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 3 slot 3 @stores(%a: i32, %x: i32, %y: i64) {
  wasmir.i32.atomic.store @memory[%a], %x
  wasmir.i64.atomic.store @memory[%a], %y
  wasmir.i32.atomic.store8 @memory[%a], %x
  wasmir.i32.atomic.store16 @memory[%a], %x
  wasmir.i64.atomic.store8 @memory[%a], %y
  wasmir.i64.atomic.store16 @memory[%a], %y
  wasmir.i64.atomic.store32 @memory[%a], %y
  wasmir.return
}

// CHECK-LABEL: @read_modify_write(
// CHECK-NEXT:    %i32_atomic_rmw_add = wasmir.i32.atomic.rmw.add @memory[%a], %x
// CHECK-NEXT:    %i64_atomic_rmw_add = wasmir.i64.atomic.rmw.add @memory[%a], %y
// CHECK-NEXT:    %i32_atomic_rmw8_add_u = wasmir.i32.atomic.rmw8.add_u @memory[%a], %x
// CHECK-NEXT:    %i32_atomic_rmw16_add_u = wasmir.i32.atomic.rmw16.add_u @memory[%a], %x
// CHECK-NEXT:    %i64_atomic_rmw8_add_u = wasmir.i64.atomic.rmw8.add_u @memory[%a], %y
// CHECK-NEXT:    %i64_atomic_rmw16_add_u = wasmir.i64.atomic.rmw16.add_u @memory[%a], %y
// CHECK-NEXT:    %i64_atomic_rmw32_add_u = wasmir.i64.atomic.rmw32.add_u @memory[%a], %y
// CHECK-NEXT:    %i32_atomic_rmw_sub = wasmir.i32.atomic.rmw.sub @memory[%a], %x
// CHECK-NEXT:    %i64_atomic_rmw_sub = wasmir.i64.atomic.rmw.sub @memory[%a], %y
// CHECK-NEXT:    %i32_atomic_rmw8_sub_u = wasmir.i32.atomic.rmw8.sub_u @memory[%a], %x
// CHECK-NEXT:    %i32_atomic_rmw16_sub_u = wasmir.i32.atomic.rmw16.sub_u @memory[%a], %x
// CHECK-NEXT:    %i64_atomic_rmw8_sub_u = wasmir.i64.atomic.rmw8.sub_u @memory[%a], %y
// CHECK-NEXT:    %i64_atomic_rmw16_sub_u = wasmir.i64.atomic.rmw16.sub_u @memory[%a], %y
// CHECK-NEXT:    %i64_atomic_rmw32_sub_u = wasmir.i64.atomic.rmw32.sub_u @memory[%a], %y
// CHECK-NEXT:    %i32_atomic_rmw_and = wasmir.i32.atomic.rmw.and @memory[%a], %x
// CHECK-NEXT:    %i64_atomic_rmw_and = wasmir.i64.atomic.rmw.and @memory[%a], %y
// CHECK-NEXT:    %i32_atomic_rmw8_and_u = wasmir.i32.atomic.rmw8.and_u @memory[%a], %x
// CHECK-NEXT:    %i32_atomic_rmw16_and_u = wasmir.i32.atomic.rmw16.and_u @memory[%a], %x
// CHECK-NEXT:    %i64_atomic_rmw8_and_u = wasmir.i64.atomic.rmw8.and_u @memory[%a], %y
// CHECK-NEXT:    %i64_atomic_rmw16_and_u = wasmir.i64.atomic.rmw16.and_u @memory[%a], %y
// CHECK-NEXT:    %i64_atomic_rmw32_and_u = wasmir.i64.atomic.rmw32.and_u @memory[%a], %y
// CHECK-NEXT:    %i32_atomic_rmw_or = wasmir.i32.atomic.rmw.or @memory[%a], %x
// CHECK-NEXT:    %i64_atomic_rmw_or = wasmir.i64.atomic.rmw.or @memory[%a], %y
// CHECK-NEXT:    %i32_atomic_rmw8_or_u = wasmir.i32.atomic.rmw8.or_u @memory[%a], %x
// CHECK-NEXT:    %i32_atomic_rmw16_or_u = wasmir.i32.atomic.rmw16.or_u @memory[%a], %x
// CHECK-NEXT:    %i64_atomic_rmw8_or_u = wasmir.i64.atomic.rmw8.or_u @memory[%a], %y
// CHECK-NEXT:    %i64_atomic_rmw16_or_u = wasmir.i64.atomic.rmw16.or_u @memory[%a], %y
// CHECK-NEXT:    %i64_atomic_rmw32_or_u = wasmir.i64.atomic.rmw32.or_u @memory[%a], %y
// CHECK-NEXT:    %i32_atomic_rmw_xor = wasmir.i32.atomic.rmw.xor @memory[%a], %x
// CHECK-NEXT:    %i64_atomic_rmw_xor = wasmir.i64.atomic.rmw.xor @memory[%a], %y
// CHECK-NEXT:    %i32_atomic_rmw8_xor_u = wasmir.i32.atomic.rmw8.xor_u @memory[%a], %x
// CHECK-NEXT:    %i32_atomic_rmw16_xor_u = wasmir.i32.atomic.rmw16.xor_u @memory[%a], %x
// CHECK-NEXT:    %i64_atomic_rmw8_xor_u = wasmir.i64.atomic.rmw8.xor_u @memory[%a], %y
// CHECK-NEXT:    %i64_atomic_rmw16_xor_u = wasmir.i64.atomic.rmw16.xor_u @memory[%a], %y
// CHECK-NEXT:    %i64_atomic_rmw32_xor_u = wasmir.i64.atomic.rmw32.xor_u @memory[%a], %y
// CHECK-NEXT:    %i32_atomic_rmw_xchg = wasmir.i32.atomic.rmw.xchg @memory[%a], %x
// CHECK-NEXT:    %i64_atomic_rmw_xchg = wasmir.i64.atomic.rmw.xchg @memory[%a], %y
// CHECK-NEXT:    %i32_atomic_rmw8_xchg_u = wasmir.i32.atomic.rmw8.xchg_u @memory[%a], %x
// CHECK-NEXT:    %i32_atomic_rmw16_xchg_u = wasmir.i32.atomic.rmw16.xchg_u @memory[%a], %x
// CHECK-NEXT:    %i64_atomic_rmw8_xchg_u = wasmir.i64.atomic.rmw8.xchg_u @memory[%a], %y
// CHECK-NEXT:    %i64_atomic_rmw16_xchg_u = wasmir.i64.atomic.rmw16.xchg_u @memory[%a], %y
// CHECK-NEXT:    %i64_atomic_rmw32_xchg_u = wasmir.i64.atomic.rmw32.xchg_u @memory[%a], %y
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "read_modify_write"
// GENERIC-NEXT:  ^bb0(%a: i32, %x: i32, %y: i64):
// GENERIC-NEXT:    %i32_atomic_rmw_add = "wasmir.i32.atomic.rmw.add"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> i32
// GENERIC-NEXT:    %i64_atomic_rmw_add = "wasmir.i64.atomic.rmw.add"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i32_atomic_rmw8_add_u = "wasmir.i32.atomic.rmw8.add_u"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> i32
// GENERIC-NEXT:    %i32_atomic_rmw16_add_u = "wasmir.i32.atomic.rmw16.add_u"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> i32
// GENERIC-NEXT:    %i64_atomic_rmw8_add_u = "wasmir.i64.atomic.rmw8.add_u"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i64_atomic_rmw16_add_u = "wasmir.i64.atomic.rmw16.add_u"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i64_atomic_rmw32_add_u = "wasmir.i64.atomic.rmw32.add_u"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i32_atomic_rmw_sub = "wasmir.i32.atomic.rmw.sub"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> i32
// GENERIC-NEXT:    %i64_atomic_rmw_sub = "wasmir.i64.atomic.rmw.sub"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i32_atomic_rmw8_sub_u = "wasmir.i32.atomic.rmw8.sub_u"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> i32
// GENERIC-NEXT:    %i32_atomic_rmw16_sub_u = "wasmir.i32.atomic.rmw16.sub_u"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> i32
// GENERIC-NEXT:    %i64_atomic_rmw8_sub_u = "wasmir.i64.atomic.rmw8.sub_u"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i64_atomic_rmw16_sub_u = "wasmir.i64.atomic.rmw16.sub_u"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i64_atomic_rmw32_sub_u = "wasmir.i64.atomic.rmw32.sub_u"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i32_atomic_rmw_and = "wasmir.i32.atomic.rmw.and"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> i32
// GENERIC-NEXT:    %i64_atomic_rmw_and = "wasmir.i64.atomic.rmw.and"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i32_atomic_rmw8_and_u = "wasmir.i32.atomic.rmw8.and_u"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> i32
// GENERIC-NEXT:    %i32_atomic_rmw16_and_u = "wasmir.i32.atomic.rmw16.and_u"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> i32
// GENERIC-NEXT:    %i64_atomic_rmw8_and_u = "wasmir.i64.atomic.rmw8.and_u"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i64_atomic_rmw16_and_u = "wasmir.i64.atomic.rmw16.and_u"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i64_atomic_rmw32_and_u = "wasmir.i64.atomic.rmw32.and_u"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i32_atomic_rmw_or = "wasmir.i32.atomic.rmw.or"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> i32
// GENERIC-NEXT:    %i64_atomic_rmw_or = "wasmir.i64.atomic.rmw.or"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i32_atomic_rmw8_or_u = "wasmir.i32.atomic.rmw8.or_u"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> i32
// GENERIC-NEXT:    %i32_atomic_rmw16_or_u = "wasmir.i32.atomic.rmw16.or_u"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> i32
// GENERIC-NEXT:    %i64_atomic_rmw8_or_u = "wasmir.i64.atomic.rmw8.or_u"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i64_atomic_rmw16_or_u = "wasmir.i64.atomic.rmw16.or_u"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i64_atomic_rmw32_or_u = "wasmir.i64.atomic.rmw32.or_u"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i32_atomic_rmw_xor = "wasmir.i32.atomic.rmw.xor"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> i32
// GENERIC-NEXT:    %i64_atomic_rmw_xor = "wasmir.i64.atomic.rmw.xor"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i32_atomic_rmw8_xor_u = "wasmir.i32.atomic.rmw8.xor_u"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> i32
// GENERIC-NEXT:    %i32_atomic_rmw16_xor_u = "wasmir.i32.atomic.rmw16.xor_u"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> i32
// GENERIC-NEXT:    %i64_atomic_rmw8_xor_u = "wasmir.i64.atomic.rmw8.xor_u"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i64_atomic_rmw16_xor_u = "wasmir.i64.atomic.rmw16.xor_u"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i64_atomic_rmw32_xor_u = "wasmir.i64.atomic.rmw32.xor_u"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i32_atomic_rmw_xchg = "wasmir.i32.atomic.rmw.xchg"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> i32
// GENERIC-NEXT:    %i64_atomic_rmw_xchg = "wasmir.i64.atomic.rmw.xchg"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i32_atomic_rmw8_xchg_u = "wasmir.i32.atomic.rmw8.xchg_u"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> i32
// GENERIC-NEXT:    %i32_atomic_rmw16_xchg_u = "wasmir.i32.atomic.rmw16.xchg_u"(%a, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> i32
// GENERIC-NEXT:    %i64_atomic_rmw8_xchg_u = "wasmir.i64.atomic.rmw8.xchg_u"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i64_atomic_rmw16_xchg_u = "wasmir.i64.atomic.rmw16.xchg_u"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    %i64_atomic_rmw32_xchg_u = "wasmir.i64.atomic.rmw32.xchg_u"(%a, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> i64
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 4 slot 4 @read_modify_write(%a: i32, %x: i32, %y: i64) {
  %i32_atomic_rmw_add = wasmir.i32.atomic.rmw.add @memory[%a], %x
  %i64_atomic_rmw_add = wasmir.i64.atomic.rmw.add @memory[%a], %y
  %i32_atomic_rmw8_add_u = wasmir.i32.atomic.rmw8.add_u @memory[%a], %x
  %i32_atomic_rmw16_add_u = wasmir.i32.atomic.rmw16.add_u @memory[%a], %x
  %i64_atomic_rmw8_add_u = wasmir.i64.atomic.rmw8.add_u @memory[%a], %y
  %i64_atomic_rmw16_add_u = wasmir.i64.atomic.rmw16.add_u @memory[%a], %y
  %i64_atomic_rmw32_add_u = wasmir.i64.atomic.rmw32.add_u @memory[%a], %y
  %i32_atomic_rmw_sub = wasmir.i32.atomic.rmw.sub @memory[%a], %x
  %i64_atomic_rmw_sub = wasmir.i64.atomic.rmw.sub @memory[%a], %y
  %i32_atomic_rmw8_sub_u = wasmir.i32.atomic.rmw8.sub_u @memory[%a], %x
  %i32_atomic_rmw16_sub_u = wasmir.i32.atomic.rmw16.sub_u @memory[%a], %x
  %i64_atomic_rmw8_sub_u = wasmir.i64.atomic.rmw8.sub_u @memory[%a], %y
  %i64_atomic_rmw16_sub_u = wasmir.i64.atomic.rmw16.sub_u @memory[%a], %y
  %i64_atomic_rmw32_sub_u = wasmir.i64.atomic.rmw32.sub_u @memory[%a], %y
  %i32_atomic_rmw_and = wasmir.i32.atomic.rmw.and @memory[%a], %x
  %i64_atomic_rmw_and = wasmir.i64.atomic.rmw.and @memory[%a], %y
  %i32_atomic_rmw8_and_u = wasmir.i32.atomic.rmw8.and_u @memory[%a], %x
  %i32_atomic_rmw16_and_u = wasmir.i32.atomic.rmw16.and_u @memory[%a], %x
  %i64_atomic_rmw8_and_u = wasmir.i64.atomic.rmw8.and_u @memory[%a], %y
  %i64_atomic_rmw16_and_u = wasmir.i64.atomic.rmw16.and_u @memory[%a], %y
  %i64_atomic_rmw32_and_u = wasmir.i64.atomic.rmw32.and_u @memory[%a], %y
  %i32_atomic_rmw_or = wasmir.i32.atomic.rmw.or @memory[%a], %x
  %i64_atomic_rmw_or = wasmir.i64.atomic.rmw.or @memory[%a], %y
  %i32_atomic_rmw8_or_u = wasmir.i32.atomic.rmw8.or_u @memory[%a], %x
  %i32_atomic_rmw16_or_u = wasmir.i32.atomic.rmw16.or_u @memory[%a], %x
  %i64_atomic_rmw8_or_u = wasmir.i64.atomic.rmw8.or_u @memory[%a], %y
  %i64_atomic_rmw16_or_u = wasmir.i64.atomic.rmw16.or_u @memory[%a], %y
  %i64_atomic_rmw32_or_u = wasmir.i64.atomic.rmw32.or_u @memory[%a], %y
  %i32_atomic_rmw_xor = wasmir.i32.atomic.rmw.xor @memory[%a], %x
  %i64_atomic_rmw_xor = wasmir.i64.atomic.rmw.xor @memory[%a], %y
  %i32_atomic_rmw8_xor_u = wasmir.i32.atomic.rmw8.xor_u @memory[%a], %x
  %i32_atomic_rmw16_xor_u = wasmir.i32.atomic.rmw16.xor_u @memory[%a], %x
  %i64_atomic_rmw8_xor_u = wasmir.i64.atomic.rmw8.xor_u @memory[%a], %y
  %i64_atomic_rmw16_xor_u = wasmir.i64.atomic.rmw16.xor_u @memory[%a], %y
  %i64_atomic_rmw32_xor_u = wasmir.i64.atomic.rmw32.xor_u @memory[%a], %y
  %i32_atomic_rmw_xchg = wasmir.i32.atomic.rmw.xchg @memory[%a], %x
  %i64_atomic_rmw_xchg = wasmir.i64.atomic.rmw.xchg @memory[%a], %y
  %i32_atomic_rmw8_xchg_u = wasmir.i32.atomic.rmw8.xchg_u @memory[%a], %x
  %i32_atomic_rmw16_xchg_u = wasmir.i32.atomic.rmw16.xchg_u @memory[%a], %x
  %i64_atomic_rmw8_xchg_u = wasmir.i64.atomic.rmw8.xchg_u @memory[%a], %y
  %i64_atomic_rmw16_xchg_u = wasmir.i64.atomic.rmw16.xchg_u @memory[%a], %y
  %i64_atomic_rmw32_xchg_u = wasmir.i64.atomic.rmw32.xchg_u @memory[%a], %y
  wasmir.return
}

// CHECK-LABEL: @compare_exchange(
// CHECK-NEXT:    %i32_atomic_rmw_cmpxchg = wasmir.i32.atomic.rmw.cmpxchg @memory[%a], %x, %x
// CHECK-NEXT:    %i64_atomic_rmw_cmpxchg = wasmir.i64.atomic.rmw.cmpxchg @memory[%a], %y, %y
// CHECK-NEXT:    %i32_atomic_rmw8_cmpxchg_u = wasmir.i32.atomic.rmw8.cmpxchg_u @memory[%a], %x, %x
// CHECK-NEXT:    %i32_atomic_rmw16_cmpxchg_u = wasmir.i32.atomic.rmw16.cmpxchg_u @memory[%a], %x, %x
// CHECK-NEXT:    %i64_atomic_rmw8_cmpxchg_u = wasmir.i64.atomic.rmw8.cmpxchg_u @memory[%a], %y, %y
// CHECK-NEXT:    %i64_atomic_rmw16_cmpxchg_u = wasmir.i64.atomic.rmw16.cmpxchg_u @memory[%a], %y, %y
// CHECK-NEXT:    %i64_atomic_rmw32_cmpxchg_u = wasmir.i64.atomic.rmw32.cmpxchg_u @memory[%a], %y, %y
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "compare_exchange"
// GENERIC-NEXT:  ^bb0(%a: i32, %x: i32, %y: i64):
// GENERIC-NEXT:    %i32_atomic_rmw_cmpxchg = "wasmir.i32.atomic.rmw.cmpxchg"(%a, %x, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32, i32) -> i32
// GENERIC-NEXT:    %i64_atomic_rmw_cmpxchg = "wasmir.i64.atomic.rmw.cmpxchg"(%a, %y, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64, i64) -> i64
// GENERIC-NEXT:    %i32_atomic_rmw8_cmpxchg_u = "wasmir.i32.atomic.rmw8.cmpxchg_u"(%a, %x, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32, i32) -> i32
// GENERIC-NEXT:    %i32_atomic_rmw16_cmpxchg_u = "wasmir.i32.atomic.rmw16.cmpxchg_u"(%a, %x, %x) <{memory = @memory, offset = 0 : i64}> : (i32, i32, i32) -> i32
// GENERIC-NEXT:    %i64_atomic_rmw8_cmpxchg_u = "wasmir.i64.atomic.rmw8.cmpxchg_u"(%a, %y, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64, i64) -> i64
// GENERIC-NEXT:    %i64_atomic_rmw16_cmpxchg_u = "wasmir.i64.atomic.rmw16.cmpxchg_u"(%a, %y, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64, i64) -> i64
// GENERIC-NEXT:    %i64_atomic_rmw32_cmpxchg_u = "wasmir.i64.atomic.rmw32.cmpxchg_u"(%a, %y, %y) <{memory = @memory, offset = 0 : i64}> : (i32, i64, i64) -> i64
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 5 slot 5 @compare_exchange(%a: i32, %x: i32, %y: i64) {
  %i32_atomic_rmw_cmpxchg = wasmir.i32.atomic.rmw.cmpxchg @memory[%a], %x, %x
  %i64_atomic_rmw_cmpxchg = wasmir.i64.atomic.rmw.cmpxchg @memory[%a], %y, %y
  %i32_atomic_rmw8_cmpxchg_u = wasmir.i32.atomic.rmw8.cmpxchg_u @memory[%a], %x, %x
  %i32_atomic_rmw16_cmpxchg_u = wasmir.i32.atomic.rmw16.cmpxchg_u @memory[%a], %x, %x
  %i64_atomic_rmw8_cmpxchg_u = wasmir.i64.atomic.rmw8.cmpxchg_u @memory[%a], %y, %y
  %i64_atomic_rmw16_cmpxchg_u = wasmir.i64.atomic.rmw16.cmpxchg_u @memory[%a], %y, %y
  %i64_atomic_rmw32_cmpxchg_u = wasmir.i64.atomic.rmw32.cmpxchg_u @memory[%a], %y, %y
  wasmir.return
}

// CHECK-LABEL: @flags(
// CHECK-NEXT:    %0 = wasmir.i64.atomic.rmw.xor @wide[%b : i64 + 18446744073709551608], %y inbounds
// CHECK-NEXT:    wasmir.i64.atomic.store8 @wide[%b : i64 + 3], %y {note}
// CHECK-NEXT:    wasmir.atomic.fence
// CHECK-NEXT:    wasmir.atomic.fence {note}
// CHECK-NEXT:    wasmir.return %0 : i64
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "flags"
// GENERIC-NEXT:  ^bb0(%b: i64, %y: i64):
// GENERIC-NEXT:    %0 = "wasmir.i64.atomic.rmw.xor"(%b, %y) <{memory = @wide, offset = -8 : i64, in_bounds}> : (i64, i64) -> i64
// GENERIC-NEXT:    "wasmir.i64.atomic.store8"(%b, %y) <{memory = @wide, offset = 3 : i64}> {note} : (i64, i64) -> ()
// GENERIC-NEXT:    "wasmir.atomic.fence"() : () -> ()
// GENERIC-NEXT:    "wasmir.atomic.fence"() {note} : () -> ()
// GENERIC-NEXT:    "wasmir.return"(%0) : (i64) -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 6 slot 6 @flags(%b: i64, %y: i64) -> i64 {
  %0 = wasmir.i64.atomic.rmw.xor @wide[%b : i64 + 18446744073709551608], %y inbounds
  wasmir.i64.atomic.store8 @wide[%b : i64 + 3], %y {note}
  wasmir.atomic.fence
  wasmir.atomic.fence {note}
  wasmir.return %0 : i64
}
