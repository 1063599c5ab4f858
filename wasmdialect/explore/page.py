"""The page: one file that needs nothing else, neither a server nor the network."""

from __future__ import annotations

import html
import json
import re
import zlib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

SCRIPTS = ("data.js", "rows.js", "columns.js", "layout.js", "graph.js", "functions.js", "main.js")
"""In the order in which they run; each may use what the ones before define."""
_STATIC = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_SERVED = f"{_STATIC}; connect-src 'self'"


def page(module: Mapping[str, Any], functions: Mapping[int, Mapping[str, Any]]) -> str:
    """The page of a module (`module_content`) with these functions (`function_content`) in it. They are
    compressed one by one, so that a browser unpacks only what it shows."""
    return _filled(f"{module['file']}", _STATIC, "".join(_chunks(module, functions)))


def served_page(file: str) -> str:
    """The page without contents: it gets them from the server that it came from."""
    return _filled(file, _SERVED, "")


def _filled(file: str, policy: str, data: str) -> str:
    parts = {
        "title": html.escape(file),
        "policy": policy,
        "style": _asset("page.css"),
        "script": "\n".join(map(_asset, SCRIPTS)),
        "data": data,
    }
    return _PLACE.sub(lambda match: parts[match[1] or match[2]], _asset("page.html"))


_PLACE = re.compile(r"<!--(\w+)-->|/\*(\w+)\*/")


def _asset(name: str) -> str:
    return (files("wasmdialect.explore") / "assets" / name).read_text("utf-8")


def _chunks(module: Mapping[str, Any], functions: Mapping[int, Mapping[str, Any]]) -> Iterator[str]:
    yield _chunk("module", module)
    for index, content in functions.items():
        yield _chunk(f"function-{index}", content)


def _chunk(name: str, content: Mapping[str, Any]) -> str:
    packed = b64encode(zlib.compress(to_json(content), 9)).decode()
    return f'<script type="text/plain" id="{name}">{packed}</script>\n'


def to_json(content: Mapping[str, Any]) -> bytes:
    """As short as can be."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
