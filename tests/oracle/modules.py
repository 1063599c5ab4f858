"""Varied modules for comparisons: each uses other parts of the ABI."""

MODULES = {
    "empty": "(module)",
    "one function": "(module (func))",
    "add": '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))',
    "names": '(module $m (func $first) (func $second (export "x")) (func $third (call $first)))',
    "division": '(module (func (export "d") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1))))',
    "division of 64 bits": '(module (func (export "d") (param i64 i64) (result i64) (i64.rem_u (local.get 0) (local.get 1))))',
    "conversions": '(module (func (export "c") (param f64) (result i32) (i32.trunc_f64_s (local.get 0))))',
    "unreachable": '(module (func (export "u") unreachable))',
    "memory": '(module (memory 1) (func (export "l") (param i32) (result i64) (i64.load offset=8 (local.get 0))))',
    "stores": '(module (memory 1 9) (func (export "s") (param i32 f32) (f32.store (local.get 0) (local.get 1))))',
    "bulk memory": '(module (memory 1) (func (export "f") (memory.fill (i32.const 0) (i32.const 1) (i32.const 2))))',
    "data": '(module (memory 1) (data (i32.const 4) "hello") (data "passive"))',
    "globals": """(module (global $b (import "m" "g") i64) (global $a (mut i32) (i32.const 1))
        (func (export "f") (result i64) (global.set $a (i32.const 2)) (global.get $b)))""",
    "imports": """(module (import "m" "f" (func $f (param i32) (result f32)))
        (import "m" "g" (func $g)) (func (export "h") (result f32) (call $g) (call $f (i32.const 1))))""",
    "imported memory": '(module (import "m" "m" (memory 1)) (func (export "f") (param i32) (result i32) (i32.load8_u (local.get 0))))',
    "table": '(module (table 3 funcref) (elem (i32.const 0) $f) (func $f) (func (export "g") (param i32) (call_indirect (local.get 0))))',
    "imported table": '(module (import "m" "t" (table 3 funcref)) (func (export "g") (param i32) (result i32) (call_indirect (result i32) (local.get 0))))',
    "table access": '(module (table 3 funcref) (func (export "g") (param i32) (result funcref) (table.get (local.get 0))))',
    "references": '(module (elem declare func $f) (func $f) (func (export "r") (result funcref) (ref.func $f)))',
    "start": '(module (memory 1) (global $g (mut i32) (i32.const 0)) (start $s) (func $s (i32.store (global.get $g) (i32.const 1))))',
    "control": """(module (func (export "f") (param i32) (result i32)
        (block (block (block (br_table 0 1 2 (local.get 0))) (return (i32.const 1))) (return (i32.const 2)))
        (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (i32.const 3)))""",
    "many results": """(module (func (export "f") (param i32 f64) (result i32 f64 i64 f32 i32)
        (local.get 0) (local.get 1) (i64.const 1) (f32.const 2) (i32.const 3)))""",
    "many types": """(module (type (func)) (type (func (param i32))) (type (func)) (type (func (result i64)))
        (func (export "a") (type 2)) (func (export "b") (type 1)) (func (type 3) (i64.const 1)))""",
    "recursion": '(module (func $f (export "f") (param i32) (result i32) (call $f (i32.add (local.get 0) (i32.const 1)))))',
}  # fmt: skip
