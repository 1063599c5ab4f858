;; RUN: wasm-opt-py %s --load %examples/meter.py -p 'meter{limit=100}' --verify each --no-print-debuginfo | filecheck %s

;; CHECK-LABEL: @f(
;; CHECK:         wasmvm.load_bytes "gas"
;; CHECK-NEXT:    %[[COST:.*]] = wasmir.i64.const 1
;; CHECK-NEXT:    %[[USED:.*]] = wasmir.i64.add %{{.*}}, %[[COST]]
;; CHECK:         wasmvm.store_bytes "gas"
;; CHECK-NEXT:    %[[LIMIT:.*]] = wasmir.i64.const 100
;; CHECK-NEXT:    %[[OVER:.*]] = wasmir.i64.gt_u %[[USED]], %[[LIMIT]]
;; CHECK-NEXT:    wasmir.br_if %[[OVER]], ^[[TRAP:.*]], ^[[GO:.*]]
;; CHECK-NEXT:  ^[[GO]]:
;; CHECK-NEXT:    wasmir.return
;; CHECK-NEXT:  ^[[TRAP]]:
;; CHECK-NEXT:    wasmir.unreachable
(module (func $f))
