// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// A load is `@memory[%address + offset]`; `align` and `inbounds` only where they say something.

wasmir.memory @memory i32 min 1 page 16 index 0 slot 0

// CHECK-LABEL: @loads(
// CHECK-NEXT:    %i32_load = wasmir.i32.load @memory[%a]
// CHECK-NEXT:    %i64_load = wasmir.i64.load @memory[%a]
// CHECK-NEXT:    %f32_load = wasmir.f32.load @memory[%a]
// CHECK-NEXT:    %f64_load = wasmir.f64.load @memory[%a]
// CHECK-NEXT:    %i32_load8_s = wasmir.i32.load8_s @memory[%a]
// CHECK-NEXT:    %i32_load8_u = wasmir.i32.load8_u @memory[%a]
// CHECK-NEXT:    %i32_load16_s = wasmir.i32.load16_s @memory[%a]
// CHECK-NEXT:    %i32_load16_u = wasmir.i32.load16_u @memory[%a]
// CHECK-NEXT:    %i64_load8_s = wasmir.i64.load8_s @memory[%a]
// CHECK-NEXT:    %i64_load8_u = wasmir.i64.load8_u @memory[%a]
// CHECK-NEXT:    %i64_load16_s = wasmir.i64.load16_s @memory[%a]
// CHECK-NEXT:    %i64_load16_u = wasmir.i64.load16_u @memory[%a]
// CHECK-NEXT:    %i64_load32_s = wasmir.i64.load32_s @memory[%a]
// CHECK-NEXT:    %i64_load32_u = wasmir.i64.load32_u @memory[%a]
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "loads"
// GENERIC-NEXT:  ^bb0(%a: i32):
// GENERIC-NEXT:    %i32_load = "wasmir.i32.load"(%a) <{memory = @memory, offset = 0 : i64}> : (i32) -> i32
// GENERIC-NEXT:    %i64_load = "wasmir.i64.load"(%a) <{memory = @memory, offset = 0 : i64}> : (i32) -> i64
// GENERIC-NEXT:    %f32_load = "wasmir.f32.load"(%a) <{memory = @memory, offset = 0 : i64}> : (i32) -> f32
// GENERIC-NEXT:    %f64_load = "wasmir.f64.load"(%a) <{memory = @memory, offset = 0 : i64}> : (i32) -> f64
// GENERIC-NEXT:    %i32_load8_s = "wasmir.i32.load8_s"(%a) <{memory = @memory, offset = 0 : i64}> : (i32) -> i32
// GENERIC-NEXT:    %i32_load8_u = "wasmir.i32.load8_u"(%a) <{memory = @memory, offset = 0 : i64}> : (i32) -> i32
// GENERIC-NEXT:    %i32_load16_s = "wasmir.i32.load16_s"(%a) <{memory = @memory, offset = 0 : i64}> : (i32) -> i32
// GENERIC-NEXT:    %i32_load16_u = "wasmir.i32.load16_u"(%a) <{memory = @memory, offset = 0 : i64}> : (i32) -> i32
// GENERIC-NEXT:    %i64_load8_s = "wasmir.i64.load8_s"(%a) <{memory = @memory, offset = 0 : i64}> : (i32) -> i64
// GENERIC-NEXT:    %i64_load8_u = "wasmir.i64.load8_u"(%a) <{memory = @memory, offset = 0 : i64}> : (i32) -> i64
// GENERIC-NEXT:    %i64_load16_s = "wasmir.i64.load16_s"(%a) <{memory = @memory, offset = 0 : i64}> : (i32) -> i64
// GENERIC-NEXT:    %i64_load16_u = "wasmir.i64.load16_u"(%a) <{memory = @memory, offset = 0 : i64}> : (i32) -> i64
// GENERIC-NEXT:    %i64_load32_s = "wasmir.i64.load32_s"(%a) <{memory = @memory, offset = 0 : i64}> : (i32) -> i64
// GENERIC-NEXT:    %i64_load32_u = "wasmir.i64.load32_u"(%a) <{memory = @memory, offset = 0 : i64}> : (i32) -> i64
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @loads(%a: i32) {
  %i32_load = wasmir.i32.load @memory[%a]
  %i64_load = wasmir.i64.load @memory[%a]
  %f32_load = wasmir.f32.load @memory[%a]
  %f64_load = wasmir.f64.load @memory[%a]
  %i32_load8_s = wasmir.i32.load8_s @memory[%a]
  %i32_load8_u = wasmir.i32.load8_u @memory[%a]
  %i32_load16_s = wasmir.i32.load16_s @memory[%a]
  %i32_load16_u = wasmir.i32.load16_u @memory[%a]
  %i64_load8_s = wasmir.i64.load8_s @memory[%a]
  %i64_load8_u = wasmir.i64.load8_u @memory[%a]
  %i64_load16_s = wasmir.i64.load16_s @memory[%a]
  %i64_load16_u = wasmir.i64.load16_u @memory[%a]
  %i64_load32_s = wasmir.i64.load32_s @memory[%a]
  %i64_load32_u = wasmir.i64.load32_u @memory[%a]
  wasmir.return
}

