;; RUN: wasm-opt-py %s -p wasmir-canonicalize | wasm-opt-py -p wasmir-dce | filecheck %s
;; RUN: wasm-opt-py %s -p wasmir-canonicalize --print-op-generic | wasm-opt-py - -p wasmir-dce | filecheck %s
;; RUN: wasm-opt-py %s --no-print-debuginfo | filecheck %s --check-prefix WITHOUT
;; RUN: wasm-opt-py %s --mlir-print-debuginfo | filecheck %s --check-prefix WITH

;; Locations survive pipes and files: two runs make of a module what one makes.

;; CHECK:       wasmir.func {{.*}}@f(%0: i32) -> i32 {
;; CHECK-NEXT:    wasmir.return %0 : i32 loc("locations.wat":0:{{[0-9]+}})
;; CHECK-NEXT:  } loc("locations.wat":0:{{[0-9]+}})
;; CHECK-NEXT:  wasmir.export "f" @f
;; WITHOUT-NOT: loc(
;; WITHOUT:     wasmir.i32.add %0, %1
;; WITH:        wasmir.i32.add %0, %1 loc("locations.wat":0:{{[0-9]+}})
(module
  (func $f (export "f") (param i32) (result i32)
    (i32.add (local.get 0) (i32.const 0))))
