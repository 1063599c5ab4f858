"""The immediates of instructions as properties of operations: converted to properties and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from xdsl.dialects.builtin import UnitAttr, i32
from xdsl.ir import Block, Operation
from xdsl.irdl import BaseAttr, OptPropertyDef, irdl_to_attr_constraint

from wasmdialect import types as wt
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.declared import ModuleDeclarations
from wasmdialect.dialects.fast import wasm_offset
from wasmdialect.dialects.wasmir.immediates import encodings, immediate_of, properties_of
from wasmdialect.importer.declarations import import_declarations
from wasmdialect.importer.function import FunctionImporter
from wasmdialect.importer.operators import HANDLERS
from wasmdialect.importer.unit import Unit
from wasmdialect.wasm.body import decode_instructions
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.encode import encode_instruction
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.instructions import (
    BY_MNEMONIC,
    BY_OPCODE,
    INSTRUCTIONS,
    Immediate,
    Instruction,
)
from wasmdialect.wasm.instructions.opcodes import END
from wasmdialect.wasm.reader import Reader
from wasmdialect.wasm.text import wat2wasm
from wasmdialect.wasm.validate import validate_function

KERNELS = Path(__file__).parents[2] / "examples" / "kernels.wasm"
MODULE = """(module
  (type (func)) (type (func (param i32) (result i64)))
  (memory 1) (memory i64 1)
  (table 1 funcref) (table i64 1 externref)
  (tag) (tag (param i32))
  (global i32 (i32.const 0)) (global (mut f64) (f64.const 0))
  (func) (func (type 1) (i64.const 0))
  (data "a") (data "b")
  (elem func 0) (elem func 1))"""
TWO_INDICES = (0, 1)
SAMPLES: dict[Immediate, tuple[Any, ...]] = {
    Immediate.FUNCTION: TWO_INDICES,
    Immediate.TYPE: TWO_INDICES,
    Immediate.TABLE: TWO_INDICES,
    Immediate.MEMORY: TWO_INDICES,
    Immediate.GLOBAL: TWO_INDICES,
    Immediate.TAG: TWO_INDICES,
    Immediate.ELEM: TWO_INDICES,
    Immediate.DATA: TWO_INDICES,
    Immediate.MEMARG: ((0, 0, 0), (0, (1 << 64) - 1, 1), (0, 1 << 31, 0)),
    Immediate.I32: (0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF),
    Immediate.I64: (0, 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1),
    Immediate.F32: (0, 0x8000_0000, 0x7FA0_0001, 0xFFC0_0000),
    Immediate.F64: (0, 1 << 63, 0x7FF4_0000_0000_0001, 0xFFF8 << 48),
    Immediate.V128: (0, 1 << 127, (1 << 128) - 1),
    Immediate.LANE: (0, 1),
    Immediate.LANES: (tuple(range(16)), tuple(range(31, 15, -1))),
    Immediate.ZERO: (0,),
    Immediate.HEAP_TYPE: (wt.FUNC, wt.EXTERN),
    Immediate.VAL_TYPES: ((wt.I32,),),
}
"""Immediates of each kind that has an encoding, with every bit of a property in use."""

CALLS = [
    op
    for op in wasmir.WASMIR.operations
    if issubclass(op, wasmir.CallLike) and issubclass(op, wasmir.WasmOp)
]
CONVERTED = (
    *(cls.INSTRUCTION for cls in (*wasmir.PLAIN_OPS, *CALLS)),
    *BY_MNEMONIC["select"],
)
"""The instructions whose immediates are in their operation."""


EDGES_AND_LOCALS = {
    *(Immediate.BLOCK_TYPE, Immediate.LABEL, Immediate.LABELS, Immediate.CATCHES),
    Immediate.LOCAL,
}


def unit() -> Unit:
    """The whole module, with all declarations."""
    wasm = decode_module(bytes(wat2wasm(MODULE)))
    return Unit.whole(wasm, "m.wasm", ModuleDeclarations(import_declarations(wasm, "m.wasm")))


def samples(row: Instruction) -> list[Any]:
    """Immediates of an instruction, as the decoder returns them."""
    kinds = row.immediates
    if not kinds:
        return [None]
    if kinds == (Immediate.MEMARG,):
        assert row.access is not None
        natural = row.access.bytes.bit_length() - 1
        aligned = [(natural, 8, 1)] if natural else []
        return [*aligned, *((min(natural, a), o, m) for a, o, m in SAMPLES[Immediate.MEMARG])]
    if len(kinds) == 1:
        return [*SAMPLES[kinds[0]]]
    first, second = kinds
    return [(a, b) for a in SAMPLES[first] for b in SAMPLES[second]]


def imported(f: FunctionImporter, opcode: int, immediate: Any) -> Operation:
    """The operation of an instruction that was encoded and decoded."""
    data = encode_instruction(opcode, immediate) + b"\x0b"
    decoded, _ = decode_instructions(Reader(data, 0, frozenset(Feature)), None)
    assert decoded == (opcode, immediate, 0)
    f.stack = [*f.block.args]
    HANDLERS[opcode](f, decoded[1])
    assert f.block.last_op is not None
    return f.block.last_op


@pytest.mark.parametrize("row", CONVERTED, ids=lambda row: f"{row.mnemonic}-{row.opcode:x}")
def test_every_row_gives_its_immediates_back(row: Instruction):
    u = unit()
    index_of = ModuleDeclarations(u.module).index_of
    for immediate in samples(row):
        f = FunctionImporter(u, Block(arg_types=[i32, i32, i32, wasmir.FUNCREF]))
        op = imported(f, row.opcode, immediate)
        assert isinstance(op, wasmir.WasmOp)
        assert op.INSTRUCTION.mnemonic == row.mnemonic
        assert immediate_of(op, row, index_of) == immediate


@pytest.mark.parametrize("row", CONVERTED, ids=lambda row: f"{row.mnemonic}-{row.opcode:x}")
def test_classes_have_the_properties_of_the_table(row: Instruction):
    """By name and kind of attribute; others say what passes have proved."""
    definition = wasmir.op_class(row.mnemonic).get_irdl_definition()
    expected = {
        p.name: (irdl_to_attr_constraint(p.attribute_type), p.optional) for p in properties_of(row)
    }
    found = {
        name: (d.constr, isinstance(d, OptPropertyDef)) for name, d in definition.properties.items()
    }
    proofs = [name for name, d in definition.properties.items() if d.constr == BaseAttr(UnitAttr)]
    for name in proofs:
        found.pop(name)
    assert found == expected


def test_all_other_immediates_are_edges_and_locals():
    converted = {row.opcode for row in CONVERTED}
    for opcode in HANDLERS.keys() - converted:
        row = BY_OPCODE[opcode]
        # `throw` and the clauses of a legacy `try` become several operations.
        is_tag = row.mnemonic in ("throw", "catch")
        edges = EDGES_AND_LOCALS | ({Immediate.TAG} if is_tag else set())
        assert {*row.immediates} <= edges, row.mnemonic


def test_two_immediates_of_a_kind_have_two_roles():
    for row in INSTRUCTIONS:
        if len({*row.immediates}) < len(row.immediates) and row.opcode in HANDLERS:
            assert len({p.name for p in properties_of(row)}) == len(encodings(row)), row.mnemonic


def test_immediates_of_a_program():
    """Each operation gives back the immediate that stands in the binary at its location."""
    wasm = decode_module(KERNELS.read_bytes())
    declared = ModuleDeclarations(import_declarations(wasm, "k.wasm"))
    u = Unit.whole(wasm, "k.wasm", declared)
    at: dict[int, tuple[int, Any]] = {}
    for function in wasm.functions:
        if function.code is not None:
            _, instructions = validate_function(wasm, function)
            at |= {offset: (opcode, immediate) for opcode, immediate, offset in instructions}
            u.import_function(function.index)
    index_of = ModuleDeclarations(u.module).index_of
    converted = {row.opcode for row in CONVERTED}
    compared = 0
    for op in u.module.walk():
        opcode, immediate = at.get(wasm_offset(op.location) or 0, (END, None))
        row = BY_OPCODE[opcode]
        if opcode in converted and op.name == f"wasmir.{row.mnemonic}":
            assert immediate_of(op, row, index_of) == immediate
            compared += 1
    assert compared > 500
