;; RUN: wasm-opt-py %s -p 'wasmir-direct-calls{remarks=true}' --verify each --no-print-debuginfo --reports %t | filecheck %s
;; RUN: filecheck %s --input-file %t --check-prefix REPORT
;; RUN: wasm-opt-py %s -p wasmir-direct-calls --print-debuginfo | filecheck %s --check-prefix LOC
;; RUN: wasm-opt-py %s -p wasmir-direct-calls,wasmir-inline --verify each --no-print-debuginfo | filecheck %s --check-prefix INLINED

;; The slot is asked for first; all other indices make the call that was there.

;; CHECK-LABEL: @one(
;; CHECK-SAME:  %[[X:.*]]: i32, %[[I:.*]]: i32)
;; CHECK-NEXT:    %[[SLOT:.*]] = wasmir.i32.const 3
;; CHECK-NEXT:    %[[IS:.*]] = wasmir.i32.eq %[[I]], %[[SLOT]]
;; CHECK-NEXT:    wasmir.br_if %[[IS]], ^[[DIRECT:.*]], ^[[OTHER:.*]]
;; CHECK-NEXT:  ^[[DIRECT]]:
;; CHECK-NEXT:    %[[A:.*]] = wasmir.call @inc(%[[X]])
;; CHECK-NEXT:    wasmir.br ^[[REST:.*]](%[[A]] : i32)
;; CHECK-NEXT:  ^[[OTHER]]:
;; CHECK-NEXT:    %[[B:.*]] = wasmir.call_indirect @one_slot[%[[I]] : i32] @t(%[[X]])
;; CHECK-NEXT:    wasmir.br ^[[REST]](%[[B]] : i32)
;; CHECK-NEXT:  ^[[REST]](%[[R:.*]]: i32):
;; CHECK-NEXT:    wasmir.return %[[R]] : i32

;; Two slots are asked for in order, also if one function is in both.

