"""`wasmdialect settings`: what can be set, with defaults and meanings."""

from __future__ import annotations

import ast
import json
from inspect import getsource
from typing import Any

import click

from wasmdialect._records import default_of, field_names
from wasmdialect.api.config import Config
from wasmdialect.cli.options import DEBUG_OPTION, finish


@click.command("settings")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@DEBUG_OPTION
def command(as_json: bool, debug: bool) -> None:
    """List the settings of a Config: name, type, default, meaning.

    \b
    wasmdialect settings --json
    """
    finish(lambda: settings(as_json), debug=debug)


def settings(as_json: bool) -> int:
    """Print all settings; returns the exit code."""
    rows = all_settings()
    if as_json:
        print(json.dumps(rows, indent=1))
        return 0
    for row in rows:
        print(f"{row['name']}: {row['type']} = {row['default']!r}\n    {row['meaning']}")
    return 0


def all_settings() -> list[dict[str, Any]]:
    """Name, type, default and meaning of each field of Config."""
    meanings = _docstrings(Config)
    return [
        {
            "name": name,
            "type": Config.__annotations__[name],
            "default": default_of(Config, name),
            "meaning": meanings[name],
        }
        for name in field_names(Config)
    ]


def _docstrings(cls: type[Any]) -> dict[str, str]:
    """The text behind each field of a class."""
    body = ast.parse(getsource(cls)).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    name = ""
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
        elif name and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found[name] = " ".join(str(node.value.value).split())
            name = ""
    return found
