"""Importing a function body or a constant expression into a unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xdsl.ir import Block, SSAValue

from wasmdialect import types as wt
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.fast import add_block_argument, append_block, make_block
from wasmdialect.importer.function import FunctionImporter, loop_locals
from wasmdialect.importer.markers import AT_ENTRY, handlers_with
from wasmdialect.importer.operators import HANDLERS
from wasmdialect.wasm.body import Instruction
from wasmdialect.wasm.hints import NO_HINTS, module_hints
from wasmdialect.wasm.module import ConstExpr, Function

if TYPE_CHECKING:
    from wasmdialect.importer.context import ImportContext
    from wasmdialect.importer.unit import Unit


def import_body(
    unit: Unit,
    function: Function,
    local_types: Sequence[wt.ValType],
    instructions: Sequence[Instruction],
) -> None:
    """Fill the body of `function` in `unit` from its validated instructions.

    `local_types` are the declared locals, without the parameters.
    """
    op = unit.function(function.index)
    entry = make_block()
    for t in op.function_type.inputs.data:
        add_block_argument(entry, t)
    append_block(op.body, entry)
    assert function.code is not None
    importer = FunctionImporter(unit, entry)
    importer.location = op.location
    importer.locals = [*entry.args, *_zeros(importer, local_types)]
    importer.local_types = [*entry.arg_types, *importer.types(local_types)]
    importer.open_function(importer.types(function.signature.results))
    hints = module_hints(unit.wasm).get(function.index, NO_HINTS).branches
    importer.hints = {function.code.offset + at: likely for at, likely in hints.items()}
    importer.operators = AT_ENTRY
    importer.run(instructions, loop_locals(instructions), handlers_with(unit.markers))
    importer.finish()


def _zeros(importer: FunctionImporter, local_types: Sequence[wt.ValType]) -> list[SSAValue]:
    """The initial values of the locals: one constant for each type."""
    zeros: dict[wt.ValType, SSAValue] = {}
    for t in local_types:
        if t not in zeros:
            zeros[t] = _zero(importer, t)
    return [zeros[t] for t in local_types]


def _zero(importer: FunctionImporter, t: wt.ValType) -> SSAValue:
    value_type = importer.unit.value_type(t)
    if isinstance(value_type, wasmir.RefType):
        nullable = value_type if value_type.is_nullable else value_type.as_nullable()
        null = importer.ref_null(nullable)
        # Validation has checked that a local of another type is not read before it is set.
        return null if value_type.is_nullable else importer.known_non_null(null)
    cls = wasmir.CONST_OPS[f"{t.name}.const"]
    properties = importer.unit.properties(cls.INSTRUCTION, 0)
    return importer.value(cls, (), value_type, properties)


def import_constant(context: ImportContext, block: Block, expression: ConstExpr) -> SSAValue:
    """Append a constant expression to `block`; returns its value."""
    importer = FunctionImporter(context, block)
    instructions = [(i.opcode, i.immediate, i.offset) for i in expression.instructions]
    importer.run(instructions, {}, HANDLERS)
    (value,) = importer.stack
    return value
