"""The check of all function bodies before a module is compiled lazily, and the calls in each of them:
from the cache, or in this process as long as the compiler is being loaded for workers, and if there is
much left then, in the workers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from wasmdialect.codegen.digests import tool_digest
from wasmdialect.codegen.pool import Task, shared_pool
from wasmdialect.codegen.process import Request, WorkerFailure
from wasmdialect.codegen.sealing import key_of, seal, unseal
from wasmdialect.wasm.inline_plan import Calls
from wasmdialect.wasm.validate import BodyCalls

if TYPE_CHECKING:
    from wasmdialect.codegen.run import Run

_PART = 1 << 17
"""Bytes of function bodies that are checked at once, in some 20 ms."""
FEW = 4
"""Parts that are not worth telling workers about."""


def survey(run: Run) -> Mapping[int, BodyCalls] | None:
    """The calls in all functions, those included that passes have added; None as `Input.survey`."""
    found = _survey_module(run)
    return None if found is None else {**found, **run.session.source.added_calls}


def _survey_module(run: Run) -> Mapping[int, BodyCalls] | None:
    store = run.store
    if store is None:
        return _survey_all(run)
    key = key_of("calls", tool_digest(), run.settings.config.features, run.binary)
    plain = unseal(key, store.get(key))
    if plain is not None:
        return calls_from_plain(plain)
    found = _survey_all(run)
    if found is not None:
        store.insert(key, seal(key, calls_to_plain(found)))
    return found


def calls_to_plain(calls: Mapping[int, BodyCalls]) -> list[tuple[Any, ...]]:
    """Values that `marshal` can write."""
    return [
        (
            index,
            each.callees,
            each.has_tail_calls,
            {n: tuple(c) for n, c in each.replaceable.items()},
            {key: tuple(c) for key, c in each.indirect.items()},
            sorted(each.written_tables),
        )
        for index, each in calls.items()
    ]


def calls_from_plain(plain: list[tuple[Any, ...]]) -> dict[int, BodyCalls]:
    """The inverse of `calls_to_plain`."""
    return {
        index: BodyCalls(
            *(callees, has_tail, {n: Calls(*each) for n, each in calls.items()}),
            *({key: Calls(*each) for key, each in indirect.items()}, written),
        )
        for index, callees, has_tail, calls, indirect, written in plain
    }


def _survey_all(run: Run) -> Mapping[int, BodyCalls] | None:
    source = run.session.source
    added = source.added_calls
    sizes = {index: size for index, size in source.body_sizes.items() if index not in added}
    if run.jobs == 0 or run.session.objects:
        return source.survey([*sizes])
    found: dict[int, BodyCalls] = {}
    is_valid = True

    def take(part: Mapping[int, BodyCalls] | None) -> None:
        nonlocal is_valid
        if part is None:
            is_valid = False
        else:
            found.update(part)

    parts = deque(_parts(sizes))
    pool = shared_pool(run.jobs)
    while is_valid and parts and (len(parts) <= FEW or pool.is_loading):
        take(source.survey(parts.popleft()))
    if is_valid and parts:
        run.work(SurveyTask(indices, take, source.survey) for indices in parts)
    return {index: found[index] for index in sizes} if is_valid else None


def _parts(sizes: Mapping[int, int]) -> Iterator[list[int]]:
    part: list[int] = []
    size = 0
    for index, added in sizes.items():
        part.append(index)
        size += added
        if size >= _PART:
            yield part
            part, size = [], 0
    if part:
        yield part


@dataclass(eq=False)
class SurveyTask:
    """Checking some bodies."""

    indices: Sequence[int]
    take: Callable[[Mapping[int, BodyCalls] | None], None]
    here: Callable[[Sequence[int]], Mapping[int, BodyCalls] | None]
    """How to do it in this process: this is pure Python code, which does not end a process."""
    shows: bool = True

    needs_session: ClassVar[bool] = True

    @property
    def request(self) -> Request:
        """The request to a worker."""
        return "survey", [*self.indices]

    def message(self, kind: str, content: Any) -> Any:
        """There are none."""
        raise AssertionError(kind)

    def done(self, reply: Any) -> Iterable[Task]:
        """Take the calls."""
        self.take(None if reply is None else calls_from_plain(reply))
        return ()

    def failed(self, failure: WorkerFailure) -> Iterable[Task]:
        """Do it here."""
        self.take(self.here(self.indices))
        return ()