// CHECK-LABEL: @stores(
// CHECK-NEXT:    wasmir.i32.store @memory[%a], %i32
// CHECK-NEXT:    wasmir.i64.store @memory[%a], %i64
// CHECK-NEXT:    wasmir.f32.store @memory[%a], %f32
// CHECK-NEXT:    wasmir.f64.store @memory[%a], %f64
// CHECK-NEXT:    wasmir.i32.store8 @memory[%a], %i32
// CHECK-NEXT:    wasmir.i32.store16 @memory[%a], %i32
// CHECK-NEXT:    wasmir.i64.store8 @memory[%a], %i64
// CHECK-NEXT:    wasmir.i64.store16 @memory[%a], %i64
// CHECK-NEXT:    wasmir.i64.store32 @memory[%a], %i64
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "stores"
// GENERIC-NEXT:  ^bb0(%a: i32, %i32: i32, %i64: i64, %f32: f32, %f64: f64):
// GENERIC-NEXT:    "wasmir.i32.store"(%a, %i32) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> ()
// GENERIC-NEXT:    "wasmir.i64.store"(%a, %i64) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> ()
// GENERIC-NEXT:    "wasmir.f32.store"(%a, %f32) <{memory = @memory, offset = 0 : i64}> : (i32, f32) -> ()
// GENERIC-NEXT:    "wasmir.f64.store"(%a, %f64) <{memory = @memory, offset = 0 : i64}> : (i32, f64) -> ()
// GENERIC-NEXT:    "wasmir.i32.store8"(%a, %i32) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> ()
// GENERIC-NEXT:    "wasmir.i32.store16"(%a, %i32) <{memory = @memory, offset = 0 : i64}> : (i32, i32) -> ()
// GENERIC-NEXT:    "wasmir.i64.store8"(%a, %i64) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> ()
// GENERIC-NEXT:    "wasmir.i64.store16"(%a, %i64) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> ()
// GENERIC-NEXT:    "wasmir.i64.store32"(%a, %i64) <{memory = @memory, offset = 0 : i64}> : (i32, i64) -> ()
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 1 slot 1 @stores(%a: i32, %i32: i32, %i64: i64, %f32: f32, %f64: f64) {
  wasmir.i32.store @memory[%a], %i32
  wasmir.i64.store @memory[%a], %i64
  wasmir.f32.store @memory[%a], %f32
  wasmir.f64.store @memory[%a], %f64
  wasmir.i32.store8 @memory[%a], %i32
  wasmir.i32.store16 @memory[%a], %i32
  wasmir.i64.store8 @memory[%a], %i64
  wasmir.i64.store16 @memory[%a], %i64
  wasmir.i64.store32 @memory[%a], %i64
  wasmir.return
}

// The largest offset of a 64-bit memory has its top bit set; the attribute holds it as negative.
wasmir.memory @large i64 min 1 page 16 index 1 slot 1

// CHECK-LABEL: @flags(
// CHECK-NEXT:    %offset = wasmir.i32.load @memory[%a + 16]
// CHECK-NEXT:    %aligned = wasmir.i64.load @memory[%a] align 1
// CHECK-NEXT:    %checked = wasmir.i64.load32_u @memory[%a + 4294967295] align 2 inbounds
// CHECK-NEXT:    %noted = wasmir.f32.load @memory[%a] {note}
// CHECK-NEXT:    %wide = wasmir.i64.load @large[%b : i64 + 18446744073709551615]
// CHECK-NEXT:    wasmir.i64.store @large[%b : i64 + 8], %v align 4 inbounds {note}
// CHECK-NEXT:    wasmir.i64.store8 @memory[%a + 1], %v
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "flags"
// GENERIC-NEXT:  ^bb0(%a: i32, %b: i64, %v: i64):
// GENERIC-NEXT:    %offset = "wasmir.i32.load"(%a) <{memory = @memory, offset = 16 : i64}> : (i32) -> i32
// GENERIC-NEXT:    %aligned = "wasmir.i64.load"(%a) <{memory = @memory, offset = 0 : i64, align = 1 : i64}> : (i32) -> i64
// GENERIC-NEXT:    %checked = "wasmir.i64.load32_u"(%a) <{memory = @memory, offset = 4294967295 : i64, align = 2 : i64, in_bounds}> : (i32) -> i64
// GENERIC-NEXT:    %noted = "wasmir.f32.load"(%a) <{memory = @memory, offset = 0 : i64}> {note} : (i32) -> f32
// GENERIC-NEXT:    %wide = "wasmir.i64.load"(%b) <{memory = @large, offset = -1 : i64}> : (i64) -> i64
// GENERIC-NEXT:    "wasmir.i64.store"(%b, %v) <{memory = @large, offset = 8 : i64, align = 4 : i64, in_bounds}> {note} : (i64, i64) -> ()
// GENERIC-NEXT:    "wasmir.i64.store8"(%a, %v) <{memory = @memory, offset = 1 : i64}> : (i32, i64) -> ()
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 2 slot 2 @flags(%a: i32, %b: i64, %v: i64) {
  %offset = wasmir.i32.load @memory[%a + 16]
  %aligned = wasmir.i64.load @memory[%a] align 1
  %checked = wasmir.i64.load32_u @memory[%a + 4294967295] align 2 inbounds
  %noted = wasmir.f32.load @memory[%a] {note}
  %wide = wasmir.i64.load @large[%b : i64 + 18446744073709551615]
  wasmir.i64.store @large[%b : i64 + 8], %v align 4 inbounds {note}
  wasmir.i64.store8 @memory[%a + 1], %v
  wasmir.return
}
