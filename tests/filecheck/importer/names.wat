;; RUN: wasm-opt-py %s --verify-each | filecheck %s

;; Names are those of the text. One that another kind of thing has taken gets its own behind it, and
;; what is not a letter, digit or dot becomes `_`; what has no name is called by kind and index. A name
;; that the symbol does not tell is kept beside it.

;; CHECK-DAG: wasmir.func index 0 slot 0 code_size 2 @same(
;; CHECK-DAG: wasmir.memory @same.memory0 i32 min 1 page 16 name "same"
;; CHECK-DAG: wasmir.func name "a b\22" index 1 slot 1 code_size 2 @a_b_(
;; CHECK-DAG: wasmir.func index 2 slot 2 code_size 2 @func2(
;; CHECK-DAG: wasmir.table @table0
(module
  (func $same)
  (func $"a b\"")
  (func)
  (table 1 funcref)
  (memory $same 1))
