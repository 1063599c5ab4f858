;; RUN: wasm-opt-py %s --verify-each --features threads | filecheck %s
;; BLESS

;; Each atomic instruction is one operation; shared memories keep their maximum.

(module
;; CHECK: wasmir.memory @memory0 i32 min 1 max 2 page 16 shared
  (memory 1 2 shared)
  (memory i64 1 2)
;; CHECK-LABEL: @f(
;; CHECK-NEXT:    %3 = wasmir.i32.atomic.load @memory0[%0]
;; CHECK-NEXT:    wasmir.i32.atomic.store8 @memory0[%0 + 3], %3
;; CHECK-NEXT:    wasmir.atomic.fence
;; CHECK-NEXT:    %4 = wasmir.i64.const -1
;; CHECK-NEXT:    %5 = wasmir.memory.atomic.wait64 @memory0[%0], %1, %4
;; CHECK-NEXT:    %6 = wasmir.i32.const 1
;; CHECK-NEXT:    %7 = wasmir.memory.atomic.notify @memory0[%0 + 4], %6
;; CHECK-NEXT:    %8 = wasmir.i64.atomic.rmw.add @memory0[%0], %1
;; CHECK-NEXT:    %9 = wasmir.i64.atomic.rmw16.cmpxchg_u @memory1[%1 : i64], %8, %2
;; CHECK-NEXT:    wasmir.return %9 : i64
;; CHECK-NEXT:  }
  (func $f (param i32 i64 i64) (result i64)
    (i32.atomic.store8 offset=3 (local.get 0) (i32.atomic.load (local.get 0)))
    (atomic.fence)
    (drop (memory.atomic.wait64 (local.get 0) (local.get 1) (i64.const -1)))
    (drop (memory.atomic.notify offset=4 (local.get 0) (i32.const 1)))
    (i64.atomic.rmw16.cmpxchg_u 1 (local.get 1) (i64.atomic.rmw.add (local.get 0) (local.get 1))
      (local.get 2))))
