;; RUN: wasm-opt-py %s --load %examples/cfi.py -p cfi --verify each --no-print-debuginfo | filecheck %s --check-prefix LEARN
;; RUN: wasm-opt-py %s --load %examples/cfi.py -p 'cfi{edges=35,1,35,4,99,7}' --verify each --no-print-debuginfo | filecheck %s

;; LEARN-LABEL: @f(
;; LEARN-NEXT:    %[[SITE:.*]] = wasmir.i32.const 35
;; LEARN-NEXT:    wasmir.call @called(%[[SITE]], %0) : (i32, i32) -> ()
;; LEARN-NEXT:    wasmir.call_indirect

;; CHECK-LABEL: @f(
;; CHECK-NEXT:    %[[A:.*]] = wasmir.i32.const 1
;; CHECK-NEXT:    %[[IS_A:.*]] = wasmir.i32.eq %0, %[[A]]
;; CHECK-NEXT:    %[[B:.*]] = wasmir.i32.const 4
;; CHECK-NEXT:    %[[IS_B:.*]] = wasmir.i32.eq %0, %[[B]]
;; CHECK-NEXT:    %[[OK:.*]] = wasmir.i32.or %[[IS_A]], %[[IS_B]]
;; CHECK-NEXT:    %[[BAD:.*]] = wasmir.i32.eqz %[[OK]]
;; CHECK-NEXT:    wasmvm.trap_if %[[BAD]], 64
;; CHECK-NEXT:    wasmir.call_indirect
(module (table 9 funcref) (func $f (param i32) (call_indirect (local.get 0))))
