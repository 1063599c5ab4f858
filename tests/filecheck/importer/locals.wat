;; RUN: wasm-opt-py %s --verify-each | filecheck %s
;; BLESS

;; Locals are gone: each use is the value that was set last, zero or null at first.

(module
  ;; CHECK-LABEL: @zeros(
  ;; CHECK-NEXT:    %0 = wasmir.i32.const 0
  ;; CHECK-NEXT:    %1 = wasmir.i64.const 0
  ;; CHECK-NEXT:    %2 = wasmir.f32.const "0x0"
  ;; CHECK-NEXT:    %3 = wasmir.f64.const "0x0"
  ;; CHECK-NEXT:    %4 = wasmir.ref.null : !wasmir.ref<null func>
  ;; CHECK-NEXT:    %5 = wasmir.ref.null : !wasmir.ref<null extern>
  ;; CHECK-NEXT:    wasmir.return %0, %1, %2, %3, %4, %5 : i32, i64, f32, f64, !wasmir.ref<null func>, !wasmir.ref<null extern>
  ;; CHECK-NEXT:  }
  (func $zeros (result i32 i64 f32 f64 funcref externref)
    (local i32 i64 f32 f64 funcref externref)
    (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5))

  ;; CHECK-LABEL: @set(
  ;; CHECK-NEXT:    %2 = wasmir.i32.const 0
  ;; CHECK-NEXT:    %3 = wasmir.i32.sub %1, %0
  ;; CHECK-NEXT:    wasmir.return %3 : i32
  ;; CHECK-NEXT:  }
  (func $set (param $a i32) (param $b i32) (result i32)
    (local $t i32)
    (local.set $t (local.get $a))
    (local.set $a (local.get $b))
    (local.set $b (local.get $t))
    (i32.sub (local.get $a) (local.get $b)))

  ;; A value on the stack is not changed by setting the local that it came from.
  ;; CHECK-LABEL: @tee(
  ;; CHECK-NEXT:    %1 = wasmir.i32.const 5
  ;; CHECK-NEXT:    %2 = wasmir.i32.sub %0, %1
  ;; CHECK-NEXT:    %3 = wasmir.i32.mul %2, %1
  ;; CHECK-NEXT:    wasmir.return %3 : i32
  ;; CHECK-NEXT:  }
  (func $tee (param $a i32) (result i32)
    (local.get $a)
    (local.tee $a (i32.const 5))
    (i32.sub)
    (local.get $a)
    (i32.mul)))
