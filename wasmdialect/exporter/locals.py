"""Locals for values: those that a branch passes on share one with the block argument, as far as both
are not alive at once; the rest take the first local of their type that is free.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from xdsl.ir import Attribute, SSAValue

from wasmdialect.dialects.wasmir.types import RefType
from wasmdialect.exporter.ranges import Ranges, overlap, union


def local_type(t: Attribute) -> Attribute:
    """The type of a local for values of a type: one that has a default value, since a local without
    must be set again in each block that reads it."""
    return t.as_nullable() if isinstance(t, RefType) else t


class _Web:
    """Values that share a local."""

    __slots__ = ("fixed", "ranges", "type", "uses", "values")

    def __init__(self, value: SSAValue, ranges: Ranges, uses: int):
        self.values = [value]
        self.ranges = ranges
        self.uses = uses
        self.type = local_type(value.type)
        self.fixed: int | None = None
        """The index of the parameter that is one of the values."""


class Locals:
    """The locals of a function, and which values are in each."""

    def __init__(self, parameters: Sequence[SSAValue]):
        self.parameters = parameters
        self.index: dict[SSAValue, int] = {}
        """By value."""
        self.types: list[Attribute] = []
        """The types of the locals after the parameters, those of one type in a row."""
        self.occupied: list[Ranges] = []
        """When each local holds a value that is still needed."""
        self._webs: dict[SSAValue, _Web] = {}

    def add(self, value: SSAValue, ranges: Ranges, uses: int) -> None:
        """A value that needs a local, in some ranges."""
        self._webs[value] = _Web(value, ranges, uses)

    def add_local(self, t: Attribute) -> int:
        """Another local, with no value; returns its index."""
        self.types.append(t)
        return len(self.parameters) + len(self.types) - 1

    def is_nullable(self, value: SSAValue) -> bool:
        """Whether the local of a value may be null, although the value is not."""
        index = self.index[value]
        if index >= len(self.parameters):
            return True
        t = self.parameters[index].type
        return isinstance(t, RefType) and t.is_nullable

    def fix_parameters(self) -> None:
        """Let the parameters have their locals. Those whose type has no default stay alone."""
        for index, value in enumerate(self.parameters):
            web = self._webs.get(value)
            if web is None:
                continue
            web.fixed = index
            web.type = value.type  # without a default, it is no other value's

    def join(self, pairs: Iterable[tuple[SSAValue, SSAValue]]) -> None:
        """Let values share a local, where both have one, and both are not alive at once."""
        webs = self._webs
        for one, other in pairs:
            a, b = webs.get(one), webs.get(other)
            if a is None or b is None or a is b or a.type != b.type:
                continue
            if a.fixed is not None and b.fixed is not None:
                continue
            if overlap(a.ranges, b.ranges):
                continue
            if len(a.values) < len(b.values):
                a, b = b, a
            a.ranges = union(a.ranges, b.ranges)
            a.uses += b.uses
            if b.fixed is not None:
                a.fixed = b.fixed
            a.values += b.values
            for value in b.values:
                webs[value] = a

    def assign(self) -> None:
        """Give each value its local: first come, first served."""
        webs = list(dict.fromkeys(self._webs.values()))
        slots: dict[Attribute, list[_Slot]] = {}
        for index, value in enumerate(self.parameters):
            slots.setdefault(value.type, []).append(_Slot(index))
        by_index = {slot.index: slot for group in slots.values() for slot in group}
        for web in webs:
            if web.fixed is not None:
                by_index[web.fixed].take(web)
        for web in sorted(webs, key=_start):
            if web.fixed is None:
                group = slots.setdefault(web.type, [])
                slot = next((s for s in group if not overlap(s.ranges, web.ranges)), None)
                if slot is None:
                    slot = _Slot(None)
                    group.append(slot)
                slot.take(web)
        self._number(slots, [by_index[i] for i in range(len(self.parameters))])

    def _number(self, slots: Mapping[Attribute, list[_Slot]], parameters: list[_Slot]) -> None:
        """Number the locals after the parameters: the most used types first, then the most used
        locals."""
        groups = [
            (t, sorted((s for s in group if s.index is None), key=_uses, reverse=True))
            for t, group in slots.items()
        ]
        groups.sort(key=lambda group: sum(map(_uses, group[1])), reverse=True)
        in_order = [*parameters, *(slot for _, group in groups for slot in group)]
        self.types = [t for t, group in groups for _ in group]
        for index, slot in enumerate(in_order):
            for value in slot.values:
                self.index[value] = index
        self.occupied = [slot.ranges for slot in in_order]


class _Slot:
    """A local before it has a number, unless it is a parameter."""

    __slots__ = ("index", "ranges", "uses", "values")

    def __init__(self, index: int | None):
        self.index = index
        self.ranges: Ranges = []
        self.values: list[SSAValue] = []
        self.uses = 0

    def take(self, web: _Web) -> None:
        self.ranges = union(self.ranges, web.ranges)
        self.values += web.values
        self.uses += web.uses


def _start(web: _Web) -> int:
    return web.ranges[0] if web.ranges else 0


def _uses(slot: _Slot) -> int:
    return slot.uses
