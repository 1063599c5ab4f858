;; RUN: wasm-opt-py %s --verify-each | filecheck %s
;; BLESS

;; A loop's header takes the locals that change in it, and its parameters; others stay what they were.

(module
  ;; CHECK-LABEL: @factorial(
  ;; CHECK-NEXT:    %2 = wasmir.i32.const 0
  ;; CHECK-NEXT:    wasmir.br ^bb1(%0, %1 : i32, i32)
  ;; CHECK-NEXT:  ^bb1(%3: i32, %4: i32):
  ;; CHECK-NEXT:    %5 = wasmir.i32.mul %4, %3
  ;; CHECK-NEXT:    %6 = wasmir.i32.sub %3, %1
  ;; CHECK-NEXT:    wasmir.br_if %6, ^bb1(%6, %5 : i32, i32), ^bb2
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    wasmir.return %5 : i32
  ;; CHECK-NEXT:  }
  (func $factorial (param $n i32) (param $unchanged i32) (result i32)
    (local $r i32)
    (local.set $r (local.get $unchanged))
    (loop $top
      (local.set $r (i32.mul (local.get $r) (local.get $n)))
      (local.set $n (i32.sub (local.get $n) (local.get $unchanged)))
      (br_if $top (local.get $n)))
    (local.get $r))

  ;; CHECK-LABEL: @loop_parameters(
  ;; CHECK-NEXT:    wasmir.br ^bb1(%0 : i64)
  ;; CHECK-NEXT:  ^bb1(%1: i64):
  ;; CHECK-NEXT:    %2 = wasmir.i64.const 1
  ;; CHECK-NEXT:    %3 = wasmir.i64.sub %1, %2
  ;; CHECK-NEXT:    %4 = wasmir.i64.eqz %3
  ;; CHECK-NEXT:    wasmir.br_if %4, ^bb1(%3 : i64), ^bb2
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    wasmir.return %3 : i64
  ;; CHECK-NEXT:  }
  (func $loop_parameters (param $n i64) (result i64)
    (local.get $n)
    (loop $top (param i64) (result i64)
      (i64.sub (i64.const 1))
      (local.tee $n)
      (br_if $top (i64.eqz (local.get $n)))))

  ;; No branch back: no loop.
  ;; CHECK-LABEL: @no_loop(
  ;; CHECK-NEXT:    wasmir.return
  ;; CHECK-NEXT:  }
  (func $no_loop (param i32)
    (loop (drop (local.get 0)))))
