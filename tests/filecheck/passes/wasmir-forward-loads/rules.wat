;; RUN: wasm-opt-py %s -p 'wasmir-forward-loads,wasmir-dce' --verify each --no-print-debuginfo | filecheck %s

(module
  (memory 1)
  (global $g (mut i32) (i32.const 0))
  (global $h (mut i32) (i32.const 0))
  (func $other)

  ;; What was stored, and what was loaded before.
  ;; CHECK-LABEL: @func1(%0: i32, %1: i64) -> (i64, i64) {
  ;; CHECK-NEXT:    wasmir.i64.store @memory0[%0 + 8], %1
  ;; CHECK-NEXT:    %2 = wasmir.i64.load @memory0[%0]
  ;; CHECK-NEXT:    %[[SUM:[0-9]+]] = wasmir.i64.add %1, %2
  ;; CHECK-NEXT:    wasmir.return %[[SUM]], %2
  (func (param $p i32) (param $v i64) (result i64 i64)
    (i64.store offset=8 (local.get $p) (local.get $v))
    (i64.add (i64.load offset=8 (local.get $p)) (i64.load (local.get $p)))
    (i64.load (local.get $p)))

  ;; The place is the same, but the second address may wrap around: the load stays for its trap.
  ;; CHECK-LABEL: @func2(%0: i32, %1: i64) -> (i64, i64) {
  ;; CHECK:         %[[P:[0-9]+]] = wasmir.i32.add %0,
  ;; CHECK-NEXT:    wasmir.i64.store @memory0[%[[P]]], %1
  ;; CHECK-NEXT:    %{{[0-9]+}} = wasmir.i64.load @memory0[%0 + 16]
  ;; CHECK-NEXT:    wasmir.return %1, %1
  (func (param $p i32) (param $v i64) (result i64 i64)
    (i64.store (i32.add (local.get $p) (i32.const 16)) (local.get $v))
    (i64.load offset=16 (local.get $p))
    (i64.load offset=8 (i32.add (local.get $p) (i32.const 8))))

  ;; The other way around it cannot: the first access says so.
  ;; CHECK-LABEL: @func3(%0: i32, %1: i64) -> i64 {
  ;; CHECK-NEXT:    wasmir.i64.store @memory0[%0 + 16], %1
  ;; CHECK-NEXT:    wasmir.return %1
  (func (param $p i32) (param $v i64) (result i64)
    (i64.store offset=16 (local.get $p) (local.get $v))
    (i64.load (i32.sub (local.get $p) (i32.const -16))))

  ;; A store to part of it, and one that ends where it begins.
  ;; CHECK-LABEL: @func4(%0: i32, %1: i32, %2: i64) -> (i64, i64) {
  ;; CHECK:         wasmir.i32.store8 @memory0[%0 + 7], %1
  ;; CHECK-NEXT:    wasmir.i32.store @memory0[%0 + 12], %1
  ;; CHECK-NEXT:    %[[LOADED:[0-9]+]] = wasmir.i64.load @memory0[%0]
  ;; CHECK-NEXT:    wasmir.return %[[LOADED]], %2
  (func (param $p i32) (param $w i32) (param $v i64) (result i64 i64)
    (i64.store (local.get $p) (local.get $v))
    (i64.store offset=16 (local.get $p) (local.get $v))
    (i32.store8 offset=7 (local.get $p) (local.get $w))
    (i32.store offset=12 (local.get $p) (local.get $w))
    (i64.load (local.get $p))
    (i64.load offset=16 (local.get $p)))

  ;; A store to another base may be to the same place; a load is to none.
  ;; CHECK-LABEL: @func5(%0: i32, %1: i32, %2: i64) -> (i64, i64) {
  ;; CHECK:         wasmir.i64.store @memory0[%0], %2
  ;; CHECK-NEXT:    %[[STORED:[0-9]+]] = wasmir.i64.add %{{[0-9]+}}, %2
  ;; CHECK-NEXT:    wasmir.i64.store @memory0[%1], %[[STORED]]
  ;; CHECK-NEXT:    %[[LOADED:[0-9]+]] = wasmir.i64.load @memory0[%0]
  ;; CHECK-NEXT:    %[[AGAIN:[0-9]+]] = wasmir.i64.add %[[LOADED]], %[[LOADED]]
  ;; CHECK-NEXT:    wasmir.return %[[AGAIN]], %[[STORED]]
  (func (param $p i32) (param $q i32) (param $v i64) (result i64 i64)
    (local $w i64)
    (local.set $w (i64.load (local.get $q)))
    (i64.store (local.get $p) (local.get $v))
    (i64.store (local.get $q) (i64.add (local.get $w) (i64.load (local.get $p))))
    (i64.add (i64.load (local.get $p)) (i64.load (local.get $p)))
    (i64.load (local.get $q)))

  ;; Parts of a value, extended; a wider load than the store stays.
  ;; CHECK-LABEL: @func6(%0: i32, %1: i64) -> (i32, i32, i64, i64) {
  ;; CHECK-NEXT:    wasmir.i64.store @memory0[%0], %1
  ;; CHECK:         %[[UPPER:[0-9]+]] = wasmir.i64.shr_u %1, %
  ;; CHECK-NEXT:    %[[WORD:[0-9]+]] = wasmir.i32.wrap_i64 %[[UPPER]]
  ;; CHECK:         wasmir.i64.shr_u %1, %
  ;; CHECK-NEXT:    wasmir.i32.wrap_i64
  ;; CHECK-NEXT:    %[[BYTE:[0-9]+]] = wasmir.i32.extend8_s
  ;; CHECK:         %[[HALF:[0-9]+]] = wasmir.i64.and %1, %
  ;; CHECK:         %[[WIDE:[0-9]+]] = wasmir.i64.load @memory0[%0 + 6]
  ;; CHECK-NEXT:    wasmir.return %[[WORD]], %[[BYTE]], %[[HALF]], %[[WIDE]]
  (func (param $p i32) (param $v i64) (result i32 i32 i64 i64)
    (i64.store (local.get $p) (local.get $v))
    (i32.load offset=4 (local.get $p))
    (i32.load8_s offset=3 (local.get $p))
    (i64.load16_u (local.get $p))
    (i64.load offset=6 (local.get $p)))

  ;; The bits of a float, NaN or not.
  ;; CHECK-LABEL: @func7(%0: i32, %1: f32, %2: i64) -> (i32, f64, f32) {
  ;; CHECK:         %[[BITS:[0-9]+]] = wasmir.i32.reinterpret_f32 %1
  ;; CHECK:         %[[FLOAT:[0-9]+]] = wasmir.f64.reinterpret_i64 %2
  ;; CHECK-NEXT:    wasmir.return %[[BITS]], %[[FLOAT]], %1
  (func (param $p i32) (param $f f32) (param $v i64) (result i32 f64 f32)
    (f32.store (local.get $p) (local.get $f))
    (i64.store offset=8 (local.get $p) (local.get $v))
    (i32.load (local.get $p))
    (f64.load offset=8 (local.get $p))
    (f32.load (local.get $p)))

  ;; What is between: a call, a copy of memory; not the growth of memory alone, but that may do both.
  ;; CHECK-LABEL: @func8(%0: i32, %1: i32) -> (i32, i32, i32) {
  ;; CHECK:         wasmir.call @other
  ;; CHECK-NEXT:    %[[A:[0-9]+]] = wasmir.i32.load @memory0[%0]
  ;; CHECK-NEXT:    wasmir.memory.fill
  ;; CHECK-NEXT:    %[[B:[0-9]+]] = wasmir.i32.load @memory0[%0]
  ;; CHECK:         wasmir.memory.grow
  ;; CHECK-NEXT:    %[[C:[0-9]+]] = wasmir.i32.load @memory0[%0]
  ;; CHECK-NEXT:    wasmir.return %[[A]], %[[B]], %[[C]]
  (func (param $p i32) (param $v i32) (result i32 i32 i32)
    (i32.store (local.get $p) (local.get $v))
    (call $other)
    (i32.load (local.get $p))
    (memory.fill (local.get $p) (local.get $v) (local.get $v))
    (i32.load (local.get $p))
    (drop (memory.grow (i32.const 1)))
    (i32.load (local.get $p)))

  ;; Globals: a call may set them, and so may a set of another one.
  ;; CHECK-LABEL: @func9(%0: i32) -> (i32, i32, i32) {
  ;; CHECK-NEXT:    wasmir.global.set @g, %0
  ;; CHECK-NEXT:    wasmir.global.set @h, %0
  ;; CHECK:         %[[G:[0-9]+]] = wasmir.global.get @g
  ;; CHECK:         wasmir.call @other
  ;; CHECK-NEXT:    %[[H:[0-9]+]] = wasmir.global.get @h
  ;; CHECK-NEXT:    wasmir.return %[[G]], %0, %[[H]]
  (func (param $v i32) (result i32 i32 i32)
    (global.set $g (local.get $v))
    (global.set $h (global.get $g))
    (i32.store (i32.const 0) (i32.load (i32.const 8)))
    (i32.store (i32.const 0) (i32.load (i32.const 4)))
    (global.get $g)
    (global.get $h)
    (call $other)
    (global.get $h))

  ;; After branches, what both left; at the header of a loop, nothing.
  ;; CHECK-LABEL: @func10(%0: i32, %1: i32) -> (i32, i32) {
  ;; CHECK:         wasmir.br_if %1, ^[[THEN:bb[0-9]+]], ^[[ELSE:bb[0-9]+]]
  ;; CHECK:         wasmir.i32.store @memory0[%0 + 8], %1
  ;; CHECK:         %[[B:[0-9]+]] = wasmir.i32.load @memory0[%0 + 8]
  ;; CHECK-NEXT:    wasmir.br ^[[LOOP:bb[0-9]+]]
  ;; CHECK-NEXT:  ^[[LOOP]]
  ;; CHECK-NEXT:    %[[C:[0-9]+]] = wasmir.i32.load @memory0[%0 + 4]
  ;; CHECK:         wasmir.return %1, %[[B]]
  (func (param $p i32) (param $v i32) (result i32 i32)
    (local $a i32) (local $b i32) (local $c i32)
    (i32.store offset=4 (local.get $p) (local.get $v))
    (i32.store offset=8 (local.get $p) (i32.const 3))
    (if (local.get $v) (then (i32.store offset=8 (local.get $p) (local.get $v))))
    (local.set $a (i32.load offset=4 (local.get $p)))
    (local.set $b (i32.load offset=8 (local.get $p)))
    (loop $l
      (local.set $c (i32.load offset=4 (local.get $p)))
      (i32.store offset=4 (local.get $p) (i32.sub (local.get $c) (i32.const 1)))
      (br_if $l (local.get $c)))
    (local.get $a) (local.get $b)))
