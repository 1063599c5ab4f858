"""Operations of xDSL's `llvm` dialect that passes may use: all are accounted for, LLVM takes their
text, and what they compute is right in a program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from xdsl.context import Context
from xdsl.dialects import builtin, llvm
from xdsl.ir import Operation
from xdsl.parser import Parser

from wasmdialect import Config, Engine, Linker, Module, Store
from wasmdialect.codegen.llvm import compile_object
from wasmdialect.codegen.target import parse_target
from wasmdialect.lowering.emit import EMITTERS, EmitError, emit_llvm
from wasmdialect.lowering.emit_pass_ops import REFUSED

OPERANDS = (
    "%p: !llvm.ptr, %i: i64, %n: i32, %x: f64, %y: f32, %v: vector<4xi32>, %w: vector<4xf32>,"
    " %m: vector<4xi1>"
)
WRITTEN = {
    "llvm.load": "%r = llvm.load %p {alignment = 4 : i64} : !llvm.ptr -> i32",
    "atomic load": "%r = llvm.load %p {alignment = 4 : i64, ordering = 4 : i64} : !llvm.ptr -> i32",
    "llvm.store": "llvm.store %n, %p {alignment = 4 : i64} : i32, !llvm.ptr",
    "llvm.getelementptr": (
        "%r = llvm.getelementptr %p[%i, 1, %n]"
        " : (!llvm.ptr, i64, i32) -> !llvm.ptr, !llvm.struct<(i32, !llvm.array<3 x i16>)>"
    ),
    "llvm.mlir.addressof": "%r = llvm.mlir.addressof @words : !llvm.ptr",
    "address of a function": "%r = llvm.mlir.addressof @f : !llvm.ptr",
    "llvm.inline_asm": '%r = llvm.inline_asm "", "=r,0" %n : (i32) -> i32',
    "assembly for its effect": 'llvm.inline_asm has_side_effects "nop", "~{memory}" : () -> ()',
    "float constant": "%r = llvm.mlir.constant(1.5 : f32) : f32",
    "vector constant": "%r = llvm.mlir.constant(dense<[1, 2, 3, 4]> : vector<4xi32>) : vector<4xi32>",
    "llvm.mlir.zero": "%r = llvm.mlir.zero : !llvm.struct<(i32, f64)>",
    "llvm.mlir.undef": "%r = llvm.mlir.undef : vector<4xf32>",
    "llvm.insertelement": "%r = llvm.insertelement %n, %v[%i : i64] : vector<4xi32>",
    "llvm.shufflevector": "%r = llvm.shufflevector %v, %v [3, 2, -1, 7] : vector<4xi32>",
    "llvm.intr.masked.store": (
        "llvm.intr.masked.store %w, %p, %m {alignment = 4 : i32}"
        " : vector<4xf32>, vector<4xi1> into !llvm.ptr"
    ),
    "llvm.intr.stackrestore": (
        "%r = llvm.intr.stacksave : !llvm.ptr\n llvm.intr.stackrestore %r : !llvm.ptr"
    ),
    "llvm.intr.fabs": "%r = llvm.intr.fabs(%x) : (f64) -> f64",
    "llvm.intr.sqrt": "%r = llvm.intr.sqrt(%w) : (vector<4xf32>) -> vector<4xf32>",
    "llvm.intr.copysign": "%r = llvm.intr.copysign(%y, %y) : (f32, f32) -> f32",
    "llvm.intr.maxnum": "%r = llvm.intr.maxnum(%x, %x) : (f64, f64) -> f64",
    "llvm.intr.minnum": "%r = llvm.intr.minnum(%x, %x) : (f64, f64) -> f64",
    "llvm.intr.floor": "%r = llvm.intr.floor(%x) : (f64) -> f64",
    "llvm.intr.ceil": "%r = llvm.intr.ceil(%y) : (f32) -> f32",
    "llvm.intr.fma": "%r = llvm.intr.fma(%x, %x, %x) : (f64, f64, f64) -> f64",
    "llvm.intr.vector.reduce.fadd": (
        '%r = "llvm.intr.vector.reduce.fadd"(%y, %w) <{fastmathFlags = #llvm.fastmath<none>}>'
        " : (f32, vector<4xf32>) -> f32"
    ),
    "llvm.intr.vector.reduce.fmul": (
        '%r = "llvm.intr.vector.reduce.fmul"(%y, %w) <{fastmathFlags = #llvm.fastmath<none>}>'
        " : (f32, vector<4xf32>) -> f32"
    ),
    "call with the defaults": "llvm.call @g(%x) : (f64) -> ()",
}
"""An operation of each kind that only passes make; by its name, or what it is an example of."""
CONSTANT = (
    "llvm.mlir.global internal constant @words(dense<[1, 2, 3, 4]> : tensor<4xi32>)"
    " {addr_space = 0 : i32} : !llvm.array<4 x i32>"
)


def module_of(line: str, constant: str = CONSTANT) -> builtin.ModuleOp:
    context = Context()
    context.load_dialect(builtin.Builtin)
    context.load_dialect(llvm.LLVM)
    text = f"{constant}\nllvm.func @g(f64)\nllvm.func @f({OPERANDS}) {{\n{line}\nllvm.return\n}}"
    module = Parser(context, f"builtin.module {{\n{text}\n}}").parse_module()
    module.verify()
    return module


def test_every_operation_of_the_dialect_is_accounted_for():
    terminators = {llvm.BrOp, llvm.CondBrOp, llvm.ReturnOp, llvm.UnreachableOp}
    outside = {llvm.FuncOp, llvm.GlobalOp}
    assert set(llvm.LLVM.operations) - terminators - outside - set(EMITTERS) == set()


@pytest.mark.parametrize("line", WRITTEN.values(), ids=WRITTEN)
def test_llvm_takes_the_text(line: str):
    assert compile_object(emit_llvm(module_of(line)), parse_target(None), 0)


def test_there_is_an_example_of_each():
    from wasmdialect.lowering.emit_pass_ops import PASS_EMITTERS

    assert {op.name for op in PASS_EMITTERS if op not in REFUSED} <= set(WRITTEN)


@pytest.mark.parametrize("op", REFUSED, ids=lambda op: op.name)
def test_what_needs_the_c_library_is_refused(op: type[Operation]):
    arguments = ("%x, %x", "f64, f64") if op in (llvm.FPowOp, llvm.FRemOp) else ("%x", "f64")
    line = f'%r = "{op.name}"({arguments[0]}) <{{fastmathFlags = #llvm.fastmath<none>}}>'
    with pytest.raises(EmitError, match=rf"{op.name} cannot be compiled: .*add_import"):
        emit_llvm(module_of(f"{line} : ({arguments[1]}) -> f64"))


@pytest.mark.parametrize(
    ("constant", "message"),
    [
        (CONSTANT.replace("constant ", ""), "add_field"),
        ("llvm.mlir.global external constant @words() {addr_space = 0 : i32} : i32", "`value`"),
    ],
)
def test_globals_that_are_not_constants_are_refused(constant: str, message: str):
    with pytest.raises(EmitError, match=message):
        emit_llvm(module_of("%r = llvm.mlir.addressof @words : !llvm.ptr", constant))


LOOK_UP = '''
from dataclasses import dataclass
from typing import ClassVar
from xdsl.dialects import llvm
from xdsl.dialects.builtin import DenseIntElementsAttr, TensorType, StringAttr, i8, i32, i64
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

PTR = llvm.LLVMPointerType()

@dataclass(frozen=True)
class LookUp(ModulePass):
    """A multiplication becomes a look-up in a table of squares; -1 comes from inline assembly."""
    name = "look-up"
    scope: ClassVar[str] = "function"

    def apply(self, ctx, module):
        table = DenseIntElementsAttr.from_list(TensorType(i32, [8]), [n * n for n in range(8)])
        module.body.block.add_op(llvm.GlobalOp(
            llvm.LLVMArrayType(8, i32), "squares", "internal", constant=True, value=table))
        for op in list(module.walk()):
            if isinstance(op, llvm.MulOp):
                base = llvm.AddressOfOp("squares", PTR)
                place = llvm.GEPOp(base, [llvm.GEP_USE_SSA_VAL], i32, ssa_indices=[op.lhs])
                value = llvm.LoadOp(place, i32)
                swapped = llvm.InlineAsmOp("bswap $0", "=r,0", [value], [i32])
                Rewriter.replace_op(op, [base, place, value, swapped])
'''


@pytest.mark.parametrize("level", [0, 2, 3])
def test_a_table_and_assembly_in_a_program(tmp_path: Path, level: int):
    file = tmp_path / "look_up.py"
    file.write_text(LOOK_UP)
    config = Config(jobs=1, opt_level=level, load=(str(file),), at={"llvm-end": "look-up"})  # pyright: ignore[reportArgumentType]
    engine = Engine(config)
    store = Store(engine)
    text = (
        '(module (func (export "f") (param i32) (result i32)'
        " (i32.mul (local.get 0) (local.get 0)))"
        ' (func (export "g") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3))))'
    )
    exports = Linker(engine).instantiate(store, Module(engine, text)).exports(store)
    for name in ("f", "g"):
        call: Any = exports[name]
        results = [call(store, n) for n in range(8)]
        assert results == [n * n << 24 for n in range(5)] + [25 << 24, 36 << 24, 49 << 24]
