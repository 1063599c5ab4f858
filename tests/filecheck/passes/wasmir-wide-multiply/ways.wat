;; RUN: wasm-opt-py %s -p 'wasmir-gvn,wasmir-wide-multiply,wasmir-dce' --verify each --no-print-debuginfo | filecheck %s

(module
  (memory 1)

  ;; As compilers expand it: both halves, and a term that stays.
  ;; CHECK-LABEL: @carried(%0: i64, %1: i64, %2: i64) -> (i64, i64) {
  ;; CHECK-NEXT:    %3, %4 = wasmir.i64.mul_wide_u %{{[01], %[01]}}
  ;; CHECK-NEXT:    %5 = wasmir.i64.add %2, %4
  ;; CHECK-NEXT:    wasmir.return %3, %5
  (func $carried (param $x i64) (param $y i64) (param $more i64) (result i64 i64)
    (local $lowest i64) (local $first i64) (local $second i64)
    (local.set $lowest (i64.mul (i64.and (local.get $x) (i64.const 0xffffffff)) (i64.and (local.get $y) (i64.const 0xffffffff))))
    (local.set $first (i64.add
      (i64.mul (i64.shr_u (local.get $x) (i64.const 32)) (i64.and (local.get $y) (i64.const 0xffffffff)))
      (i64.shr_u (local.get $lowest) (i64.const 32))))
    (local.set $second (i64.add
      (i64.and (local.get $first) (i64.const 0xffffffff))
      (i64.mul (i64.and (local.get $x) (i64.const 0xffffffff)) (i64.shr_u (local.get $y) (i64.const 32)))))
    (i64.or (i64.shl (local.get $second) (i64.const 32)) (i64.and (local.get $lowest) (i64.const 0xffffffff)))
    (i64.add
      (i64.add (local.get $more) (i64.shr_u (local.get $first) (i64.const 32)))
      (i64.add
        (i64.shr_u (local.get $second) (i64.const 32))
        (i64.mul (i64.shr_u (local.get $x) (i64.const 32)) (i64.shr_u (local.get $y) (i64.const 32))))))

  ;; The halves of the middle products are added separately.
  ;; CHECK-LABEL: @separate(%0: i64, %1: i64) -> i64 {
  ;; CHECK-NEXT:    %2, %3 = wasmir.i64.mul_wide_u %{{[01], %[01]}}
  ;; CHECK-NEXT:    wasmir.return %3
  (func $separate (param $x i64) (param $y i64) (result i64)
    (local $one i64) (local $other i64)
    (local.set $one (i64.mul (i64.shr_u (local.get $x) (i64.const 32)) (i64.extend_i32_u (i32.wrap_i64 (local.get $y)))))
    (local.set $other (i64.mul (i64.extend_i32_u (i32.wrap_i64 (local.get $x))) (i64.shr_u (local.get $y) (i64.const 32))))
    (i64.add
      (i64.mul (i64.shr_u (local.get $x) (i64.const 32)) (i64.shr_u (local.get $y) (i64.const 32)))
      (i64.add
        (i64.shr_u (i64.add
          (i64.shr_u (i64.mul (i64.and (local.get $x) (i64.const 0xffffffff)) (i64.and (local.get $y) (i64.const 0xffffffff))) (i64.const 32))
          (i64.add (i64.and (local.get $one) (i64.const 0xffffffff)) (i64.and (local.get $other) (i64.const 0xffffffff))))
          (i64.const 32))
        (i64.add (i64.shr_u (local.get $one) (i64.const 32)) (i64.shr_u (local.get $other) (i64.const 32))))))

  ;; Carries by comparison, one as a `select` and one joined by `or`.
  ;; CHECK-LABEL: @compared(%0: i64, %1: i64, %2: i32) {
  ;; CHECK:         %[[LOW:.*]], %[[HIGH:.*]] = wasmir.i64.mul_wide_u %{{[01], %[01]}}
  ;; CHECK-NEXT:    wasmir.i64.store @memory0[%2], %[[LOW]]
  ;; CHECK-NEXT:    wasmir.i64.store @memory0[%2 + 8], %[[HIGH]]
  ;; CHECK-NEXT:    wasmir.i64.store @memory0[%2 + 16], %[[HIGH]]
  (func $compared (param $x i64) (param $y i64) (param $at i32)
    (local $one i64) (local $other i64) (local $middle i64) (local $lowest i64) (local $low i64)
    (local.set $one (i64.mul (i64.shr_u (local.get $x) (i64.const 32)) (i64.and (local.get $y) (i64.const 0xffffffff))))
    (local.set $other (i64.mul (i64.and (local.get $x) (i64.const 0xffffffff)) (i64.shr_u (local.get $y) (i64.const 32))))
    (local.set $middle (i64.add (local.get $one) (local.get $other)))
    (local.set $lowest (i64.mul (i64.and (local.get $x) (i64.const 0xffffffff)) (i64.and (local.get $y) (i64.const 0xffffffff))))
    (local.set $low (i64.add (local.get $lowest) (i64.shl (local.get $middle) (i64.const 32))))
    (i64.store (local.get $at) (local.get $low))
    (i64.store offset=8 (local.get $at) (i64.add
      (i64.add
        (i64.mul (i64.shr_u (local.get $x) (i64.const 32)) (i64.shr_u (local.get $y) (i64.const 32)))
        (i64.or
          (i64.shl (i64.extend_i32_u (i64.lt_u (local.get $middle) (local.get $one))) (i64.const 32))
          (i64.shr_u (local.get $middle) (i64.const 32))))
      (i64.extend_i32_u (i64.gt_u (local.get $lowest) (local.get $low)))))
    (i64.store offset=16 (local.get $at) (i64.add
      (i64.add
        (i64.mul (i64.shr_u (local.get $x) (i64.const 32)) (i64.shr_u (local.get $y) (i64.const 32)))
        (i64.shr_u (local.get $middle) (i64.const 32)))
      (i64.add
        (select (i64.const 0x100000000) (i64.const 0) (i64.lt_u (local.get $middle) (local.get $other)))
        (i64.extend_i32_u (i64.gt_u
          (i64.shl (local.get $middle) (i64.const 32))
          (i64.xor (local.get $lowest) (i64.const -1))))))))

  ;; A low half alone is one multiplication as it is.
  ;; CHECK-LABEL: @low_half(
  ;; CHECK-NOT:     wide
  ;; CHECK:         wasmir.return
  (func $low_half (param $x i64) (param $y i64) (result i64 i64)
    (i64.mul (local.get $x) (local.get $y))
    (i64.mul (i64.shr_u (local.get $x) (i64.const 32)) (i64.shr_u (local.get $y) (i64.const 32))))

  ;; It shifts by 31 in one place.
  ;; CHECK-LABEL: @near_miss(
  ;; CHECK-NOT:     wide
  ;; CHECK:         wasmir.return
  (func $near_miss (param $x i64) (param $y i64) (result i64)
    (local $first i64)
    (local.set $first (i64.add
      (i64.mul (i64.shr_u (local.get $x) (i64.const 32)) (i64.and (local.get $y) (i64.const 0xffffffff)))
      (i64.shr_u (i64.mul (i64.and (local.get $x) (i64.const 0xffffffff)) (i64.and (local.get $y) (i64.const 0xffffffff))) (i64.const 31))))
    (i64.add
      (i64.shr_u (local.get $first) (i64.const 32))
      (i64.add
        (i64.shr_u (i64.add
          (i64.and (local.get $first) (i64.const 0xffffffff))
          (i64.mul (i64.and (local.get $x) (i64.const 0xffffffff)) (i64.shr_u (local.get $y) (i64.const 32)))) (i64.const 32))
        (i64.mul (i64.shr_u (local.get $x) (i64.const 32)) (i64.shr_u (local.get $y) (i64.const 32)))))))
