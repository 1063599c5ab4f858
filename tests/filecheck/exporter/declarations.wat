;; RUN: wasm-opt-py %s -t wat > %t.expected
;; RUN: wasm-opt-py %s -p wasmir-verify-ssa -t wat > %t.found
;; RUN: cmp %t.expected %t.found
;; RUN: wasm-opt-py %s | wasm-opt-py -f mlir -t wat > %t.again
;; RUN: cmp %t.expected %t.again

;; Declarations come back as they were written, from the module and from its IR.

(module $all
  (type $binary (func (param i32 i32) (result i32)))
  (rec (type $open (sub (func))) (type $closed (sub final $open (func))))
  (type $point (struct (field i32) (field (mut i8))))
  (type (array (mut f64)))
  (import "env" "f" (func $f (type $binary)))
  (import "env" "memory" (memory $memory 1 2))
  (import "env" "g" (global $g (mut i64)))
  (import "env" "\e2\98\83" (func))
  (memory $wide i64 1)
  (table $table 3 10 funcref)
  (table $typed 2 (ref null $binary))
  (tag $tag (param i64))
  (global $sum i32 (i32.add (i32.const 40) (i32.const 2)))
  (global $nan f32 (f32.const nan:0x200001))
  (global $ref (ref $binary) (ref.func $f))
  (export "run" (func $run))
  (export "memory" (memory $wide))
  (start $nothing)
  (elem $active (i32.const 1) func $f $run)
  (elem $passive (ref null $binary) (item (ref.func $f)) (item (ref.null $binary)))
  (elem $declared declare func $nothing)
  (data $greeting (memory $wide) (i64.const 8) "hello\00")
  (data $later "\ff\fe")
  (func $run (type $binary) (param i32 i32) (result i32)
    i32.const 0
    i32.const 0
    i32.const 0
    memory.init $later
    data.drop $later
    elem.drop $passive
    local.get 0
    local.get 1
    call $f)
  (func $nothing))
