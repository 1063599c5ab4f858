;; RUN: wasm-opt-py %s --load %examples/reuse_loads.py -p reuse-loads --verify each | filecheck %s

;; CHECK-LABEL: @f(%0: i32, %1: i32, %2: i64) -> i64 {
;; CHECK-NEXT:    wasmir.i64.store @memory0[%0 + 8], %2
;; CHECK-NEXT:    wasmir.i32.store @memory0[%0 + 4], %1
;; CHECK-NEXT:    wasmir.return %2 : i64
;; CHECK:       @g(
;; CHECK:         wasmir.i64.store @memory0[%0 + 8], %2
;; CHECK-NEXT:    wasmir.i32.store @memory0[%0 + 5], %1
;; CHECK-NEXT:    %[[LOADED:.*]] = wasmir.i64.load @memory0[%0 + 8]
;; CHECK-NEXT:    wasmir.return %[[LOADED]]
(module (memory 1)
  (func $f (param i32 i32 i64) (result i64)
    (i64.store offset=8 (local.get 0) (local.get 2))
    (i32.store offset=4 (local.get 0) (local.get 1))
    (i64.load offset=8 (local.get 0)))
  (func $g (param i32 i32 i64) (result i64)
    (i64.store offset=8 (local.get 0) (local.get 2))
    (i32.store offset=5 (local.get 0) (local.get 1))
    (i64.load offset=8 (local.get 0))))
