;; RUN: not wasm-opt-py %s --verify-each 2>&1 | filecheck %s

;; CHECK: error: unknown operator i32.plus at line 6, column 6
(module
  (func (result i32)
    (i32.plus (i32.const 1) (i32.const 2))))
