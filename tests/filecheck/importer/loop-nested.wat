;; RUN: wasm-opt-py %s --verify-each | filecheck %s
;; BLESS

;; Each header takes only the locals that change in its own loop.

(module
  ;; CHECK-LABEL: @nested(
  ;; CHECK-NEXT:    wasmir.br ^bb1(%0, %1 : i32, i32)
  ;; CHECK-NEXT:  ^bb1(%3: i32, %4: i32):
  ;; CHECK-NEXT:    %5 = wasmir.i32.sub %3, %2
  ;; CHECK-NEXT:    wasmir.br ^bb2(%4 : i32)
  ;; CHECK-NEXT:  ^bb2(%6: i32):
  ;; CHECK-NEXT:    %7 = wasmir.i32.mul %6, %5
  ;; CHECK-NEXT:    wasmir.br_if %7, ^bb2(%7 : i32), ^bb3
  ;; CHECK-NEXT:  ^bb3:
  ;; CHECK-NEXT:    wasmir.br_if %5, ^bb1(%5, %7 : i32, i32), ^bb4
  ;; CHECK-NEXT:  ^bb4:
  ;; CHECK-NEXT:    wasmir.return %7 : i32
  ;; CHECK-NEXT:  }
  (func $nested (param $i i32) (param $j i32) (param $k i32) (result i32)
    (loop $outer
      (local.set $i (i32.sub (local.get $i) (local.get $k)))
      (loop $inner
        (local.set $j (i32.mul (local.get $j) (local.get $i)))
        (br_if $inner (local.get $j))
        (br_if $outer (local.get $i))))
    (local.get $j))

  ;; A loop whose header is the function's entry gets a block of its own: the entry has no predecessors.
  ;; CHECK-LABEL: @at_entry(
  ;; CHECK-NEXT:    wasmir.br ^bb1
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    wasmir.br_if %0, ^bb1, ^bb2
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    wasmir.return
  ;; CHECK-NEXT:  }
  (func $at_entry (param $i i32)
    (loop (br_if 0 (local.get $i)))))
