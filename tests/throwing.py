"""Programs that throw, and their instances, for the tests of exceptions."""

from __future__ import annotations

from typing import Any

from wasmdialect import (
    Config,
    Engine,
    Func,
    FuncType,
    Instance,
    Linker,
    Module,
    Store,
    Tag,
    TagType,
    ValType,
)

I32 = ValType.i32()

PROGRAM = """(module
  (tag $e (param i32)) (tag $wide (param i64 f32 f64 v128 externref funcref)) (tag $empty)
  (import "" "host" (func $host (param i32)))
  (table 2 funcref) (elem (i32.const 0) $thrower $passing)
  (type $t (func (param i32) (result i32)))
  (global $g (mut i32) (i32.const 0))
  (memory 1)
  (func $thrower (type $t)
    (if (i32.gt_s (local.get 0) (i32.const 10)) (then (throw $e (local.get 0))))
    (if (i32.lt_s (local.get 0) (i32.const 0)) (then (throw $empty)))
    (i32.add (local.get 0) (i32.const 1)))
  (func $passing (type $t) (i32.mul (call $thrower (local.get 0)) (i32.const 2)))
  (func (export "caught") (type $t)
    (block $empty
      (return (block $e (result i32)
        (try_table (catch $e $e) (catch $empty $empty)
          (return (call $passing (local.get 0))))
        (unreachable))))
    (i32.const -100))
  (func (export "locals") (type $t) (local $x i32) (local $y i32)
    (block $h
      (try_table (catch_all $h)
        (local.set $x (i32.const 1))
        (local.set $y (call $passing (local.get 0)))
        (local.set $x (i32.const 2))
        (local.set $y (call $passing (local.get $y)))
        (local.set $x (i32.const 3))
        (if (i32.eq (local.get $y) (i32.const 6)) (then (throw $empty)))))
    (i32.add (i32.mul (local.get $x) (i32.const 1000)) (local.get $y)))
  (func (export "indirect") (type $t)
    (block $e (result i32)
      (try_table (result i32) (catch $e $e)
        (call_indirect (type $t) (local.get 0) (i32.and (local.get 0) (i32.const 1))))
      (return)))
  (func (export "ref") (type $t)
    (block $e (result i32)
      (try_table (result i32) (catch $e $e)
        (call_ref $t (local.get 0) (ref.func $passing)))
      (return)))
  (func (export "nested") (type $t)
    (block $outer (result i32)
      (try_table (result i32) (catch $e $outer)
        (block $inner
          (try_table (catch $empty $inner) (return (call $passing (local.get 0))))
          (unreachable))
        (call $passing (i32.const 50)))
      (drop) (i32.const 7)))
  (func (export "again") (type $t)
    (block $outer (result i32)
      (try_table (result i32) (catch $e $outer)
        (block $inner (result exnref)
          (try_table (result exnref) (catch_all_ref $inner)
            (call $passing (local.get 0)) (return))
          (unreachable))
        (throw_ref))
      (i32.sub (i32.const 0))))
  (func (export "loop") (type $t) (local $n i32)
    (loop $again
      (block $e (result i32)
        (try_table (catch $e $e) (drop (call $passing (local.get 0))) (return (local.get $n)))
        (unreachable))
      (drop)
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br $again))
    (unreachable))
  (func (export "to_loop") (type $t) (local $n i32)
    (i32.const 0)
    (loop $again (param i32)
      (local.set $n (i32.add (local.get $n)))
      (try_table (catch $e $again)
        (if (i32.lt_s (local.get $n) (i32.const 100))
          (then (throw $e (i32.or (i32.const 1) (i32.and (local.get 0) (i32.const 15))))))))
    (local.get $n))
  (func (export "tail") (type $t)
    (block $h (try_table (catch_all $h) (return_call $passing (local.get 0))))
    (i32.const 0))
  (func (export "trap") (type $t)
    (block $h
      (try_table (catch_all $h) (drop (i32.div_s (i32.const 1) (local.get 0))))
      (return (i32.const 1)))
    (i32.const 2))
  (func (export "null") (type $t) (throw_ref (ref.null exn)))
  (func $deep (type $t)
    (if (i32.eqz (local.get 0)) (then (throw $e (i32.const 9))))
    (call $deep (i32.sub (local.get 0) (i32.const 1))))
  (func (export "deep") (type $t)
    (block $e (result i32)
      (try_table (result i32) (catch $e $e) (call $deep (local.get 0)))))
  (func $endless (type $t) (call $endless (local.get 0)) (i32.add (i32.const 1)))
  (func (export "exhausted") (type $t)
    (block $h (try_table (catch_all $h) (return (call $endless (local.get 0)))))
    (i32.const 2))
  (func (export "state") (type $t)
    (block $h
      (try_table (catch_all $h)
        (global.set $g (i32.const 1))
        (i32.store (i32.const 0) (i32.const 11))
        (drop (call $passing (local.get 0)))
        (global.set $g (i32.const 2))
        (i32.store (i32.const 0) (i32.const 22))))
    (i32.add (global.get $g) (i32.load (i32.const 0))))
  (func (export "host") (type $t)
    (block $h (try_table (catch_all $h) (call $host (local.get 0)) (return (i32.const 1))))
    (i32.const 2))
  (func (export "unused") (type $t)
    (block $e (result i32)
      (try_table (result i32) (catch $e $e) (i32.add (local.get 0) (i32.const 1)))))
  (func (export "uncaught") (type $t) (call $passing (local.get 0)))
  (func (export "wide") (param i64 f32 f64 v128 externref) (result externref v128 f64 f32 i64 i32)
    (local i64 f32 f64 v128 externref funcref)
    (block $h (result i64 f32 f64 v128 externref funcref)
      (try_table (catch $wide $h)
        (throw $wide (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)
          (ref.func $thrower)))
      (unreachable))
    (local.set 10) (local.set 9) (local.set 8) (local.set 7) (local.set 6) (local.set 5)
    (local.get 9) (local.get 8) (local.get 7) (local.get 6) (local.get 5)
    (ref.is_null (local.get 10)))
)"""


