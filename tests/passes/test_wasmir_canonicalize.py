"""wasmir-canonicalize on large functions. What it rewrites is in tests/filecheck."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from xdsl.ir import Block, Operation, SSAValue

from wasmdialect import Config, wat2wasm
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.dialects.edges import branch_edges
from wasmdialect.passes import wasmir_canonicalize


def test_a_table_of_branches_is_looked_at_once_for_a_target(monkeypatch: pytest.MonkeyPatch):
    """Once for each of its cases would be the square of their number."""
    looked_at = 0

    def counted(terminator: Operation) -> Iterator[tuple[Block, Sequence[SSAValue]]]:
        nonlocal looked_at
        for edge in branch_edges(terminator):
            looked_at += 1
            yield edge

    monkeypatch.setattr(wasmir_canonicalize, "branch_edges", counted)
    cases = 500
    text = f"""(module (func (export "f") (param i32) (result i32)
      (block $out (result i32)
        (block $other (result i32)
          (br_table {"$out " * cases} $other (i32.const 7) (local.get 0)))
        (return (i32.add (i32.const 1))))))"""
    settings = CompileSettings.of(Config())
    session = CompileSession(bytes(wat2wasm(text)), "m.wat", settings, "wasmir-canonicalize")
    module = session.import_everything()
    session.run_passes(module)
    assert 0 < looked_at < 20 * cases
