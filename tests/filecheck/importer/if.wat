;; RUN: wasm-opt-py %s --verify-each | filecheck %s
;; BLESS

;; `if` is a two-way branch; what differs at the end, results and locals, are block arguments.

(module
  ;; CHECK-LABEL: @results(
  ;; CHECK-NEXT:    wasmir.br_if %0, ^bb1, ^bb2
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %1 = wasmir.f32.const "0x1"
  ;; CHECK-NEXT:    wasmir.br ^bb3(%1 : f32)
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    %2 = wasmir.f32.const "0x1p+1"
  ;; CHECK-NEXT:    wasmir.br ^bb3(%2 : f32)
  ;; CHECK-NEXT:  ^bb3(%3: f32):
  ;; CHECK-NEXT:    wasmir.return %3 : f32
  ;; CHECK-NEXT:  }
  (func $results (param i32) (result f32)
    (if (result f32) (local.get 0)
      (then (f32.const 1))
      (else (f32.const 2))))

  ;; CHECK-LABEL: @locals(
  ;; CHECK-NEXT:    %1 = wasmir.i32.const 0
  ;; CHECK-NEXT:    wasmir.br_if %0, ^bb1, ^bb2(%1 : i32)
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %2 = wasmir.i32.const 5
  ;; CHECK-NEXT:    wasmir.br ^bb2(%2 : i32)
  ;; CHECK-NEXT:  ^bb2(%3: i32):
  ;; CHECK-NEXT:    %4 = wasmir.i32.add %1, %3
  ;; CHECK-NEXT:    wasmir.return %4 : i32
  ;; CHECK-NEXT:  }
  (func $locals (param i32) (result i32)
    (local $same i32) (local $set i32)
    (if (local.get 0)
      (then (local.set $set (i32.const 5))))
    (i32.add (local.get $same) (local.get $set)))

  ;; CHECK-LABEL: @parameters(
  ;; CHECK-NEXT:    wasmir.br_if %0, ^bb1, ^bb2(%0 : i32)
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %1 = wasmir.i32.clz %0
  ;; CHECK-NEXT:    wasmir.br ^bb2(%1 : i32)
  ;; CHECK-NEXT:  ^bb2(%2: i32):
  ;; CHECK-NEXT:    wasmir.return %2 : i32
  ;; CHECK-NEXT:  }
  (func $parameters (param i32) (result i32)
    (local.get 0)
    (if (param i32) (result i32) (local.get 0)
      (then (i32.clz))))

  ;; CHECK-LABEL: @both_return(
  ;; CHECK-NEXT:    wasmir.br_if %0, ^bb1, ^bb2
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %1 = wasmir.i32.const 1
  ;; CHECK-NEXT:    wasmir.return %1 : i32
  ;; CHECK-NEXT:  ^bb2:
  ;; CHECK-NEXT:    %2 = wasmir.i32.const 2
  ;; CHECK-NEXT:    wasmir.return %2 : i32
  ;; CHECK-NEXT:  }
  (func $both_return (param i32) (result i32)
    (if (local.get 0)
      (then (return (i32.const 1)))
      (else (return (i32.const 2))))
    (unreachable)))