def instance(text: str, **config: Any) -> tuple[Store, Any]:
    host = config.pop("host", None)
    engine = Engine(Config(jobs=0, **config))
    store = Store(engine)
    imports = [] if host is None else [Func(store, FuncType([I32], []), host)]
    return store, Instance(store, Module(engine, text), imports).exports(store)


def new_tag(store: Store, *types: ValType) -> Tag:
    return Tag(store, TagType(FuncType([*types], [])))


HANDLER = """(module
  (tag $e (import "" "e") (param i32 externref))
  (func $host (import "" "host") (param i32))
  (func (export "run") (param i32) (result i32)
    (local externref)
    (block $e (result i32 externref)
      (try_table (catch $e $e) (call $middle (local.get 0)))
      (return (i32.const -1)))
    (local.set 1))
  (func $middle (param i32) (call $host (local.get 0)))
  (func (export "through") (param i32) (call $middle (local.get 0)))
  (global $kept (mut exnref) (ref.null exn))
  (func (export "keep") (param i32)
    (block $all (result exnref)
      (try_table (catch_all_ref $all) (call $host (local.get 0)))
      (return))
    (global.set $kept))
  (func (export "kept") (result exnref) (global.get $kept))
  (func (export "throw") (param exnref) (throw_ref (local.get 0)))
  (func (export "same") (param exnref) (result exnref) (local.get 0)))"""


class Handler:
    """An instance whose host function raises what `raising` returns."""

    def __init__(self) -> None:
        engine = Engine(Config(jobs=0))
        self.store = Store(engine)
        self.tag = new_tag(self.store, I32, ValType.externref())
        self.raising: Any = None
        host = Func(self.store, FuncType([I32], []), self.call_host)
        linker = Linker(engine)
        linker.define(self.store, "", "e", self.tag)
        linker.define(self.store, "", "host", host)
        module = Module(engine, HANDLER)
        self.exports: Any = linker.instantiate(self.store, module).exports(self.store)

    def call_host(self, argument: int) -> None:
        error = None if self.raising is None else self.raising(argument)
        if error is not None:
            raise error

    def __call__(self, name: str, *arguments: Any) -> Any:
        return self.exports[name](self.store, *arguments)
