;; RUN: wasm-opt-py %s --verify-each | filecheck %s
;; BLESS

;; Initialisers are constant expressions; an import has none.

(module
  (import "env" "g" (global $imported i64))
  (global $mutable (mut f32) (f32.const 1.5))
  (global $from_import i64 (i64.add (global.get $imported) (i64.const 1)))

  ;; CHECK-LABEL: @imported i64 import "env" "g" index 0 slot 0
  ;; CHECK-LABEL: @globals(
  ;; CHECK-NEXT:    %0 = wasmir.global.get @mutable : f32
  ;; CHECK-NEXT:    %1 = wasmir.f32.neg %0
  ;; CHECK-NEXT:    wasmir.global.set @mutable, %1 : f32
  ;; CHECK-NEXT:    %2 = wasmir.global.get @from_import : i64
  ;; CHECK-NEXT:    wasmir.return %2 : i64
  ;; CHECK-NEXT:  }
  (func $globals (result i64)
    (global.set $mutable (f32.neg (global.get $mutable)))
    (global.get $from_import))

  ;; CHECK-LABEL: @mutable mut f32 index 1 slot 0
  ;; CHECK-NEXT:    %0 = wasmir.f32.const "0x1.8"
  ;; CHECK-NEXT:    wasmir.return %0 : f32
  ;; CHECK-NEXT:  }
  ;; CHECK-LABEL: @from_import i64 index 2 slot 1
  ;; CHECK-NEXT:    %1 = wasmir.global.get @imported : i64
  ;; CHECK-NEXT:    %2 = wasmir.i64.const 1
  ;; CHECK-NEXT:    %3 = wasmir.i64.add %1, %2
  ;; CHECK-NEXT:    wasmir.return %3 : i64
  ;; CHECK-NEXT:  }
)
