;; RUN: wasm-opt-py %s --verify-each | filecheck %s
;; BLESS

;; A block's end is a basic block only where a branch goes there; its results are block arguments.

(module
  ;; CHECK-LABEL: @straight(
  ;; CHECK-NEXT:    wasmir.return %0 : i32
  ;; CHECK-NEXT:  }
  (func $straight (param i32) (result i32)
    (block (result i32) (local.get 0)))

  ;; CHECK-LABEL: @branch(
  ;; CHECK-NEXT:    %1 = wasmir.i32.const 1
  ;; CHECK-NEXT:    wasmir.br_if %0, ^bb2(%1 : i32), ^bb1
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %2 = wasmir.i32.const 2
  ;; CHECK-NEXT:    wasmir.br ^bb2(%2 : i32)
  ;; CHECK-NEXT:  ^bb2(%3: i32):
  ;; CHECK-NEXT:    wasmir.return %3 : i32
  ;; CHECK-NEXT:  }
  (func $branch (param i32) (result i32)
    (block $end (result i32)
      (br_if $end (i32.const 1) (local.get 0))
      (drop)
      (i32.const 2)))

  ;; CHECK-LABEL: @nested(
  ;; CHECK-NEXT:    wasmir.br_if %0, ^bb3, ^bb1
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %1 = wasmir.i32.eqz %0
  ;; CHECK-NEXT:    wasmir.br_if %1, ^bb4, ^bb2
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    wasmir.unreachable
  ;; CHECK-NEXT:  ^bb3:
  ;; CHECK-NEXT:    wasmir.return
  ;; CHECK-NEXT:  ^bb4:
  ;; CHECK-NEXT:    wasmir.return
  ;; CHECK-NEXT:  }
  (func $nested (param i32)
    (block $outer
      (block $inner
        (br_if $inner (local.get 0))
        (br_if $outer (i32.eqz (local.get 0)))
        (unreachable))
      (return)))

  ;; The function's own block is a target too.
  ;; CHECK-LABEL: @function_label(
  ;; CHECK-NEXT:    %1 = wasmir.i64.const 1
  ;; CHECK-NEXT:    wasmir.br_if %0, ^bb2(%1 : i64), ^bb1
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %2 = wasmir.i64.const 2
  ;; CHECK-NEXT:    wasmir.br ^bb2(%2 : i64)
  ;; CHECK-NEXT:  ^bb2(%3: i64):
  ;; CHECK-NEXT:    wasmir.return %3 : i64
  ;; CHECK-NEXT:  }
  (func $function_label (param i32) (result i64)
    (br_if 0 (i64.const 1) (local.get 0))
    (drop)
    (i64.const 2)))
