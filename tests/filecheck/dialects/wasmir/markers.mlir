// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// What the importer places for fuel and epochs, and passes at the borders of regions without traps.

// CHECK-LABEL: @marked(
// CHECK-NEXT:    wasmir.operators 3
// CHECK-NEXT:    wasmir.br ^bb1
// CHECK-NEXT:  ^bb1:
// CHECK-NEXT:    wasmir.loop_header {note}
// CHECK-NEXT:    wasmir.trap_fence {note}
// CHECK-NEXT:    wasmir.br ^bb1
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "marked"
// GENERIC-NEXT:    "wasmir.operators"() <{count = 3 : i64}> : () -> ()
// GENERIC-NEXT:    "wasmir.br"() [^bb1] : () -> ()
// GENERIC-NEXT:  ^bb1:
// GENERIC-NEXT:    "wasmir.loop_header"() {note} : () -> ()
// GENERIC-NEXT:    "wasmir.trap_fence"() {note} : () -> ()
// GENERIC-NEXT:    "wasmir.br"() [^bb1] : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmir.func index 0 slot 0 @marked() {
  wasmir.operators 3
  wasmir.br ^bb1
^bb1:
  wasmir.loop_header {note}
  wasmir.trap_fence {note}
  wasmir.br ^bb1
}
