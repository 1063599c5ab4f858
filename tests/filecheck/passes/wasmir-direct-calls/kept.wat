;; RUN: wasm-opt-py %s -p 'wasmir-direct-calls' --verify each --no-print-debuginfo | filecheck %s

;; Calls stay as they are where something may change a table, or more than two slots can be reached, or none.

;; CHECK-LABEL: @main(
;; CHECK-NOT: wasmir.call @
;; CHECK:     wasmir.call_indirect @imported
;; CHECK-NEXT: wasmir.call_indirect @exported
;; CHECK-NEXT: wasmir.call_indirect @set
;; CHECK-NEXT: wasmir.call_indirect @grown
;; CHECK-NEXT: wasmir.call_indirect @filled
;; CHECK-NEXT: wasmir.call_indirect @copied
;; CHECK-NEXT: wasmir.call_indirect @initialised
;; CHECK-NEXT: wasmir.call_indirect @somewhere
;; CHECK-NEXT: wasmir.call_indirect @beyond
;; CHECK-NEXT: wasmir.call_indirect @begun
;; CHECK-NEXT: wasmir.call_indirect @three
;; CHECK-NEXT: wasmir.call_indirect @empty
;; CHECK-NEXT: wasmir.call_indirect @other_type
;; CHECK-NEXT: wasmir.call_indirect @unknown
;; CHECK-NEXT: wasmir.call_indirect @late

;; A table that is only read is not changed, not even as the source of a copy.

;; CHECK:      wasmir.call @f()
;; CHECK:      wasmir.call_indirect @read
(module
  (type $t (func))
  (type $u (func (param i32)))
  (import "m" "table" (table $imported 1 funcref))
  (import "m" "global" (global $offset i32))
  (import "m" "reference" (global $reference funcref))
  (table $exported (export "table") 1 funcref)
  (table $set 1 funcref)
  (table $grown 1 funcref)
  (table $filled 1 funcref)
  (table $copied 1 funcref)
  (table $initialised 1 funcref)
  (table $somewhere 1 funcref)
  (table $beyond 1 funcref)
  (table $begun 1 (ref null func) (ref.func $f))
  (table $three 3 funcref)
  (table $empty 1 funcref)
  (table $other_type 1 funcref)
  (table $unknown 1 funcref)
  (table $late 1 funcref)
  (table $read 1 funcref)
  (elem (table $exported) (i32.const 0) func $f)
  (elem (table $set) (i32.const 0) func $f)
  (elem (table $grown) (i32.const 0) func $f)
  (elem (table $filled) (i32.const 0) func $f)
  (elem (table $copied) (i32.const 0) func $f)
  (elem (table $initialised) (i32.const 0) func $f)
  (elem (table $somewhere) (global.get $offset) func $f)
  (elem (table $beyond) (i32.const 1) func $f)
  (elem (table $three) (i32.const 0) func $f $f $f)
  (elem (table $other_type) (i32.const 0) func $g)
  (elem (table $unknown) (offset (i32.const 0)) funcref (global.get $reference))
  (elem (table $read) (i32.const 0) func $f)
  (elem (table $imported) (i32.const 0) func $f)
  (elem (table $late) (i32.const 0) func $f)
  (elem $passive func $f)
  (func $f)
  (func $g (type $u))
  (func $main (param i32)
    (call_indirect $imported (type $t) (local.get 0))
    (call_indirect $exported (type $t) (local.get 0))
    (call_indirect $set (type $t) (local.get 0))
    (call_indirect $grown (type $t) (local.get 0))
    (call_indirect $filled (type $t) (local.get 0))
    (call_indirect $copied (type $t) (local.get 0))
    (call_indirect $initialised (type $t) (local.get 0))
    (call_indirect $somewhere (type $t) (local.get 0))
    (call_indirect $beyond (type $t) (local.get 0))
    (call_indirect $begun (type $t) (local.get 0))
    (call_indirect $three (type $t) (local.get 0))
    (call_indirect $empty (type $t) (local.get 0))
    (call_indirect $other_type (type $t) (local.get 0))
    (call_indirect $unknown (type $t) (local.get 0))
    (call_indirect $late (type $t) (local.get 0))
    (call_indirect $read (type $t) (local.get 0)))
  (func $changes
    (table.set $set (i32.const 0) (ref.null func))
    (drop (table.grow $grown (ref.null func) (i32.const 1)))
    (table.fill $filled (i32.const 0) (ref.null func) (i32.const 1))
    (table.copy $copied $read (i32.const 0) (i32.const 0) (i32.const 1))
    (table.init $initialised $passive (i32.const 0) (i32.const 0) (i32.const 1))
    (drop (table.get $read (i32.const 0)))
    (drop (table.size $read))))
