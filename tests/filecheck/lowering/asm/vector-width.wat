;; REQUIRES: x86-64
;; RUN: wasm-opt-py %s -t asm -O2 --cpu x86-64-v4 | filecheck %s --check-prefix WIDE
;; RUN: wasm-opt-py %s -t asm -O2 --cpu x86-64-v3 | filecheck %s --check-prefix NARROW

;; A loop without checks has vectors as wide as the processor's.

;; WIDE:        vaddpd {{.*}}%zmm
;; NARROW-NOT:  zmm
;; NARROW:      vaddpd {{.*}}%ymm
(module
  (memory 1)
  (func $add (param $to i32) (param $from i32) (param $count i32)
    (loop $next
      (f64.store (local.get $to) (f64.add (f64.load (local.get $to)) (f64.load (local.get $from))))
      (local.set $to (i32.add (local.get $to) (i32.const 8)))
      (local.set $from (i32.add (local.get $from) (i32.const 8)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))
