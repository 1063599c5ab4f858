;; RUN: wasm-opt-py %s -t wat | filecheck %s --check-prefix WAT
;; RUN: wasm-opt-py %s -t wat -o %t.wat
;; RUN: wasm-opt-py %t.wat | filecheck %s --check-prefix IR
;; RUN: wasm-opt-py %s -o %t.wasm
;; RUN: wasm-opt-py %t.wasm | filecheck %s --check-prefix IR
;; RUN: wasm-opt-py %t.wasm -o %t.ll
;; RUN: filecheck %s --input-file %t.ll --check-prefix LLVM
;; RUN: wasm-opt-py %t.wasm -o %t.s
;; RUN: filecheck %s --input-file %t.s --check-prefix ASM
;; RUN: wasm-opt-py %s -o %t.o
;; RUN: grep -q "function\[0\]" %t.o
;; RUN: wasm-opt-py %s -t wat -p wasmir-dce | filecheck %s --check-prefix WAT
;; RUN: wasm-opt-py %s | wasm-opt-py -f mlir -t wasm | wasm-opt-py -t wat | filecheck %s --check-prefix AGAIN
;; RUN: not wasm-opt-py %s -t wat -p insert-vmctx-loads 2>&1 | filecheck %s --check-prefix LOWERED
;; RUN: not wasm-opt-py %s -t wat --func double 2>&1 | filecheck %s --check-prefix PART

;; A module at each stage; the extension of -o says which.

;; WAT:         (func $double (type 0) (param $x i32) (result i32)
;; AGAIN:       (func $double (type 0) (param i32) (result i32)
;; IR:          wasmir.func index 0 slot 0 func_ref 0 code_size 7 @double(
;; LLVM:        define hidden i32 @"wasm[0]::function[0]"(
;; LLVM:        define hidden void @"wasm[0]::array_to_wasm_trampoline[0]"(
;; ASM:         "wasm[0]::function[0]":
;; ASM:         "wasm[0]::native_to_wasm_trampoline[0]":
;; LOWERED:     error: the module was lowered from wasmir by insert-vmctx-loads: there is no way back to WebAssembly
;; PART:        error: -t wat is a whole module: leave out --func
(module
  (func $double (export "double") (param $x i32) (result i32)
    (i32.add (local.get $x) (local.get $x))))
