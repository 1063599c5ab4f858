// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Arithmetic on f32 and f64.

// CHECK-LABEL: @f32_unary(
// CHECK-NEXT:    %abs = wasmir.f32.abs %a
// CHECK-NEXT:    %neg = wasmir.f32.neg %a
// CHECK-NEXT:    %ceil = wasmir.f32.ceil %a
// CHECK-NEXT:    %floor = wasmir.f32.floor %a
// CHECK-NEXT:    %trunc = wasmir.f32.trunc %a
// CHECK-NEXT:    %nearest = wasmir.f32.nearest %a
// CHECK-NEXT:    %sqrt = wasmir.f32.sqrt %a
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "f32_unary"
// GENERIC-NEXT:  ^bb0(%a: f32):
// GENERIC-NEXT:    %abs = "wasmir.f32.abs"(%a) : (f32) -> f32
// GENERIC-NEXT:    %neg = "wasmir.f32.neg"(%a) : (f32) -> f32
// GENERIC-NEXT:    %ceil = "wasmir.f32.ceil"(%a) : (f32) -> f32
// GENERIC-NEXT:    %floor = "wasmir.f32.floor"(%a) : (f32) -> f32
// GENERIC-NEXT:    %trunc = "wasmir.f32.trunc"(%a) : (f32) -> f32
// GENERIC-NEXT:    %nearest = "wasmir.f32.nearest"(%a) : (f32) -> f32
// GENERIC-NEXT:    %sqrt = "wasmir.f32.sqrt"(%a) : (f32) -> f32
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @f32_unary(%a: f32) {
  %abs = wasmir.f32.abs %a
  %neg = wasmir.f32.neg %a
  %ceil = wasmir.f32.ceil %a
  %floor = wasmir.f32.floor %a
  %trunc = wasmir.f32.trunc %a
  %nearest = wasmir.f32.nearest %a
  %sqrt = wasmir.f32.sqrt %a
  wasmir.return
}

// CHECK-LABEL: @f32_binary(
// CHECK-NEXT:    %add = wasmir.f32.add %a, %b
// CHECK-NEXT:    %sub = wasmir.f32.sub %a, %b
// CHECK-NEXT:    %mul = wasmir.f32.mul %a, %b
// CHECK-NEXT:    %div = wasmir.f32.div %a, %b
// CHECK-NEXT:    %min = wasmir.f32.min %a, %b
// CHECK-NEXT:    %max = wasmir.f32.max %a, %b
// CHECK-NEXT:    %copysign = wasmir.f32.copysign %a, %b
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "f32_binary"
// GENERIC-NEXT:  ^bb0(%a: f32, %b: f32):
// GENERIC-NEXT:    %add = "wasmir.f32.add"(%a, %b) : (f32, f32) -> f32
// GENERIC-NEXT:    %sub = "wasmir.f32.sub"(%a, %b) : (f32, f32) -> f32
// GENERIC-NEXT:    %mul = "wasmir.f32.mul"(%a, %b) : (f32, f32) -> f32
// GENERIC-NEXT:    %div = "wasmir.f32.div"(%a, %b) : (f32, f32) -> f32
// GENERIC-NEXT:    %min = "wasmir.f32.min"(%a, %b) : (f32, f32) -> f32
// GENERIC-NEXT:    %max = "wasmir.f32.max"(%a, %b) : (f32, f32) -> f32
// GENERIC-NEXT:    %copysign = "wasmir.f32.copysign"(%a, %b) : (f32, f32) -> f32
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 1 slot 1 @f32_binary(%a: f32, %b: f32) {
  %add = wasmir.f32.add %a, %b
  %sub = wasmir.f32.sub %a, %b
  %mul = wasmir.f32.mul %a, %b
  %div = wasmir.f32.div %a, %b
  %min = wasmir.f32.min %a, %b
  %max = wasmir.f32.max %a, %b
  %copysign = wasmir.f32.copysign %a, %b
  wasmir.return
}

