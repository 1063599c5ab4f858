;; RUN: wasm-opt-py %s --verify-each | filecheck %s
;; RUN: wasm-opt-py %s --verify-each -p wasmir-verify-symbols | filecheck %s
;; BLESS

;; A tail call ends its block; what follows is unreachable.

(module
  (type $t (func (param i32) (result i64)))
  (table $table 1 funcref)

  ;; CHECK-LABEL: @direct(%0: i32
  ;; CHECK-NEXT:    wasmir.br_if %0, ^bb1, ^bb2
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    wasmir.return_call @indirect(%0, %0 : i32, i32)
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    %1 = wasmir.i32.const 1
  ;; CHECK-NEXT:    wasmir.return_call @direct(%1 : i32)
  ;; CHECK-NEXT:  }
  (func $direct (param i32) (result i64)
    (if (local.get 0) (then (return_call $indirect (local.get 0) (local.get 0))))
    (return_call $direct (i32.const 1))
    (drop (i32.const 2)))

  ;; CHECK-LABEL: @indirect(%0: i32
  ;; CHECK-NEXT:    wasmir.return_call_indirect @table[%0 : i32] @t(%1 : i32)
  ;; CHECK-NEXT:  }
  (func $indirect (param i32 i32) (result i64)
    (return_call_indirect (type $t) (local.get 1) (local.get 0)))

  ;; CHECK-LABEL: @reference(%0: i32
  ;; CHECK-NEXT:    wasmir.return_call_ref %1 : !wasmir.ref<@t> @t(%0 : i32)
  ;; CHECK-NEXT:  }
  (func $reference (param i32 (ref $t)) (result i64)
    (return_call_ref $t (local.get 0) (local.get 1)))

  ;; CHECK-LABEL: @nothing()
  ;; CHECK-NEXT:    wasmir.return_call @nothing
  ;; CHECK-NEXT:  }
  (func $nothing
    (return_call $nothing)))
