// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Tail calls end a block; their results are those of the function.

wasmir.type @type (i64) -> f32 index 0
wasmir.table @table !wasmir.ref<null func> i64 min 1 index 0 slot 0

// CHECK-LABEL: @direct(
// CHECK-NEXT:    wasmir.return_call @direct(%x, %y : i32, i64) {note}
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "direct"
// GENERIC-NEXT:  ^bb0(%x: i32, %y: i64):
// GENERIC-NEXT:    "wasmir.return_call"(%x, %y) <{callee = @direct}> {note} : (i32, i64) -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @direct(%x: i32, %y: i64) -> f32 {
  wasmir.return_call @direct(%x, %y : i32, i64) {note}
}

// CHECK-LABEL: @nothing(
// CHECK-NEXT:    wasmir.return_call @nothing
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "nothing"
// GENERIC-NEXT:    "wasmir.return_call"() <{callee = @nothing}> : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 1 slot 1 @nothing() {
  wasmir.return_call @nothing
}

// CHECK-LABEL: @indirect(
// CHECK-NEXT:    wasmir.return_call_indirect @table[%i : i64] @type(%i : i64) {note}
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "indirect"
// GENERIC-NEXT:  ^bb0(%i: i64):
// GENERIC-NEXT:    "wasmir.return_call_indirect"(%i, %i) <{table = @table, signature = @type}> {note} : (i64, i64) -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 2 slot 2 @indirect(%i: i64) -> f32 {
  wasmir.return_call_indirect @table[%i : i64] @type(%i : i64) {note}
}

// CHECK-LABEL: @reference(
// CHECK-NEXT:    wasmir.return_call_ref %r : !wasmir.ref<null @type> @type(%i : i64) {note}
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "reference"
// GENERIC-NEXT:  ^bb0(%r: !wasmir.ref<null @type>, %i: i64):
// GENERIC-NEXT:    "wasmir.return_call_ref"(%r, %i) <{signature = @type}> {note} : (!wasmir.ref<null @type>, i64) -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 3 slot 3 @reference(%r: !wasmir.ref<null @type>, %i: i64) -> f32 {
  wasmir.return_call_ref %r : !wasmir.ref<null @type> @type(%i : i64) {note}
}
