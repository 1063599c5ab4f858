"""wasmir-forward-loads: let a load give what was stored at its place, or loaded from it before.

LLVM takes nothing through memory outside of loops without checks: accesses that may trap are volatile
there. What functions pass each other through the shadow stack stays in memory then, after inlining too.

Places are a base and a constant: `%p + 8`, modulo the width of addresses. An access that has not
trapped was inside the memory, which is at most 2**32 bytes long, so that its address has not wrapped
around, and two such accesses with one base touch the same bytes exactly if base and constant say so. A
load that comes after them may trap all the same, where its address does wrap around: unless an earlier
access of the same base tells that it cannot, it stays, without a use, for the trap. docs/forwarding.md
has the reasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, cast

from xdsl.context import Context
from xdsl.dialects.builtin import CallSiteLoc, ModuleOp, f32, f64, i32, i64
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.traits import MemoryEffectKind

from wasmdialect.analyses import ControlFlow, Dominators, Loops, analysis
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.control_transfer import CallsCode
from wasmdialect.dialects.effects import effects_of
from wasmdialect.dialects.fast import drop, operand_of, operations_of, replace_value
from wasmdialect.dialects.wasm_builder import WasmBuilder
from wasmdialect.dialects.wasmir.effects import TRAPS, StateResource
from wasmdialect.passes.base import FunctionPass, report
from wasmdialect.wasm.instructions import State

MOST_PLACES = 64
"""That are known of a base at a time; the oldest is forgotten first."""
MOST_BASES = 8
"""Of which places are known, or how far the memory reaches beyond them."""
LEAST_SHARE = 5
"""One in so many operations at least accesses memory, in functions with nothing inlined."""
NEAR = 32
"""Operations after which a value is no longer used in place of a load. Stores stay, so that what is in
a register is also in memory, and loading it again costs no more than where registers have run out."""
_LONGEST = 16
"""Bytes of an access."""
_STEPS = 8
"""Of sums that a base is looked for behind."""
_MASK_32, _MASK_64 = (1 << 32) - 1, (1 << 64) - 1


@dataclass(frozen=True)
class WasmIRForwardLoads(FunctionPass):
    """Let a load give what was stored at its place, or loaded from it before."""

    name = "wasmir-forward-loads"
    preserves = (ControlFlow, Dominators, Loops)  # it changes no branch

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        if not _pays(function):
            return
        forwarding = _Forwarding(function)
        forwarding.run()
        if forwarding.erased or forwarding.kept:
            first = function.entry.first_op
            assert first is not None
            counts = {"loads": forwarding.erased, "kept_for_traps": forwarding.kept}
            report(first, "forwarded", **counts)


def _pays(function: wasmir.FuncOp) -> bool:
    """Whether to look at a function: if something has been inlined into it, or it accesses memory as
    often as functions do that were compiled without optimisation."""
    operations = accesses = 0
    for block in function.body.blocks:
        for op in operations_of(block):
            if op.location.__class__ is CallSiteLoc:
                return True
            operations += 1
            accesses += op.__class__ in _SIZES
    return accesses * LEAST_SHARE >= operations


# --- places ---


class _Base(NamedTuple):
    """An address as a value and what is added to it."""

    value: SSAValue | None
    """None for a constant."""
    added: int
    mask: int
    """Of the sum: addresses have 32 or 64 bits."""


def _base_of(address: SSAValue, known: dict[SSAValue, _Base]) -> _Base:
    found = known.get(address)
    if found is not None:
        return found
    mask = _MASK_64 if address.type == i64 else _MASK_32
    value, added = address, 0
    for _ in range(_STEPS):
        step = _STEP_OF.get(value.owner.__class__)
        if step is None:
            break
        bits = wasmir.constant_bits(value)
        if bits is not None:
            known[address] = found = _Base(None, (added + bits) & mask, mask)
            return found
        op = cast(Operation, value.owner)
        lhs, rhs = operand_of(op, 0), operand_of(op, 1)
        bits = wasmir.constant_bits(rhs)
        if bits is None and step > 0:
            lhs, bits = rhs, wasmir.constant_bits(lhs)
        if bits is None:
            break
        value, added = lhs, added + step * bits
    known[address] = found = _Base(value, added & mask, mask)
    return found


_STEP_OF: dict[type[Any], int] = {
    wasmir.I32AddOp: 1,
    wasmir.I32ConstOp: 1,
    wasmir.I32SubOp: -1,
    wasmir.I64AddOp: 1,
    wasmir.I64ConstOp: 1,
    wasmir.I64SubOp: -1,
}
"""Operations that an address is looked for behind, with the sign of the second operand."""


class _Known(NamedTuple):
    """What is known of bytes in memory."""

    size: int
    value: SSAValue
    """Its low bytes are those in memory, as long as it `has_bytes`."""
    source: type[Operation]
    """The class of the operation that stored or loaded it."""
    has_bytes: bool
    last_use: int
    """The number of the operation that stored or loaded it."""


_Places = dict[int, _Known]
"""By what is added to the base."""


class _State:
    """What is known at a point of a function."""

    __slots__ = ("ends", "globals", "places")

    def __init__(self) -> None:
        self.places: dict[SSAValue | None, _Places] = {}
        """By base. Those of different bases can be the same: a store to one clears the others."""
        self.ends: dict[SSAValue | None, dict[int, int]] = {}
        """For a base and what is added to it: how many bytes from there are inside the memory, at
        least, without an address that wraps around. That stays so: no memory shrinks."""
        self.globals: dict[str, SSAValue] = {}

    def copy(self) -> _State:
        other = _State()
        other.places = {base: dict(places) for base, places in self.places.items()}
        other.ends = {base: dict(ends) for base, ends in self.ends.items()}
        other.globals = dict(self.globals)
        return other


def _in_all(states: Sequence[_State]) -> _State:
    """What is known whichever of the states there was before."""
    first, *others = states
    merged = _State()
    for base, places in first.places.items():
        tables = [state.places.get(base) for state in others]
        if None in tables:
            continue
        same = {at: k for at, known in places.items() if (k := _same(known, at, tables))}
        if same:
            merged.places[base] = same
    for base, ends in first.ends.items():
        reaches = [state.ends.get(base, {}) for state in others]
        least = {k: min(end, *(r.get(k, 0) for r in reaches)) for k, end in ends.items()}
        merged.ends[base] = {k: end for k, end in least.items() if end}
    for name, value in first.globals.items():
        if all(state.globals.get(name) is value for state in others):
            merged.globals[name] = value
    return merged


def _same(known: _Known, at: int, tables: Sequence[_Places | None]) -> _Known | None:
    """What is known of a place, if it is the same everywhere."""
    oldest = known.last_use
    for table in tables:
        other = None if table is None else table.get(at)
        if other is None or other[:-1] != known[:-1]:
            return None
        oldest = min(oldest, other.last_use)
    return known._replace(last_use=oldest)


# --- the pass ---


class _Forwarding:
    def __init__(self, function: wasmir.FuncOp):
        self.function = function
        self.graph = analysis(ControlFlow, function)
        module = function.parent_op()
        self.shared = frozenset[str]()
        if isinstance(module, ModuleOp):
            self.shared = analysis(_shared_memories, module)
        self.memory: str | None = None
        """The one whose contents are followed: the first that the function accesses."""
        self.bases: dict[SSAValue, _Base] = {}
        self.state = _State()
        self.is_own = True
        """Whether no other block has the same state."""
        self.erased = self.kept = 0
        self.now = 0

    def run(self) -> None:
        """Visit the blocks, each after those that dominate it. Nothing is known at the header of a
        loop."""
        graph = self.graph
        ends: list[_State | None] = [None] * len(graph.order)
        own = [False] * len(graph.order)
        for number, block in enumerate(graph.order):
            before = graph.predecessors[number]
            known = [state for n in dict.fromkeys(before) if (state := ends[n]) is not None]
            if not known or max(before) >= number:
                self.state, self.is_own = _State(), True
            elif len(known) > 1:
                self.state, self.is_own = _in_all(known), True
            else:
                only = before[0]
                self.state = known[0]
                self.is_own = own[only] and len(graph.successors[only]) == 1
            self.visit(block)
            ends[number], own[number] = self.state, self.is_own

    def visit(self, block: Block) -> None:
        """Follow the state through a block."""
        operations = operations_of(block)
        for now, op in enumerate(operations, self.now):
            cls = op.__class__
            action = _ACTIONS.get(cls, _UNKNOWN)
            if action is None:
                continue
            if action is _UNKNOWN:
                action = _ACTIONS[cls] = _action_of(op)
                if action is None:
                    continue
            if not self.is_own:
                self.state, self.is_own = self.state.copy(), True
            self.now = now
            action(self, op)
        self.now += len(operations)

    def load(self, op: wasmir.LoadOp) -> None:
        """Take what is known of a place, or know it from now on."""
        if not self.follows(op):
            return
        state, cls = self.state, op.__class__
        base, added, mask = _base_of(operand_of(op, 0), self.bases)
        offset, size = op.static_offset, _SIZES[cls]
        place = (added + offset) & mask
        places = state.places.get(base)
        value = None if places is None else self.known(op, places, place, size, mask)
        (result,) = op.results
        if value is not None:
            replace_value(result, value)
            if op.known_in_bounds or self.is_inside(base, added, mask, offset + size):
                op.detach()
                drop(op)
                self.erased += 1
                return
            self.kept += 1
        self.note_end(base, added, offset + size)
        if value is None:
            self.note(base, place, _Known(size, result, cls, cls in _WHOLE, self.now))

    def known(
        self, op: wasmir.LoadOp, places: _Places, place: int, size: int, mask: int
    ) -> SSAValue | None:
        """The value that a load gives, if it does not trap."""
        cls = op.__class__
        found = places.get(place)
        if found is not None:
            if not self.is_near(found):
                return None
            if found.source is cls:
                return found.value
            if found.size >= size:
                return _converted(op, found, 0)
        if cls not in _WHOLE:
            return None
        for skipped in range(1, 8):
            found = places.get((place - skipped) & mask)
            if found is not None and found.size >= skipped + size:
                if not self.is_near(found):
                    return None
                return _converted(op, found, skipped)
        return None

    def is_near(self, known: _Known) -> bool:
        """Whether a value is probably in a register, or is a constant."""
        return self.now - known.last_use <= NEAR or wasmir.constant_bits(known.value) is not None

    def store(self, op: wasmir.StoreOp | wasmir.StoreLaneOp) -> None:
        """Forget all that may have changed, and know what was stored."""
        places = self.state.places
        if not self.follows(op):
            places.clear()  # two imports can be the same memory
            return
        cls = op.__class__
        base, added, mask = _base_of(operand_of(op, 0), self.bases)
        offset, size = op.static_offset, _SIZES[cls]
        place = (added + offset) & mask
        own = places.get(base)
        places.clear()
        if own is not None:
            places[base] = own
            for distance in range(1 - _LONGEST, size):
                at = (place + distance) & mask
                found = own.get(at)
                if found is not None and distance + found.size > 0:
                    del own[at]
        self.note_end(base, added, offset + size)
        if cls in _WHOLE:
            self.note(base, place, _Known(size, operand_of(op, 1), cls, True, self.now))

    def follows(self, op: wasmir.MemoryAccess) -> bool:
        """Whether an access is one of the memory whose contents are followed."""
        memory: Any = op.properties["memory"]
        name = memory.root_reference.data
        if self.memory is None and name not in self.shared:
            self.memory = name
        return name == self.memory

    def note(self, base: SSAValue | None, place: int, known: _Known) -> None:
        """Know the bytes at a place."""
        bases = self.state.places
        places = bases.get(base)
        if places is None:
            if len(bases) == MOST_BASES:
                del bases[next(iter(bases))]
            places = bases[base] = {}
        elif len(places) == MOST_PLACES:
            del places[next(iter(places))]
        places[place] = known

    def note_end(self, base: SSAValue | None, added: int, end: int) -> None:
        """Know that an access of an address did not trap, up to `end` bytes from it."""
        if base is None:
            added, end = 0, added + end
        bases = self.state.ends
        ends = bases.get(base)
        if ends is None:
            if len(bases) == MOST_BASES:
                del bases[next(iter(bases))]
            bases[base] = {added: end}
        elif ends.get(added, 0) < end:
            if len(ends) == MOST_BASES and added not in ends:
                del ends[next(iter(ends))]
            ends[added] = end

    def is_inside(self, base: SSAValue | None, added: int, mask: int, end: int) -> bool:
        """Whether all up to `end` bytes from an address is known to be inside the memory."""
        if base is None:
            added, end = 0, added + end
        ends = self.state.ends.get(base, {})
        return any(((added - known) & mask) + end <= inside for known, inside in ends.items())

    def forget_memory(self, op: Operation) -> None:
        """Memory may be written."""
        self.state.places.clear()

    def forget_globals(self, op: Operation) -> None:
        """Globals may be written."""
        self.state.globals.clear()

    def forget(self, op: Operation) -> None:
        """Anything may be written."""
        self.state.places.clear()
        self.state.globals.clear()

    def look(self, op: Operation) -> None:
        """Forget what an operation of another dialect may write: each has effects of its own."""
        action = _forgetting(op)
        if action is not None:
            action(self, op)

    def get_global(self, op: Operation) -> None:
        """Take the value of a global, or know it from now on."""
        name = _global_of(op)
        (result,) = op.results
        value = self.state.globals.get(name)
        if value is None or value.type != result.type:
            self.state.globals[name] = result
            return
        replace_value(result, value)
        op.detach()
        drop(op)
        self.erased += 1

    def set_global(self, op: Operation) -> None:
        """Two imports can be the same global."""
        self.state.globals = {_global_of(op): operand_of(op, 0)}


def _global_of(op: Operation) -> str:
    variable: Any = op.properties["variable"]
    return variable.root_reference.data


def _shared_memories(module: ModuleOp) -> frozenset[str]:
    return frozenset(
        op.sym_name.data
        for op in module.ops
        if isinstance(op, wasmir.MemoryOp) and op.shared is not None
    )


# --- what operations do ---


def _action_of(op: Operation) -> Any:
    """The method of `_Forwarding` for operations of a class; None if it changes nothing."""
    if isinstance(op, wasmir.LoadOp):
        return _Forwarding.load
    if isinstance(op, wasmir.StoreOp | wasmir.StoreLaneOp):
        return _Forwarding.store
    if isinstance(op, wasmir.GlobalGetOp):
        return _Forwarding.get_global
    if isinstance(op, wasmir.GlobalSetOp):
        return _Forwarding.set_global
    return _forgetting(op) if op.name.startswith("wasmir.") else _Forwarding.look


def _forgetting(op: Operation) -> Any:
    effects = effects_of(op)
    if effects is None or op.regions or op.has_trait(CallsCode):
        return _Forwarding.forget
    written: set[State] = set()
    for effect in effects:
        if effect.kind is MemoryEffectKind.READ or effect == TRAPS:
            continue
        if isinstance(effect.resource, StateResource):
            written.add(effect.resource.state)
        elif not op.name.startswith("wasmir."):  # where it is a marker
            return _Forwarding.forget
    match State.MEMORY in written, State.GLOBAL in written:
        case True, True:
            return _Forwarding.forget
        case True, False:
            return _Forwarding.forget_memory
        case False, True:
            return _Forwarding.forget_globals
        case _:
            return None


_UNKNOWN = object()
_ACTIONS: dict[type[Operation], Any] = {}
"""By class: all operations of a class of wasmir have the same effects on memories and globals."""
_SIZES: dict[type[Operation], int] = {
    cls: cast(Any, cls.INSTRUCTION.access).bytes
    for table in (wasmir.LOAD_OPS, wasmir.STORE_OPS, wasmir.STORE_LANE_OPS)
    for cls in table.values()
}
_WHOLE: dict[type[Operation], bool] = {
    cls: cast(Any, cls.INSTRUCTION.access).signed
    for table in (wasmir.LOAD_OPS, wasmir.STORE_OPS)
    for cls in table.values()
    if not cast(Any, cls.INSTRUCTION.access).completed_by
}
"""Accesses of all bytes of a value, or its low bytes, and whether a load extends them with their sign.
Others load vectors from a few bytes."""


# --- conversions ---

_FLOATS: dict[Attribute, tuple[str, str, Attribute]] = {
    f32: ("i32.reinterpret_f32", "f32.reinterpret_i32", i32),
    f64: ("i64.reinterpret_f64", "f64.reinterpret_i64", i64),
}


def _converted(op: wasmir.LoadOp, known: _Known, skipped: int) -> SSAValue | None:
    """What a load gives, from a value that has its bytes after those `skipped`."""
    if not known.has_bytes or op.__class__ not in _WHOLE:
        return None
    wanted, value = op.results[0].type, known.value
    size = _SIZES[op.__class__]
    is_whole = skipped == 0 and size == known.size
    if is_whole and wanted == value.type and size * 8 == _width(wanted):
        return value
    if _width(wanted) > 64 or _width(value.type) > 64:
        return None
    b = WasmBuilder.before(op)
    if value.type in _FLOATS:
        value = b.numeric(_FLOATS[value.type][0], value)
    if wanted in _FLOATS:
        _, back, integer = _FLOATS[wanted]
        return b.numeric(back, _bytes_of(b, value, integer, skipped, size, signed=False))
    signed = _WHOLE[op.__class__]
    return _bytes_of(b, value, wanted, skipped, size, signed=signed)


def _bytes_of(
    b: WasmBuilder, value: SSAValue, wanted: Attribute, skipped: int, size: int, *, signed: bool
) -> SSAValue:
    """Some bytes of an i32 or i64 as another, extended."""
    is_long = value.type == i64
    prefix = "i64" if is_long else "i32"
    if skipped:
        value = b.numeric(f"{prefix}.shr_u", value, _constant(b, prefix, 8 * skipped))
    if is_long and wanted == i32:
        value, is_long = b.numeric("i32.wrap_i64", value), False
    elif not is_long and wanted == i64:
        value, is_long = b.numeric("i64.extend_i32_u", value), True
    prefix = "i64" if is_long else "i32"
    if size * 8 == _width(wanted):
        return value
    if signed:
        return b.numeric(f"{prefix}.extend{8 * size}_s", value)
    return b.numeric(f"{prefix}.and", value, _constant(b, prefix, (1 << 8 * size) - 1))


def _constant(b: WasmBuilder, prefix: str, bits: int) -> SSAValue:
    return b.i64_const(bits) if prefix == "i64" else b.i32_const(bits)


@cache
def _width(t: Attribute) -> int:
    return {i32: 32, i64: 64, f32: 32, f64: 64}.get(cast(Any, t), 128)
