"""Building operations: insertion points, locations, and the blocks that are ended and started.

`OpBuilder` knows no dialect. `WasmBuilder` (wasm_builder.py) adds a constructor for each operation of
wasmir and wasmvm, `LLVMBuilder` (llvm_builder.py) one for each LLVM operation that lowering
creates.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Self, TypeVar

from xdsl.dialects.builtin import SymbolRefAttr, UnknownLoc
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.traits import IsTerminator

from wasmdialect.dialects.fast import (
    Inserter,
    LocationAttr,
    add_block_argument,
    append_block,
    make_block,
    move_from,
)
from wasmdialect.wasm.declared import Declared

NOWHERE = UnknownLoc()
_OpT = TypeVar("_OpT", bound=Operation)

Symbol = SymbolRefAttr | str | Declared
"""A symbol as it is printed, without the `@`, or a reference to it, or what it names."""


class OpBuilder(Inserter):
    """Inserts operations at a point of a block. Each call inserts after the previous one.
    `WasmBuilder.before(op)` and its siblings create one. `value`, `results`, `step` and
    `terminator` build any operation, without checks: `--verify each` does these.
    """

    def __init__(
        self,
        block: Block,
        location: LocationAttr = NOWHERE,
        insert_before: Operation | None = None,
    ):
        super().__init__(block, location, insert_before)

    # --- insertion points ---

    @classmethod
    def before(cls, op: Operation) -> Self:
        """Builds before an operation, at its location. Raises ValueError if it is not in a
        block."""
        return cls(_block_of(op), op.location, op)

    @classmethod
    def after(cls, op: Operation) -> Self:
        """Builds after an operation, at its location. Raises ValueError if it is not in a block or
        ends one."""
        _check_not_terminator(op)
        return cls(_block_of(op), op.location, op.next_op)

    @classmethod
    def at_start(cls, block: Block) -> Self:
        """Builds before all operations of a block, at the location of its function."""
        return cls(block, _location_of(block), block.first_op)

    @classmethod
    def at_end(cls, block: Block) -> Self:
        """Builds after all operations of a block, at the location of its function. Raises ValueError
        if the block has its terminator already: `before(block.last_op)` is the point before that."""
        last = block.last_op
        if last is not None:
            _check_not_terminator(last)
        return cls(block, _location_of(block))

    # --- operations ---

    def insert(self, op: _OpT) -> _OpT:
        """Insert an operation that is not in a block yet, such as one of a dialect of your own. It
        gets the builder's location unless it has one."""
        if isinstance(op.location, UnknownLoc):
            op.location = self.location
        if self.insert_before is None:
            self.block.add_op(op)
        else:
            self.block.insert_op_before(op, self.insert_before)
        return op

    def replace(self, op: Operation, *values: SSAValue) -> None:
        """Replace the uses of `op`'s results by `values`, and erase `op`. The builder may be before
        it; it then continues at the position of `op`. Raises ValueError if the values have other
        types than the results, or `op` is not in a block."""
        results = [*op.results]
        _block_of(op)
        if [v.type for v in values] != [r.type for r in results] or {*values} & {*results}:
            old, new = (", ".join(str(v.type) for v in vs) for vs in (results, values))
            raise ValueError(f"the results of {op.name} ({old}) cannot be replaced by ({new})")
        for result, value in zip(results, values, strict=True):
            result.replace_all_uses_with(value)
        if self.insert_before is op:
            self.insert_before = op.next_op
        op.detach()
        op.erase()

    # --- blocks ---

    @property
    def region(self) -> Region:
        """The region of the builder's block. Raises ValueError if it is not in a function."""
        region = self.block.parent
        if region is None:
            raise ValueError("the block is in no region")
        return region

    def new_block(self, argument_types: Sequence[Attribute] = ()) -> Block:
        """A block after all others. The builder stays where it is until `begin`."""
        block = make_block()
        for t in argument_types:
            add_block_argument(block, t)
        append_block(self.region, block)
        return block

    def begin(self, block: Block) -> None:
        """Continue at the end of a block."""
        self.block = block
        self.insert_before = None

    def split(self) -> Block:
        """Split the block at the point: the rest moves into a new block after it, which is
        returned. The builder is then at the end of the first part, which needs a terminator.
        Branches to the block are unchanged."""
        rest = make_block()
        self.region.insert_block_after(rest, self.block)
        if self.insert_before is not None:
            move_from(self.insert_before, rest)
        self.insert_before = None
        return rest


def _block_of(op: Operation) -> Block:
    if op.parent is None:
        raise ValueError(f"{op.name} is in no block")
    return op.parent


def _check_not_terminator(op: Operation) -> None:
    if op.has_trait(IsTerminator):
        raise ValueError(f"nothing runs after {op.name}, which ends its block")


def _location_of(block: Block) -> LocationAttr:
    function = block.parent_op()
    return NOWHERE if function is None else function.location


def symbol_ref(symbol: Symbol) -> SymbolRefAttr:
    """A reference to a symbol."""
    if isinstance(symbol, SymbolRefAttr):
        return symbol
    return _symbol(symbol if isinstance(symbol, str) else symbol.symbol)


@lru_cache(10_000)
def _symbol(name: str) -> SymbolRefAttr:
    return SymbolRefAttr(name)
