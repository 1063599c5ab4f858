"""`wasmdialect settings`: all settings, with defaults and descriptions."""

from __future__ import annotations

import json
from typing import Any

import click

from wasmdialect._settings import ARTIFACT_GROUPS, GROUPS, KEY_GROUPS, SETTINGS, Config
from wasmdialect.cli.options import DEBUG_OPTION, finish


@click.command("settings")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@DEBUG_OPTION
def command(as_json: bool, debug: bool) -> None:
    """List the settings of a Config: name, type, default, description.

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
    """The facts about each setting, in the order of the list."""
    return [
        {
            "name": row.name,
            "type": Config.__annotations__[row.name],
            "default": row.default,
            "meaning": row.meaning + (f" None: {row.none}." if row.none else ""),
            "group": row.group,
            "option": row.option if row.commands else "",
            "commands": row.commands,
            "in_artifact": row.group in ARTIFACT_GROUPS,
            "in_cache_key": row.group in KEY_GROUPS,
            "pass": row.option_of or row.enables or row.optimizes or None,
        }
        for row in SETTINGS
    ]


def settings_tables() -> str:
    """A table of Markdown for each group of settings: docs/settings.md, from its first table on."""
    return "\n".join(
        f"## Settings that {does}\n\n"
        "| setting | type | default | option | meaning |\n|---|---|---|---|---|\n"
        + "".join(_table_row(row) for row in all_settings() if row["group"] == group)
        for group, does in GROUPS.items()
    )


def _table_row(row: dict[str, Any]) -> str:
    kind = row["type"].replace("|", "\\|")
    option = ", ".join(f"`{spelling}`" for spelling in row["option"].split(",") if spelling)
    where = f" of `{row['commands'][0]}`" if row["commands"] else "in Python only"
    if "compiling" in row["commands"]:
        where = ""
    meaning = row["meaning"] + (f" ({row['pass']})" if row["pass"] else "")
    cells = f"`{row['name']}`", f"`{kind}`", f"`{row['default']!r}`", option + where, meaning
    return f"| {' | '.join(cells)} |\n"
