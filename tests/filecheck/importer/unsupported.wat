;; RUN: not wasm-opt-py %S/Inputs/exceptions.wat 2>&1 | filecheck %s --check-prefix EXCEPTIONS

;; What is valid but not imported yet is said so, with the feature and the place.

;; EXCEPTIONS:  error: not supported yet: exceptions
