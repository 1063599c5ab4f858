"""`wasmdialect cache`: show and empty the incremental cache."""

from __future__ import annotations

import json
from pathlib import Path

import click

from wasmdialect._forms import Integer
from wasmdialect._printable import printable
from wasmdialect.cli.numbers import Number
from wasmdialect.cli.options import DEBUG_OPTION, finish


@click.command("cache")
@click.option("--cache-dir", metavar="DIR", help="Where it is (default: your own).")
@click.option("--clear", is_flag=True, help="Remove all entries.")
@click.option(
    "--limit", type=Number(Integer(0, 1 << 60)), metavar="BYTES", help="Shrink it to this size now."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@DEBUG_OPTION
def command(
    cache_dir: str | None, clear: bool, limit: int | None, as_json: bool, debug: bool
) -> None:
    """Show where the cache of compiled functions is and how large. $WASMDIALECT_CACHE_DIR moves it.

    \b
    wasmdialect cache
    wasmdialect cache --clear
    """
    finish(lambda: cache(cache_dir, clear, limit, as_json), debug=debug)


def cache(cache_dir: str | None, clear: bool, limit: int | None, as_json: bool) -> int:
    """Show, shrink or empty the cache; returns the exit code. Raises OSError."""
    from wasmdialect.codegen.store import DEFAULT_LIMIT, DirectoryStore, default_directory

    path = Path(cache_dir) if cache_dir else default_directory()
    store = DirectoryStore(path, DEFAULT_LIMIT if limit is None else limit)
    if clear:
        store.clear()
    elif limit is not None:
        store.evict()
    entries = store.entries()
    size = sum(row[1] for row in entries)
    if as_json:
        facts = {"path": str(path), "entries": len(entries), "bytes": size, "limit": store.limit}
        print(json.dumps(facts))
    else:
        print(f"{printable(str(path))}: {len(entries)} entries, {size} bytes (limit {store.limit})")
    return 0
