"""The page from a local server: functions are compiled when the browser asks for them, and everything
is built again when a file changes."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from wasmdialect.codegen.listing import ListedFunction, listed_functions
from wasmdialect.codegen.pass_inputs import imported_files
from wasmdialect.codegen.pool import close_pools
from wasmdialect.explore.content import Opened, failure_content, function_content, summary
from wasmdialect.explore.page import served_page, to_json

_EVERY = 0.3
"""Seconds between two looks at the files."""
_HEARTBEAT = 10.0
"""Seconds after which the server writes to a browser that it has nothing to tell, to see whether it is
still there."""


class Project:
    """A module and its passes, as their files are now."""

    def __init__(
        self,
        open_module: Callable[[], Opened],
        describe: Callable[[BaseException], str],
        files: Iterable[str],
    ):
        """`open_module` reads everything from `files`; they are read with what they import. `describe`
        says in words why it, or a pass, failed. Raises what `open_module` raises."""
        self._open, self._describe, self._files = open_module, describe, [*files]
        self._working = threading.Lock()
        self.changed = threading.Condition()
        """Guards `generation` and `error`."""
        self._take(open_module())
        self.error: str | None = None
        """Why the module could not be opened again; the functions are those of before."""

    def _take(self, opened: Opened) -> None:
        self.opened = opened
        self._listed: dict[int, dict[str, Any]] = {}
        self.generation = time.time_ns() // 1_000_000  # a browser may have seen another server's

    def function(self, index: int) -> dict[str, Any]:
        """A function at every stage (`function_content`) with its summary, or why there is none."""
        with self._working:
            if index not in self._listed:
                self._listed[index] = self._list(index)
            return self._listed[index]

    def _list(self, index: int) -> dict[str, Any]:
        found: list[ListedFunction] = []
        try:
            listed_functions(self.opened.session, self.opened.binary, [index], found.append)
        except BaseException as error:  # a pass may raise anything
            return failure_content(self._describe(error))
        content = function_content(found[0])
        return content | {"summary": summary(content)}

    def watch(self) -> None:
        """Build again whenever a file changes, for ever."""
        known = self._stamp()
        while True:
            time.sleep(_EVERY)
            stamp = self._stamp()
            if stamp != known:
                known = stamp
                self.rebuild()

    def rebuild(self) -> None:
        """Open the module again, and tell the browsers."""
        with self._working:
            self._forget_imports()
            try:
                opened, failure = self._open(), None
            except BaseException as error:  # a file of passes may raise anything
                opened, failure = None, self._describe(error)
            with self.changed:
                if opened is not None:
                    self._take(opened)
                self.error = failure
                self.changed.notify_all()

    def _stamp(self) -> list[tuple[str, Any]]:
        """What changes with the files."""
        stamp: list[tuple[str, Any]] = []
        for path in sorted(self._inputs()):
            try:
                status = os.stat(path)
                stamp.append((path, (status.st_mtime_ns, status.st_size, status.st_ino)))
            except OSError:
                stamp.append((path, None))
        return stamp

    def _inputs(self) -> set[str]:
        passes = [path for path in self._files if path.endswith(".py")]
        return {*self._files}.union(*map(imported_files, map(os.path.abspath, passes)))

    def _forget_imports(self) -> None:
        """What passes have imported from their folders is read again, in the workers too."""
        inputs = {os.path.realpath(path) for path in self._inputs()}
        for name, module in [*sys.modules.items()]:
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and os.path.realpath(file) in inputs:
                del sys.modules[name]
        close_pools()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def _server(self) -> _Server:
        assert isinstance(self.server, _Server)
        return self.server

    def do_GET(self) -> None:
        """Answer, if the request is for this server: a page of another site may have a name of its own
        for this address."""
        if self.headers.get("Host") not in self._server.hosts:
            self._send(HTTPStatus.FORBIDDEN, "text/plain", b"")
            return
        path = self.path.removeprefix("/")
        word, _, index = path.partition("/")
        opened = self._server.project.opened
        sizes = opened.session.source.body_sizes
        if path == "":
            self._send_page(opened)
        elif path == "module":
            module = {**opened.content, "generation": self._server.project.generation}
            self._send(HTTPStatus.OK, "application/json", to_json(module))
        elif path == "events":
            self._send_events()
        elif word == "function" and index.isdecimal() and int(index) in sizes:
            content = self._server.project.function(int(index))
            self._send(HTTPStatus.OK, "application/json", to_json(content))
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"")

    def _send_page(self, opened: Opened) -> None:
        page = served_page(str(opened.content["file"]))
        self._send(HTTPStatus.OK, "text/html; charset=utf-8", page.encode())

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def _send_events(self) -> None:
        """Tell the browser about each build, until it is gone."""
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.close_connection = True
        project, told = self._server.project, None
        with suppress(OSError):
            while True:
                state = {"generation": project.generation, "error": project.error}
                line = ":" if state == told else f"data: {json.dumps(state)}"
                self.wfile.write(f"{line}\n\n".encode())
                told = state
                with project.changed:
                    if told == {"generation": project.generation, "error": project.error}:
                        project.changed.wait(_HEARTBEAT)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a line for each request would hide what passes print."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, project: Project, port: int):
        super().__init__(("127.0.0.1", port), _Handler)
        self.project = project
        self.hosts = {f"{name}:{self.server_port}" for name in ("127.0.0.1", "localhost")}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away is not an error."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def serve(project: Project, port: int, on_start: Callable[[str], None]) -> None:
    """Serve on this machine only, until Ctrl-C; `on_start` gets the address. Port 0 is any that is
    free. Raises OSError."""
    with _Server(project, port) as server:
        threading.Thread(target=project.watch, daemon=True).start()
        on_start(f"http://127.0.0.1:{server.server_port}/")
        with suppress(KeyboardInterrupt):
            server.serve_forever(poll_interval=0.2)
