"""`wasmdialect explore --serve`: functions on request, and built again after an edit."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import processes
import pytest
from explore.browser import Browser
from explore.pages import PIPELINE, write_inputs

COMMAND = Path(sys.executable).parent / "wasmdialect"
HELPER = "ROUNDS = 1\n"
PASS = """
import helper
from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import FunctionPass, WasmBuilder

class CountCalls(FunctionPass):
    name = "count-calls"

    def declare(self, declarations):
        declarations.add_counter("calls")

    def apply_to_function(self, ctx, function):
        for _ in range(helper.ROUNDS):
            WasmBuilder.at_start(function.entry).count("calls")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("serve")
    write_inputs(folder)
    (folder / "count.py").write_text(PASS)
    (folder / "helper.py").write_text(HELPER)
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[str]:
    command = [COMMAND, "explore", "m.wat", "--serve", "--jobs", "1", "--func", "fib", *PIPELINE]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    options: dict[str, Any] = {"cwd": folder, "env": environment, "stdout": subprocess.PIPE}
    restore = processes.restore_signals
    with processes.started(command, text=True, preexec_fn=restore, **options) as process:
        assert process.stdout is not None
        found = re.match(r"(http://127\.0\.0\.1:\d+/) ", process.stdout.readline())
        assert found is not None
        yield found[1]
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def get(address: str, **headers: str) -> Any:
    request = urllib.request.Request(address, headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def counts(address: str) -> int:
    content = get(f"{address}function/1")
    return sum(stage["counts"]["added"] for stage in content["stages"] if "count" in stage["title"])


def state_after(address: str, generation: int) -> Any:
    """The first thing that the server tells about another build."""
    with urllib.request.urlopen(f"{address}events", timeout=60) as events:
        for line in events:
            if line.startswith(b"data: "):
                state = json.loads(line[6:])
                if state["generation"] != generation or state["error"]:
                    return state
    raise AssertionError("the server has closed the connection")


def test_functions_are_compiled_on_request(server: str):
    assert get(f"{server}module")["asked"] == [1]
    assert get(f"{server}function/2")["summary"]["changes"] == {"count-calls": 1}
    for missing in ("function/9", "function/x", "../count.py", "count.py"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(server + missing)


def test_a_page_of_another_site_gets_nothing(server: str):
    with pytest.raises(urllib.error.HTTPError, match="403"):
        get(f"{server}module", Host="evil.example")


def test_what_a_pass_imports_is_read_again(server: str, folder: Path):
    generation = get(f"{server}module")["generation"]
    assert counts(server) == 1
    (folder / "helper.py").write_text("ROUNDS = 1 + 2\n")
    assert state_after(server, generation)["error"] is None
    assert counts(server) == 3
    generation = get(f"{server}module")["generation"]
    (folder / "helper.py").write_text(HELPER)
    state_after(server, generation)


def test_the_module_is_read_again(server: str, folder: Path):
    module = get(f"{server}module")
    text = (folder / "m.wat").read_text()
    (folder / "m.wat").write_text(text.rstrip().removesuffix(")") + "(func $more))")
    assert state_after(server, module["generation"])["error"] is None
    assert get(f"{server}module")["functions"][-1]["name"] == "more"
    generation = get(f"{server}module")["generation"]
    (folder / "m.wat").write_text("(module")
    assert "the text ends" in state_after(server, generation)["error"]
    (folder / "m.wat").write_text(text)
    while get(f"{server}module")["generation"] == generation:
        time.sleep(0.1)
    assert len(get(f"{server}module")["functions"]) == len(module["functions"])


def test_the_browser_shows_the_edit_and_the_error(server: str, folder: Path, browser: Browser):
    added = "view.content?.stages[2].counts.added"
    browser.open(server)
    assert browser.js("byId('name').textContent") == "fib"
    assert browser.js(added) == 1
    file = folder / "count.py"
    file.write_text(PASS.replace("helper.ROUNDS", "4"))
    browser.wait(f"{added} === 4")
    file.write_text(PASS.replace("import helper", "import ("))
    browser.wait("!byId('notice').hidden")
    assert "cannot load passes from count.py" in browser.js("byId('notice').textContent")
    assert browser.js(added) == 4  # what was there stays
    file.write_text(PASS.replace("range(", "range(1 // 0 + "))
    browser.wait("byId('notice').textContent.includes('ZeroDivisionError')")
    file.write_text(PASS)
    browser.wait(f"byId('notice').hidden && {added} === 1")
    assert browser.problems == []
