"""Building operations without xDSL's constructors: the one module that relies on xDSL's internals.

Creating an operation through the public API costs about 10 us, most of it in generic argument
handling; a module of half a million instructions cannot afford that. `Inserter` fills the same
fields by hand, for about 1.5 us; it checks nothing. `dialects/builder.py` makes it the builder that
passes use. `tests/dialects/test_fast.py` compares every one with `Operation.create`, so that an
xDSL release that changes the fields fails there and not in a user's program.
"""

# pyright: reportPrivateUsage=false
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from xdsl.dialects.builtin import (
    ArrayAttr,
    CallSiteLoc,
    DenseArrayBase,
    FileLineColLoc,
    IntAttr,
    IntegerAttr,
    IntegerType,
    StringAttr,
    SymbolRefAttr,
    UnknownLoc,
    i32,
)
from xdsl.dialects.builtin import LocationAttr as _LocationAttr
from xdsl.ir import (
    Attribute,
    Block,
    BlockArgument,
    Operation,
    OpResult,
    Region,
    SSAValue,
    SSAValues,
    Use,
)
from xdsl.irdl import AttrSizedOperandSegments

LocationAttr = _LocationAttr

_new = object.__new__
_make = cast(Any, object.__new__)
"""The same, without a type: to set fields that have other values than xDSL says."""
_set_field = object.__setattr__
_new_tuple = cast(Callable[[Any, Iterable[Any]], Any], tuple.__new__)  # pyright: ignore[reportUnknownMemberType]
_NOWHERE = UnknownLoc()
_NO_VALUES: SSAValues[Any] = SSAValues()


class _QuicklyHashed:
    """Hashed and compared by identity, as xDSL's values are, but not by Python code."""

    __hash__ = object.__hash__
    __eq__ = object.__eq__


class Result(_QuicklyHashed, OpResult[Attribute]):
    """A result."""


class Argument(_QuicklyHashed, BlockArgument[Attribute]):
    """An argument of a block."""


def _link_before(op: Operation, before: Operation) -> None:
    """Link `op` in front of an operation of its block."""
    block = op.parent
    if block is None or before.parent is not block:
        raise ValueError(
            f"{op.name} goes before {before.name}, which is not in that block any more: make the"
            " builder anew after an operation is erased or moved"
        )
    previous = before._prev_op
    op._prev_op = previous
    op._next_op = before
    before._prev_op = op
    if previous is None:
        block._first_op = op
    else:
        previous._next_op = op


