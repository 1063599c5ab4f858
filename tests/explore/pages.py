"""Modules and passes that the tests make pages of."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from wasmdialect.cli import main

MODULE = """
(module
  (memory (export "memory") 1)
  (global $calls (mut i32) (i32.const 0))
  (func $sha256_init (export "init") (result i32) (i32.const 1779033703))
  (func $fib (export "fib") (param $n i32) (result i32)
    (if (result i32) (i32.lt_u (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else (i32.store (i32.const 4) (local.get $n))
        (i32.add (call $fib (i32.sub (local.get $n) (i32.const 1)))
                 (call $fib (i32.sub (local.get $n) (i32.const 2)))))))
  (func $inner (export "sha256") (param i32) (result i32) (local $at i32)
    (loop $again
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $again (i32.lt_u (local.get $at) (i32.const 64))))
    (i32.rotl (local.get 0) (local.get $at)))
  (func $sha256 (param i32) (result i32) (i32.xor (local.get 0) (i32.const 255))))
"""
PASS = """
from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import FunctionPass, WasmBuilder, report


class CountCalls(FunctionPass):
    name = "count-calls"

    def declare(self, declarations):
        declarations.add_counter("calls")

    def apply_to_function(self, ctx, function):
        for op in [*function.body.walk()]:
            if isinstance(op, wasmir.CallOp):
                report(op, "call", callee="fib")
                WasmBuilder.before(op).count("calls")
"""
PIPELINE = ("--load", "count.py", "--at", "wasmir-end=count-calls,wasmir-gvn")


class _Scripts(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.found: dict[str, str] = {}
        self._id: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._id = dict(attrs).get("id") if tag == "script" else None

    def handle_data(self, data: str) -> None:
        if self._id is not None:
            self.found[self._id] = data
            self._id = None


def contents(page: Path) -> dict[str, Any]:
    """What is packed in a page: `module` and `function-N`."""
    packed = _Scripts(page.read_text()).found
    return {name: json.loads(zlib.decompress(b64decode(data))) for name, data in packed.items()}


def write_inputs(folder: Path) -> None:
    """`m.wat` and `count.py`."""
    (folder / "m.wat").write_text(MODULE)
    (folder / "count.py").write_text(PASS)


def explore(*arguments: str) -> int:
    """Run the command in this process."""
    return main.run(["explore", *arguments, "--jobs", "1"])
