// RUN: WASM_ROUNDTRIP
// RUN: WASM_GENERIC_ROUNDTRIP
// RUN: WASM_GENERIC
// BLESS

// Counters that a pass declared, bumped by one or by more, and areas of bytes.

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
// CHECK-LABEL: @indexed(
// CHECK-NEXT:    wasmvm.count "edges"[%i]
// CHECK-NEXT:    wasmvm.count "edges"[%i] by 3 volatile
// CHECK-NEXT:    %0 = wasmvm.load_bytes "map"[%i] bytes 1 : i32
// CHECK-NEXT:    %1 = wasmvm.load_bytes "my map"[%i] bytes 2 signed {note} : i64
// CHECK-NEXT:    wasmvm.store_bytes "map"[%i], %0 bytes 4 : i32
// CHECK-NEXT:    wasmvm.store_bytes "map"[%i], %v bytes 8 volatile {note} : i64
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
// GENERIC-LABEL: sym_name = "indexed"
// GENERIC-NEXT:  ^bb0(%i: i32, %v: i64):
// GENERIC-NEXT:    "wasmvm.count"(%i) <{counter = "edges"}> : (i32) -> ()
// GENERIC-NEXT:    "wasmvm.count"(%i) <{counter = "edges", amount = 3 : i64, volatile}> : (i32) -> ()
// GENERIC-NEXT:    %0 = "wasmvm.load_bytes"(%i) <{area = "map", bytes = 1 : i64}> : (i32) -> i32
// GENERIC-NEXT:    %1 = "wasmvm.load_bytes"(%i) <{area = "my map", bytes = 2 : i64, signed}> {note} : (i32) -> i64
// GENERIC-NEXT:    "wasmvm.store_bytes"(%i, %0) <{area = "map", bytes = 4 : i64}> : (i32, i32) -> ()
// GENERIC-NEXT:    "wasmvm.store_bytes"(%i, %v) <{area = "map", bytes = 8 : i64, volatile}> {note} : (i32, i64) -> ()
// GENERIC-NEXT:    "wasmir.return"() : () -> ()
// GENERIC-NEXT:  }) : () -> ()
wasmvm.func wasm @indexed(%i: i32, %v: i64) {
  wasmvm.count "edges"[%i]
  wasmvm.count "edges"[%i] by 3 volatile
  %0 = wasmvm.load_bytes "map"[%i] bytes 1 : i32
  %1 = wasmvm.load_bytes "my map"[%i] bytes 2 signed {note} : i64
  wasmvm.store_bytes "map"[%i], %0 bytes 4 : i32
  wasmvm.store_bytes "map"[%i], %v bytes 8 volatile {note} : i64
  wasmir.return
}