class Inserter:
    """Creates operations at a point of a block, without checks and without copying `properties`."""

    def __init__(
        self, block: Block, location: LocationAttr, insert_before: Operation | None = None
    ):
        self.block = block
        """The block to insert into."""
        self.insert_before = insert_before
        """New operations go before this operation of the block; at its end if None."""
        self.location = location
        """The location of new operations."""

    def value(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        result_type: Attribute,
        properties: dict[str, Attribute] | None = None,
    ) -> OpResult:
        """Make an operation with one result; returns the result."""
        # Most operations are made here, so `_fill` is inlined: the call costs 1.5 % of lowering.
        op = _new(cls)
        op.parent = block = self.block
        if self.insert_before is not None:
            _link_before(op, self.insert_before)
        else:
            last = block._last_op
            if last is None:
                block._first_op = op
            else:
                op._prev_op = last
                last._next_op = op
            block._last_op = op
        if operands:
            op._operands = _new_tuple(SSAValues, operands)
            uses: list[Use] = []
            index = 0
            for value in operands:
                use = _new(Use)
                use._operation = op
                use._index = index
                index += 1
                first = value.first_use
                if first is not None:
                    use._next_use = first
                    first._prev_use = use
                value.first_use = use
                uses.append(use)
            op._operand_uses = tuple(uses)
        else:
            op._operands = _NO_VALUES
            op._operand_uses = ()
        op.properties = {} if properties is None else properties
        op.attributes = {}
        op.location = self.location
        result = _new(Result)
        result._type = result_type
        result.op = op
        result.index = 0
        op.results = _new_tuple(SSAValues, (result,))
        return result

    def results(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        result_types: Sequence[Attribute],
        properties: dict[str, Attribute] | None = None,
    ) -> SSAValues[OpResult]:
        """Make an operation with any number of results; returns them."""
        op = _new(cls)
        self._fill(op, operands, properties)
        results: list[OpResult] = []
        for index, result_type in enumerate(result_types):
            result = _new(Result)
            result._type = result_type
            result.op = op
            result.index = index
            results.append(result)
        op.results = _new_tuple(SSAValues, results)
        return op.results

    def step(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue] = (),
        properties: dict[str, Attribute] | None = None,
    ) -> Operation:
        """Make an operation without results."""
        op = _new(cls)
        self._fill(op, operands, properties)
        op.results = _NO_VALUES
        return op

    def terminator(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        successors: Sequence[Block],
        properties: dict[str, Attribute] | None = None,
    ) -> Operation:
        """Make an operation with successors and without results."""
        op = self.step(cls, operands, properties)
        op._successors = tuple(successors)
        uses: list[Use] = []
        for index, successor in enumerate(successors):
            use = _new(Use)
            use._operation = op
            use._index = index
            first = successor.first_use
            if first is not None:
                use._next_use = first
                first._prev_use = use
            successor.first_use = use
            uses.append(use)
        op._successor_uses = tuple(uses)
        return op

    def _fill(
        self,
        op: Operation,
        operands: Sequence[SSAValue],
        properties: dict[str, Attribute] | None,
    ) -> None:
        """Everything but results and successors. Fields at their class default are left alone."""
        op.parent = block = self.block
        if self.insert_before is not None:
            _link_before(op, self.insert_before)
        else:
            last = block._last_op
            if last is None:
                block._first_op = op
            else:
                op._prev_op = last
                last._next_op = op
            block._last_op = op
        op._operands = _new_tuple(SSAValues, operands)
        uses: list[Use] = []
        index = 0
        for value in operands:
            use = _new(Use)
            use._operation = op
            use._index = index
            index += 1
            first = value.first_use
            if first is not None:
                use._next_use = first
                first._prev_use = use
            value.first_use = use
            uses.append(use)
        op._operand_uses = tuple(uses)
        op.properties = {} if properties is None else properties
        op.attributes = {}
        op.location = self.location


class Passer(Inserter):
    """Makes operations that are in no block, and gives each to its handler. Nothing keeps them, and
    values do not know that they are their operands. Afterwards an operation does not know its results
    either: the two would be a circle (`dismantle`)."""

    handlers: Mapping[type[Operation], Callable[[Any, Any], None]]
    receiver: Any
    """What the handlers get besides the operation."""
    last: Sequence[SSAValue]
    """The results of the operation made last."""

    def value(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        result_type: Attribute,
        properties: dict[str, Attribute] | None = None,
    ) -> OpResult:
        op = _make(cls)
        op._operands = tuple(operands)
        op.properties = {} if properties is None else properties
        op.attributes = {}
        op.location = self.location
        result = _new(Result)
        result._type = result_type
        result.op = op
        result.index = 0
        op.results = self.last = (result,)
        self.handlers[cls](self.receiver, op)
        op.results = ()
        return result

    def results(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        result_types: Sequence[Attribute],
        properties: dict[str, Attribute] | None = None,
    ) -> Any:
        results: list[OpResult] = []
        op = unplaced_operation(cls, operands, (), properties, self.location)
        for index, result_type in enumerate(result_types):
            result = _new(Result)
            result._type, result.op, result.index = result_type, op, index
            results.append(result)
        op.results = self.last = tuple(results)
        self.handlers[cls](self.receiver, op)
        op.results = ()
        return self.last

    def step(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue] = (),
        properties: dict[str, Attribute] | None = None,
    ) -> Operation:
        op = unplaced_operation(cls, operands, (), properties, self.location)
        self.last = ()
        self.handlers[cls](self.receiver, op)
        return op


