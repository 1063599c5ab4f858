"""Declarations are made one by one, and have the numbers of a module that was numbered as a whole."""

from __future__ import annotations

import pytest

from wasmdialect import wat2wasm
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.declared import (
    EXCEPTIONS,
    ModuleDeclarations,
    count_declarations,
    number_declarations,
)
from wasmdialect.importer.declarations import WasmDeclarations, import_declarations
from wasmdialect.importer.errors import UnsupportedError
from wasmdialect.importer.numbers import ModuleNumbers
from wasmdialect.importer.supported import check_supported
from wasmdialect.importer.unit import Unit
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.module import Module

EVERYTHING = """(module $named
  (rec (type $a (sub (func (param (ref null $b))))) (type $b (sub (func (result i32)))))
  (type $t (func (param i32) (result i32))) (type $again (func (param i32) (result i32)))
  (import "m" "g" (global $imported i32)) (import "m" "f" (func $f (type $t)))
  (import "m" "t" (table 1 funcref)) (import "m" "e" (tag $tag (param i32)))
  (memory $m 1 2) (memory i64 1) (table $table 3 (ref null func) (ref.func $init))
  (global $first (mut i64) (i64.const -1)) (global $ref funcref (ref.func $late))
  (global f32 (f32.const nan:0x200001)) (global v128 (v128.const i32x4 1 2 3 -1))
  (global (ref null $t) (ref.null $t)) (global externref (ref.null extern))
  (tag (type $own) (param i64)) (type $own (func (param i64)))
  (func $late (type $again) (local.get 0)) (func $init) (func (type $a)) (func (type $b) i32.const 1)
  (func $data3 (export "exported") (export "twice")) (func $plain (param f64))
  (start $init) (export "memory" (memory $m)) (export "g" (global $first))
  (data (i32.const 8) "one") (data $second "passive") (data (global.get $imported) "\\00\\ff")
  (data (i32.add (i32.const 1) (i32.const 2)) "sum") (data (memory 1) (i64.const 9) "wide")
  (elem (i32.const 0) $late $f) (elem declare func $plain) (elem func $init)
  (elem (table $table) (i32.const 1) funcref (ref.null func) (ref.func $data3)))"""
CATCHES = """(module (func (block $h (try_table (catch_all $h) (nop)))) (func))"""
PLAIN = "(module (func))"


def decode(text: str) -> Module:
    return decode_module(bytes(wat2wasm(text)))


def modules() -> list[Module]:
    return [decode(text) for text in (EVERYTHING, CATCHES, PLAIN, "(module)")]


@pytest.mark.parametrize("wasm", modules())
def test_numbers_from_the_module_are_those_that_numbering_its_operations_gives(wasm: Module):
    imported = import_declarations(wasm, "m.wasm")
    assert ModuleNumbers(wasm).counts == count_declarations(ModuleDeclarations(imported))
    imported.attributes.pop(EXCEPTIONS, None)  # which numbering looks for in bodies
    again = imported.clone()
    number_declarations(again)
    assert str(again) == str(imported)


@pytest.mark.parametrize("wasm", modules())
def test_a_declaration_made_alone_is_that_of_the_whole_module(wasm: Module):
    whole = ModuleDeclarations(import_declarations(wasm, "m.wasm"))
    alone = WasmDeclarations(wasm, "m.wasm", ModuleNumbers(wasm))
    signatures = 0
    for cls, space in whole.spaces.items():
        for index, op in enumerate(space):
            made = alone.op(cls.WORD, index)
            assert str(made) == str(op)
            assert made.location == op.location
            assert alone.find(op.sym_name.data) is made is alone.op(cls.WORD, index)
            assert whole.find(op.sym_name.data) is op is whole.op(cls.WORD, index)
            if "signature" in op.properties:
                assert alone.signature_op(signatures) is made
                assert whole.signature_op(signatures) is op
                signatures += 1
    assert alone.find("nowhere") is None


def test_a_module_made_twice_has_its_own_operations():
    wasm = decode(EVERYTHING)
    declarations = WasmDeclarations(wasm, "m.wasm", ModuleNumbers(wasm))
    alone = declarations.op("func", 2)
    first, second = declarations.everything(), declarations.everything()
    assert str(first) == str(second)
    assert alone.parent is None
    assert declarations.op("func", 2).parent is None


def test_a_unit_makes_only_the_declarations_that_it_needs():
    functions = "".join(f"(func $f{n} (drop (i32.const {n})))" for n in range(50))
    segments = "".join(f'(data $d{n} (i32.const {n}) "x")' for n in range(50))
    wasm = decode(
        f"""(module (memory 1) {functions} {segments}
          (func $user (call $f3) (data.drop $d7) (call $f4)))"""
    )
    declarations = WasmDeclarations(wasm, "m.wasm", ModuleNumbers(wasm))
    made: list[str] = []
    op = declarations.op

    def spy(word: str, index: int) -> wasmir.DeclarationOp:
        made.append(f"{word} {index}")
        return op(word, index)

    declarations.op = spy
    Unit(wasm, "m.wasm", declarations).import_function(50)
    assert {*made} == {"func 3", "func 4", "func 50", "data 7"}


@pytest.mark.parametrize(
    "field",
    [
        "(type (array (ref null any)))",
        "(type (struct (field i32 (ref null any))))",
        "(global externref (extern.convert_any (ref.i31 (i32.const 1))))",
        "(global externref (extern.convert_any (any.convert_extern (ref.null extern))))",
    ],
)
def test_what_declarations_cannot_express_is_refused_before_any_is_made(field: str):
    wasm = decode(f"(module {field})")
    with pytest.raises(UnsupportedError) as raised:
        check_supported(wasm)
    assert raised.value.feature is Feature.GC
    assert raised.value.offset
    with pytest.raises(UnsupportedError):  # which says nothing about where
        import_declarations(wasm, "m.wasm")
