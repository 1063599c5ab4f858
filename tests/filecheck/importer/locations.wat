;; RUN: wasm-opt-py %s --verify-each --print-debuginfo | filecheck %s

;; An operation is at line 0, column byte offset of its instruction in the binary; what one instruction
;; needs several operations for has one place.

;; CHECK:      %{{.*}} = wasmir.i32.const 7 loc("locations.wat":0:27)
;; CHECK-NEXT: %{{.*}} = wasmir.i32.div_s %{{.*}}, %{{.*}} loc("locations.wat":0:29)
;; CHECK-NEXT: wasmir.return %{{.*}} : i32 loc("locations.wat":0:30)
(module
  (func (param i32) (result i32)
    (i32.div_s (local.get 0) (i32.const 7))))