def unplaced_operation(
    cls: type[Operation],
    operands: Sequence[Any],
    results: Sequence[Any],
    properties: dict[str, Attribute] | None,
    location: LocationAttr,
) -> Any:
    """An operation that is only to be looked at: it is in no block, and its operands and results do not
    know of it, nor need to be values of xDSL."""
    op = _make(cls)
    op._operands = tuple(operands)
    op.results = tuple(results)
    op.properties = {} if properties is None else properties
    op.attributes = {}
    op.location = location
    return op


def successors_of(op: Operation) -> Sequence[Block]:
    """The successors, without the view that `op.successors` makes."""
    return op._successors


def operations_of(block: Block) -> list[Operation]:
    """The operations of a block."""
    operations: list[Operation] = []
    op = block._first_op
    while op is not None:
        operations.append(op)
        op = op._next_op
    return operations


def blocks_of(region: Region) -> list[Block]:
    """The blocks of a region, without xDSL's view, which runs Python code for each."""
    blocks: list[Block] = []
    block = region._first_block
    while block is not None:
        blocks.append(block)
        block = block._next_block
    return blocks


def results_in(block: Block) -> list[OpResult]:
    """The results of the operations of a block."""
    results: list[OpResult] = []
    op = block._first_op
    while op is not None:
        results += op.results
        op = op._next_op
    return results


def take_operations(block: Block) -> Iterator[Operation]:
    """Empty a block and iterate over its operations. Each one must then be put back with `relink`
    or dropped with `replace_by` or `drop`; rewriting a block costs one walk that way."""
    op = block._first_op
    block._first_op = block._last_op = None
    while op is not None:
        following = op._next_op
        yield op
        op = following


def relink(block: Block, op: Operation) -> None:
    """Append an operation that `take_operations` gave."""
    last = block._last_op
    op.parent = block
    op._prev_op = last
    op._next_op = None
    if last is None:
        block._first_op = op
    else:
        last._next_op = op
    block._last_op = op


def splice_front(block: Block, prelude: Block) -> None:
    """Move all operations of `prelude` to the front of `block`."""
    first, last = prelude._first_op, prelude._last_op
    if first is None or last is None:
        return
    op: Operation | None = first
    while op is not None:
        op.parent = block
        op = op._next_op
    following = block._first_op
    last._next_op = following
    if following is None:
        block._last_op = last
    else:
        following._prev_op = last
    block._first_op = first
    prelude._first_op = prelude._last_op = None


def move_from(first: Operation, target: Block) -> None:
    """Move an operation and all after it from their block to an empty one. (xDSL's `split_before`
    counts the blocks of the region.)"""
    block, before = first.parent, first._prev_op
    assert block is not None
    target._first_op, target._last_op = first, block._last_op
    block._last_op = before
    if before is None:
        block._first_op = None
    else:
        before._next_op = None
    first._prev_op = None
    op: Operation | None = first
    while op is not None:
        op.parent = target
        op = op._next_op


def drop(op: Operation) -> None:
    """Forget an operation that `take_operations` gave: its operands lose their uses, and nothing may
    use its results any more."""
    for value, use in zip(op._operands, op._operand_uses, strict=True):
        before, after = use._prev_use, use._next_use
        if before is None:
            value.first_use = after
        else:
            before._next_use = after
        if after is not None:
            after._prev_use = before
    op._operands = op.results = _NO_VALUES
    op._operand_uses = ()
    op.parent = op._prev_op = op._next_op = None


def replace_by(old: Operation, new: Operation) -> None:
    """Drop `old`, whose uses become uses of `new`: it takes over the results of `old`, with their
    types, in place of its own, which nothing may use yet."""
    results = old.results
    for result in results:
        result.op = new
    new.results = results
    drop(old)


