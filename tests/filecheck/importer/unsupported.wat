;; RUN: not wasm-opt-py %S/Inputs/gc.wat 2>&1 | filecheck %s

;; What is valid but not imported yet is said so, with the feature and the place.

;; CHECK: error: not supported yet: gc
