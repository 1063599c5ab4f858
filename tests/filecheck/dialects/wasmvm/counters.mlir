// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Counters that a pass declared, bumped by one or by more.

// CHECK-LABEL: @counted(
// CHECK-NEXT:    wasmvm.count "calls"
// CHECK-NEXT:    wasmvm.count "work" by 12 {note}
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "counted"
// GENERIC-NEXT:    "wasmvm.count"() <{counter = "calls"}> : () -> ()
// GENERIC-NEXT:    "wasmvm.count"() <{counter = "work", amount = 12 : i64}> {note} : () -> ()
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmvm.func wasm @counted() {
  wasmvm.count "calls"
  wasmvm.count "work" by 12 {note}
  wasmir.return
}
