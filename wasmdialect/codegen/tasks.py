"""The tasks of workers in a compilation, and the fallbacks when a worker fails. A unit is split into
its functions. A function that ends its worker is tried once more, then at lower levels; one that takes
too long is tried at the next lower level at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from wasmdialect.codegen.budget import owner_of, signature_of
from wasmdialect.codegen.cache import CodeCache, CompiledText
from wasmdialect.codegen.crashes import CompileCrash
from wasmdialect.codegen.lowered_unit import LoweredUnit, PlacedText
from wasmdialect.codegen.pool import Task
from wasmdialect.codegen.process import Request, WorkerFailure
from wasmdialect.codegen.settings import Level
from wasmdialect.codegen.show import show
from wasmdialect.codegen.target import Target

if TYPE_CHECKING:
    from wasmdialect.lowering.emit import CodeText
    from wasmdialect.wasm.fixed_tables import Targets
    from wasmdialect.wasm.inline_plan import Plan


class Item(NamedTuple):
    """The unit of caching."""

    functions: tuple[int, ...]
    signatures: tuple[int, ...] = ()
    """The numbers of the function types whose trampolines belong to it."""

    def parts(self) -> list[Item]:
        """Its signatures and functions one by one."""
        return [
            *(Item((), (number,)) for number in self.signatures),
            *(Item((index,)) for index in self.functions),
        ]


class Owner(Protocol):
    """The compilation that units belong to."""

    codes: CodeCache

    def code_key(self, text_digest: str, level: Level) -> str:
        """The key of the code of a text."""
        ...

    def name_of(self, item: Item) -> str:
        """The name of an item, a function or another, for humans."""
        ...

    def plan_of(self, item: Item) -> Plan:
        """What is inlined where in the functions of an item."""
        ...

    def targets_of(self, item: Item) -> Targets:
        """What calls through tables in the functions of an item, and what is inlined into them, call
        directly."""
        ...

    def finish_unit(self, unit: UnitTask, seconds: dict[str, float]) -> None:
        """Take a finished unit."""
        ...


@dataclass(eq=False)
class UnitTask:
    """Compiling a unit."""

    owner: Owner
    item: Item
    level: Level
    tries: int = 0
    """How often its functions have failed at this level."""
    shows: bool = True
    fallback: WorkerFailure | None = None
    """Why it is at a lower level than requested."""
    lowered: LoweredUnit | None = None
    """None while import and passes are running."""
    waiting: list[int] = field(default_factory=list[int])
    """Numbers of the texts whose code is still missing."""
    at_work: list[int] = field(default_factory=list[int])
    """Numbers of the texts that LLVM compiles together."""

    needs_session: ClassVar[bool] = True

    @property
    def request(self) -> Request:
        """The request to a worker."""
        self.lowered = None
        item, owner = self.item, self.owner
        known = owner.plan_of(item), owner.targets_of(item)
        return "unit", item.functions, item.signatures, self.level, *known

    def message(self, kind: str, content: Any) -> Any:
        """Take a message of the worker."""
        if kind == "lowered":
            return self.missing(LoweredUnit.from_plain(content))
        if kind == "start":
            return self.start(content)
        number, plain = content
        return self.take_code(number, CompiledText.from_plain(plain))

    def missing(self, lowered: LoweredUnit) -> list[bool]:
        """Take the result of import and passes; returns the texts without code in the cache."""
        self.lowered = lowered
        known: set[str] = set()
        answer: list[bool] = []
        for text in lowered.texts:
            key = self.key(text)
            answer.append(key not in known and self.owner.codes.code(key) is None)
            known.add(key)
        self.waiting = [number for number, missing in enumerate(answer) if missing]
        return answer

    def start(self, numbers: list[int]) -> None:
        """LLVM compiles these texts now."""
        self.at_work = numbers

    def take_code(self, number: int, code: CompiledText) -> None:
        """Keep the code of a text."""
        assert self.lowered is not None
        self.owner.codes.insert_code(self.key(self.lowered.texts[number]), code)
        self.waiting.remove(number)

    def key(self, text: PlacedText) -> str:
        """The key of the code of a text."""
        return self.owner.code_key(text.digest, text.level)

    def done(self, reply: Any) -> Iterable[Task]:
        """Take the seconds by stage."""
        self.owner.finish_unit(self, reply)
        return ()

    def failed(self, failure: WorkerFailure) -> Iterable[Task]:
        """Retry its functions one by one; a single function once more, or at a lower level."""
        tasks = self._instead(failure)
        if failure.timed_out or self.tries > 0 or self.lowered is None:
            return tasks
        return [ExplainTask(self.item.functions, self.item.signatures, tasks)]

    def _instead(self, failure: WorkerFailure) -> list[Task]:
        in_passes = self.lowered is None
        shows = self.shows and in_passes
        parts = self.item.parts()
        if len(parts) > 1:
            culprit = self._at_work()
            return [
                UnitTask(self.owner, part, self.level, 1, shows)
                if part != culprit or not failure.timed_out
                else self._lower(part, shows, failure)
                for part in parts
            ]
        if not failure.timed_out and self.tries == 0:
            return [UnitTask(self.owner, self.item, self.level, 1, shows, self.fallback)]
        if in_passes:
            show(failure.printed)
            raise CompileCrash(
                f"importing {self.owner.name_of(self.item)}, or a pass over it: {failure}"
            )
        return [self._lower(self.item, shows, failure)]

    def _at_work(self) -> Item | None:
        """The item that LLVM was compiling, None if there are several."""
        if self.lowered is None:
            return None
        items = {
            _item_of(self.lowered.texts[number].symbols[0])
            for number in self.at_work
            if number in self.waiting
        }
        return items.pop() if len(items) == 1 else None

    def _lower(self, item: Item, shows: bool, failure: WorkerFailure) -> UnitTask:
        level = _lower_level(self.level, self.owner.name_of(item), failure)
        return UnitTask(self.owner, item, level, 1, shows, failure)


def _item_of(symbol: str) -> Item | None:
    index, signature = owner_of(symbol), signature_of(symbol)
    if index is not None:
        return Item((index,))
    return None if signature is None else Item((), (signature,))


@dataclass(slots=True)
class PlacedCode:
    """A text of a module that all passes have seen, and its level."""

    text: CodeText
    level: Level
    key: str
    """The key of its code at the level it had at first."""
    tries: int = 0


@dataclass(eq=False)
class TextsTask:
    """Compiling texts."""

    texts: list[PlacedCode]
    target: Target
    on_code: Callable[[PlacedCode, CompiledText], None]
    on_fallback: Callable[[PlacedCode, WorkerFailure], None]
    explains: bool = True
    """Whether a worker can run the passes, to find out why LLVM fails."""
    tries: int = 0
    """How often a worker has ended before it began."""
    shows: bool = True
    waiting: list[int] = field(default_factory=list[int])
    """Numbers of the texts whose code is still missing."""
    at_work: list[int] = field(default_factory=list[int])
    """Numbers of the texts that LLVM compiles together."""

    needs_session: ClassVar[bool] = False
    """LLVM needs nothing but the texts; opening a session of IR means parsing all of it."""

    @property
    def request(self) -> Request:
        """The request to a worker."""
        self.waiting = [*range(len(self.texts))]
        return "texts", [(t.text.text, t.level) for t in self.texts], self.target.to_plain()

    def message(self, kind: str, content: Any) -> Any:
        """Take the code of a text."""
        if kind == "start":
            self.at_work = content
            return
        number: int = content[0]
        plain = content[1]
        self.on_code(self.texts[number], CompiledText.from_plain(plain))
        self.waiting.remove(number)

    def done(self, reply: Any) -> Iterable[Task]:
        """All are."""
        return ()

    def failed(self, failure: WorkerFailure) -> Iterable[Task]:
        """Retry each text that LLVM was compiling alone, a single one once more or at a lower
        level; then the others."""
        if not self.waiting:
            return ()
        at_work = self.at_work or (self.waiting if self.tries else [])
        suspects: list[PlacedCode] = [self.texts[n] for n in self.waiting if n in at_work]
        rest = [self.texts[n] for n in self.waiting if n not in at_work]
        tries = 0 if at_work else 1
        tasks: list[Task] = [
            TextsTask(part, self.target, self.on_code, self.on_fallback, self.explains, tries)
            for part in [*[[each] for each in suspects], rest]
            if part
        ]
        if len(suspects) != 1:
            return tasks
        (culprit,) = suspects
        is_known = failure.timed_out or culprit.tries > 0
        culprit.tries += 1
        if failure.timed_out or culprit.tries > 1:
            culprit.level = _lower_level(culprit.level, culprit.text.symbols[0], failure)
            culprit.tries = 1
            self.on_fallback(culprit, failure)
        return tasks if is_known or not self.explains else [ExplainTask(None, (), tasks)]


@dataclass(eq=False)
class ExplainTask:
    """Check whether LLVM failed because it refuses a function: then PassFailure is raised. This runs
    in a worker, which LLVM may abort too."""

    functions: tuple[int, ...] | None
    """None: all."""
    signatures: tuple[int, ...] = ()
    then: Sequence[Task] = ()
    """The tasks to continue with if there is another cause."""
    shows: bool = False

    needs_session: ClassVar[bool] = True

    @property
    def request(self) -> Request:
        """The request to a worker."""
        return "explain", self.functions, self.signatures

    def message(self, kind: str, content: Any) -> Any:
        """There are none."""
        raise AssertionError(kind)

    def done(self, reply: Any) -> Iterable[Task]:
        """There is another cause."""
        return self.then

    def failed(self, failure: WorkerFailure) -> Iterable[Task]:
        """The cause is unknown."""
        return self.then


def _lower_level(level: Level, name: str, failure: WorkerFailure) -> Level:
    """The level to try next. Raises CompileCrash if there is none."""
    if level == 0:
        show(failure.printed)
        hint = "; --compile-timeout or Config(compile_timeout=...) allows more"
        raise CompileCrash(
            f"compiling {name} fails at every level: {failure}{hint if failure.timed_out else ''}"
        )
    return 1 if level > 1 else 0
