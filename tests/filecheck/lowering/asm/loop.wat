;; REQUIRES: x86-64
;; RUN: wasm-opt-py %s --func sum -t asm -O2 --no-version-loops | filecheck %s

;; A loop over memory: the base is loaded once, the body is a load and the arithmetic. It does not start in the
;; second half of a line of the cache.

;; CHECK-LABEL: "wasm[0]::function[0]":
;; CHECK:       movq {{[0-9]+}}(%rdi), [[BASE:%r[a-z0-9]+]]
;; CHECK:       .p2align 6, , 31
;; CHECK-NEXT:  [[LOOP:.LBB0_[0-9]+]]:
;; CHECK-NOT:   (%rdi)
;; CHECK:       addl ([[BASE]],{{%r[a-z0-9]+}}{{(,[0-9])?}}), %eax
;; CHECK:       j{{[a-z]+}} [[LOOP]]
;; CHECK:       retq
(module
  (memory 1)
  (func $sum (param $at i32) (param $end i32) (result i32)
    (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
    (local.get $sum)))
