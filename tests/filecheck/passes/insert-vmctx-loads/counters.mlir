// RUN: wasm-opt-py %s -p insert-vmctx-loads | filecheck %s
// BLESS

// A counter is a field that a pass declared; with exact traps its store keeps its place.

// CHECK-LABEL: @counted(
// CHECK-NEXT:    %0 = wasmvm.vmctx
// CHECK-NEXT:    %1 = wasmvm.load_field %0, extra.calls : i64
// CHECK-NEXT:    %2 = wasmir.i64.const 1
// CHECK-NEXT:    %3 = wasmir.i64.add %1, %2
// CHECK-NEXT:    wasmvm.store_field volatile %0, extra.calls, %3 : i64
// CHECK-NEXT:    %4 = wasmvm.load_field %0, extra.work : i64
// CHECK-NEXT:    %5 = wasmir.i64.const 12
// CHECK-NEXT:    %6 = wasmir.i64.add %4, %5
// CHECK-NEXT:    wasmvm.store_field volatile %0, extra.work, %6 : i64
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 0 slot 0 @counted() {
  wasmvm.count "calls"
  wasmvm.count "work" by 12
  wasmir.return
}
// CHECK-LABEL: @indexed(
// CHECK-NEXT:    wasmvm.count "edges"[%i] volatile
// CHECK-NEXT:    %0 = wasmvm.load_bytes "map"[%i] bytes 1 : i32
// CHECK-NEXT:    wasmvm.store_bytes "map"[%i], %0 bytes 1 volatile : i32
// CHECK-NEXT:    wasmir.return
// CHECK-NEXT:  }
wasmir.func index 1 slot 1 @indexed(%i: i32) {
  wasmvm.count "edges"[%i]
  %0 = wasmvm.load_bytes "map"[%i] bytes 1 : i32
  wasmvm.store_bytes "map"[%i], %0 bytes 1 : i32
  wasmir.return
}
