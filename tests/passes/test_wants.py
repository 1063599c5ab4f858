"""Passes that want some functions only: others are not shown to them, and their code stays in the cache
when the source of the pass changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from wasmdialect import Config, Engine, Module
from wasmdialect.cli.wasm_opt_py import run
from wasmdialect.passes.pipeline import PassFailure

TEXT = """(module
  (func $f (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 3)))
  (func $g (export "g") (param i32) (result i32) (i32.sub (local.get 0) (i32.const 1))))"""
CHOOSY = """
from dataclasses import dataclass
from pathlib import Path
from wasmdialect.passes.base import FunctionPass

@dataclass(frozen=True)
class Choosy(FunctionPass):
    name = "choosy"
    log: str

    def wants(self, function):
        return "f" in function.exports

    def apply_to_function(self, ctx, function):
        with open(self.log, "a") as file:
            file.write(f"{self.name} {function.sym_name.data}\\n")
"""
SEEING = CHOOSY.replace("Choosy", "Seeing").replace("choosy", "seeing").replace("wants", "_wants")


class Files:
    """Two files of passes, in different folders: those of one folder are one source."""

    def __init__(self, folder: Path):
        self.log, self.cache = folder / "log", folder / "cache"
        self.choosy = folder / "choosy" / "choosy.py"
        self.seeing = folder / "seeing" / "seeing.py"
        for file, source in ((self.choosy, CHOOSY), (self.seeing, SEEING)):
            file.parent.mkdir()
            file.write_text(source)

    @property
    def pipeline(self) -> str:
        return ",".join(f'{name}{{log="{self.log}"}}' for name in ("choosy", "seeing"))

    def compile(self) -> list[str]:
        """The lines that passes write when the module is compiled."""
        self.log.write_text("")
        load = (str(self.choosy), str(self.seeing))
        config = Config(jobs=0, cache=str(self.cache), load=load, at={"wasmir-end": self.pipeline})
        Module(Engine(config), TEXT)
        return self.log.read_text().splitlines()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_an_edit_concerns_the_wanted_functions(files: Files):
    assert sorted(files.compile()) == ["choosy f", "seeing f", "seeing g"]
    assert files.compile() == []
    files.choosy.write_text(f"{CHOOSY}\n# edited\n")
    assert sorted(files.compile()) == ["choosy f", "seeing f"]
    files.choosy.write_text(CHOOSY.replace('"f" in', '"g" in'))
    assert sorted(files.compile()) == ["choosy g", "seeing f", "seeing g"]
    files.choosy.write_text(CHOOSY)
    assert files.compile() == []


def test_an_edit_of_a_pass_that_declares_concerns_all(files: Files):
    declaring = f"{CHOOSY}\n    def declare(self, declarations):\n        pass\n"
    files.choosy.write_text(declaring)
    assert sorted(files.compile()) == ["choosy f", "seeing f", "seeing g"]
    files.choosy.write_text(f"{declaring}\n# edited\n")
    assert sorted(files.compile()) == ["choosy f", "seeing f", "seeing g"]


def test_ir_too(files: Files, tmp_path: Path):
    (tmp_path / "m.wat").write_text(TEXT)
    module = str(tmp_path / "m.mlir")
    assert run([str(tmp_path / "m.wat"), "-o", module]) == 0
    load = ["--load", str(files.choosy), "--load", str(files.seeing)]
    assert run([module, *load, "-p", files.pipeline, "-o", "/dev/null"]) == 0
    assert sorted(files.log.read_text().splitlines()) == ["choosy f", "seeing f", "seeing g"]


def test_an_error_names_the_pass(files: Files):
    files.choosy.write_text(CHOOSY.replace("function.exports", "function.nothing"))
    with pytest.raises(PassFailure, match=r"pass 'choosy' failed: AttributeError: .*'nothing'"):
        files.compile()
