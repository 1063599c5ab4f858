;; RUN: wasm-opt-py %s --verify-each | filecheck %s
;; BLESS

;; Loads and stores with the alignment where it is less than natural, in several memories.

(module
  ;; CHECK-LABEL: @m i32 min 1 max 3 page 16 index 0 slot 0
  (memory $m 1 3)
  ;; CHECK-LABEL: @large i64 min 1 page 16 index 1 slot 1
  (memory $large i64 1)

  ;; CHECK-LABEL: @accesses(
  ;; CHECK-NEXT:    %2 = wasmir.i32.load @m[%0] align 1
  ;; CHECK-NEXT:    wasmir.i32.store8 @m[%0 + 4], %2
  ;; CHECK-NEXT:    %3 = wasmir.f64.load @large[%1 : i64 + 1099511627775]
  ;; CHECK-NEXT:    wasmir.f64.store @large[%1 : i64], %3
  ;; CHECK-NEXT:    %4 = wasmir.i64.load32_s @m[%0 + 8]
  ;; CHECK-NEXT:    wasmir.return %4 : i64
  ;; CHECK-NEXT:  }
  (func $accesses (param i32 i64) (result i64)
    (i32.store8 offset=4 (local.get 0) (i32.load align=1 (local.get 0)))
    (f64.store $large (local.get 1) (f64.load $large offset=0xffffffffff (local.get 1)))
    (i64.load32_s offset=8 (local.get 0)))

  ;; CHECK-LABEL: @bulk(
  ;; CHECK-NEXT:    %2 = wasmir.memory.grow @m, %0 : i32 -> i32
  ;; CHECK-NEXT:    %3 = wasmir.memory.grow @large, %1 : i64 -> i64
  ;; CHECK-NEXT:    %4 = wasmir.i32.const 1
  ;; CHECK-NEXT:    %5 = wasmir.i32.const 2
  ;; CHECK-NEXT:    %6 = wasmir.i32.const 3
  ;; CHECK-NEXT:    wasmir.memory.fill @m[%4, %6], %5 : i32, i32
  ;; CHECK-NEXT:    %7 = wasmir.i32.const 1
  ;; CHECK-NEXT:    %8 = wasmir.i32.const 2
  ;; CHECK-NEXT:    %9 = wasmir.i32.const 3
  ;; CHECK-NEXT:    wasmir.memory.copy @m[%7], @m[%8], %9 : i32, i32, i32
  ;; CHECK-NEXT:    %10 = wasmir.i32.const 2
  ;; CHECK-NEXT:    %11 = wasmir.i32.const 3
  ;; CHECK-NEXT:    wasmir.memory.copy @large[%1], @m[%10], %11 : i64, i32, i32
  ;; CHECK-NEXT:    %12 = wasmir.i32.const 1
  ;; CHECK-NEXT:    %13 = wasmir.i32.const 2
  ;; CHECK-NEXT:    %14 = wasmir.i32.const 3
  ;; CHECK-NEXT:    wasmir.memory.init @m[%12], @bytes index 0[%13], %14 : i32
  ;; CHECK-NEXT:    wasmir.data.drop @bytes index 0
  ;; CHECK-NEXT:    %15 = wasmir.memory.size @m : i32
  ;; CHECK-NEXT:    wasmir.return %15 : i32
  ;; CHECK-NEXT:  }
  (func $bulk (param i32 i64) (result i32)
    (drop (memory.grow (local.get 0)))
    (drop (memory.grow $large (local.get 1)))
    (memory.fill (i32.const 1) (i32.const 2) (i32.const 3))
    (memory.copy (i32.const 1) (i32.const 2) (i32.const 3))
    (memory.copy $large $m (local.get 1) (i32.const 2) (i32.const 3))
    (memory.init $bytes (i32.const 1) (i32.const 2) (i32.const 3))
    (data.drop $bytes)
    (memory.size))
  (data $bytes "\00abc"))
