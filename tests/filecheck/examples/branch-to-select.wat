;; RUN: wasm-opt-py %s --load %examples/branch_to_select.py -p branch-to-select,wasmir-canonicalize --verify each | filecheck %s

;; CHECK-LABEL: @f(%0: i32, %1: i32) -> i32 {
;; CHECK-NOT:     wasmir.br_if
;; CHECK:         wasmir.i32.add
;; CHECK:         wasmir.i32.sub
;; CHECK-NEXT:    %[[VALUE:.*]] = wasmir.select %0,
;; CHECK-NEXT:    wasmir.return %[[VALUE]]
;; CHECK-LABEL: @stores(
;; CHECK:         wasmir.br_if
(module (memory 1)
  (func $f (param i32 i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (local.get 1) (i32.const 3))) (else (i32.sub (local.get 1) (i32.const 5)))))
  (func $stores (param i32)
    (if (local.get 0) (then (i32.store (local.get 0) (i32.const 1))))))