;; CHECK-LABEL: @two(
;; CHECK:         wasmir.i32.const 1
;; CHECK:         wasmir.call @inc
;; CHECK:         wasmir.i32.const 4
;; CHECK:         wasmir.call @dec
;; CHECK:         wasmir.call_indirect @two_slots
;; CHECK-LABEL: @same(
;; CHECK:         wasmir.call @inc
;; CHECK:         wasmir.call @inc
;; CHECK:         wasmir.call_indirect @same_slots

;; What a later segment has overwritten is gone, by null too.

;; CHECK-LABEL: @overwritten(
;; CHECK:         wasmir.i32.const 2
;; CHECK:         wasmir.call @dec
;; CHECK-NOT:     wasmir.call @
;; CHECK:         wasmir.call_indirect @overwriting
;; CHECK-LABEL: @nulled(
;; CHECK-NEXT:    wasmir.call_indirect @nulls

;; Indices of 64 bits, and offsets beyond 2^31.

;; CHECK-LABEL: @wide(
;; CHECK:         wasmir.i64.const 2
;; CHECK-NEXT:    wasmir.i64.eq
;; CHECK:         wasmir.call @inc
;; CHECK-LABEL: @far(
;; CHECK:         wasmir.i32.const -2147483648
;; CHECK:         wasmir.call @inc

;; A tail call ends both ways.

;; CHECK-LABEL: @tail(
;; CHECK:         wasmir.br_if %{{.*}}, ^[[DIRECT:.*]], ^[[OTHER:.*]]
;; CHECK-NEXT:  ^[[DIRECT]]:
;; CHECK-NEXT:    wasmir.return_call @inc(
;; CHECK-NEXT:  ^[[OTHER]]:
;; CHECK-NEXT:    wasmir.return_call_indirect @one_slot

;; Calls with an exception handler stay.

;; CHECK-LABEL: @in_try(
;; CHECK-NOT:     wasmir.call @
;; CHECK:         wasmir.call_indirect @one_slot{{.*}} in_try

;; A call may reach a function of a subtype; one of a supertype it may not.

;; CHECK-LABEL: @super(
;; CHECK:         wasmir.i32.const 0
;; CHECK:         wasmir.call @is_super
;; CHECK:         wasmir.i32.const 1
;; CHECK:         wasmir.call @is_sub
;; CHECK-LABEL: @sub(
;; CHECK:         wasmir.i32.const 1
;; CHECK:         wasmir.call @is_sub
;; CHECK-NOT:     wasmir.call @is_super
;; CHECK:         wasmir.call_indirect @related
;; CHECK-LABEL: @void(
;; CHECK:         wasmir.call @nothing() : () -> ()
;; CHECK-NEXT:    wasmir.br
;; CHECK-LABEL: @imported(
;; CHECK:         wasmir.call @host

;; REPORT: {"pass": "wasmir-direct-calls", "function": "one", "function_index": {{[0-9]+}}, "wasm_offset": {{[0-9]+}}, "kind": "made direct", "callees": ["inc"]}
;; REPORT: "callees": ["inc", "dec"]

;; LOC-LABEL: @one(
;; LOC: wasmir.i32.eq {{.*}} loc("calls.wat":0:[[AT:[0-9]+]])
;; LOC: wasmir.call @inc{{.*}} loc("calls.wat":0:[[AT]])
;; LOC: wasmir.call_indirect {{.*}} loc("calls.wat":0:[[AT]])

;; INLINED-LABEL: @one(
;; INLINED:         wasmir.i32.eq
;; INLINED-NOT:     wasmir.call @
;; INLINED:         wasmir.i32.add
;; INLINED:         wasmir.call_indirect
(module
  (type $t (func (param i32) (result i32)))
  (type $v (func))
  (type $a (sub (func (param i64))))
  (type $b (sub $a (func (param i64))))
  (type $h (func (param f32)))
  (import "m" "host" (func $host (type $h)))
  (table $one_slot 4 funcref)
  (table $two_slots 5 funcref)
  (table $same_slots 2 funcref)
  (table $overwriting 3 funcref)
  (table $nulls 2 funcref)
  (table $w i64 3 funcref)
  (table $far 0x80000001 funcref)
  (table $related 2 funcref)
  (elem (table $one_slot) (i32.const 2) func $nothing $inc)
  (elem (table $two_slots) (i32.const 4) func $dec)
  (elem (table $two_slots) (i32.const 1) func $inc $host)
  (elem (table $same_slots) (i32.const 0) func $inc $inc)
  (elem (table $overwriting) (i32.const 1) func $inc $inc)
  (elem (table $overwriting) (i32.const 1) func $nothing $dec)
  (elem (table $nulls) (i32.const 0) func $inc)
  (elem (table $nulls) (offset (i32.const 0)) funcref (ref.null func) (ref.func $nothing))
  (elem (table $w) (offset (i64.const 2)) func $inc)
  (elem (table $far) (i32.const 0x80000000) func $inc)
  (elem (table $related) (i32.const 0) func $is_super $is_sub)
  (elem func $inc)
  (elem funcref (ref.func $dec))
  (func $inc (type $t) (i32.add (local.get 0) (i32.const 1)))
  (func $dec (type $t) (i32.sub (local.get 0) (i32.const 1)))
  (func $nothing (type $v))
  (func $is_super (type $a))
  (func $is_sub (type $b))
  (func $one (param i32 i32) (result i32)
    (call_indirect $one_slot (type $t) (local.get 0) (local.get 1)))
  (func $two (param i32 i32) (result i32)
    (call_indirect $two_slots (type $t) (local.get 0) (local.get 1)))
  (func $same (param i32 i32) (result i32)
    (call_indirect $same_slots (type $t) (local.get 0) (local.get 1)))
  (func $overwritten (param i32 i32) (result i32)
    (call_indirect $overwriting (type $t) (local.get 0) (local.get 1)))
  (func $nulled (param i32 i32) (result i32)
    (call_indirect $nulls (type $t) (local.get 0) (local.get 1)))
  (func $wide (param i32 i64) (result i32)
    (call_indirect $w (type $t) (local.get 0) (local.get 1)))
  (func $far (param i32 i32) (result i32)
    (call_indirect $far (type $t) (local.get 0) (local.get 1)))
  (func $tail (param i32 i32) (result i32)
    (return_call_indirect $one_slot (type $t) (local.get 0) (local.get 1)))
  (func $in_try (param i32 i32) (result i32)
    (block $out
      (return (try_table (result i32) (catch_all $out)
        (call_indirect $one_slot (type $t) (local.get 0) (local.get 1)))))
    (i32.const 0))
  (func $super (param i32) (call_indirect $related (type $a) (i64.const 1) (local.get 0)))
  (func $sub (param i32) (call_indirect $related (type $b) (i64.const 1) (local.get 0)))
  (func $void (param i32) (call_indirect $one_slot (type $v) (local.get 0)))
  (func $imported (param i32) (call_indirect $two_slots (type $h) (f32.const 1) (local.get 0))))
