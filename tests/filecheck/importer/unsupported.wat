;; RUN: not wasm-opt-py %S/Inputs/simd.wat 2>&1 | filecheck %s --check-prefix SIMD

;; What is valid but not imported yet is said so, with the feature and the place.

;; SIMD:  error: not supported yet: simd
