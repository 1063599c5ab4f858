;; RUN: wasm-opt-py --consume-fuel %s | filecheck %s
;; BLESS

;; With fuel, operators are counted up to where a block ends or another function is entered; the
;; entry of a function counts as one. `nop`, `drop`, `block`, `loop`, `end`, `return` cost nothing.

(module
  ;; CHECK-LABEL: @empty(
  ;; CHECK-NEXT:    wasmir.operators 1
  ;; CHECK-NEXT:    wasmir.return
  ;; CHECK-NEXT:  }
  (func $empty)

  ;; CHECK-LABEL: @straight(
  ;; CHECK-NEXT:    wasmir.operators 1
  ;; CHECK-NEXT:    %1 = wasmir.i32.const 1
  ;; CHECK-NEXT:    %2 = wasmir.i32.add %0, %1
  ;; CHECK-NEXT:    wasmir.operators 3
  ;; CHECK-NEXT:    wasmir.return %2 : i32
  ;; CHECK-NEXT:  }
  (func $straight (param i32) (result i32)
    (nop)
    (block)
    (i32.add (local.get 0) (i32.const 1)))

  ;; CHECK-LABEL: @loop(
  ;; CHECK-NEXT:    wasmir.operators 1
  ;; CHECK-NEXT:    wasmir.br ^bb1(%0 : i32)
  ;; CHECK-NEXT:  ^bb1(%1: i32):
  ;; CHECK-NEXT:    wasmir.loop_header
  ;; CHECK-NEXT:    wasmir.operators 1
  ;; CHECK-NEXT:    wasmir.call @empty() : () -> ()
  ;; CHECK-NEXT:    %2 = wasmir.i32.const 1
  ;; CHECK-NEXT:    %3 = wasmir.i32.sub %1, %2
  ;; CHECK-NEXT:    wasmir.operators 5
  ;; CHECK-NEXT:    wasmir.br_if %3, ^bb1(%3 : i32), ^bb2
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    wasmir.return
  ;; CHECK-NEXT:  }
  (func $loop (param i32)
    (loop $again
      (call $empty)
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))

  ;; CHECK-LABEL: @arms(
  ;; CHECK-NEXT:    wasmir.operators 3
  ;; CHECK-NEXT:    wasmir.br_if %0, ^bb1, ^bb2
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %1 = wasmir.i32.const 1
  ;; CHECK-NEXT:    wasmir.operators 1
  ;; CHECK-NEXT:    wasmir.br ^bb3
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    wasmir.unreachable
  ;; CHECK-NEXT:  ^bb3:
  ;; CHECK-NEXT:    wasmir.loop_header
  ;; CHECK-NEXT:    %2 = wasmir.i32.const 2
  ;; CHECK-NEXT:    wasmir.operators 1
  ;; CHECK-NEXT:    wasmir.return %2 : i32
  ;; CHECK-NEXT:  }
  (func $arms (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.const 1))
      (else (unreachable)))
    (drop)
    (loop (nop))
    (return (i32.const 2))))