def replace_value(old: SSAValue, new: SSAValue) -> None:
    """Replace every use of `old` by `new`."""
    use = old.first_use
    while use is not None:
        following = use._next_use
        user, index = use._operation, use._index
        operands = user._operands
        user._operands = _new_tuple(SSAValues, (*operands[:index], new, *operands[index + 1 :]))
        new.add_use(use)
        use = following
    old.first_use = None


def copy_operations(
    copies: Sequence[tuple[Operation, Block]],
    values: dict[SSAValue, SSAValue],
    blocks: Mapping[Block, Block],
    location: Callable[[LocationAttr], LocationAttr],
) -> None:
    """Append a copy of each operation to the block beside it. Operands are those that `values` has for
    the original ones, or else a copy's result, which are added to `values`; successors are those that
    `blocks` has. Operations have no regions. (xDSL's `clone` takes ten times as long.)"""
    made: list[tuple[Operation, Operation]] = []
    for op, block in copies:
        copy = _new(type(op))
        relink(block, copy)
        copy.properties = {**op.properties}
        copy.attributes = {**op.attributes}
        copy.location = location(op.location)
        results: list[OpResult] = []
        for result in op.results:
            own = _new(Result)
            own._type, own.op, own.index = result.type, copy, result.index
            if result.name_hint is not None:
                own.name_hint = result.name_hint
            values[result] = own
            results.append(own)
        copy.results = _new_tuple(SSAValues, results)
        made.append((op, copy))
    for op, copy in made:
        operands = [values.get(value, value) for value in op._operands]
        copy._operands = _new_tuple(SSAValues, operands)
        copy._operand_uses = tuple(_use(value, copy, n) for n, value in enumerate(operands))
        if op._successors:
            successors = tuple(blocks[block] for block in op._successors)
            copy._successors = successors
            copy._successor_uses = tuple(_use(block, copy, n) for n, block in enumerate(successors))


def _use(used: SSAValue | Block, user: Operation, index: int) -> Use:
    """A use, which the value or block used knows of."""
    use = _new(Use)
    use._operation, use._index = user, index
    used.add_use(use)
    return use


class _QuicklyHashedBlock(_QuicklyHashed, Block):
    """A block."""


def make_block() -> Block:
    """An empty block, of no region."""
    block = _new(_QuicklyHashedBlock)
    block._args = ()
    block._first_op = block._last_op = None
    return block


def append_block(region: Region, block: Block) -> None:
    """Append a block that is in no region."""
    last = region._last_block
    block.parent = region
    block._prev_block = last
    if last is None:
        region._first_block = block
    else:
        last._next_block = block
    region._last_block = block


def add_block_argument(block: Block, type: Attribute) -> BlockArgument:
    """Append an argument to a block."""
    argument = _new(Argument)
    argument._type = type
    argument.block = block
    argument.index = len(block._args)
    argument.location = _NOWHERE
    block._args = (*block._args, argument)
    return argument


def set_block_arguments(block: Block, arguments: Sequence[BlockArgument]) -> None:
    """Keep only these of a block's arguments; nothing may use the others."""
    for index, argument in enumerate(arguments):
        argument.index = index
    block._args = tuple(arguments)


_SMALL_INTEGERS: dict[tuple[int, int], IntegerAttr[IntegerType]] = {}


def integer_attr(value: int, bits: int) -> IntegerAttr[IntegerType]:
    """The attribute `value : i<bits>`, shared between equal small values."""
    key = (value, bits)
    known = _SMALL_INTEGERS.get(key)
    if known is None:
        known = _make_integer_attr(value, bits)
        if len(_SMALL_INTEGERS) < 65536:
            _SMALL_INTEGERS[key] = known
    return known


_WIDTHS: dict[int, IntegerType] = {}


