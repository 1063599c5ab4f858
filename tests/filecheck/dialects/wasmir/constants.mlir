// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Constants are bits: the payload and the sign of a NaN survive, a signalling f32 NaN too.

// CHECK-LABEL: @integers(
// CHECK-NEXT:    %zero = wasmir.i32.const 0
// CHECK-NEXT:    %minus_one = wasmir.i32.const -1
// CHECK-NEXT:    %smallest = wasmir.i32.const -2147483648
// CHECK-NEXT:    %largest = wasmir.i64.const 9223372036854775807
// CHECK-NEXT:    %lowest = wasmir.i64.const -9223372036854775808
// CHECK-NEXT:    %noted = wasmir.i32.const 7 {note = "seven"}
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "integers"
// GENERIC-NEXT:    %zero = "wasmir.i32.const"() <{value = 0 : i32}> : () -> i32
// GENERIC-NEXT:    %minus_one = "wasmir.i32.const"() <{value = -1 : i32}> : () -> i32
// GENERIC-NEXT:    %smallest = "wasmir.i32.const"() <{value = -2147483648 : i32}> : () -> i32
// GENERIC-NEXT:    %largest = "wasmir.i64.const"() <{value = 9223372036854775807 : i64}> : () -> i64
// GENERIC-NEXT:    %lowest = "wasmir.i64.const"() <{value = -9223372036854775808 : i64}> : () -> i64
// GENERIC-NEXT:    %noted = "wasmir.i32.const"() <{value = 7 : i32}> {note = "seven"} : () -> i32
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @integers() {
  %zero = wasmir.i32.const 0
  %minus_one = wasmir.i32.const -1
  %smallest = wasmir.i32.const -2147483648
  %largest = wasmir.i64.const 9223372036854775807
  %lowest = wasmir.i64.const -9223372036854775808
  %noted = wasmir.i32.const 7 {note = "seven"}
  wasmir.return
}

// CHECK-LABEL: @floats(
// CHECK-NEXT:    %half = wasmir.f32.const "0x1p-1"
// CHECK-NEXT:    %minus_zero = wasmir.f32.const "-0x0"
// CHECK-NEXT:    %infinity = wasmir.f32.const "inf"
// CHECK-NEXT:    %canonical = wasmir.f32.const "nan"
// CHECK-NEXT:    %signalling = wasmir.f32.const "nan:0x200000"
// CHECK-NEXT:    %negative = wasmir.f32.const "-nan:0x400001"
// CHECK-NEXT:    %subnormal = wasmir.f64.const "0x0.0000000000001p-1022"
// CHECK-NEXT:    %tenth = wasmir.f64.const "0x1.999999999999ap-4"
// CHECK-NEXT:    %payload = wasmir.f64.const "-nan:0x4000000000001"
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "floats"
// GENERIC-NEXT:    %half = "wasmir.f32.const"() <{value = 1056964608 : i32}> : () -> f32
// GENERIC-NEXT:    %minus_zero = "wasmir.f32.const"() <{value = -2147483648 : i32}> : () -> f32
// GENERIC-NEXT:    %infinity = "wasmir.f32.const"() <{value = 2139095040 : i32}> : () -> f32
// GENERIC-NEXT:    %canonical = "wasmir.f32.const"() <{value = 2143289344 : i32}> : () -> f32
// GENERIC-NEXT:    %signalling = "wasmir.f32.const"() <{value = 2141192192 : i32}> : () -> f32
// GENERIC-NEXT:    %negative = "wasmir.f32.const"() <{value = -4194303 : i32}> : () -> f32
// GENERIC-NEXT:    %subnormal = "wasmir.f64.const"() <{value = 1 : i64}> : () -> f64
// GENERIC-NEXT:    %tenth = "wasmir.f64.const"() <{value = 4591870180066957722 : i64}> : () -> f64
// GENERIC-NEXT:    %payload = "wasmir.f64.const"() <{value = -3377699720527871 : i64}> : () -> f64
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 1 slot 1 @floats() {
  %half = wasmir.f32.const "0.5"
  %minus_zero = wasmir.f32.const "-0.0"
  %infinity = wasmir.f32.const "inf"
  %canonical = wasmir.f32.const "nan"
  %signalling = wasmir.f32.const "nan:0x200000"
  %negative = wasmir.f32.const "-nan:0x400001"
  %subnormal = wasmir.f64.const "0x1p-1074"
  %tenth = wasmir.f64.const "0.1"
  %payload = wasmir.f64.const "-nan:0x4000000000001"
  wasmir.return
}
