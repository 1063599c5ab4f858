"""Chromium without a window, driven over its pipe with the DevTools protocol."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import processes

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--remote-debugging-pipe",
)  # fmt: skip
_PATIENCE = 120.0


@contextmanager
def open_browser(width: int = 1500, height: int = 900) -> Iterator[Browser]:
    """A browser, which ends with the block."""
    assert CHROMIUM is not None
    requests, out = os.pipe()
    in_, replies = os.pipe()
    theirs = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (requests, replies)]

    def take_pipes() -> None:  # Chromium wants them as descriptors 3 and 4
        os.dup2(theirs[0], 3)
        os.dup2(theirs[1], 4)

    options: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        size = f"--window-size={width},{height}"
        command = [CHROMIUM, *_FLAGS, size, f"--user-data-dir={profile}", "about:blank"]
        with processes.started(command, preexec_fn=take_pipes, close_fds=False, **options):
            for end in (requests, replies, *theirs):
                os.close(end)
            try:
                yield Browser(in_, out)
            finally:
                os.close(in_)
                os.close(out)


class Browser:
    """One tab. What goes wrong in its page is in `problems`."""

    def __init__(self, in_: int, out: int):
        self._in, self._out = in_, out
        self._received = b""
        self._number = 0
        self._session: str | None = None
        self.problems: list[str] = []
        """Uncaught exceptions, errors on the console, and what the page's policy forbade."""
        (target, *_) = self.send("Target.getTargets")["targetInfos"]
        attached = self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> Any:
        """Call a method of the protocol."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self._note(answer)

    def _receive(self) -> Any:
        limit = time.monotonic() + _PATIENCE
        while b"\0" not in self._received:
            ready, _, _ = select.select([self._in], [], [], limit - time.monotonic())
            assert ready, "the browser says nothing"
            part = os.read(self._in, 1 << 20)
            assert part, "the browser has ended"
            self._received += part
        message, _, self._received = self._received.partition(b"\0")
        return json.loads(message)

    def _note(self, event: Any) -> None:
        params = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            self.problems.append(json.dumps(params["exceptionDetails"]))
        elif event.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.problems.append(params["entry"]["text"])

    def js(self, expression: str) -> Any:
        """The value of an expression in the page, awaited."""
        answer = self.send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def open(self, address: str | Path) -> None:
        """Load a page; returns when it shows a function."""
        self.problems.clear()
        self.send("Page.navigate", url="about:blank")
        address = address.as_uri() if isinstance(address, Path) else address
        self.send("Page.navigate", url=address)
        self.wait("typeof view !== 'undefined' && view.content !== null")

    def wait(self, condition: str) -> None:
        """Until an expression is true."""
        limit = time.monotonic() + _PATIENCE
        while not self.js(f"Boolean({condition})"):
            assert time.monotonic() < limit, f"never: {condition}"
            time.sleep(0.03)

    def move_to(self, element: str) -> None:
        """Move the mouse into an element, an expression."""
        self._mouse("mouseMoved", element)

    def click(self, element: str) -> None:
        """Click an element."""
        self._mouse("mousePressed", element, button="left", clickCount=1)
        self._mouse("mouseReleased", element, button="left", clickCount=1)

    def _mouse(self, kind: str, element: str, **more: Any) -> None:
        box = json.loads(self.js(f"JSON.stringify(({element}).getBoundingClientRect())"))
        x, y = box["x"] + min(60, box["width"] / 2), box["y"] + box["height"] / 2
        self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def key(self, name: str, code: int = 0) -> None:
        """Press a key."""
        text = {"text": name} if len(name) == 1 else {}
        more = {"windowsVirtualKeyCode": code} if code else {}
        self.send("Input.dispatchKeyEvent", type="keyDown", key=name, **text, **more)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=name, **more)

    def picture(self) -> bytes:
        """A PNG of the page."""
        return base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"])
