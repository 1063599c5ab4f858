;; RUN: wasm-opt-py %s -p 'wasmir-inline{remarks=true}' --verify each --no-print-debuginfo --reports %t | filecheck %s
;; RUN: filecheck %s --input-file %t --check-prefix REPORT
;; RUN: wasm-opt-py %s -p 'wasmir-inline{noinline=leaf}' --verify each --no-print-debuginfo | filecheck %s --check-prefix NOINLINE
;; RUN: wasm-opt-py %s -p wasmir-inline --print-debuginfo | filecheck %s --check-prefix LOC

;; One block goes where the call was, several around it.

;; CHECK-LABEL: @middle(
;; CHECK-SAME:  %[[N:.*]]: i32)
;; CHECK-NEXT:    wasmir.br_if %[[N]], ^[[THEN:.*]], ^[[ELSE:.*]]
;; CHECK-NEXT:  ^[[THEN]]:
;; CHECK-NEXT:    %[[ONE:.*]] = wasmir.i32.const 1
;; CHECK-NEXT:    wasmir.br ^[[REST:.*]](%[[ONE]] : i32)
;; CHECK-NEXT:  ^[[ELSE]]:
;; CHECK-NEXT:    %[[TWO:.*]] = wasmir.i32.const 2
;; CHECK-NEXT:    wasmir.br ^[[REST]](%[[TWO]] : i32)
;; CHECK-NEXT:  ^[[REST]](%[[LEAF:.*]]: i32):
;; CHECK-NEXT:    %[[DIV:.*]] = wasmir.i32.div_u %[[LEAF]], %[[N]]
;; CHECK-NEXT:    wasmir.return %[[DIV]] : i32

;; What follows a callee that does not return is gone.

;; CHECK-LABEL: @ends(
;; CHECK-NEXT:    wasmir.unreachable
;; CHECK-NEXT:  }

;; A function is not inlined into itself, nor one into another that it calls.

;; CHECK-LABEL: code_size {{[0-9]+}} @even(
;; CHECK:         wasmir.call @odd
;; CHECK-LABEL: code_size {{[0-9]+}} @odd(
;; CHECK:         wasmir.call @even
;; CHECK-LABEL: code_size {{[0-9]+}} @self(
;; CHECK-NEXT:    wasmir.call @self

;; A tail call ends its function, not the caller. The result of two blocks goes on as one value.

;; CHECK-LABEL: code_size {{[0-9]+}} @calls_tail(
;; CHECK:         wasmir.call @tail

;; REPORT: {"pass": "wasmir-inline", "function": "middle", "function_index": 2, "wasm_offset": {{[0-9]+}}, "kind": "inlined", "callee": "leaf"}

;; NOINLINE-LABEL: @middle(
;; NOINLINE:         wasmir.call @leaf
;; NOINLINE:         wasmir.i32.div_u

;; LOC-LABEL: @outer(
;; LOC: wasmir.i32.div_u {{.*}} loc(callsite("calls.wat":0:[[DIV:[0-9]+]] at callsite("calls.wat":0:{{[0-9]+}} at "calls.wat":0:{{[0-9]+}})))
(module
  (func $leaf (param i32) (result i32)
    (if (local.get 0) (then (return (i32.const 1)))) (i32.const 2))
  (func $div (param i32 i32) (result i32) (i32.div_u (local.get 0) (local.get 1)))
  (func $middle (param i32) (result i32)
    (call $div (call $leaf (local.get 0)) (local.get 0)))
  (func $outer (export "f") (param i32) (result i32) (call $middle (local.get 0)))
  (func $trap (unreachable))
  (func $ends (export "ends") (result i32) (call $trap) (i32.const 3))
  (func $even (export "even") (param i32) (result i32)
    (if (result i32) (local.get 0) (then (call $odd (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 1))))
  (func $odd (param i32) (result i32)
    (if (result i32) (local.get 0) (then (call $even (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 0))))
  (func $self (export "self") (call $self))
  (func $tail (param i32) (result i32) (return_call $even (local.get 0)))
  (func $calls_tail (export "t") (param i32) (result i32) (call $tail (local.get 0))))
