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


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notes come after a tenth of a second."""
    monkeypatch.setattr(watch, "FIRST_AFTER", 0.1)
    monkeypatch.setattr(watch, "POLL", 0.02)


def wait_for_lines(capsys: pytest.CaptureFixture[str], count: int) -> list[str]:
    deadline, said = time.monotonic() + 60, ""
    while said.count("\n") < count and time.monotonic() < deadline:
        time.sleep(0.01)
        said += capsys.readouterr().err
    return said.splitlines()


def test_a_pass_that_does_not_end_is_named_with_its_function_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file, module = tmp_path / "slow.py", tmp_path / "m.wat"
    file.write_text(SLOW)
    module.write_text("(module (func $first) (func $second))")
    driver = WasmOptPy(
        [str(module), "--load", str(file), "-p", "slow", "-o", str(tmp_path / "o.mlir")]
    )
    thread = threading.Thread(target=driver.run)
    thread.start()
    try:
        first, second = wait_for_lines(capsys, 2)[:2]
    finally:
        sys.modules["wasmdialect_loaded_slow"].Slow.is_over = True
        thread.join()
    for line in (first, second):
        assert line.startswith("note: pass 'slow' has been at work on function 1 (second), now in ")
        assert f"{file} line 1" in line
    capsys.readouterr()
    time.sleep(0.2)
    assert capsys.readouterr().err == ""  # it is over


def test_a_quick_pass_says_nothing(capsys: pytest.CaptureFixture[str]):
    assert watch.run_watched("quick", lambda: 3) == 3
    time.sleep(0.3)
    assert capsys.readouterr().err == ""


def test_a_closed_stderr_is_no_error(monkeypatch: pytest.MonkeyPatch):
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    watch.run_watched("slow", lambda: time.sleep(0.3))
    monkeypatch.setattr(sys, "stderr", None)
    watch.run_watched("slow", lambda: time.sleep(0.3))
    assert watch.is_watching()


def test_a_worker_says_it_to_the_user_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Not through its own stderr, which is shown when a unit is done."""
    file = tmp_path / "notes"
    with open(file, "wb") as notes:
        monkeypatch.setenv(watch.NOTES_DESCRIPTOR, str(notes.fileno()))
        watch.run_watched("slow", lambda: time.sleep(0.5))
    assert file.read_text().startswith("note: pass 'slow' has been at work")
