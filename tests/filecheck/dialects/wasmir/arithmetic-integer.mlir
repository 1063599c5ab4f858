// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Arithmetic on i32 and i64.

// CHECK-LABEL: @i32_unary(
// CHECK-NEXT:    %clz = wasmir.i32.clz %a
// CHECK-NEXT:    %ctz = wasmir.i32.ctz %a
// CHECK-NEXT:    %popcnt = wasmir.i32.popcnt %a
// CHECK-NEXT:    %extend8_s = wasmir.i32.extend8_s %a
// CHECK-NEXT:    %extend16_s = wasmir.i32.extend16_s %a
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "i32_unary"
// GENERIC-NEXT:  ^bb0(%a: i32):
// GENERIC-NEXT:    %clz = "wasmir.i32.clz"(%a) : (i32) -> i32
// GENERIC-NEXT:    %ctz = "wasmir.i32.ctz"(%a) : (i32) -> i32
// GENERIC-NEXT:    %popcnt = "wasmir.i32.popcnt"(%a) : (i32) -> i32
// GENERIC-NEXT:    %extend8_s = "wasmir.i32.extend8_s"(%a) : (i32) -> i32
// GENERIC-NEXT:    %extend16_s = "wasmir.i32.extend16_s"(%a) : (i32) -> i32
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @i32_unary(%a: i32) {
  %clz = wasmir.i32.clz %a
  %ctz = wasmir.i32.ctz %a
  %popcnt = wasmir.i32.popcnt %a
  %extend8_s = wasmir.i32.extend8_s %a
  %extend16_s = wasmir.i32.extend16_s %a
  wasmir.return
}

// CHECK-LABEL: @i32_binary(
// CHECK-NEXT:    %add = wasmir.i32.add %a, %b
// CHECK-NEXT:    %sub = wasmir.i32.sub %a, %b
// CHECK-NEXT:    %mul = wasmir.i32.mul %a, %b
// CHECK-NEXT:    %div_s = wasmir.i32.div_s %a, %b
// CHECK-NEXT:    %div_u = wasmir.i32.div_u %a, %b
// CHECK-NEXT:    %rem_s = wasmir.i32.rem_s %a, %b
// CHECK-NEXT:    %rem_u = wasmir.i32.rem_u %a, %b
// CHECK-NEXT:    %and = wasmir.i32.and %a, %b
// CHECK-NEXT:    %or = wasmir.i32.or %a, %b
// CHECK-NEXT:    %xor = wasmir.i32.xor %a, %b
// CHECK-NEXT:    %shl = wasmir.i32.shl %a, %b
// CHECK-NEXT:    %shr_s = wasmir.i32.shr_s %a, %b
// CHECK-NEXT:    %shr_u = wasmir.i32.shr_u %a, %b
// CHECK-NEXT:    %rotl = wasmir.i32.rotl %a, %b
// CHECK-NEXT:    %rotr = wasmir.i32.rotr %a, %b
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "i32_binary"
// GENERIC-NEXT:  ^bb0(%a: i32, %b: i32):
// GENERIC-NEXT:    %add = "wasmir.i32.add"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %sub = "wasmir.i32.sub"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %mul = "wasmir.i32.mul"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %div_s = "wasmir.i32.div_s"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %div_u = "wasmir.i32.div_u"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %rem_s = "wasmir.i32.rem_s"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %rem_u = "wasmir.i32.rem_u"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %and = "wasmir.i32.and"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %or = "wasmir.i32.or"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %xor = "wasmir.i32.xor"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %shl = "wasmir.i32.shl"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %shr_s = "wasmir.i32.shr_s"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %shr_u = "wasmir.i32.shr_u"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %rotl = "wasmir.i32.rotl"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    %rotr = "wasmir.i32.rotr"(%a, %b) : (i32, i32) -> i32
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 1 slot 1 @i32_binary(%a: i32, %b: i32) {
  %add = wasmir.i32.add %a, %b
  %sub = wasmir.i32.sub %a, %b
  %mul = wasmir.i32.mul %a, %b
  %div_s = wasmir.i32.div_s %a, %b
  %div_u = wasmir.i32.div_u %a, %b
  %rem_s = wasmir.i32.rem_s %a, %b
  %rem_u = wasmir.i32.rem_u %a, %b
  %and = wasmir.i32.and %a, %b
  %or = wasmir.i32.or %a, %b
  %xor = wasmir.i32.xor %a, %b
  %shl = wasmir.i32.shl %a, %b
  %shr_s = wasmir.i32.shr_s %a, %b
  %shr_u = wasmir.i32.shr_u %a, %b
  %rotl = wasmir.i32.rotl %a, %b
  %rotr = wasmir.i32.rotr %a, %b
  wasmir.return
}

