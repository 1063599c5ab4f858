;; RUN: wasm-opt-py %s --load %examples/trace_memory.py -p 'trace-memory{size=8}' --verify each | filecheck %s

;; The record is address plus offset, and the instruction's own offset in the upper half.

;; CHECK-LABEL: @f(
;; CHECK:         %[[ADDRESS:.*]] = wasmir.i32.add %0,
;; CHECK-NEXT:    %[[LOW:.*]] = wasmir.i64.extend_i32_u %[[ADDRESS]]
;; CHECK:         %[[RECORD:.*]] = wasmir.i64.or %[[LOW]],
;; CHECK:         %[[COUNT:.*]] = wasmvm.load_bytes "accesses"
;; CHECK:         %[[MASK:.*]] = wasmir.i32.const 7
;; CHECK-NEXT:    wasmir.i32.and %{{.*}}, %[[MASK]]
;; CHECK:         wasmvm.store_bytes "trace"
;; CHECK:         wasmvm.store_bytes "accesses"
;; CHECK-NEXT:    wasmir.i32.load @memory0[%0 + 20]
(module (memory 1) (func $f (param i32) (result i32) (i32.load offset=20 (local.get 0))))
