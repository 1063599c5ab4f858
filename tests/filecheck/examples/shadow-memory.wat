;; RUN: wasm-opt-py %s --load %examples/shadow_memory.py -p shadow-memory --verify each | filecheck %s

;; CHECK-LABEL: @f(
;; CHECK:         %[[LINE:.*]] = wasmir.i32.wrap_i64
;; CHECK-NEXT:    %[[BEFORE:.*]] = wasmvm.load_bytes "shadow"[%[[LINE]]]
;; CHECK-NEXT:    %[[WRITTEN:.*]] = wasmir.i32.const 2
;; CHECK-NEXT:    %[[BOTH:.*]] = wasmir.i32.or %[[BEFORE]], %[[WRITTEN]]
;; CHECK-NEXT:    wasmvm.store_bytes "shadow"[%[[LINE]]], %[[BOTH]]
;; CHECK-NEXT:    wasmir.i32.store @memory0
;; CHECK-NOT:     wasmvm.load_bytes
;; CHECK:         wasmir.i32.store @memory1
(module (memory 1) (memory 1) (func $f (param i32)
  (i32.store (local.get 0) (i32.const 1))
  (i32.store 1 (local.get 0) (i32.const 1))))