// CHECK-LABEL: @i64_unary(
// CHECK-NEXT:    %clz = wasmir.i64.clz %a
// CHECK-NEXT:    %ctz = wasmir.i64.ctz %a
// CHECK-NEXT:    %popcnt = wasmir.i64.popcnt %a
// CHECK-NEXT:    %extend8_s = wasmir.i64.extend8_s %a
// CHECK-NEXT:    %extend16_s = wasmir.i64.extend16_s %a
// CHECK-NEXT:    %extend32_s = wasmir.i64.extend32_s %a
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "i64_unary"
// GENERIC-NEXT:  ^bb0(%a: i64):
// GENERIC-NEXT:    %clz = "wasmir.i64.clz"(%a) : (i64) -> i64
// GENERIC-NEXT:    %ctz = "wasmir.i64.ctz"(%a) : (i64) -> i64
// GENERIC-NEXT:    %popcnt = "wasmir.i64.popcnt"(%a) : (i64) -> i64
// GENERIC-NEXT:    %extend8_s = "wasmir.i64.extend8_s"(%a) : (i64) -> i64
// GENERIC-NEXT:    %extend16_s = "wasmir.i64.extend16_s"(%a) : (i64) -> i64
// GENERIC-NEXT:    %extend32_s = "wasmir.i64.extend32_s"(%a) : (i64) -> i64
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 2 slot 2 @i64_unary(%a: i64) {
  %clz = wasmir.i64.clz %a
  %ctz = wasmir.i64.ctz %a
  %popcnt = wasmir.i64.popcnt %a
  %extend8_s = wasmir.i64.extend8_s %a
  %extend16_s = wasmir.i64.extend16_s %a
  %extend32_s = wasmir.i64.extend32_s %a
  wasmir.return
}

// CHECK-LABEL: @i64_binary(
// CHECK-NEXT:    %add = wasmir.i64.add %a, %b
// CHECK-NEXT:    %sub = wasmir.i64.sub %a, %b
// CHECK-NEXT:    %mul = wasmir.i64.mul %a, %b
// CHECK-NEXT:    %div_s = wasmir.i64.div_s %a, %b
// CHECK-NEXT:    %div_u = wasmir.i64.div_u %a, %b
// CHECK-NEXT:    %rem_s = wasmir.i64.rem_s %a, %b
// CHECK-NEXT:    %rem_u = wasmir.i64.rem_u %a, %b
// CHECK-NEXT:    %and = wasmir.i64.and %a, %b
// CHECK-NEXT:    %or = wasmir.i64.or %a, %b
// CHECK-NEXT:    %xor = wasmir.i64.xor %a, %b
// CHECK-NEXT:    %shl = wasmir.i64.shl %a, %b
// CHECK-NEXT:    %shr_s = wasmir.i64.shr_s %a, %b
// CHECK-NEXT:    %shr_u = wasmir.i64.shr_u %a, %b
// CHECK-NEXT:    %rotl = wasmir.i64.rotl %a, %b
// CHECK-NEXT:    %rotr = wasmir.i64.rotr %a, %b
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "i64_binary"
// GENERIC-NEXT:  ^bb0(%a: i64, %b: i64):
// GENERIC-NEXT:    %add = "wasmir.i64.add"(%a, %b) : (i64, i64) -> i64
// GENERIC-NEXT:    %sub = "wasmir.i64.sub"(%a, %b) : (i64, i64) -> i64
// GENERIC-NEXT:    %mul = "wasmir.i64.mul"(%a, %b) : (i64, i64) -> i64
// GENERIC-NEXT:    %div_s = "wasmir.i64.div_s"(%a, %b) : (i64, i64) -> i64
// GENERIC-NEXT:    %div_u = "wasmir.i64.div_u"(%a, %b) : (i64, i64) -> i64
// GENERIC-NEXT:    %rem_s = "wasmir.i64.rem_s"(%a, %b) : (i64, i64) -> i64
// GENERIC-NEXT:    %rem_u = "wasmir.i64.rem_u"(%a, %b) : (i64, i64) -> i64
// GENERIC-NEXT:    %and = "wasmir.i64.and"(%a, %b) : (i64, i64) -> i64
// GENERIC-NEXT:    %or = "wasmir.i64.or"(%a, %b) : (i64, i64) -> i64
// GENERIC-NEXT:    %xor = "wasmir.i64.xor"(%a, %b) : (i64, i64) -> i64
// GENERIC-NEXT:    %shl = "wasmir.i64.shl"(%a, %b) : (i64, i64) -> i64
// GENERIC-NEXT:    %shr_s = "wasmir.i64.shr_s"(%a, %b) : (i64, i64) -> i64
// GENERIC-NEXT:    %shr_u = "wasmir.i64.shr_u"(%a, %b) : (i64, i64) -> i64
// GENERIC-NEXT:    %rotl = "wasmir.i64.rotl"(%a, %b) : (i64, i64) -> i64
// GENERIC-NEXT:    %rotr = "wasmir.i64.rotr"(%a, %b) : (i64, i64) -> i64
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 3 slot 3 @i64_binary(%a: i64, %b: i64) {
  %add = wasmir.i64.add %a, %b
  %sub = wasmir.i64.sub %a, %b
  %mul = wasmir.i64.mul %a, %b
  %div_s = wasmir.i64.div_s %a, %b
  %div_u = wasmir.i64.div_u %a, %b
  %rem_s = wasmir.i64.rem_s %a, %b
  %rem_u = wasmir.i64.rem_u %a, %b
  %and = wasmir.i64.and %a, %b
  %or = wasmir.i64.or %a, %b
  %xor = wasmir.i64.xor %a, %b
  %shl = wasmir.i64.shl %a, %b
  %shr_s = wasmir.i64.shr_s %a, %b
  %shr_u = wasmir.i64.shr_u %a, %b
  %rotl = wasmir.i64.rotl %a, %b
  %rotr = wasmir.i64.rotr %a, %b
  wasmir.return
}
