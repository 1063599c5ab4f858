;; BLESS
;; RUN: wasm-opt-py %s | wasm-opt-py -f mlir -t wat | filecheck %s

;; Loops come back as they were written: one inside another, branches out of several of them.

(module
  ;; CHECK-LABEL: (func $nested
  ;; CHECK-NEXT:    (local i32 i32)
  ;; CHECK-NEXT:    i32.const 0
  ;; CHECK-NEXT:    local.set 1
  ;; CHECK-NEXT:    loop
  ;; CHECK-NEXT:      i32.const 0
  ;; CHECK-NEXT:      local.set 2
  ;; CHECK-NEXT:      loop
  ;; CHECK-NEXT:        local.get 2
  ;; CHECK-NEXT:        i32.const 1
  ;; CHECK-NEXT:        i32.add
  ;; CHECK-NEXT:        local.tee 2
  ;; CHECK-NEXT:        local.get 0
  ;; CHECK-NEXT:        i32.lt_u
  ;; CHECK-NEXT:        br_if 0
  ;; CHECK-NEXT:        local.get 1
  ;; CHECK-NEXT:        local.get 2
  ;; CHECK-NEXT:        i32.add
  ;; CHECK-NEXT:        local.tee 1
  ;; CHECK-NEXT:        i32.const 100
  ;; CHECK-NEXT:        i32.lt_u
  ;; CHECK-NEXT:        br_if 1
  ;; CHECK-NEXT:        local.get 1
  ;; CHECK-NEXT:        return
  ;; CHECK-NEXT:      end
  ;; CHECK-NEXT:    end
  ;; CHECK-NEXT:    unreachable)
  (func $nested (param $n i32) (result i32) (local $i i32) (local $j i32)
    (loop $outer
      (local.set $j (i32.const 0))
      (loop $inner
        (local.set $j (i32.add (local.get $j) (i32.const 1)))
        (br_if $inner (i32.lt_u (local.get $j) (local.get $n))))
      (local.set $i (i32.add (local.get $i) (local.get $j)))
      (br_if $outer (i32.lt_u (local.get $i) (i32.const 100))))
    (local.get $i))

  ;; CHECK-LABEL: (func $leave_both
  ;; CHECK-NEXT:    (local i32)
  ;; CHECK-NEXT:    i32.const 0
  ;; CHECK-NEXT:    local.set 1
  ;; CHECK-NEXT:    loop
  ;; CHECK-NEXT:      loop
  ;; CHECK-NEXT:        local.get 1
  ;; CHECK-NEXT:        local.get 0
  ;; CHECK-NEXT:        i32.eq
  ;; CHECK-NEXT:        if
  ;; CHECK-NEXT:          local.get 1
  ;; CHECK-NEXT:          return
  ;; CHECK-NEXT:        end
  ;; CHECK-NEXT:        local.get 1
  ;; CHECK-NEXT:        i32.const 1
  ;; CHECK-NEXT:        i32.add
  ;; CHECK-NEXT:        local.tee 1
  ;; CHECK-NEXT:        i32.const 1
  ;; CHECK-NEXT:        i32.and
  ;; CHECK-NEXT:        br_if 0
  ;; CHECK-NEXT:        br 1
  ;; CHECK-NEXT:      end
  ;; CHECK-NEXT:    end
  ;; CHECK-NEXT:    unreachable))
  (func $leave_both (param $n i32) (result i32) (local $i i32)
    (block $done
      (loop $outer
        (loop $inner
          (br_if $done (i32.eq (local.get $i) (local.get $n)))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $inner (i32.and (local.get $i) (i32.const 1))))
        (br $outer)))
    (local.get $i)))
