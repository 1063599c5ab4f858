"""enter-loop: make functions that begin at one of their loops (docs/lazy.md, "Tiers").

The new function takes what is live where the loop begins, and runs what the function would have run
from there on. The function becomes a declaration, since the new one may call it. What is also
computed again after the loop has begun is kept in the frame, which LLVM turns into registers.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, StringAttr
from xdsl.ir import Block, Operation, OpResult, Region, SSAValue
from xdsl.utils.exceptions import PassFailedException

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.blocks import reverse_postorder
from wasmdialect.dialects.fast import integer_attr, replace_value, users_of
from wasmdialect.dialects.wasm_builder import WasmBuilder
from wasmdialect.passes.base import FunctionPass
from wasmdialect.passes.loop_entries import LoopEntry, loop_entries
from wasmdialect.passes.wasmir_dce import remove_unreachable_blocks


@dataclass(frozen=True)
class EnterLoop(FunctionPass):
    """Make functions that begin at one of their loops."""

    name = "enter-loop"

    loop: int = 0
    """The number of the loop. Functions with fewer loops stay as they are."""

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        if function.loop is not None:
            return  # it has been made just now
        entries = loop_entries(function)
        if self.loop >= len(entries):
            return
        entry = entries[self.loop]
        if not entry.is_possible:
            raise PassFailedException(
                f"loop {self.loop} of @{function.sym_name.data} uses values that are no parameters"
            )
        _enter(function, entry)
        _split_off(function, self.loop)


def _enter(function: wasmir.FuncOp, loop: LoopEntry) -> None:
    """Replace the entry of a function by one that goes to a loop."""
    entry = Block(arg_types=[value.type for value in loop.values])
    function.body.insert_block(entry, 0)
    b = WasmBuilder(entry, function.location)
    count = len(loop.header.args)
    given: list[tuple[SSAValue, SSAValue]] = [
        *zip(loop.values[count:], entry.args[count:], strict=True)
    ]
    for constant in loop.constants:
        copy = b.insert(constant.clone())
        given.append((constant.results[0], copy.results[0]))
    b.br(loop.header, entry.args[:count])
    reachable = {*reverse_postorder(entry)}
    kept = [(old, new) for old, new in given if _block_of(old) in reachable]
    for old, new in given:
        if _block_of(old) not in reachable:
            replace_value(old, new)
    if kept:
        b = WasmBuilder.before(_last(entry))
        slots = b.stack_slots(len(kept))
        for number, (old, new) in enumerate(kept):
            b.store_slot(slots, number, new)
            _keep(old, slots, number)
    remove_unreachable_blocks(function)


def _keep(value: SSAValue, slots: SSAValue, number: int) -> None:
    """Keep a value in a slot for where it is not computed on every path any more."""
    block = _block_of(value)
    elsewhere = [(user, index) for user, index in users_of(value) if user.parent is not block]
    is_result = isinstance(value, OpResult)
    b = WasmBuilder.after(value.op) if is_result else WasmBuilder.at_start(block)
    b.store_slot(slots, number, value)
    for user, index in elsewhere:
        user.operands[index] = WasmBuilder.before(user).load_slot(slots, number, value.type)


def _block_of(value: SSAValue) -> Block:
    block = value.op.parent if isinstance(value, OpResult) else value.owner
    assert isinstance(block, Block)
    return block


def _last(block: Block) -> Operation:
    assert block.last_op is not None
    return block.last_op


def _split_off(function: wasmir.FuncOp, loop: int) -> None:
    """Move the body into a function of its own."""
    body = function.body
    properties = dict(function.properties)
    properties.pop("func_ref", None)
    properties.pop("type", None)
    properties["sym_name"] = StringAttr(f"{function.sym_name.data}.loop{loop}")
    properties["function_type"] = FunctionType.from_lists(
        function.entry.arg_types, function.function_type.outputs.data
    )
    properties["loop"] = integer_attr(loop, 64)
    function.detach_region(body)
    function.add_region(Region())
    split = wasmir.FuncOp.create(properties=properties, regions=[body], location=function.location)
    parent = function.parent
    assert parent is not None
    parent.insert_op_after(split, function)
