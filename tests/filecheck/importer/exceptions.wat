;; RUN: wasm-opt-py %s --verify-each | filecheck %s
;; BLESS

;; A handler is a block; calls are tested, and throws are branches to it.

(module
  (tag $e (param i32)) (tag $f)
  (import "env" "f" (func $callee (param i32)))

  ;; CHECK-LABEL: @throw(
  ;; CHECK-NEXT:    %1 = wasmir.exception @e(%0) : (i32) -> !wasmir.ref<exn>
  ;; CHECK-NEXT:    wasmir.trace_throw %1 : !wasmir.ref<exn>
  ;; CHECK-NEXT:    wasmir.throw_ref %1 : !wasmir.ref<exn>
  ;; CHECK-NEXT:  }
  (func $throw (param i32) (throw $e (local.get 0)))

  ;; CHECK-LABEL: @again(
  ;; CHECK-NEXT:    wasmir.trace_throw %0 : !wasmir.ref<null exn>
  ;; CHECK-NEXT:    wasmir.throw_ref %0 : !wasmir.ref<null exn>
  ;; CHECK-NEXT:  }
  (func $again (param exnref) (throw_ref (local.get 0)))

  ;; CHECK-LABEL: @clauses(
  ;; CHECK-NEXT:    %1 = wasmir.i32.const 0
  ;; CHECK-NEXT:    %2 = wasmir.i32.const 1
  ;; CHECK-NEXT:    wasmir.call @callee(%2) in_try : (i32) -> ()
  ;; CHECK-NEXT:    %3 = wasmir.threw : i32
  ;; CHECK-NEXT:    wasmir.br_if %3, ^bb1, ^bb2
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %4 = wasmir.caught : !wasmir.ref<exn>
  ;; CHECK-NEXT:    wasmir.br ^bb5(%4, %1 : !wasmir.ref<exn>, i32)
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    %5 = wasmir.i32.const 2
  ;; CHECK-NEXT:    %6 = wasmir.i32.const 2
  ;; CHECK-NEXT:    wasmir.call @callee(%6) in_try : (i32) -> ()
  ;; CHECK-NEXT:    %7 = wasmir.threw : i32
  ;; CHECK-NEXT:    wasmir.br_if %7, ^bb3, ^bb4
  ;; CHECK-NEXT:  ^bb3:
  ;; CHECK-NEXT:    %8 = wasmir.caught : !wasmir.ref<exn>
  ;; CHECK-NEXT:    wasmir.br ^bb5(%8, %5 : !wasmir.ref<exn>, i32)
  ;; CHECK-NEXT:  ^bb4:
  ;; CHECK-NEXT:    %9 = wasmir.exception @f() : () -> !wasmir.ref<exn>
  ;; CHECK-NEXT:    wasmir.trace_throw %9 : !wasmir.ref<exn>
  ;; CHECK-NEXT:    wasmir.br ^bb5(%9, %5 : !wasmir.ref<exn>, i32)
  ;; CHECK-NEXT:  ^bb5(%10: !wasmir.ref<exn>, %11: i32):
  ;; CHECK-NEXT:    %12 = wasmir.exception_is %10 @e : !wasmir.ref<exn> -> i32
  ;; CHECK-NEXT:    wasmir.br_if %12, ^bb6, ^bb7
  ;; CHECK-NEXT:  ^bb6:
  ;; CHECK-NEXT:    %13 = wasmir.exception_values %10 @e : (!wasmir.ref<exn>) -> i32
  ;; CHECK-NEXT:    wasmir.br ^bb8
  ;; CHECK-NEXT:  ^bb7:
  ;; CHECK-NEXT:    wasmir.br ^bb9
  ;; CHECK-NEXT:  ^bb8:
  ;; CHECK-NEXT:    wasmir.return %13 : i32
  ;; CHECK-NEXT:  ^bb9:
  ;; CHECK-NEXT:    wasmir.return %11 : i32
  ;; CHECK-NEXT:  }
  (func $clauses (param i32) (result i32) (local $x i32)
    (block $all
      (block $ref (result i32 exnref)
        (try_table (catch_ref $e $ref) (catch_all $all)
          (call $callee (i32.const 1))
          (local.set $x (i32.const 2))
          (call $callee (i32.const 2))
          (throw $f))
        (return (local.get $x)))
      (drop) (return))
    (local.get $x))

  ;; CHECK-LABEL: @outer(
  ;; CHECK-NEXT:    %1 = wasmir.i32.const 1
  ;; CHECK-NEXT:    wasmir.call @callee(%1) in_try : (i32) -> ()
  ;; CHECK-NEXT:    %2 = wasmir.threw : i32
  ;; CHECK-NEXT:    wasmir.br_if %2, ^bb1, ^bb2
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %3 = wasmir.caught : !wasmir.ref<exn>
  ;; CHECK-NEXT:    wasmir.br ^bb3
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    wasmir.br ^bb6
  ;; CHECK-NEXT:  ^bb3:
  ;; CHECK-NEXT:    %4 = wasmir.exception_is %3 @f : !wasmir.ref<exn> -> i32
  ;; CHECK-NEXT:    wasmir.br_if %4, ^bb4, ^bb5
  ;; CHECK-NEXT:  ^bb4:
  ;; CHECK-NEXT:    wasmir.exception_values %3 @f : (!wasmir.ref<exn>) -> ()
  ;; CHECK-NEXT:    wasmir.br ^bb7
  ;; CHECK-NEXT:  ^bb5:
  ;; CHECK-NEXT:    wasmir.br ^bb8
  ;; CHECK-NEXT:  ^bb6:
  ;; CHECK-NEXT:    wasmir.br ^bb7
  ;; CHECK-NEXT:  ^bb7:
  ;; CHECK-NEXT:    %5 = wasmir.i32.const 0
  ;; CHECK-NEXT:    wasmir.br ^bb11
  ;; CHECK-NEXT:  ^bb8:
  ;; CHECK-NEXT:    %6 = wasmir.exception_is %3 @e : !wasmir.ref<exn> -> i32
  ;; CHECK-NEXT:    wasmir.br_if %6, ^bb9, ^bb10
  ;; CHECK-NEXT:  ^bb9:
  ;; CHECK-NEXT:    %7 = wasmir.exception_values %3 @e : (!wasmir.ref<exn>) -> i32
  ;; CHECK-NEXT:    wasmir.br ^bb12(%7 : i32)
  ;; CHECK-NEXT:  ^bb10:
  ;; CHECK-NEXT:    wasmir.throw_ref %3 : !wasmir.ref<exn>
  ;; CHECK-NEXT:  ^bb11:
  ;; CHECK-NEXT:    wasmir.br ^bb12(%5 : i32)
  ;; CHECK-NEXT:  ^bb12(%8: i32):
  ;; CHECK-NEXT:    wasmir.return %8 : i32
  ;; CHECK-NEXT:  }
  (func $outer (param i32) (result i32)
    (block $h (result i32)
      (try_table (result i32) (catch $e $h)
        (block $i
          (try_table (catch $f $i) (call $callee (i32.const 1))))
        (i32.const 0))))

  ;; CHECK-LABEL: @quiet(
  ;; CHECK-NEXT:    %1 = wasmir.i32.const 1
  ;; CHECK-NEXT:    wasmir.br ^bb1
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    wasmir.return %1 : i32
  ;; CHECK-NEXT:  }
  (func $quiet (param i32) (result i32)
    (block $h (result i32)
      (try_table (result i32) (catch $e $h) (i32.const 1)))))
