"""Files of the current directory do not run inside the compiler; what the user asked for does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]
NAMES = ("types", "random", "llvmlite", "wasmdialect", "capstone", "struct", "regex", "xdsl")
TEXT = '(module (func (export "f") (result i32) (i32.const 3)))'
COMPILE = """
import sys
from wasmdialect import Config, Engine, Module
module = Module(Engine(Config(jobs=1, opt_level=0{})), open("m.wat").read())
sys.exit(module.exports == [])
"""
PASS = """
import helper
from wasmdialect.passes.base import FunctionPass

class Mine(FunctionPass):
    name = "mine"

    def apply_to_function(self, ctx, function):
        open("ran-" + helper.NAME, "w").close()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files that have the names of modules."""
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(
            f"open({str(tmp_path / 'foreign')!r}, 'a').write(__name__ + ' ')\n"
        )
    (tmp_path / "m.wat").write_text(TEXT)
    return tmp_path


def run(folder: Path, *command: str | Path, **environment: str) -> None:
    """Run a command in a folder; it must succeed."""
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "command",
    [
        (BIN / "wasmdialect", "compile", "m.wat", "--no-cache", "--jobs", "1"),
        (BIN / "wasm-opt-py", "m.wat", "-t", "obj", "-o", "m.o"),
        (sys.executable, "-P", "-c", COMPILE.format("")),
        (sys.executable, "-I", "-c", COMPILE.format("")),
        (sys.executable, "elsewhere/program.py"),
    ],
    ids=["wasmdialect", "wasm-opt-py", "-P", "-I", "script"],
)
def test_modules_of_the_current_directory_are_not_imported(
    folder: Path, command: tuple[str | Path, ...]
):
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "program.py").write_text(COMPILE.format(""))
    run(folder, *command)
    assert not (folder / "foreign").exists(), (folder / "foreign").read_text()


def test_modules_beside_the_program_do_not_replace_those_of_the_compiler(tmp_path: Path):
    """A program's own `capstone.py` is the program's; a worker does not take it for the library."""
    (tmp_path / "capstone.py").write_text("raise ImportError('of the program')\n")
    (tmp_path / "program.py").write_text(COMPILE.format(""))
    (tmp_path / "m.wat").write_text(TEXT)
    run(tmp_path, sys.executable, "program.py")


@pytest.mark.parametrize("start", ["script", "-c", "-m", "PYTHONPATH"])
def test_passes_import_what_their_program_can_import(tmp_path: Path, start: str):
    """Workers find a helper where the program finds it, from whatever folder that is."""
    (tmp_path / "helper.py").write_text("NAME = 'helped'\n")
    (tmp_path / "mine.py").write_text(PASS)
    (tmp_path / "m.wat").write_text(TEXT)
    program = COMPILE.format(', load=("mine.py",), at={"wasmir-end": "mine"}')
    (tmp_path / "program.py").write_text(program)
    commands = {
        "script": (sys.executable, "program.py"),
        "-c": (sys.executable, "-c", program),
        "-m": (sys.executable, "-m", "program"),
        "PYTHONPATH": (sys.executable, "-P", "-c", program),
    }
    environment = {"PYTHONPATH": str(tmp_path)} if start == "PYTHONPATH" else {}
    run(tmp_path, *commands[start], **environment)
    assert (tmp_path / "ran-helped").exists()


def test_the_package_is_found_where_the_parent_found_it(tmp_path: Path):
    """Through an entry of `sys.path` that only the program knows of."""
    (tmp_path / "m.wat").write_text(TEXT)
    (tmp_path / "place").mkdir()
    (tmp_path / "place" / "wasmdialect").symlink_to(ROOT / "wasmdialect")
    check = """
from wasmdialect.codegen import pool, search_path
assert sys.path[0] in search_path.worker_path(with_program=False), sys.path
"""
    program = f"import sys; sys.path.insert(0, {str(tmp_path / 'place')!r})" + check
    run(tmp_path, sys.executable, "-c", program + COMPILE.format(""))


SHOW = """
import sys
from wasmdialect.passes.base import FunctionPass

class Show(FunctionPass):
    name = "show"

    def apply_to_function(self, ctx, function):
        import warnings
        print(sys.flags.optimize, sys.flags.no_user_site, "mine" in sys._xoptions, sys.warnoptions)
"""


def test_workers_get_the_options_of_the_interpreter(tmp_path: Path):
    (tmp_path / "show.py").write_text(SHOW)
    (tmp_path / "m.wat").write_text(TEXT)
    program = COMPILE.format(', load=("show.py",), at={"wasmir-end": "show"}')
    options = ("-O", "-s", "-X", "mine", "-W", "ignore::FutureWarning")
    done = subprocess.run(
        [sys.executable, *options, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "1 1 True ['ignore::FutureWarning'" in done.stderr


def test_workers_follow_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Relative paths mean in a worker that is already there what they mean in the process."""
    from wasmdialect import Config, Engine, Module

    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        file = (tmp_path / name) / "mine.py"
        file.write_text(PASS.replace("import helper\n", "").replace("helper.NAME", repr(name)))
        monkeypatch.chdir(tmp_path / name)
        Module(Engine(Config(jobs=1, load=("mine.py",), at={"wasmir-end": "mine"})), TEXT)
        assert (tmp_path / name / f"ran-{name}").exists()
