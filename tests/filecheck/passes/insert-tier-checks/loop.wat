;; RUN: wasm-opt-py -p insert-tier-checks --verify each %s | filecheck %s
;; BLESS

;; A countdown at the entry and at the loop header. When it ends, the runtime is told; it may know better
;; code for the loop, which takes what is live there: the header's arguments first. The constant is made
;; anew there.

(module
  ;; CHECK-LABEL: @func0(
  ;; CHECK-NEXT:    %1 = wasmvm.vmctx
  ;; CHECK-NEXT:    %2 = wasmvm.load_field %1, vmctx.limits : !llvm.ptr
  ;; CHECK-NEXT:    %3 = wasmvm.load_field %2, limits.tier_countdown : i64
  ;; CHECK-NEXT:    %4 = wasmir.i64.const 1
  ;; CHECK-NEXT:    %5 = wasmir.i64.sub %3, %4
  ;; CHECK-NEXT:    wasmvm.store_field %2, limits.tier_countdown, %5 : i64
  ;; CHECK-NEXT:    %6 = wasmir.i64.const 0
  ;; CHECK-NEXT:    %7 = wasmir.i64.lt_s %5, %6
  ;; CHECK-NEXT:    wasmir.br_if %7, ^bb5, ^bb1
  ;; CHECK-NEXT:  ^bb1:
  ;; CHECK-NEXT:    %8 = wasmir.i32.const 0
  ;; CHECK-NEXT:    %9 = wasmir.i32.const 3
  ;; CHECK-NEXT:    wasmir.br ^bb2(%8, %8 : i32, i32)
  ;; CHECK-NEXT:  ^bb2(%10: i32, %11: i32):
  ;; CHECK-NEXT:    %12 = wasmvm.load_field %2, limits.tier_countdown : i64
  ;; CHECK-NEXT:    %13 = wasmir.i64.const 1
  ;; CHECK-NEXT:    %14 = wasmir.i64.sub %12, %13
  ;; CHECK-NEXT:    wasmvm.store_field %2, limits.tier_countdown, %14 : i64
  ;; CHECK-NEXT:    %15 = wasmir.i64.const 0
  ;; CHECK-NEXT:    %16 = wasmir.i64.lt_s %14, %15
  ;; CHECK-NEXT:    wasmir.br_if %16, ^bb6, ^bb3
  ;; CHECK-NEXT:  ^bb3:
  ;; CHECK-NEXT:    %17 = wasmir.i32.add %11, %10
  ;; CHECK-NEXT:    %18 = wasmir.i32.add %10, %9
  ;; CHECK-NEXT:    %19 = wasmir.i32.lt_u %18, %0
  ;; CHECK-NEXT:    wasmir.br_if %19, ^bb2(%18, %17 : i32, i32), ^bb4
  ;; CHECK-NEXT:  ^bb4:
  ;; CHECK-NEXT:    wasmir.return %17 : i32
  ;; CHECK-NEXT:  ^bb5:
  ;; CHECK-NEXT:    %20 = wasmir.i64.const 131071
  ;; CHECK-NEXT:    wasmvm.store_field %2, limits.tier_countdown, %20 : i64
  ;; CHECK-NEXT:    %21 = wasmir.i32.const 0
  ;; CHECK-NEXT:    %22 = wasmvm.call_builtin "tier_up"[%1] (%21) : (i32) -> i64
  ;; CHECK-NEXT:    wasmir.br ^bb1
  ;; CHECK-NEXT:  ^bb6:
  ;; CHECK-NEXT:    %23 = wasmir.i64.const 131071
  ;; CHECK-NEXT:    wasmvm.store_field %2, limits.tier_countdown, %23 : i64
  ;; CHECK-NEXT:    %24 = wasmir.i32.const 1
  ;; CHECK-NEXT:    %25 = wasmvm.call_builtin "tier_up"[%1] (%24) : (i32) -> i64
  ;; CHECK-NEXT:    %26 = wasmir.i64.const 0
  ;; CHECK-NEXT:    %27 = wasmir.i64.ne %25, %26
  ;; CHECK-NEXT:    wasmir.br_if %27, ^bb7, ^bb3
  ;; CHECK-NEXT:  ^bb7:
  ;; CHECK-NEXT:    %28 = wasmvm.linear_address %1[%25 : i64]
  ;; CHECK-NEXT:    %29 = wasmvm.call_pointer "wasm" %28[%1, %1] (%10, %11, %0) : (i32, i32, i32) -> i32
  ;; CHECK-NEXT:    wasmir.return %29 : i32
  ;; CHECK-NEXT:  }
  (func (export "sum") (param $n i32) (result i32) (local $i i32) (local $sum i32) (local $step i32)
    (local.set $step (i32.const 3))
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (local.get $i)))
      (local.set $i (i32.add (local.get $i) (local.get $step)))
      (br_if $again (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $sum)))
