;; RUN: wasm-opt-py %s --load %examples/trace_calls.py -p trace-calls --verify each | filecheck %s

;; The function's index comes first and last, on each way out.

;; CHECK-LABEL: @f(
;; CHECK-NEXT:    %1 = wasmir.i32.const 0
;; CHECK-NEXT:    wasmir.call @enter(%1) : (i32) -> ()
;; CHECK:         wasmir.br_if
;; CHECK:         wasmir.call @return(
;; CHECK-NEXT:    wasmir.return_call @f
;; CHECK:         wasmir.call @return(
;; CHECK-NEXT:    wasmir.return
;; CHECK:       wasmir.func {{.*}}@enter
;; CHECK:       wasmir.func {{.*}}@return
(module (func $f (param i32)
  (if (local.get 0) (then (return_call $f (i32.const 0))))))
