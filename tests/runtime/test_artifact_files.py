"""A loaded artifact does not depend on its file any more: it can be cut, overwritten or removed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from wasmdialect import Config, Engine, Module

TEXT = """(module (memory (export "memory") 1) (data (i32.const 0) "data")
  (func (export "f") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "trap") (unreachable)))"""

PROGRAM = """
import os, sys
from wasmdialect import Config, Engine, Instance, Module, Store, Trap
file, how = sys.argv[1:]
engine = Engine(Config(opt_level=0))
module = Module.deserialize_file(engine, file)
if how == "cut":
    os.truncate(file, 0)
elif how == "overwritten":
    with open(file, "r+b") as opened:
        opened.write(bytes(os.path.getsize(file)))
else:
    os.unlink(file)
store = Store(engine)
exports = Instance(store, module, []).exports(store)
print(hex(exports["f"](store, 0)))
try:
    exports["trap"](store)
except Trap as trap:
    print(trap.trap_code.name, trap.frames[0].module_offset is not None)
"""


@pytest.mark.parametrize("size", ["small", "large"])
@pytest.mark.parametrize("how", ["cut", "overwritten", "removed"])
def test_a_file_that_changes_after_it_was_loaded(tmp_path: Path, how: str, size: str):
    """Mapped, it ended the process with SIGBUS, or was other code."""
    file = tmp_path / "m.cwasm"
    # From 2 MiB on in huge pages.
    text = TEXT if size == "small" else TEXT[:-1] + f'(data "{"x" * (3 << 20)}"))'
    file.write_bytes(Module(Engine(Config(opt_level=0, jobs=0)), text).serialize())
    command = [sys.executable, "-c", PROGRAM, str(file), how]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["0x61746164", "UNREACHABLE", "True"]
