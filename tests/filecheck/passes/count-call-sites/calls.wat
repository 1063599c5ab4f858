;; RUN: wasm-opt-py %s -p count-call-sites --verify each --no-print-debuginfo | filecheck %s

;; Each call is counted at its byte, and each function at its first one. Tail calls and calls of
;; references are not counted.

;; CHECK-LABEL: code_size 2 @leaf(
;; CHECK-NEXT:    %{{.*}} = wasmir.i32.const 0
;; CHECK-NEXT:    wasmvm.count
;; CHECK-NEXT:    wasmir.return
;; CHECK-LABEL: @calls(
;; CHECK:         wasmir.i32.const 2
;; CHECK-NEXT:    wasmvm.count
;; CHECK:         wasmir.i32.const 3
;; CHECK-NEXT:    wasmvm.count
;; CHECK-NEXT:    wasmir.call @leaf
;; CHECK:         wasmir.i32.const 7
;; CHECK-NEXT:    wasmvm.count
;; CHECK-NEXT:    wasmir.call_indirect
;; CHECK-NEXT:    wasmir.return_call @leaf
;; CHECK:       wasmvm.declare_field "call-sites" size 104 align 8 counter

(module
  (table 1 funcref)
  (func $leaf)
  (func $calls
    (call $leaf)
    (call_indirect (i32.const 0))
    (return_call $leaf)))
