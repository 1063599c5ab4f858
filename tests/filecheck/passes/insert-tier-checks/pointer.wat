;; RUN: wasm-opt-py -p 'insert-fuel,insert-tier-checks{period=5}' --consume-fuel --verify each %s | filecheck %s

;; A loop in which something is live that no function can take, here a pointer of the runtime, is not
;; entered anew.

(module
  ;; CHECK-LABEL: @forever(
  ;; CHECK:         wasmir.i64.const 5
  ;; CHECK:         wasmvm.call_builtin "tier_up"
  ;; CHECK-NOT:     wasmvm.linear_address
  ;; CHECK-NOT:     wasmvm.call_pointer
  (func $forever (loop $again (br $again))))