def _make_integer_attr(value: int, bits: int) -> IntegerAttr[IntegerType]:
    """Without xDSL's verification, which takes longer than importing the instruction."""
    width = _WIDTHS.get(bits)
    if width is None:
        width = _WIDTHS[bits] = IntegerType(bits)
    half = 1 << (bits - 1)
    if not -half <= value < 2 * half:
        raise ValueError(f"{value} does not fit an i{bits}")
    data = _new(IntAttr)
    # The upper half of the unsigned numbers is that of the negative ones.
    _set_field(data, "data", value if value < half else value - 2 * half)
    attribute = _make(IntegerAttr)
    _set_field(attribute, "value", data)
    _set_field(attribute, "type", width)
    return attribute


def symbol_attr(name: StringAttr) -> SymbolRefAttr:
    """A reference to a symbol, without verification."""
    reference = _new(SymbolRefAttr)
    _set_field(reference, "root_reference", name)
    _set_field(reference, "nested_references", _NOT_NESTED)
    return reference


_NOT_NESTED = ArrayAttr[StringAttr]([])


class Locations:
    """Makes the location of each Wasm byte offset: `(file, 0, offset)`, as MLIR's importer does."""

    def __init__(self, file: str):
        self._file = StringAttr(file)
        self._line = IntAttr(0)

    def at(self, offset: int) -> LocationAttr:
        """The location of a byte offset, without running attribute verification."""
        column = _make(IntAttr)
        column.__dict__["data"] = offset
        location = _make(FileLineColLoc)
        fields = location.__dict__  # quicker than getting past a frozen class for each
        fields["filename"] = self._file
        fields["line"] = self._line
        fields["column"] = column
        return location


def wasm_offset(location: LocationAttr) -> int | None:
    """The Wasm byte offset that a location stands for, None if it is not of that form. For an
    operation that was inlined, it is that of the call in the function that it is in now."""
    if location.__class__ is FileLineColLoc:  # which `isinstance` takes Python code to see
        place: Any = location
        return place.column.data
    while isinstance(location, CallSiteLoc):
        _, location = _call_site(location)
    if isinstance(location, FileLineColLoc):
        return location.column.data
    return None


Place = int | tuple[int, ...] | None
"""Where an operation comes from: a Wasm byte offset, or for one that was inlined the offset of its
instruction and those of the calls that it was inlined at, innermost first."""


def wasm_place(location: LocationAttr) -> Place:
    """Where an operation with a location comes from, with the calls it was inlined at if all are
    known."""
    if location.__class__ is FileLineColLoc or not isinstance(location, CallSiteLoc):
        return wasm_offset(location)
    offsets: list[int | None] = []
    while isinstance(location, CallSiteLoc):
        callee, location = _call_site(location)
        offsets.append(wasm_offset(callee))
    offsets.append(wasm_offset(location))
    known = tuple(offset for offset in offsets if offset is not None)
    return known if len(known) == len(offsets) else offsets[-1]


def inlined_at(location: LocationAttr, call: LocationAttr) -> LocationAttr:
    """The location of an operation after it was inlined at a call."""
    if isinstance(location, CallSiteLoc):
        callee, caller = _call_site(location)
        return _new_call_site(callee, inlined_at(caller, call))
    return _new_call_site(location, call)


def _new_call_site(callee: LocationAttr, caller: LocationAttr) -> LocationAttr:
    """A location in a function that was inlined, without running attribute verification."""
    location = _make(CallSiteLoc)
    location.__dict__["callee"], location.__dict__["caller"] = callee, caller
    return location


def _call_site(location: CallSiteLoc) -> tuple[LocationAttr, LocationAttr]:
    """The location in the callee and that of the call, which xDSL takes for any attributes."""
    return cast(LocationAttr, location.callee), cast(LocationAttr, location.caller)


# --- the end of IR ---


