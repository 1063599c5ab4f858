"""Fixtures of the tests of the native glue: hand-written compiled code, programs in subprocesses."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import processes
import pytest

from wasmdialect.runtime import builtins

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for compiled_code, which subprocesses import too

PREAMBLE = f"""
import ctypes, faulthandler, os, signal, sys, threading, time
sys.path.insert(0, {str(HERE)!r})
sys.path.insert(0, {str(HERE.parents[2])!r})
"""
LOAD = """
from compiled_code import *
from wasmdialect.runtime.native.outcomes import TrapKind
store = Store()
"""

Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def run_program() -> Program:
    """Runs a program in a new Python; `first` is run before the glue is loaded. The glue's stand-in
    for compiled code is there as in `compiled_code`, with a `store`."""

    def run(source: str, first: str = "") -> subprocess.CompletedProcess[str]:
        program = PREAMBLE + first + LOAD + source
        done = processes.run([sys.executable, "-c", program], text=True, timeout=30)
        # What QEMU's user-mode emulation adds when a signal ends the process.
        done.stderr = re.sub(r"^qemu: uncaught target signal .*\n", "", done.stderr, flags=re.M)
        return done

    return run


@pytest.fixture(autouse=True)
def _put_the_builtins_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tests give the process builtins of their own; other tests of this process need the real ones."""
    yield
    monkeypatch.setattr(builtins, "_installed", False)
    builtins.install_builtins()
