// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

wasmir.type @binary (i32, i64) -> (i64, f32) index 0
wasmir.type @nothing () -> () index 1
wasmir.table @small !wasmir.ref<null func> i32 min 1 index 0 slot 0
wasmir.table @large !wasmir.ref<null func> i64 min 1 index 1 slot 1
wasmir.func index 0 slot 0 @callee(i32, i64) -> (i64, f32)
wasmir.func index 1 slot 1 @nullary()

// CHECK-LABEL: @direct(
// CHECK-NEXT:    %sum, %rest = wasmir.call @callee(%a, %b) : (i32, i64) -> (i64, f32)
// CHECK-NEXT:    wasmir.call @nullary() {note} : () -> ()
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "direct"
// GENERIC-NEXT:  ^bb0(%a: i32, %b: i64):
// GENERIC-NEXT:    %sum, %rest = "wasmir.call"(%a, %b) <{callee = @callee}> : (i32, i64) -> (i64, f32)
// GENERIC-NEXT:    "wasmir.call"() <{callee = @nullary}> {note} : () -> ()
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 2 slot 2 @direct(%a: i32, %b: i64) {
  %sum, %rest = wasmir.call @callee(%a, %b) : (i32, i64) -> (i64, f32)
  wasmir.call @nullary() {note} : () -> ()
  wasmir.return
}

// CHECK-LABEL: @indirect(
// CHECK-NEXT:    %sum, %rest = wasmir.call_indirect @small[%a : i32] @binary(%a, %b) : (i32, i64) -> (i64, f32)
// CHECK-NEXT:    wasmir.call_indirect @large[%b : i64] @nothing() {note} : () -> ()
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "indirect"
// GENERIC-NEXT:  ^bb0(%a: i32, %b: i64):
// GENERIC-NEXT:    %sum, %rest = "wasmir.call_indirect"(%a, %a, %b) <{table = @small, signature = @binary}> : (i32, i32, i64) -> (i64, f32)
// GENERIC-NEXT:    "wasmir.call_indirect"(%b) <{table = @large, signature = @nothing}> {note} : (i64) -> ()
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 3 slot 3 @indirect(%a: i32, %b: i64) {
  %sum, %rest = wasmir.call_indirect @small[%a : i32] @binary(%a, %b) : (i32, i64) -> (i64, f32)
  wasmir.call_indirect @large[%b : i64] @nothing() {note} : () -> ()
  wasmir.return
}
