;; RUN: wasm-opt-py %s --verify-each | filecheck %s
;; BLESS

;; One operation for each operator. Constants are bits.

(module
  ;; CHECK-LABEL: @numbers(
  ;; CHECK-NEXT:    %2 = wasmir.f32.const "nan:0x200000"
  ;; CHECK-NEXT:    %3 = wasmir.f64.const "-0x0"
  ;; CHECK-NEXT:    %4 = wasmir.i32.const -1
  ;; CHECK-NEXT:    %5 = wasmir.i64.extend_i32_s %4
  ;; CHECK-NEXT:    %6 = wasmir.f32.demote_f64 %1
  ;; CHECK-NEXT:    %7 = wasmir.f64.promote_f32 %6
  ;; CHECK-NEXT:    %8 = wasmir.i32.trunc_sat_f64_u %1
  ;; CHECK-NEXT:    %9 = wasmir.i32.extend8_s %0
  ;; CHECK-NEXT:    %10 = wasmir.i32.add %8, %9
  ;; CHECK-NEXT:    wasmir.return %10 : i32
  ;; CHECK-NEXT:  }
  (func $numbers (param i32 f64) (result i32)
    (drop (f32.const nan:0x200000))
    (drop (f64.const -0))
    (drop (i64.extend_i32_s (i32.const 0xffffffff)))
    (drop (f64.promote_f32 (f32.demote_f64 (local.get 1))))
    (i32.add (i32.trunc_sat_f64_u (local.get 1)) (i32.extend8_s (local.get 0)))))