// CHECK-LABEL: @f64_unary(
// CHECK-NEXT:    %abs = wasmir.f64.abs %a
// CHECK-NEXT:    %neg = wasmir.f64.neg %a
// CHECK-NEXT:    %ceil = wasmir.f64.ceil %a
// CHECK-NEXT:    %floor = wasmir.f64.floor %a
// CHECK-NEXT:    %trunc = wasmir.f64.trunc %a
// CHECK-NEXT:    %nearest = wasmir.f64.nearest %a
// CHECK-NEXT:    %sqrt = wasmir.f64.sqrt %a
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "f64_unary"
// GENERIC-NEXT:  ^bb0(%a: f64):
// GENERIC-NEXT:    %abs = "wasmir.f64.abs"(%a) : (f64) -> f64
// GENERIC-NEXT:    %neg = "wasmir.f64.neg"(%a) : (f64) -> f64
// GENERIC-NEXT:    %ceil = "wasmir.f64.ceil"(%a) : (f64) -> f64
// GENERIC-NEXT:    %floor = "wasmir.f64.floor"(%a) : (f64) -> f64
// GENERIC-NEXT:    %trunc = "wasmir.f64.trunc"(%a) : (f64) -> f64
// GENERIC-NEXT:    %nearest = "wasmir.f64.nearest"(%a) : (f64) -> f64
// GENERIC-NEXT:    %sqrt = "wasmir.f64.sqrt"(%a) : (f64) -> f64
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 2 slot 2 @f64_unary(%a: f64) {
  %abs = wasmir.f64.abs %a
  %neg = wasmir.f64.neg %a
  %ceil = wasmir.f64.ceil %a
  %floor = wasmir.f64.floor %a
  %trunc = wasmir.f64.trunc %a
  %nearest = wasmir.f64.nearest %a
  %sqrt = wasmir.f64.sqrt %a
  wasmir.return
}

// CHECK-LABEL: @f64_binary(
// CHECK-NEXT:    %add = wasmir.f64.add %a, %b
// CHECK-NEXT:    %sub = wasmir.f64.sub %a, %b
// CHECK-NEXT:    %mul = wasmir.f64.mul %a, %b
// CHECK-NEXT:    %div = wasmir.f64.div %a, %b
// CHECK-NEXT:    %min = wasmir.f64.min %a, %b
// CHECK-NEXT:    %max = wasmir.f64.max %a, %b
// CHECK-NEXT:    %copysign = wasmir.f64.copysign %a, %b
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "f64_binary"
// GENERIC-NEXT:  ^bb0(%a: f64, %b: f64):
// GENERIC-NEXT:    %add = "wasmir.f64.add"(%a, %b) : (f64, f64) -> f64
// GENERIC-NEXT:    %sub = "wasmir.f64.sub"(%a, %b) : (f64, f64) -> f64
// GENERIC-NEXT:    %mul = "wasmir.f64.mul"(%a, %b) : (f64, f64) -> f64
// GENERIC-NEXT:    %div = "wasmir.f64.div"(%a, %b) : (f64, f64) -> f64
// GENERIC-NEXT:    %min = "wasmir.f64.min"(%a, %b) : (f64, f64) -> f64
// GENERIC-NEXT:    %max = "wasmir.f64.max"(%a, %b) : (f64, f64) -> f64
// GENERIC-NEXT:    %copysign = "wasmir.f64.copysign"(%a, %b) : (f64, f64) -> f64
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 3 slot 3 @f64_binary(%a: f64, %b: f64) {
  %add = wasmir.f64.add %a, %b
  %sub = wasmir.f64.sub %a, %b
  %mul = wasmir.f64.mul %a, %b
  %div = wasmir.f64.div %a, %b
  %min = wasmir.f64.min %a, %b
  %max = wasmir.f64.max %a, %b
  %copysign = wasmir.f64.copysign %a, %b
  wasmir.return
}