def dismantle(op: Operation) -> None:
    """Take apart an operation that nothing needs any more, with everything in it, so that it is freed
    at once. Operations, values, uses, blocks and regions refer to each other in circles, which
    otherwise stay until Python's collector finds them: that takes longer than building them."""
    for use in op._operand_uses:
        # A use and the next one of the same value refer to each other.
        if use._prev_use is not None:
            use._prev_use = None
    op._operands = op.results = _NO_VALUES
    op._operand_uses = ()
    op.parent = op._prev_op = op._next_op = None
    if op._successors:
        for use in op._successor_uses:
            use._prev_use = None
        op._successors = ()
        op._successor_uses = ()
    if op.regions:
        for region in op.regions:
            dismantle_region(region)
        op.regions = ()


def dismantle_region(region: Region) -> None:
    """Take apart a region that belongs to no operation any more, with everything in it."""
    region.parent = None
    clear_region(region)


def clear_region(region: Region) -> None:
    """Take apart everything in a region, which is empty then."""
    block = region._first_block
    region._first_block = region._last_block = None
    while block is not None:
        following_block = block._next_block
        op = block._first_op
        block._args = ()
        block._first_op = block._last_op = None
        block.parent = block._prev_block = block._next_block = None
        while op is not None:
            following = op._next_op
            dismantle(op)
            op = following
        block = following_block


# --- views without checks ---


def operands_of(op: Operation) -> Sequence[SSAValue]:
    """The operands, without the view that `op.operands` makes."""
    return op._operands


def operand_of(op: Operation, index: int) -> SSAValue:
    """An operand by its position; xDSL's indexing runs Python code."""
    return _item(op._operands, index)


_item = cast(Callable[[Any, int], SSAValue], tuple.__getitem__)  # pyright: ignore[reportUnknownMemberType]


def number_of(op: Operation, name: str) -> int:
    """An integer property that an operation has, without xDSL's accessor."""
    number: Any = op.properties[name]
    return number.value.data


def result_of(op: Operation) -> OpResult:
    """The only result of an operation; xDSL's indexing runs Python code for each access."""
    (result,) = op.results
    return result


_DENSE_VALUES: dict[int, tuple[DenseArrayBase[Any], tuple[int, ...]]] = {}


def dense_values(array: DenseArrayBase[Any]) -> tuple[int, ...]:
    """The integers of a dense array; decoded once for each array, as builders share them. (Cached by
    identity, as hashing takes longer than decoding; the entry keeps the array alive.)"""
    known = _DENSE_VALUES.get(id(array))
    if known is None:
        known = array, tuple(array.get_values())
        if len(_DENSE_VALUES) < 10_000:
            _DENSE_VALUES[id(array)] = known
    return known[1]


SEGMENT_SIZES = AttrSizedOperandSegments.attribute_name


def segment_sizes(op: Operation) -> tuple[int, ...]:
    """How many operands each group of an operation with several groups has."""
    return dense_values(cast("DenseArrayBase[Any]", op.properties[SEGMENT_SIZES]))


def segments(*sizes: int) -> dict[str, Attribute]:
    """The property that says how many operands each group has (a new dictionary)."""
    known = _SIZES.get(sizes)
    if known is None:
        known = DenseArrayBase.from_list(i32, sizes)
        if len(_SIZES) < 10_000:
            _SIZES[sizes] = known
    return {SEGMENT_SIZES: known}


_SIZES: dict[tuple[int, ...], DenseArrayBase[IntegerType]] = {}


def users_of(value: SSAValue) -> Iterator[tuple[Operation, int]]:
    """Each use of a value: the operation, and which of its operands it is."""
    use = value.first_use
    while use is not None:
        yield use._operation, use._index
        use = use._next_use


def is_used_outside(value: SSAValue, block: Block) -> bool:
    """Whether a value is used by an operation that is not in a block, or is deeper in it."""
    use = value.first_use
    while use is not None:
        if use._operation.parent is not block:
            return True
        use = use._next_use
    return False


def fields_of(op: Operation) -> Mapping[str, Any]:
    """The instance fields of an operation (for the self-test)."""
    return op.__dict__
