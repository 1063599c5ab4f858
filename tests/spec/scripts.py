"""Where the test-suite is, and which of its files are in scope."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

HERE = Path(__file__).parent


def find_testsuite() -> Path | None:
    """The folder of the WebAssembly test-suite: `$WASM_TESTSUITE`, or beside the checkout."""
    places = [os.environ.get("WASM_TESTSUITE"), HERE.parents[2] / "shared" / "testsuite"]
    for place in places:
        if place and (Path(place) / "i32.wast").exists():
            return Path(place)
    return None


def out_of_scope() -> dict[str, str]:
    """File names, and the feature that keeps each out."""
    data = tomllib.loads((HERE / "out_of_scope.toml").read_text())
    return {name: feature for feature, names in data.items() for name in names}


def scripts() -> list[str]:
    """The names of all scripts of the main folder of the test-suite."""
    folder = find_testsuite()
    return [] if folder is None else sorted(path.name for path in folder.glob("*.wast"))


def read_script(folder: Path, name: str) -> str:
    """A script as text; bytes that are not UTF-8 stay recognisable."""
    return (folder / name).read_bytes().decode("utf-8", "surrogateescape")
