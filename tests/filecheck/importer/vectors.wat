;; RUN: wasm-opt-py %s --verify-each | filecheck %s
;; BLESS

;; Vectors in locals, globals, parameters, results and blocks; immediates are lanes, an access, bytes.

(module
  (memory 1)
  (global $g (mut v128) (v128.const f32x4 1 2 nan -0))
;; CHECK-LABEL: @f(
;; CHECK-NEXT:    %2 = wasmir.v128.const 0x00000000000000000000000000000000
;; CHECK-NEXT:    %3 = wasmir.global.get @g : vector<16xi8>
;; CHECK-NEXT:    %4 = wasmir.i8x16.shuffle %0, %3 [0, 1, 2, 3, 4, 5, 6, 7, 31, 30, 29, 28, 27, 26, 25, 24]
;; CHECK-NEXT:    %5 = wasmir.f64x2.extract_lane %0[0]
;; CHECK-NEXT:    %6 = wasmir.f64x2.replace_lane %4[1], %5
;; CHECK-NEXT:    wasmir.global.set @g, %6 : vector<16xi8>
;; CHECK-NEXT:    wasmir.v128.store32_lane @memory0[%1 + 4], %4[3] align 1
;; CHECK-NEXT:    wasmir.br_if %1, ^bb1, ^bb2
;; CHECK-NEXT:  ^bb1:
;; CHECK-NEXT:    %7 = wasmir.v128.load8_lane @memory0[%1], %4[15]
;; CHECK-NEXT:    wasmir.br ^bb3(%7 : vector<16xi8>)
;; CHECK-NEXT:  ^bb2:
;; CHECK-NEXT:    %8 = wasmir.v128.load64_splat @memory0[%1]
;; CHECK-NEXT:    %9 = wasmir.v128.bitselect %0, %4, %8
;; CHECK-NEXT:    wasmir.br ^bb3(%9 : vector<16xi8>)
;; CHECK-NEXT:  ^bb3(%10: vector<16xi8>):
;; CHECK-NEXT:    wasmir.return %10, %4 : vector<16xi8>, vector<16xi8>
;; CHECK-NEXT:  }
  (func $f (param v128 i32) (result v128 v128) (local v128)
    (local.set 2 (i8x16.shuffle 0 1 2 3 4 5 6 7 31 30 29 28 27 26 25 24 (local.get 0) (global.get $g)))
    (global.set $g (f64x2.replace_lane 1 (local.get 2) (f64x2.extract_lane 0 (local.get 0))))
    (v128.store32_lane offset=4 align=1 3 (local.get 1) (local.get 2))
    (if (result v128) (local.get 1)
      (then (v128.load8_lane 15 (local.get 1) (local.get 2)))
      (else (v128.bitselect (local.get 0) (local.get 2) (v128.load64_splat (local.get 1)))))
    (local.get 2)))
