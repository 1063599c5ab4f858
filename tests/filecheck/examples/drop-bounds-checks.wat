;; RUN: wasm-opt-py %s --load %examples/drop_bounds_checks.py -p 'insert-vmctx-loads{bounds=explicit},drop-bounds-checks' --verify each | filecheck %s

;; CHECK-LABEL: @f(
;; CHECK:         wasmvm.bounds_check %0 : i32, 12 within
;; CHECK-NOT:     wasmvm.bounds_check
;; CHECK:         wasmvm.linear_load
;; CHECK-NOT:     wasmvm.bounds_check
;; CHECK:         wasmvm.linear_load
;; CHECK:         wasmvm.bounds_check %0 : i32, 16 within
(module (memory 1)
  (func $f (param i32) (result i32 i32 i32)
    (i32.load offset=8 (local.get 0)) (i32.load (local.get 0)) (i32.load offset=12 (local.get 0))))
