;; RUN: not wasm-opt-py %s --verify-each 2>&1 | filecheck %s

;; The message says where in the text, though the validator works on the binary.

;; CHECK: error: type mismatch: {{.*}} in function 0 at line 9, column 18
(module
  (func (result i32)
    ;; The type of this is wrong.
    (i64.const 1)))
