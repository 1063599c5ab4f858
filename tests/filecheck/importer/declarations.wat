;; RUN: wasm-opt-py %s --verify-each | filecheck %s
;; BLESS

;; Everything that is not a function: segments with their constant expressions, exports, start.

(module
  (import "env" "memory" (memory $memory 1 2))
  (import "env" "table" (table $table 1 funcref))
  (func $f)
  ;; CHECK-LABEL: wasmir.data @active "hi" in @memory index 0
  ;; CHECK-NEXT:    %0 = wasmir.i32.const 8
  ;; CHECK-NEXT:    wasmir.return %0 : i32
  ;; CHECK-NEXT:  }
  (data $active (memory $memory) (i32.const 8) "hi")
  ;; CHECK-LABEL: wasmir.data @passive "\00\FF" index 1
  (data $passive "\00\ff")
  ;; CHECK-LABEL: wasmir.elem @placed !wasmir.ref<null func> functions [@f] in @table index 0 place {
  ;; CHECK-NEXT:    %1 = wasmir.i32.const 0
  ;; CHECK-NEXT:    wasmir.return %1 : i32
  ;; CHECK-NEXT:  } items {
  ;; CHECK-NEXT:  }
  (elem $placed (table $table) (i32.const 0) func $f)
  ;; CHECK-LABEL: wasmir.elem @computed
  ;; CHECK-NEXT:  } items {
  ;; CHECK-NEXT:    %2 = wasmir.ref.null : !wasmir.ref<null func>
  ;; CHECK-NEXT:    %3 = wasmir.ref.func @f : !wasmir.ref<@type0>
  ;; CHECK-NEXT:    wasmir.return %2, %3 : !wasmir.ref<null func>, !wasmir.ref<@type0>
  ;; CHECK-NEXT:  }
  (elem $computed funcref (ref.null func) (ref.func $f))
  ;; CHECK-LABEL: wasmir.export "f" @f
  (export "f" (func $f))
  ;; CHECK-LABEL: wasmir.export "" @memory
  (export "" (memory $memory))
  ;; CHECK-LABEL: wasmir.start @f
  (start $f))
