;; RUN: wasm-opt-py %s --verify-each | filecheck %s
;; BLESS

;; Several results of functions, blocks and branches.

(module
  ;; CHECK-LABEL: @swap(
  ;; CHECK-NEXT:    wasmir.return %1, %0 : i64, i32
  ;; CHECK-NEXT:  }
  (func $swap (param i32 i64) (result i64 i32)
    (local.get 1) (local.get 0))

  ;; CHECK-LABEL: @call(
  ;; CHECK-NEXT:    %2, %3 = wasmir.call @swap(%0, %1) : (i32, i64) -> (i64, i32)
  ;; CHECK-NEXT:    wasmir.return %3 : i32
  ;; CHECK-NEXT:  }
  (func $call (param i32 i64) (result i32)
    (call $swap (local.get 0) (local.get 1))
    (local.set 0)
    (drop)
    (local.get 0))

  ;; CHECK-LABEL: @block(
  ;; CHECK-NEXT:    %1 = wasmir.i32.const 1
  ;; CHECK-NEXT:    %2 = wasmir.f64.const "0x1p+1"
  ;; CHECK-NEXT:    wasmir.br_if %0, ^bb2, ^bb1
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    wasmir.br ^bb2
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    wasmir.return %1, %2 : i32, f64
  ;; CHECK-NEXT:  }
  (func $block (param i32) (result i32 f64)
    (block (param) (result i32 f64)
      (i32.const 1) (f64.const 2)
      (br_if 0 (local.get 0))
      (br 0))))
