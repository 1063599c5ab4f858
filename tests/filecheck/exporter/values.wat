;; BLESS
;; RUN: wasm-opt-py %s | wasm-opt-py -f mlir -t wat | filecheck %s

;; Which values stay on the operand stack, and which are in locals.

(module
  (memory 1)

  ;; The value of a load stays on the stack while a store runs: it is loaded before.
  ;; CHECK-LABEL: (func $load_before_store
  ;; CHECK-NEXT:    local.get 0
  ;; CHECK-NEXT:    i32.load
  ;; CHECK-NEXT:    local.get 0
  ;; CHECK-NEXT:    i32.const 1
  ;; CHECK-NEXT:    i32.store
  ;; CHECK-NEXT:    i32.const 1
  ;; CHECK-NEXT:    i32.add)
  (func $load_before_store (param $p i32) (result i32) (local $old i32)
    (local.set $old (i32.load (local.get $p)))
    (i32.store (local.get $p) (i32.const 1))
    (i32.add (local.get $old) (i32.const 1)))

  ;; A value with several uses is in a local, and on the stack at its first use.
  ;; CHECK-LABEL: (func $several_uses
  ;; CHECK-NEXT:    i32.const 0
  ;; CHECK-NEXT:    local.get 0
  ;; CHECK-NEXT:    i32.const 4
  ;; CHECK-NEXT:    i32.add
  ;; CHECK-NEXT:    local.tee 0
  ;; CHECK-NEXT:    i32.store
  ;; CHECK-NEXT:    local.get 0
  ;; CHECK-NEXT:    local.get 0
  ;; CHECK-NEXT:    i32.mul)
  (func $several_uses (param $p i32) (result i32) (local $sum i32)
    (i32.store (i32.const 0) (local.tee $sum (i32.add (local.get $p) (i32.const 4))))
    (i32.mul (local.get $sum) (local.get $sum)))

  ;; Operands in the other order than they are computed in.
  ;; CHECK-LABEL: (func $reversed
  ;; CHECK-NEXT:    (local i32)
  ;; CHECK-NEXT:    local.get 0
  ;; CHECK-NEXT:    i32.load
  ;; CHECK-NEXT:    local.set 1
  ;; CHECK-NEXT:    local.get 0
  ;; CHECK-NEXT:    i32.load offset=4
  ;; CHECK-NEXT:    local.get 1
  ;; CHECK-NEXT:    i32.sub)
  (func $reversed (param $p i32) (result i32) (local $a i32) (local $b i32)
    (local.set $a (i32.load (local.get $p)))
    (local.set $b (i32.load offset=4 (local.get $p)))
    (i32.sub (local.get $b) (local.get $a)))

  ;; A value that is computed from one of the other operands.
  ;; CHECK-LABEL: (func $from_operand
  ;; CHECK-NEXT:    (local i32)
  ;; CHECK-NEXT:    local.get 0
  ;; CHECK-NEXT:    i32.load
  ;; CHECK-NEXT:    local.tee 0
  ;; CHECK-NEXT:    i32.load
  ;; CHECK-NEXT:    local.set 1
  ;; CHECK-NEXT:    local.get 0
  ;; CHECK-NEXT:    local.get 1
  ;; CHECK-NEXT:    i32.sub)
  (func $from_operand (param $p i32) (result i32) (local $a i32)
    (i32.sub (local.tee $a (i32.load (local.get $p))) (i32.load (local.get $a))))

  ;; Several results, of which one is dropped.
  ;; CHECK-LABEL: (func $results
  ;; CHECK-NEXT:    (local i64)
  ;; CHECK-NEXT:    call $pair
  ;; CHECK-NEXT:    local.set 0
  ;; CHECK-NEXT:    drop
  ;; CHECK-NEXT:    local.get 0)
  (func $pair (result i32 i64) (i32.const 1) (i64.const 2))
  (func $results (result i64) (local $x i64)
    (call $pair) (local.set $x) (drop) (local.get $x))

  ;; A small constant is written at each use, a large one with many uses is in a local.
  ;; CHECK-LABEL: (func $constants
  ;; CHECK-NEXT:    (local f64)
  ;; CHECK-NEXT:    i32.const 1000
  ;; CHECK-NEXT:    f64.const 0x1.8
  ;; CHECK-NEXT:    local.tee 1
  ;; CHECK-NEXT:    f64.store
  ;; CHECK-NEXT:    i32.const 2000
  ;; CHECK-NEXT:    local.get 1
  ;; CHECK-NEXT:    f64.store
  ;; CHECK-NEXT:    i32.const 3000
  ;; CHECK-NEXT:    local.get 1
  ;; CHECK-NEXT:    f64.store
  ;; CHECK-NEXT:    local.get 1)
  (func $constants (param $p i32) (result f64) (local $c f64)
    (local.set $c (f64.const 1.5))
    (f64.store (i32.const 1000) (local.get $c))
    (f64.store (i32.const 2000) (local.get $c))
    (f64.store (i32.const 3000) (local.get $c))
    (local.get $c)))
