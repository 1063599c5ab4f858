;; RUN: wasm-opt-py %s --load %examples/edge_coverage.py -p edge-coverage --verify each | filecheck %s

;; Function 0, block 1: 25033, and half of it for the next one.

;; CHECK-LABEL: @f(
;; CHECK:       ^{{.*}}:
;; CHECK:         %[[PREVIOUS:.*]] = wasmvm.load_bytes "previous"
;; CHECK-NEXT:    %[[PLACE:.*]] = wasmir.i32.const 25033
;; CHECK-NEXT:    %[[EDGE:.*]] = wasmir.i32.xor %[[PREVIOUS]], %[[PLACE]]
;; CHECK-NEXT:    %[[TIMES:.*]] = wasmvm.load_bytes "coverage"[%[[EDGE]]]
;; CHECK:         wasmvm.store_bytes "coverage"[%[[EDGE]]]
;; CHECK:         wasmir.i32.const 12516
(module (func $f (loop $l (br $l))))
