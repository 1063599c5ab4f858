"""Where the test-suite is, what its files need, and which of them cannot pass yet."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

HERE = Path(__file__).parent

FEATURES = {
    # These tests were written for WebAssembly 1.0, whose limits and number of memories they expect.
    "legacy": "legacy-exceptions",
    "proposals/threads": "wasm-1.0,threads",
    "proposals/custom-page-sizes": "custom-page-sizes",
    "proposals/wide-arithmetic": "wide-arithmetic",
    "proposals/custom-descriptors": "custom-descriptors",
}
"""By folder: the features of its scripts, if they are not just those of WebAssembly 3.0."""


def find_testsuite() -> Path | None:
    """The folder of the WebAssembly test-suite: `$WASM_TESTSUITE`, or beside the checkout."""
    places = [os.environ.get("WASM_TESTSUITE"), HERE.parents[2] / "shared" / "testsuite"]
    for place in places:
        if place and (Path(place) / "i32.wast").exists():
            return Path(place)
    return None


def out_of_scope() -> dict[str, str]:
    """Files that cannot pass yet, and what each lacks."""
    data = tomllib.loads((HERE / "out_of_scope.toml").read_text())
    return {name: feature for feature, names in data.items() for name in names}


def scripts() -> list[str]:
    """The names of all scripts of the test-suite, proposals included, with their folders."""
    folder = find_testsuite()
    if folder is None:
        return []
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.wast"))


def features_of(name: str) -> str:
    """The features of a script, as the setting has them."""
    return FEATURES.get(str(Path(name).parent), "wasm-3.0")


def read_script(folder: Path, name: str) -> str:
    """A script as text; bytes that are not UTF-8 stay recognisable."""
    return (folder / name).read_bytes().decode("utf-8", "surrogateescape")
