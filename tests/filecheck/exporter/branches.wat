;; BLESS
;; RUN: wasm-opt-py %s | wasm-opt-py -f mlir -t wat | filecheck %s

;; `if` with and without `else`, an arm that leaves the function, cases of a `br_table` that go to one place.

(module
  ;; CHECK-LABEL: (func $arms
  ;; CHECK-NEXT:    local.get 0
  ;; CHECK-NEXT:    if
  ;; CHECK-NEXT:      i32.const 100
  ;; CHECK-NEXT:      local.get 0
  ;; CHECK-NEXT:      i32.div_u
  ;; CHECK-NEXT:      local.set 0
  ;; CHECK-NEXT:    else
  ;; CHECK-NEXT:      i32.const 5
  ;; CHECK-NEXT:      call $leaves
  ;; CHECK-NEXT:      local.set 0
  ;; CHECK-NEXT:    end
  ;; CHECK-NEXT:    local.get 0)
  (func $arms (param $a i32) (result i32)
    (if (result i32) (local.get $a)
      (then (i32.div_u (i32.const 100) (local.get $a)))
      (else (call $leaves (i32.const 5)))))

  ;; CHECK-LABEL: (func $leaves
  ;; CHECK-NEXT:    local.get 0
  ;; CHECK-NEXT:    i32.eqz
  ;; CHECK-NEXT:    if
  ;; CHECK-NEXT:      i32.const 7
  ;; CHECK-NEXT:      return
  ;; CHECK-NEXT:    end
  ;; CHECK-NEXT:    local.get 0
  ;; CHECK-NEXT:    local.get 0
  ;; CHECK-NEXT:    i32.mul)
  (func $leaves (param $a i32) (result i32)
    (if (i32.eqz (local.get $a)) (then (return (i32.const 7))))
    (local.set $a (i32.mul (local.get $a) (local.get $a)))
    (local.get $a))

  ;; CHECK-LABEL: (func $cases
  ;; CHECK-NEXT:    block
  ;; CHECK-NEXT:      block
  ;; CHECK-NEXT:        block
  ;; CHECK-NEXT:          local.get 0
  ;; CHECK-NEXT:          br_table 0 1 1 2 0 2
  ;; CHECK-NEXT:        end
  ;; CHECK-NEXT:        i32.const 10
  ;; CHECK-NEXT:        return
  ;; CHECK-NEXT:      end
  ;; CHECK-NEXT:      i32.const 20
  ;; CHECK-NEXT:      return
  ;; CHECK-NEXT:    end
  ;; CHECK-NEXT:    i32.const 30)
  (func $cases (param $a i32) (result i32)
    (block $two
      (block $one
        (block $zero
          (br_table $zero $one $one $two $zero $two (local.get $a)))
        (return (i32.const 10)))
      (return (i32.const 20)))
    (i32.const 30))

  ;; A negated comparison of integers is the opposite one; of floats it is not, where one may be a NaN.
  ;; CHECK-LABEL: (func $negated
  ;; CHECK-NEXT:    local.get 0
  ;; CHECK-NEXT:    f64.const 0x1
  ;; CHECK-NEXT:    f64.lt
  ;; CHECK-NEXT:    if
  ;; CHECK-NEXT:      i32.const 1
  ;; CHECK-NEXT:      return
  ;; CHECK-NEXT:    end
  ;; CHECK-NEXT:    block
  ;; CHECK-NEXT:      local.get 1
  ;; CHECK-NEXT:      i32.const 3
  ;; CHECK-NEXT:      i32.ge_s
  ;; CHECK-NEXT:      br_if 0
  ;; CHECK-NEXT:      i32.const 5
  ;; CHECK-NEXT:      local.set 1
  ;; CHECK-NEXT:    end
  ;; CHECK-NEXT:    local.get 1))
  (func $negated (param $a f64) (param $b i32) (result i32)
    (if (f64.lt (local.get $a) (f64.const 1))
      (then (return (i32.const 1))) (else (if (i32.lt_s (local.get $b) (i32.const 3))
        (then (local.set $b (i32.const 5))))))
    (local.get $b)))
