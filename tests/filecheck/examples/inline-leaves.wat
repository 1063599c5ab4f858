;; RUN: wasm-opt-py %s --load %examples/inline_leaves.py -p inline-leaves --verify each --no-print-debuginfo | filecheck %s
;; RUN: wasm-opt-py %s --load %examples/inline_leaves.py -p 'inline-leaves{limit=3}' --no-print-debuginfo | filecheck %s --check-prefix LIMIT

;; CHECK-LABEL: @f(
;; CHECK-NEXT:    wasmir.br ^[[BODY:.*]](%0 : i32)
;; CHECK-NEXT:  ^[[BODY]](%[[N:.*]]: i32):
;; CHECK-NEXT:    wasmir.br_if %[[N]], ^[[THEN:.*]], ^[[ELSE:.*]]
;; CHECK-NEXT:  ^[[THEN]]:
;; CHECK-NEXT:    %[[ONE:.*]] = wasmir.i32.const 1
;; CHECK-NEXT:    wasmir.br ^[[REST:.*]](%[[ONE]] : i32)
;; CHECK-NEXT:  ^[[ELSE]]:
;; CHECK-NEXT:    %[[TWO:.*]] = wasmir.i32.const 2
;; CHECK-NEXT:    wasmir.br ^[[REST]](%[[TWO]] : i32)
;; CHECK-NEXT:  ^[[REST]](%[[RESULT:.*]]: i32):
;; CHECK-NEXT:    wasmir.return %[[RESULT]]
;; LIMIT-LABEL: @f(
;; LIMIT-NEXT:    wasmir.call @leaf
(module
  (func $leaf (param i32) (result i32)
    (if (local.get 0) (then (return (i32.const 1)))) (i32.const 2))
  (func $f (param i32) (result i32) (call $leaf (local.get 0))))
