;; RUN: wasm-opt-py %s --func second | filecheck %s
;; RUN: wasm-opt-py %s --func 1 | filecheck %s
;; RUN: wasm-opt-py %s --func second -t llvm | filecheck %s --check-prefix LLVM

;; Only what the function needs is imported with it.

;; CHECK-NOT: @memory
;; CHECK:     wasmir.func index 1 slot 1{{.*}} @second() {
;; CHECK:     wasmir.call @third()
;; CHECK-NOT: @first
;; LLVM:      define{{.*}} @"wasm[0]::function[1]"(
(module
  (memory $memory 1)
  (func $first (drop (i32.load (i32.const 0))))
  (func $second (call $third))
  (func $third))
