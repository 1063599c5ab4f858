"""The steps of a reduction, from the largest parts of a module to the smallest, until none helps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from wasmdialect import types as wt
from wasmdialect.reduce.body import EMPTY, Body
from wasmdialect.reduce.prune import prune, unreached_functions
from wasmdialect.reduce.subsets import smallest
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.encode import encode_module
from wasmdialect.wasm.errors import WasmError
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.module import Code, ElementSegment, Function, Module
from wasmdialect.wasm.validate import validate_declarations, validate_function, validate_module

Test = Callable[[bytes], bool]
"""Whether a valid module still fails."""


class Reduction:
    """A module that becomes smaller."""

    def __init__(
        self,
        binary: bytes,
        features: frozenset[Feature],
        test: Test,
        on_better: Callable[[bytes], None],
    ):
        """`binary` is a valid module on which the test holds; `on_better` gets each smaller one."""
        self.best = binary
        self._features, self._test, self._on_better = features, test, on_better
        self._known: dict[bytes, bool] = {}

    @property
    def module(self) -> Module:
        """The smallest module so far."""
        return decode_module(self.best, self._features)

    def run(self) -> None:
        """Make the module as small as the steps can."""
        before = None
        while before != self.best:
            before = self.best
            for step in _STEPS:
                step(self)

    def attempt(self, candidate: Module | bytes, *, is_valid: bool = False) -> bool:
        """Take a module if it is simpler, valid, and fails as well."""
        if isinstance(candidate, Module):
            candidate = encode_module(replace(candidate, sections=[]))
        if _size(candidate) >= _size(self.best) or not self.holds(candidate, is_valid=is_valid):
            return False
        self.best = candidate
        self._on_better(candidate)
        return True

    def holds(self, candidate: bytes, *, is_valid: bool = False) -> bool:
        """Whether a module is valid and fails; asked once of each."""
        if candidate not in self._known:
            valid = self._is_valid(candidate, with_bodies=not is_valid)
            self._known[candidate] = valid and self._test(candidate)
        return self._known[candidate]

    def _is_valid(self, binary: bytes, *, with_bodies: bool) -> bool:
        try:
            module = decode_module(binary, self._features)
            (validate_module if with_bodies else validate_declarations)(module)
        except WasmError:
            return False
        return True

    def keep_smallest(
        self, items: Sequence[int], make: Callable[[set[int]], Module], *, is_valid: bool = False
    ) -> None:
        """Take the module that `make` makes of as few items as possible."""
        if not items:
            return

        def holds(kept: list[int]) -> bool:
            made = encode_module(replace(make({*kept}), sections=[]))
            return self.holds(made, is_valid=is_valid)

        kept = smallest(items, holds)
        if len(kept) < len(items):
            self.attempt(make({*kept}), is_valid=is_valid)


def _size(binary: bytes) -> tuple[int, int]:
    """What becomes smaller: the length, and then the bytes."""
    return len(binary), sum(binary)


# --- steps


def _drop_custom_sections(r: Reduction) -> None:
    module = r.module
    sections = module.custom_sections

    def make(kept: set[int]) -> Module:
        return replace(module, custom_sections=[s for i, s in enumerate(sections) if i in kept])

    r.keep_smallest(range(len(sections)), make, is_valid=True)


def _empty_bodies(r: Reduction) -> None:
    """Bodies that only trap, in as many functions as possible."""
    module = r.module
    full = [f.index for f in module.defined_functions() if not _is_empty(f)]

    def make(kept: set[int]) -> Module:
        functions = [_emptied(f) if f.index not in kept else f for f in module.functions]
        return replace(module, functions=functions)

    r.keep_smallest(full, make, is_valid=True)


def _is_empty(function: Function) -> bool:
    return function.code is not None and bytes(function.code.bytes) == EMPTY


def _emptied(function: Function) -> Function:
    if function.code is None:
        return function
    return replace(function, code=Code(0, memoryview(EMPTY)))


def _drop_exports(r: Reduction) -> None:
    module = r.module
    exports = module.exports

    def make(kept: set[int]) -> Module:
        return replace(module, exports=[e for i, e in enumerate(exports) if i in kept])

    r.keep_smallest(range(len(exports)), make)


def _drop_start(r: Reduction) -> None:
    r.attempt(replace(r.module, start=None))


def _empty_segments(r: Reduction) -> None:
    module = r.module
    elements, data = module.elements, module.data

    def make(kept: set[int]) -> Module:
        return replace(
            module,
            elements=[s if i in kept else _empty_elements(s) for i, s in enumerate(elements)],
            data=[
                s if len(elements) + i in kept else replace(s, bytes=memoryview(b""))
                for i, s in enumerate(data)
            ],
        )

    r.keep_smallest(range(len(elements) + len(data)), make)


def _empty_elements(segment: ElementSegment) -> ElementSegment:
    if segment.functions is not None:
        return replace(segment, functions=())
    return replace(segment, expressions=())


def _drop_segments(r: Reduction) -> None:
    """Active and declarative segments with nothing in them, and those that nothing names."""
    module = r.module
    elements = [s for s in module.elements if s.functions or s.expressions]
    if len(elements) < len(module.elements):
        r.attempt(replace(module, elements=elements))
    module = r.module
    data = [s for s in module.data if len(s.bytes)]
    if len(data) < len(module.data):
        for count in (None, len(data)):  # which memory.init needs
            r.attempt(replace(module, data=data, data_count=count))


def _shorten_segments(r: Reduction) -> None:
    """Fewer bytes and items at the ends of segments."""
    for at in range(len(r.module.data)):
        _shorten(r, lambda module, at=at: len(module.data[at].bytes), _with_less_data(at))
    for at in range(len(r.module.elements)):
        _shorten(r, lambda module, at=at: _items(module.elements[at]), _with_fewer_items(at))


def _shorten(
    r: Reduction, length: Callable[[Module], int], cut: Callable[[Module, int, int], Module]
) -> None:
    """Cut off as much as possible, first at the end, then at the start."""
    for at_start in (False, True):
        size = length(r.module)
        while size:
            module = r.module
            total = length(module)
            cuts = (size, total) if at_start else (0, total - size)
            if size > total or not r.attempt(cut(module, *cuts)):
                size //= 2


def _with_less_data(at: int) -> Callable[[Module, int, int], Module]:
    def cut(module: Module, start: int, end: int) -> Module:
        segment = module.data[at]
        return replace(
            module, data=_with(module.data, at, replace(segment, bytes=segment.bytes[start:end]))
        )

    return cut


def _items(segment: ElementSegment) -> int:
    return len(segment.functions if segment.functions is not None else segment.expressions or ())


def _with_fewer_items(at: int) -> Callable[[Module, int, int], Module]:
    def cut(module: Module, start: int, end: int) -> Module:
        segment = module.elements[at]
        if segment.functions is not None:
            fewer = replace(segment, functions=segment.functions[start:end])
        else:
            fewer = replace(segment, expressions=(segment.expressions or ())[start:end])
        return replace(module, elements=_with(module.elements, at, fewer))

    return cut


_T = TypeVar("_T")


def _with(items: Sequence[_T], at: int, new: _T) -> list[_T]:
    return [*items[:at], new, *items[at + 1 :]]


def _prune(r: Reduction) -> None:
    """Only what is reached; a function that is not may be what fails."""
    module = r.module
    unreached = unreached_functions(module)
    kept = smallest(unreached, lambda kept: r.holds(prune(module, kept)))
    r.attempt(prune(module, kept))


def _define_imports(r: Reduction) -> None:
    """Imported functions as defined ones that trap."""
    module = r.module
    imported = [f.index for f in module.functions if f.imported is not None]

    def make(kept: set[int]) -> bytes:
        functions = [
            f
            if f.index in kept or f.imported is None
            else replace(f, imported=None, code=Code(0, memoryview(EMPTY)))
            for f in module.functions
        ]
        return prune(replace(module, functions=functions))

    if imported:
        kept = smallest(imported, lambda kept: r.holds(make({*kept})))
        r.attempt(make({*kept}))


def _shrink_bodies(r: Reduction) -> None:
    """Instructions: parts of a body removed or replaced, from large parts to single ones."""
    for index in [f.index for f in r.module.defined_functions() if not _is_empty(f)]:
        body = _Function(r, index)
        for shrink in (_shrink_parts, _shrink_blocks, _shrink_constants):
            shrink(body)
        body.attempt(body.current.without_unused_locals(len(body.function.signature.params)))


_ENOUGH = 3
"""Valid bodies to try in which a part is replaced by something else."""


class _Function:
    """A function of a reduction."""

    def __init__(self, r: Reduction, index: int):
        self._r = r
        self._index = index
        self._load()

    def _load(self) -> None:
        self._module = self._r.module
        self.function = self._module.functions[self._index]
        self.current = Body.of(self.function, self._module.features)

    def is_simpler(self, body: Body) -> bool:
        """Whether a body is valid, and simpler than the present one."""
        code = body.encode()
        assert self.function.code is not None
        if _size(code) >= _size(bytes(self.function.code.bytes)):
            return False
        function = replace(self.function, code=Code(0, memoryview(code)))
        try:
            validate_function(replace(self._module, binary=code), function)
        except WasmError:
            return False
        return True

    def attempt(self, body: Body) -> bool:
        """Take a body, if that makes the module simpler. Its validity is checked first, alone."""
        if not self.is_simpler(body):
            return False
        function = replace(self.function, code=Code(0, memoryview(body.encode())))
        functions = _with(self._module.functions, self._index, function)
        if not self._r.attempt(replace(self._module, functions=functions), is_valid=True):
            return False
        self._load()
        return True

    def first(self, candidates: Iterable[Body]) -> bool:
        """Take the first of some bodies that can be taken."""
        return any(self.attempt(body) for body in candidates)

    def one_of(self, candidates: Iterable[Body]) -> bool:
        """The same, for bodies that lack the same part: if a few do not fail, the others will not."""
        return self.first(islice(filter(self.is_simpler, candidates), _ENOUGH))


def _shrink_parts(f: _Function) -> None:
    _shrink_part(f, 0, len(f.current.instructions))


def _shrink_part(f: _Function, start: int, end: int) -> None:
    """Items of a part of a body removed, many at once, then fewer; then the same in the blocks that are
    left, the last one first, since it is what stands after a block that moves."""
    items = f.current.items(start, end)
    for size in _halves(len(items)):
        at = 0
        while at < len(items):
            length = len(f.current.instructions)
            last = items[min(at + size, len(items)) - 1]
            if f.one_of(f.current.with_less(items[at][0], last[1])):
                end -= length - len(f.current.instructions)
                items = f.current.items(start, end)
            else:
                at += size
    for first, last in reversed(items):
        if last - first > 1:
            for inside in reversed(f.current.insides(first, last)):
                _shrink_part(f, *inside)


def _halves(count: int) -> Iterator[int]:
    while count:
        yield count
        count //= 2


def _shrink_blocks(f: _Function) -> None:
    while f.first(f.current.without_blocks()):
        pass


def _shrink_constants(f: _Function) -> None:
    while f.first(f.current.with_simpler_constants()):
        pass


def _shrink_limits(r: Reduction) -> None:
    """Smaller memories and tables."""
    for at, memory in enumerate(r.module.memories):
        for limits in _smaller_limits(memory.type.limits):
            module, t = r.module, memory.type
            new = wt.MemoryType(limits, t.address, t.shared, t.page_size_log2, t.page_size_written)
            memories = _with(module.memories, at, replace(module.memories[at], type=new))
            r.attempt(replace(module, memories=memories))
    for at, table in enumerate(r.module.tables):
        for limits in _smaller_limits(table.written.limits):
            module, t = r.module, table.written
            new = wt.TableType(t.element, limits, t.address)
            tables = _with(module.tables, at, replace(module.tables[at], written=new))
            r.attempt(replace(module, tables=tables))


def _smaller_limits(limits: wt.Limits) -> list[wt.Limits]:
    return [wt.Limits(n, most) for n in (1, 0) for most in (limits.maximum, None)]


_STEPS: tuple[Callable[[Reduction], None], ...] = (
    _drop_custom_sections,
    _empty_bodies,
    _drop_exports,
    _drop_start,
    _empty_segments,
    _drop_segments,
    _prune,
    _define_imports,
    _shrink_bodies,
    _empty_bodies,
    _prune,
    _shorten_segments,
    _shrink_limits,
)
"""In order; all of them again as long as one has helped."""
