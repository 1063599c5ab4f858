"""A pass that takes long says so while it does: which pass, which function, which line."""

from __future__ import annotations

import io
import sys
import threading
import time
from pathlib import Path

import pytest

from wasmdialect.cli.wasm_opt_py import WasmOptPy
from wasmdialect.passes import watch

SLOW = """
import time
from wasmdialect.passes.base import FunctionPass

class Slow(FunctionPass):
    name = "slow"

    def apply_to_function(self, ctx, function):
        if function.sym_name.data == "second":
            while not Slow.is_over:
                time.sleep(0.01)

    is_over = False
"""


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Notes come after a tenth of a second, and can be read here."""
    monkeypatch.setattr(watch, "FIRST_AFTER", 0.1)
    monkeypatch.setattr(watch, "POLL", 0.02)
    notes = io.StringIO()
    monkeypatch.setattr(sys, "stderr", notes)
    return notes


def wait_for(notes: io.StringIO, lines: int) -> list[str]:
    deadline = time.monotonic() + 60
    while notes.getvalue().count("\n") < lines and time.monotonic() < deadline:
        time.sleep(0.01)
    return notes.getvalue().splitlines()


def test_a_pass_that_does_not_end_is_named_with_its_function_and_line(
    tmp_path: Path, soon: io.StringIO
):
    file, module = tmp_path / "slow.py", tmp_path / "m.wat"
    file.write_text(SLOW)
    module.write_text("(module (func $first) (func $second))")
    driver = WasmOptPy(
        [str(module), "--load", str(file), "-p", "slow", "-o", str(tmp_path / "o.mlir")]
    )
    thread = threading.Thread(target=driver.run)
    thread.start()
    first, second = wait_for(soon, 2)[:2]
    sys.modules["wasmdialect_loaded_slow"].Slow.is_over = True
    thread.join()
    for line in (first, second):
        assert line.startswith("note: pass 'slow' has been at work on function 1 (second), now in ")
        assert f"{file} line 1" in line
    said = soon.getvalue()
    time.sleep(0.2)
    assert soon.getvalue() == said  # it is over


def test_a_quick_pass_says_nothing(soon: io.StringIO):
    assert watch.run_watched("quick", lambda: 3) == 3
    time.sleep(0.3)
    assert soon.getvalue() == ""


def test_a_closed_stderr_is_no_error(monkeypatch: pytest.MonkeyPatch, soon: io.StringIO):
    soon.close()
    watch.run_watched("slow", lambda: time.sleep(0.3))
    monkeypatch.setattr(sys, "stderr", None)
    watch.run_watched("slow", lambda: time.sleep(0.3))
    assert watch.is_watching()


def test_a_worker_says_it_to_the_user_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Not through its own stderr, which is shown when a unit is done."""
    file = tmp_path / "notes"
    with open(file, "wb") as notes:
        monkeypatch.setenv(watch.NOTES_DESCRIPTOR, str(notes.fileno()))
        monkeypatch.setattr(watch, "FIRST_AFTER", 0.1)
        monkeypatch.setattr(watch, "POLL", 0.02)
        watch.run_watched("slow", lambda: time.sleep(0.5))
    assert file.read_text().startswith("note: pass 'slow' has been at work")
