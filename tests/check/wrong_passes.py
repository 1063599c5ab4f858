"""Passes with a bug each: copies of the package's own with some lines changed, and small ones.
`PLANTED` says what `wasmdialect check` has to find."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import wasmdialect.passes

PASSES = Path(wasmdialect.passes.__file__).parent


class Planted(NamedTuple):
    """A bug."""

    source: str
    """The file of the pass that is copied, or the text of a small one."""
    changes: tuple[tuple[str, str], ...]
    """Lines of the copy that are replaced."""
    module: str
    """A function `f` that it breaks, among others that it does not."""
    operation: str
    """The operation that has to be named."""

    def write(self, folder: Path, name: str) -> Path:
        """Write the file of the pass, which is called `name`."""
        text = (PASSES / self.source).read_text() if self.source.endswith(".py") else self.source
        for old, new in self.changes:
            assert text.count(old) >= 1, old
            text = text.replace(old, new)
        for own in ("wasmir-canonicalize", "wasmir-gvn", "small-pass"):
            text = text.replace(f'name = "{own}"', f'name = "{name}"')
        path = folder / f"{name.replace('-', '_')}.py"
        path.write_text(text)
        return path


def _small(body: str) -> str:
    """A pass that does something with each block of a function."""
    return f"""
from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import FunctionPass, WasmBuilder

class SmallPass(FunctionPass):
    name = "small-pass"

    def apply_to_function(self, ctx, function):
        for block in [*function.body.blocks]:
            ops = [*block.ops]
{body}
"""


_OTHERS = """
  (func $before (export "before") (param i32) (result i32) (i32.xor (local.get 0) (i32.const 1)))
  (func $after (export "after") (param i32 i32) (result i32) (i32.and (local.get 0) (local.get 1)))"""


def _module(fields: str, function: str) -> str:
    return f'(module {fields} {_OTHERS} (func $f (export "f") {function}))'


_NOT_FOLDED_SO = "    folded = op.fold()\n"
_MEMORY = '(memory (export "memory") 1)'
_GLOBAL = "(global $g (mut i32) (i32.const 5))"

PLANTED: dict[str, Planted] = {
    "add-folded-as-or": Planted(
        "wasmir_canonicalize.py",
        (
            (
                _NOT_FOLDED_SO,
                "    wrong = wasmir.I32OrOp(*op.operands) if op.name == 'wasmir.i32.add' else op\n"
                "    folded = wrong.fold()\n",
            ),
        ),
        _module("", "(result i32) (i32.add (i32.const 3) (i32.const 1))"),
        "wasmir.i32.add",
    ),
    "signed-compare-made-unsigned": Planted(
        _small("""
            for op in ops:
                if isinstance(op, wasmir.I32LtSOp):
                    b = WasmBuilder.before(op)
                    b.replace(op, b.numeric("i32.lt_u", *op.operands))
"""),
        (),
        _module("", "(param i32 i32) (result i32) (i32.lt_s (local.get 0) (local.get 1))"),
        "wasmir.i32.lt_u",
    ),
    "times-one-removed": Planted(
        "wasmir_canonicalize.py",
        (
            ('if row.shape in ("i32", "i64") else None', "if row.shape else None"),
            (
                "if wasmir.constant_bits(rhs) == element:",
                "if wasmir.constant_bits(rhs) in (element, 0x3F800000):",
            ),
        ),
        _module("", "(param f32) (result f32) (f32.mul (local.get 0) (f32.const 1))"),
        "wasmir.f32.mul",
    ),
    "load-merged-across-a-store": Planted(
        "wasmir_gvn.py",
        (
            (
                "                        self.write(effect.resource.state)\n",
                "                        if not isinstance(op, wasmir.StoreOp):\n"
                "                            self.write(effect.resource.state)\n",
            ),
        ),
        _module(
            _MEMORY,
            "(param i32) (result i32) (i32.load (i32.const 8))"
            " (i32.store (i32.const 8) (local.get 0)) (i32.add (i32.load (i32.const 8)))",
        ),
        "wasmir.i32.load",
    ),
    "dead-store-seen-after-a-trap": Planted(
        _small("""
            last = {}
            for op in reversed(ops):
                if isinstance(op, wasmir.StoreOp):
                    if last.get(op.static_offset) is op.address_operand:
                        op.detach()
                        op.erase()
                    else:
                        last[op.static_offset] = op.address_operand
"""),
        (),
        _module(
            _MEMORY,
            "(param i32) (param i32) (result i32) (i32.store (local.get 0) (i32.const 1))"
            " (i32.div_u (i32.const 10) (local.get 1))"
            " (i32.store (local.get 0) (i32.const 2))",
        ),
        "wasmir.i32.store",
    ),
    "trap-order-swapped": Planted(
        _small("""
            for op in ops:
                if isinstance(op, wasmir.LoadOp) and isinstance(op.prev_op, wasmir.I32DivUOp):
                    before = op.prev_op
                    op.detach()
                    block.insert_op_before(op, before)
"""),
        (),
        _module(
            _MEMORY,
            "(param i32 i32) (result i32)"
            " (i32.add (i32.div_u (i32.const 10) (local.get 0)) (i32.load (local.get 1)))",
        ),
        "wasmir.i32.load",
    ),
    "select-arms-swapped": Planted(
        "wasmir_canonicalize.py",
        (
            (
                "return op.true_value if condition else op.false_value",
                "return op.false_value if condition else op.true_value",
            ),
        ),
        _module(
            "",
            "(param i32 i32) (result i32) (select (local.get 0) (local.get 1) (i32.const 1))",
        ),
        "wasmir.select",
    ),
    "shift-amount-not-masked": Planted(
        "wasmir_canonicalize.py",
        (
            (
                _NOT_FOLDED_SO,
                "    folded = op.fold()\n"
                "    if op.name == 'wasmir.i32.shl' and folded is not None:\n"
                "        value, amount = (wasmir.constant_bits(operand) for operand in op.operands)\n"
                "        folded = (wasmir.bits_attr(value << amount & 0xFFFFFFFF, op.result.type),)\n",
            ),
        ),
        _module(
            "",
            "(param i32) (result i32)"
            " (i32.lt_u (local.get 0) (i32.shl (i32.const 3) (i32.const 33)))",
        ),
        "wasmir.i32.shl",
    ),
    "memory-grow-hoisted": Planted(
        _small("""
            for op in ops:
                if isinstance(op, wasmir.MemoryGrowOp) and block is not function.entry:
                    op.detach()
                    function.entry.insert_op_before(op, function.entry.last_op)
"""),
        (),
        _module(
            _MEMORY,
            "(param i32) (result i32) (local $one i32) (local.set $one (i32.const 1))"
            " (if (result i32) (local.get 0) (then (memory.grow (local.get $one)))"
            " (else (i32.const 7)))",
        ),
        "wasmir.memory.grow",
    ),
    "numbered-over-calls": Planted(
        "wasmir_gvn.py",
        (
            (
                "            effects = effects_of(op)\n",
                "            if isinstance(op, wasmir.CallOp):\n"
                "                continue\n"
                "            effects = effects_of(op)\n",
            ),
        ),
        _module(
            f"{_GLOBAL} (func $set (param i32) (global.set $g (local.get 0)))",
            "(param i32) (result i32) (i32.add (global.get $g)"
            " (block (result i32) (call $set (local.get 0)) (global.get $g)))",
        ),
        "wasmir.global.get",
    ),
}
