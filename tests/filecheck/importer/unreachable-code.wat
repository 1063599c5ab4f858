;; RUN: wasm-opt-py %s --verify-each | filecheck %s
;; BLESS

;; Code behind a branch, a return or a trap is validated, not imported; so are ends that no path reaches.

(module
  ;; CHECK-LABEL: @after_return(
  ;; CHECK-NEXT:    %0 = wasmir.i32.const 1
  ;; CHECK-NEXT:    wasmir.return %0 : i32
  ;; CHECK-NEXT:  }
  (func $after_return (result i32)
    (return (i32.const 1))
    (i32.div_u (i32.const 1) (i32.const 0)))

  ;; CHECK-LABEL: @after_unreachable(
  ;; CHECK-NEXT:    wasmir.unreachable
  ;; CHECK-NEXT:  }
  (func $after_unreachable (result i32)
    (unreachable)
    (block (drop (i64.const 1)) (loop (br 0)) (if (i32.const 1) (then (br 1))))
    (i32.add))

  ;; CHECK-LABEL: @after_br(
  ;; CHECK-NEXT:    wasmir.br ^bb1
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    wasmir.return %0 : i32
  ;; CHECK-NEXT:  }
  (func $after_br (param i32) (result i32)
    (block $end (result i32)
      (br $end (local.get 0))
      (local.set 0 (i32.const 9))
      (br_if $end (i32.const 3))))

  ;; The loop never ends.
  ;; CHECK-LABEL: @forever(
  ;; CHECK-NEXT:    wasmir.br ^bb1
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    wasmir.br ^bb1
  ;; CHECK-NEXT:  }
  (func $forever (result i32)
    (loop (br 0))
    (i32.const 1)))
