"""Counts of calls in an earlier run, for the plan of inlining: how they are read, and made of the
counters of the pass `count-call-sites` (docs/inlining.md, "Counts of an earlier run").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import log10
from typing import TYPE_CHECKING, Any, NamedTuple

from wasmdialect._errors import SettingError
from wasmdialect._forms import U64, FormError, Integer
from wasmdialect._printable import printable
from wasmdialect.codegen.input import Input
from wasmdialect.wasm.call_sites import CallSite
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.inline_plan import TINY, Calls
from wasmdialect.wasm.validate import BodyCalls

if TYPE_CHECKING:
    from wasmdialect._settings import Config

HOT_SHARE = 1 / 1000
"""The share of all calls from which on calls count as calls in a loop."""
COLD_SHARE = 1 / 1_000_000
"""The share of all calls below which they are cold."""


class FunctionCounts(NamedTuple):
    """What was counted in a function that ran."""

    size: int
    """Bytes of its body: if there are more or fewer now, it is another function."""
    runs: int
    calls: Mapping[int, int]
    """How often each call ran, by the offset in the body; never if it is not there."""


CallCounts = Mapping[int, FunctionCounts]
"""By function index. Functions that are not there never ran."""

_COUNT = Integer(0, U64)


def call_counts_of(config: Config) -> CallCounts | None:
    """The counts that settings name. Raises SettingError."""
    return None if config.call_counts is None else read_call_counts(config.call_counts)


def read_call_counts(path: str) -> CallCounts:
    """The counts in a file. Raises SettingError."""
    import json  # not where nothing was counted

    try:
        with open(path, encoding="utf-8") as file:
            return dict(_functions(json.load(file)))
    except OSError as error:
        reason = error.strerror or str(error)
    except (ValueError, KeyError, TypeError, AttributeError, FormError):
        reason = "`run --count-calls` writes such files, and this is none"
    raise SettingError(f"call_counts: {printable(path)}: {reason}")


def _functions(plain: Any) -> Iterator[tuple[int, FunctionCounts]]:
    for row in plain["functions"]:
        calls = {int(offset): _COUNT(count) for offset, count in row["calls"].items()}
        yield _COUNT(row["index"]), FunctionCounts(_COUNT(row["bytes"]), _COUNT(row["runs"]), calls)


def write_call_counts(binary: bytes, counters: Sequence[int]) -> str:
    """The text of a file of counts: of a binary module, and the counters of its instance."""
    import json

    module = decode_module(binary, frozenset(Feature))
    rows: list[dict[str, Any]] = []
    start = 0
    for function in module.defined_functions():
        assert function.code is not None
        size = len(function.code.bytes)
        runs, *of_calls = counters[start : start + size] or (0,)
        start += size
        if runs:
            name = module.function_name(function.index)
            rows.append(
                {
                    "index": function.index,
                    **({} if name is None else {"name": name}),
                    "bytes": size,
                    "runs": runs,
                    "calls": {str(at): n for at, n in enumerate(of_calls, 1) if n},
                }
            )
    lines = ",\n".join(json.dumps(row) for row in rows)
    return f'{{"functions": [\n{lines}\n]}}\n'


def weigh_calls(
    source: Input, calls: Mapping[int, BodyCalls], counts: CallCounts
) -> dict[int, BodyCalls]:
    """The calls in all bodies, as they were counted."""
    total = sum(n for each in counts.values() for n in each.calls.values())
    return {
        index: _weighed(source, index, each, counts.get(index), total)
        for index, each in calls.items()
    }


def _weighed(
    source: Input, index: int, calls: BodyCalls, counts: FunctionCounts | None, total: int
) -> BodyCalls:
    if not calls.replaceable and not calls.indirect:
        return calls
    if counts is not None and counts.size != source.body_sizes.get(index):
        return calls
    counted: dict[int | tuple[int, int], int] = {}
    if counts is not None:
        start, _ = source.body(index)
        counted = _by_callee(source.call_sites(index), counts.calls, start)
    return calls._replace(
        replaceable={
            callee: _as_counted(each, counted.get(callee, 0), total)
            for callee, each in calls.replaceable.items()
        },
        indirect={
            key: _as_counted(each, counted.get(key, 0), total)
            for key, each in calls.indirect.items()
        },
    )


def _by_callee(
    sites: Iterable[CallSite], counts: Mapping[int, int], start: int
) -> dict[int | tuple[int, int], int]:
    found: dict[int | tuple[int, int], int] = {}
    for site in sites:
        found[site.callee] = found.get(site.callee, 0) + counts.get(site.offset - start, 0)
    return found


def _as_counted(calls: Calls, count: int, total: int) -> Calls:
    """Calls of one function in another that ran so often. Where a hint says never, it is never."""
    if calls.limit == 0:
        return calls
    share = count / max(total, 1)
    if count == 0 or share < COLD_SHARE:
        return Calls(calls.sites, 0, TINY)
    return Calls(calls.sites, 1 + int(log10(share / HOT_SHARE)) if share >= HOT_SHARE else 0)
