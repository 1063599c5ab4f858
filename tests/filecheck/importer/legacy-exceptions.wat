;; RUN: wasm-opt-py --features legacy-exceptions %s | filecheck %s
;; BLESS

;; Clauses are tried in turn in the handler; `delegate` is a handler that throws on.

(module
  (tag $e (param i32)) (tag $f)
  (import "env" "f" (func $callee (param i32)))

  ;; CHECK-LABEL: @catch(
  ;; CHECK-NEXT:    %1 = wasmir.i32.const 1
  ;; CHECK-NEXT:    wasmir.call @callee(%1) in_try : (i32) -> ()
  ;; CHECK-NEXT:    %2 = wasmir.threw : i32
  ;; CHECK-NEXT:    wasmir.br_if %2, ^bb1, ^bb2
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %3 = wasmir.caught : !wasmir.ref<exn>
  ;; CHECK-NEXT:    wasmir.br ^bb3
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    %4 = wasmir.i32.const 2
  ;; CHECK-NEXT:    wasmir.br ^bb8(%4 : i32)
  ;; CHECK-NEXT:  ^bb3:
  ;; CHECK-NEXT:    %5 = wasmir.exception_is %3 @e : !wasmir.ref<exn> -> i32
  ;; CHECK-NEXT:    wasmir.br_if %5, ^bb4, ^bb5
  ;; CHECK-NEXT:  ^bb4:
  ;; CHECK-NEXT:    %6 = wasmir.exception_values %3 @e : (!wasmir.ref<exn>) -> i32
  ;; CHECK-NEXT:    wasmir.br ^bb8(%6 : i32)
  ;; CHECK-NEXT:  ^bb5:
  ;; CHECK-NEXT:    %7 = wasmir.exception_is %3 @f : !wasmir.ref<exn> -> i32
  ;; CHECK-NEXT:    wasmir.br_if %7, ^bb6, ^bb7
  ;; CHECK-NEXT:  ^bb6:
  ;; CHECK-NEXT:    wasmir.exception_values %3 @f : (!wasmir.ref<exn>) -> ()
  ;; CHECK-NEXT:    wasmir.trace_throw %3 : !wasmir.ref<exn>
  ;; CHECK-NEXT:    wasmir.throw_ref %3 : !wasmir.ref<exn>
  ;; CHECK-NEXT:  ^bb7:
  ;; CHECK-NEXT:    %8 = wasmir.i32.const 3
  ;; CHECK-NEXT:    wasmir.br ^bb8(%8 : i32)
  ;; CHECK-NEXT:  ^bb8(%9: i32):
  ;; CHECK-NEXT:    wasmir.return %9 : i32
  ;; CHECK-NEXT:  }
  (func $catch (param i32) (result i32)
    (try (result i32)
      (do (call $callee (i32.const 1)) (i32.const 2))
      (catch $e)
      (catch $f (rethrow 0))
      (catch_all (i32.const 3))))

  ;; CHECK-LABEL: @uncaught(
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
  ;; CHECK-NEXT:    wasmir.br ^bb6
  ;; CHECK-NEXT:  ^bb5:
  ;; CHECK-NEXT:    wasmir.throw_ref %3 : !wasmir.ref<exn>
  ;; CHECK-NEXT:  ^bb6:
  ;; CHECK-NEXT:    wasmir.return
  ;; CHECK-NEXT:  }
  (func $uncaught (param i32)
    (try (do (call $callee (i32.const 1))) (catch $f)))

  ;; CHECK-LABEL: @delegate(
  ;; CHECK-NEXT:    %1 = wasmir.i32.const 1
  ;; CHECK-NEXT:    wasmir.call @callee(%1) in_try : (i32) -> ()
  ;; CHECK-NEXT:    %2 = wasmir.threw : i32
  ;; CHECK-NEXT:    wasmir.br_if %2, ^bb1, ^bb2
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %3 = wasmir.caught : !wasmir.ref<exn>
  ;; CHECK-NEXT:    wasmir.br ^bb3
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    wasmir.br ^bb4
  ;; CHECK-NEXT:  ^bb3:
  ;; CHECK-NEXT:    wasmir.br ^bb6
  ;; CHECK-NEXT:  ^bb4:
  ;; CHECK-NEXT:    wasmir.br ^bb5
  ;; CHECK-NEXT:  ^bb5:
  ;; CHECK-NEXT:    %4 = wasmir.i32.const 2
  ;; CHECK-NEXT:    wasmir.br ^bb9(%4 : i32)
  ;; CHECK-NEXT:  ^bb6:
  ;; CHECK-NEXT:    %5 = wasmir.exception_is %3 @e : !wasmir.ref<exn> -> i32
  ;; CHECK-NEXT:    wasmir.br_if %5, ^bb7, ^bb8
  ;; CHECK-NEXT:  ^bb7:
  ;; CHECK-NEXT:    %6 = wasmir.exception_values %3 @e : (!wasmir.ref<exn>) -> i32
  ;; CHECK-NEXT:    wasmir.br ^bb9(%6 : i32)
  ;; CHECK-NEXT:  ^bb8:
  ;; CHECK-NEXT:    wasmir.throw_ref %3 : !wasmir.ref<exn>
  ;; CHECK-NEXT:  ^bb9(%7: i32):
  ;; CHECK-NEXT:    wasmir.return %7 : i32
  ;; CHECK-NEXT:  }
  (func $delegate (param i32) (result i32)
    (try (result i32)
      (do
        (try (do (try (do (call $callee (i32.const 1))) (delegate 1))) (catch_all))
        (i32.const 2))
      (catch $e))))
