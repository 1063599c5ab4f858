;; RUN: wasm-opt-py -p 'enter-loop{loop=1}' --verify each %s | filecheck %s
;; RUN: wasm-opt-py -p 'enter-loop{loop=1},wasmir-verify-ssa' %s | wasm-opt-py -f mlir - | filecheck %s
;; BLESS

;; The inner loop is entered: what the outer one computes again is kept in slots, the rest replaced.

(module
  ;; CHECK-LABEL: @sum.loop1(
  ;; CHECK-NEXT:    %4 = wasmvm.stack_slots 1
  ;; CHECK-NEXT:    wasmvm.store_slot %4[0], %3 : i32
  ;; CHECK-NEXT:    wasmir.br ^bb2(%0, %1 : i32, i32)
  ;; CHECK-NEXT:  ^bb1(%5: i32, %6: i32):
  ;; CHECK-NEXT:    wasmvm.store_slot %4[0], %5 : i32
  ;; CHECK-NEXT:    %7 = wasmir.i32.const 0
  ;; CHECK-NEXT:    wasmir.br ^bb2(%7, %6 : i32, i32)
  ;; CHECK-NEXT:  ^bb2(%8: i32, %9: i32):
  ;; CHECK-NEXT:    %10 = wasmvm.load_slot %4[0] : i32
  ;; CHECK-NEXT:    %11 = wasmir.i32.mul %10, %8
  ;; CHECK-NEXT:    %12 = wasmir.i32.add %9, %11
  ;; CHECK-NEXT:    %13 = wasmir.i32.const 1
  ;; CHECK-NEXT:    %14 = wasmir.i32.add %8, %13
  ;; CHECK-NEXT:    %15 = wasmir.i32.lt_u %14, %2
  ;; CHECK-NEXT:    wasmir.br_if %15, ^bb2(%14, %12 : i32, i32), ^bb3
  ;; CHECK-NEXT:  ^bb3:
  ;; CHECK-NEXT:    %16 = wasmir.i32.const 1
  ;; CHECK-NEXT:    %17 = wasmvm.load_slot %4[0] : i32
  ;; CHECK-NEXT:    %18 = wasmir.i32.add %17, %16
  ;; CHECK-NEXT:    %19 = wasmir.i32.lt_u %18, %2
  ;; CHECK-NEXT:    wasmir.br_if %19, ^bb1(%18, %12 : i32, i32), ^bb4
  ;; CHECK-NEXT:  ^bb4:
  ;; CHECK-NEXT:    wasmir.return %12 : i32
  ;; CHECK-NEXT:  }
  (func $sum (param $n i32) (result i32) (local $i i32) (local $j i32) (local $sum i32)
    (loop $outer
      (local.set $j (i32.const 0))
      (loop $inner
        (local.set $sum (i32.add (local.get $sum) (i32.mul (local.get $i) (local.get $j))))
        (br_if $inner
          (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (local.get $n))))
      (br_if $outer (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $sum)))
