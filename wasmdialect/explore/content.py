"""What a page shows, as values that JSON can hold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from wasmdialect._printable import printable, printable_lines
from wasmdialect.codegen.digests import tool_versions
from wasmdialect.codegen.listing import ListedFunction
from wasmdialect.codegen.session import CompileSession
from wasmdialect.explore.diff import Parsed, Row, compare, parsed
from wasmdialect.passes.pipeline import LOWERING_PASSES

_COMPARABLE = 0.3
"""The share of lines that a stage keeps at least, if its changes are worth showing."""
_COUNT = re.compile(r'wasmvm\.count "((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Opened:
    """A module that functions can be compiled of."""

    session: CompileSession
    binary: bytes
    """Of Wasm; the text of a module that is IR."""
    content: dict[str, Any]
    """As `module_content`."""


def module_content(
    session: CompileSession,
    size: int,
    asked: Sequence[int] = (),
    counters: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """A module and its functions, without their stages. `size` is that of the file, `asked` are the
    functions that somebody asked for, and `counters` are those of a run."""
    return {
        "file": printable(session.file),
        "size": size,
        "pipeline": printable(session.pipeline),
        "mandatory": LOWERING_PASSES,
        "level": session.settings.level,
        "target": session.settings.target.triple,
        "versions": tool_versions(),
        "counters": None if counters is None else dict(counters),
        "asked": asked,
        "functions": _functions(session),
    }


def _functions(session: CompileSession) -> list[dict[str, Any]]:
    """Each function: its symbol, its exports, and the bytes of its body, or None if it is imported."""
    source = session.source
    exports: dict[str, list[str]] = {}
    for op in source.declared.exports:
        exports.setdefault(op.target.root_reference.data, []).append(printable(op.name_text))
    return [
        {
            "name": printable(op.sym_name.data),
            "exports": exports.get(op.sym_name.data, []),
            "size": source.body_sizes.get(index),
        }
        for index, op in enumerate(source.declared.functions)
    ]


def function_content(listed: ListedFunction) -> dict[str, Any]:
    """A function at every stage. `texts` holds each text once; a stage has the numbers of its lines,
    and the offset of each, or -1. `changes` is the comparison with the stage before as runs of
    `compare`'s statuses, `=12+3-1`; None if there is nothing to compare."""
    texts: dict[str, int] = {}
    stages: list[dict[str, Any]] = []
    kind, before = "", None
    for stage in listed.stages:
        after = parsed(stage.lines) if stage.kind in ("ir", "llvm") else None
        rows = _changes(before, after) if kind == stage.kind else None
        stages.append(
            {
                "title": printable(stage.title),
                "kind": stage.kind,
                "pass": stage.is_pass,
                "seconds": round(stage.seconds, 6),
                "lines": [texts.setdefault(printable(t), len(texts)) for t, _ in stage.lines],
                "offsets": [-1 if offset is None else offset for _, offset in stage.lines],
                "changes": None if rows is None else _runs(rows),
                "counts": None if rows is None else _counts(rows),
            }
        )
        kind, before = stage.kind, after
    return {
        "texts": [*texts],
        "stages": stages,
        "reports": [_report(report) for report in listed.reports],
    }


def summary(content: Mapping[str, Any]) -> dict[str, Any]:
    """What the list of functions shows of one; its changes are those of passes that somebody chose."""
    stages: list[dict[str, Any]] = content["stages"]
    counted: dict[str, None] = {}
    for text in content["texts"]:
        counted |= dict.fromkeys(_COUNT.findall(text))
    changes = Counter[str]()
    for stage in stages:
        if stage["pass"] and stage["counts"] and not _is_mandatory(stage["title"]):
            changes[stage["title"]] += sum(stage["counts"].values())
    return {
        "seconds": round(sum(stage["seconds"] for stage in stages), 6),
        "changes": {title: count for title, count in changes.items() if count},
        "counters": [*counted],
        "reports": len(content["reports"]),
        "failed": any(stage["kind"] == "failure" for stage in stages),
    }


def _is_mandatory(pass_text: str) -> bool:
    return pass_text.partition("{")[0] in LOWERING_PASSES


def _changes(before: Parsed | None, after: Parsed | None) -> list[Row] | None:
    if before is None or after is None:
        return None
    rows = compare(before, after)
    kept = sum(row.status in "=~" for row in rows)
    return rows if kept >= _COMPARABLE * min(len(before), len(after)) else None


def _runs(rows: Iterable[Row]) -> str:
    runs = groupby(row.status for row in rows)
    return "".join(f"{status}{sum(1 for _ in run)}" for status, run in runs)


def _counts(rows: Iterable[Row]) -> dict[str, int]:
    statuses = [row.status for row in rows]
    words = {"+": "added", "-": "removed", "~": "changed", ">": "moved"}
    return {word: statuses.count(status) for status, word in words.items()}  # pyright: ignore


def _report(report: Mapping[str, Any]) -> dict[str, Any]:
    known = ("pass", "function", "function_index", "wasm_offset", "kind")
    data = {name: value for name, value in report.items() if name not in known}
    offset = report["wasm_offset"]
    words = " ".join(f"{name}={value}" for name, value in data.items())
    return {
        "pass": printable(str(report["pass"])),
        "offset": -1 if offset is None else offset,
        "text": printable(f"{report['kind']} {words}".strip()),
    }


def failure_content(message: str) -> dict[str, Any]:
    """A message in place of stages."""
    return {"error": printable_lines(message)}
