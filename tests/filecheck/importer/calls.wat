;; RUN: wasm-opt-py %s --verify-each | filecheck %s
;; BLESS

;; Functions are symbols: their own names, else `func` and the index; imports keep their index.

(module
  (type $binary (func (param i32 i32) (result i32)))
  (import "env" "log" (func $log (param i32)))
  (table 1 funcref)

  ;; CHECK-LABEL: @calls(
  ;; CHECK-NEXT:    wasmir.call @log(%0) : (i32) -> ()
  ;; CHECK-NEXT:    wasmir.call @func2(%0) : (i32) -> ()
  ;; CHECK-NEXT:    %1 = wasmir.i32.const 1
  ;; CHECK-NEXT:    %2 = wasmir.i32.const 0
  ;; CHECK-NEXT:    %3 = wasmir.call_indirect @table0[%2 : i32] @binary(%0, %1) : (i32, i32) -> i32
  ;; CHECK-NEXT:    wasmir.return %3 : i32
  ;; CHECK-NEXT:  }
  (func $calls (param i32) (result i32)
    (call $log (local.get 0))
    (call 2 (local.get 0))
    (call_indirect (type $binary) (local.get 0) (i32.const 1) (i32.const 0)))

  ;; CHECK-LABEL: slot 1 func_ref 0 code_size 5 @func2(
  ;; CHECK-NEXT:    %1 = wasmir.ref.func @func2 : !wasmir.ref<@type1>
  ;; CHECK-NEXT:    wasmir.return
  ;; CHECK-NEXT:  }
  (func (param i32)
    (drop (ref.func 2)))
  (elem declare func 2)

  ;; CHECK-LABEL: @selects(
  ;; CHECK-NEXT:    %2 = wasmir.i32.const 1
  ;; CHECK-NEXT:    %3 = wasmir.i32.const 2
  ;; CHECK-NEXT:    %4 = wasmir.select %0, %2, %3 : i32
  ;; CHECK-NEXT:    %5 = wasmir.ref.null : !wasmir.ref<null func>
  ;; CHECK-NEXT:    %6 = wasmir.ref.is_null %1 : !wasmir.ref<null func>
  ;; CHECK-NEXT:    %7 = wasmir.select %6, %1, %5 : !wasmir.ref<null func>
  ;; CHECK-NEXT:    wasmir.return %4, %7 : i32, !wasmir.ref<null func>
  ;; CHECK-NEXT:  }
  (func $selects (param i32 funcref) (result i32 funcref)
    (select (i32.const 1) (i32.const 2) (local.get 0))
    (select (result funcref) (local.get 1) (ref.null func) (ref.is_null (local.get 1)))))
