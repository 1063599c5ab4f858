;; RUN: wasm-opt-py %s | filecheck %s

;; Names are those of the text. One that another kind of thing has taken gets its own behind it, and
;; what is no letter, digit or dot becomes `_`; what has no name is called by kind and index.

;; CHECK-DAG: wasmir.func index 0 slot 0 @same(
;; CHECK-DAG: wasmir.memory @same.memory0
;; CHECK-DAG: wasmir.func index 1 slot 1 @a_b_(
;; CHECK-DAG: wasmir.func index 2 slot 2 @func2(
;; CHECK-DAG: wasmir.table @table0
(module
  (func $same)
  (func $"a b\"")
  (func)
  (table 1 funcref)
  (memory $same 1))
