;; RUN: wasm-opt-py %s --verify-each | filecheck %s
;; BLESS

;; Memories and tables with 64-bit indices.

(module
  (memory $memory i64 1)
  (table $table i64 1 funcref)

  ;; CHECK-LABEL: @indices(
  ;; CHECK-NEXT:    %1 = wasmir.i64.const 1
  ;; CHECK-NEXT:    %2 = wasmir.table.get @table[%1 : i64] : !wasmir.ref<null func>
  ;; CHECK-NEXT:    wasmir.table.set @table[%0 : i64], %2 : !wasmir.ref<null func>
  ;; CHECK-NEXT:    %3 = wasmir.ref.null : !wasmir.ref<null func>
  ;; CHECK-NEXT:    %4 = wasmir.table.size @table : i64
  ;; CHECK-NEXT:    %5 = wasmir.table.grow @table, %3, %4 : !wasmir.ref<null func>, i64 -> i64
  ;; CHECK-NEXT:    %6 = wasmir.i32.const 0
  ;; CHECK-NEXT:    %7 = wasmir.i64.const 8
  ;; CHECK-NEXT:    wasmir.memory.fill @memory[%0, %7], %6 : i64, i64
  ;; CHECK-NEXT:    wasmir.call_indirect @table[%0 : i64] @type1() : () -> ()
  ;; CHECK-NEXT:    %8 = wasmir.memory.size @memory : i64
  ;; CHECK-NEXT:    wasmir.return %8 : i64
  ;; CHECK-NEXT:  }
  (func $indices (param $i i64) (result i64)
    (table.set $table (local.get $i) (table.get $table (i64.const 1)))
    (drop (table.grow $table (ref.null func) (table.size $table)))
    (memory.fill (local.get $i) (i32.const 0) (i64.const 8))
    (call_indirect $table (local.get $i))
    (memory.size)))
