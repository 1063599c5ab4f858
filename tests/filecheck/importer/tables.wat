;; RUN: wasm-opt-py %s --verify-each | filecheck %s
;; BLESS

;; Table instructions name tables and segments by symbol.

(module
  (table $t 1 10 funcref)
  (table $u 2 externref)
  (elem $segment func $elements)

  ;; CHECK-LABEL: @elements(
  ;; CHECK-NEXT:    %2 = wasmir.i32.const 0
  ;; CHECK-NEXT:    %3 = wasmir.table.get @t[%2 : i32] : !wasmir.ref<null func>
  ;; CHECK-NEXT:    wasmir.table.set @t[%0 : i32], %3 : !wasmir.ref<null func>
  ;; CHECK-NEXT:    wasmir.table.set @u[%0 : i32], %1 : !wasmir.ref<null extern>
  ;; CHECK-NEXT:    %4 = wasmir.table.grow @u, %1, %0 : !wasmir.ref<null extern>, i32 -> i32
  ;; CHECK-NEXT:    %5 = wasmir.i32.const 3
  ;; CHECK-NEXT:    wasmir.table.fill @u[%0, %5], %1 : i32, i32, !wasmir.ref<null extern>
  ;; CHECK-NEXT:    %6 = wasmir.i32.const 1
  ;; CHECK-NEXT:    %7 = wasmir.i32.const 2
  ;; CHECK-NEXT:    %8 = wasmir.i32.const 3
  ;; CHECK-NEXT:    wasmir.table.copy @t[%6], @t[%7], %8 : i32, i32, i32
  ;; CHECK-NEXT:    %9 = wasmir.i32.const 1
  ;; CHECK-NEXT:    %10 = wasmir.i32.const 2
  ;; CHECK-NEXT:    %11 = wasmir.i32.const 3
  ;; CHECK-NEXT:    wasmir.table.init @t[%9], @segment index 0[%10], %11 : i32
  ;; CHECK-NEXT:    wasmir.elem.drop @segment index 0
  ;; CHECK-NEXT:    %12 = wasmir.table.size @u : i32
  ;; CHECK-NEXT:    wasmir.return %12 : i32
  ;; CHECK-NEXT:  }
  (func $elements (param i32 externref) (result i32)
    (table.set $t (local.get 0) (table.get $t (i32.const 0)))
    (table.set $u (local.get 0) (local.get 1))
    (drop (table.grow $u (local.get 1) (local.get 0)))
    (table.fill $u (local.get 0) (local.get 1) (i32.const 3))
    (table.copy $t $t (i32.const 1) (i32.const 2) (i32.const 3))
    (table.init $t $segment (i32.const 1) (i32.const 2) (i32.const 3))
    (elem.drop $segment)
    (table.size $u)))
