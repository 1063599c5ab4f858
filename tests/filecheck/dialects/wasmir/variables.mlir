// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Globals; locals are SSA values.

wasmir.global @counter mut i64 index 0 slot 0 {
  %0 = wasmir.i64.const 1
  wasmir.return %0 : i64
}

// CHECK-LABEL: @globals(
// CHECK-NEXT:    %old = wasmir.global.get @counter : i64
// CHECK-NEXT:    wasmir.global.set @counter, %old {note} : i64
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "globals"
// GENERIC-NEXT:    %old = "wasmir.global.get"() <{variable = @counter}> : () -> i64
// GENERIC-NEXT:    "wasmir.global.set"(%old) <{variable = @counter}> {note} : (i64) -> ()
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @globals() {
  %old = wasmir.global.get @counter : i64
  wasmir.global.set @counter, %old {note} : i64
  wasmir.return
}
