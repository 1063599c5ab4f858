"""Pipelines as mlir-opt's users write them, with the operations that passes are anchored on:
`builtin.module(a,b{limit=3},wasmir.func(c))`. Passes say themselves what they look at (`scope`), so the
anchors are only checked.
"""

from __future__ import annotations

import re

from wasmdialect.passes.base import pass_scope
from wasmdialect.passes.registry import PassError, PassRegistry

_MODULE, _FUNCTION, _ANY = "builtin.module", "wasmir.func", "any"
_ANCHORS = (_MODULE, _FUNCTION, _ANY)


def flat_pipeline(text: str, registry: PassRegistry) -> str:
    """The passes of a pipeline, without anchors. Raises PassError."""
    return ",".join(_Pipeline(text, registry).items(None))


class _Pipeline:
    def __init__(self, text: str, registry: PassRegistry):
        self.text, self.registry = text, registry
        self.position = 0

    def items(self, anchor: str | None) -> list[str]:
        """The passes up to the end, or to the parenthesis that closes those of an anchor."""
        found: list[str] = []
        if anchor is not None and self._next(")"):
            return found
        while True:
            found += self._item(anchor)
            if self._next(","):
                continue
            if anchor is None and not self.text[self.position :].strip():
                return found
            if anchor is not None and self._next(")"):
                return found
            raise self._error(f"expected , or {'the end' if anchor is None else ')'}")

    def _item(self, anchor: str | None) -> list[str]:
        match = re.compile(r"\s*([\w.-]+)\s*").match(self.text, self.position)
        if match is None:
            raise self._error("expected a pass")
        name, self.position = match[1], match.end()
        if self._next("("):
            self._check_anchor(name, anchor)
            return self.items(name)
        if name in _ANCHORS:
            raise self._error(f"expected ( after {name}")
        if anchor == _FUNCTION and pass_scope(self.registry.find(name)) == "module":
            raise PassError(
                f"pass {name!r} looks at the whole module: it can be in {_MODULE}(...), not in"
                f" {_FUNCTION}(...)"
            )
        return [name + self._options()]

    def _check_anchor(self, name: str, outside: str | None) -> None:
        if name not in _ANCHORS:
            raise PassError(
                f"passes cannot be anchored on {name}: they see the functions of a unit, or the whole"
                f" module; the anchors are {', '.join(_ANCHORS)}"
            )
        if outside is not None and name == _MODULE:
            raise PassError(f"{_MODULE} is in {outside}: there is one module, which is in nothing")
        if outside == name == _FUNCTION:
            raise PassError(f"{_FUNCTION} is in {outside}: functions are not in functions")

    def _options(self) -> str:
        """The text of options in braces, which may be in braces or strings themselves."""
        start = self.position
        if not self.text.startswith("{", start):
            return ""
        depth = 0
        for match in re.compile(r'"(?:[^"\\]|\\.)*"|[{}]').finditer(self.text, start):
            depth += {"{": 1, "}": -1}.get(match[0], 0)
            if depth == 0:
                self.position = match.end()
                return self.text[start : self.position]
        raise self._error("expected } after options")

    def _next(self, sign: str) -> bool:
        match = re.compile(rf"\s*{re.escape(sign)}\s*").match(self.text, self.position)
        if match is not None:
            self.position = match.end()
        return match is not None

    def _error(self, what: str) -> PassError:
        before = self.text[: self.position]
        return PassError(f"malformed pipeline {self.text!r}: {what} after {before!r}")
