"""A module is described for its artifact from its bytes as from its declarations as operations."""

from __future__ import annotations

import gc
from collections import Counter
from pathlib import Path

import pytest
from importer.test_declarations import CATCHES, EVERYTHING, PLAIN

from wasmdialect import Config, wat2wasm
from wasmdialect.codegen.description import Description
from wasmdialect.codegen.metadata import describe_module
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.dialects import wasmir
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.module import Module

EXAMPLES = Path(__file__).parents[2] / "examples"
BINARIES = [
    *(path.read_bytes() for path in sorted(EXAMPLES.glob("*.wasm"))),
    *(bytes(wat2wasm(text)) for text in (EVERYTHING, CATCHES, PLAIN)),
]


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("binary", BINARIES)
def test_a_module_is_described_as_its_operations_are(binary: bytes, guarded: bool):
    session = CompileSession(binary, "m.wasm", CompileSettings.of(Config()))
    described = session.source.describe(guarded=guarded)
    expected = describe_module(session.source.declared.module, guarded=guarded)
    assert described.info.document() == expected.info.document()
    assert described[1:] == expected[1:]
    read = Description.from_plain(described.to_plain())
    assert read.info.document() == expected.info.document()


def test_opening_a_module_makes_no_operations_of_its_declarations():
    functions = "".join(f"(func $f{n} (call $f{n // 2}))" for n in range(200))
    segments = "".join(f'(data (i32.const {n}) "x")' for n in range(200))
    binary = bytes(wat2wasm(f"(module (memory 1) {functions} {segments})"))
    settings = CompileSettings.of(Config())
    before = declarations()
    parent = CompileSession(binary, "m.wasm", settings)
    parent.source.describe(guarded=True)
    assert len(parent.source.survey(range(200)) or ()) == 200
    catches = parent.source.catches_without_tags
    worker = CompileSession(binary, "m.wasm", settings, catches=catches)
    worker.plan = {}  # nothing is inlined into it
    unit = worker.import_functions([100], worker.source.signatures)
    # The function, its callee and their type, for the unit and in it.
    assert declarations() - before == {wasmir.FuncOp: 4, wasmir.TypeOp: 2}
    assert unit.ops


def test_a_session_of_the_same_module_does_not_decode_it_again(monkeypatch: pytest.MonkeyPatch):
    """Each tier, and each loop that is entered, has a session of its own in a worker."""
    decoded: list[bytes] = []

    def decode(binary: bytes, features: frozenset[Feature]) -> Module:
        decoded.append(binary)
        return decode_module(binary, features)

    monkeypatch.setattr("wasmdialect.codegen.input.decode_module", decode)
    first, other = (bytes(wat2wasm(text)) for text in ("(module (func))", "(module (memory 1))"))
    settings = CompileSettings.of(Config())
    session = CompileSession(first, "m.wasm", settings)
    later = CompileSession(
        bytes([*first]), "m.wasm", CompileSettings.of(Config(opt_level=0)), earlier=session
    )
    assert decoded == [first]
    assert later.import_functions([0]).ops
    other_features = CompileSettings.of(Config(features="wasm-1.0"))
    CompileSession(first, "m.wasm", other_features, earlier=session)
    CompileSession(other, "m.wasm", settings, earlier=later)
    CompileSession(b"builtin.module {}", "m.mlir", settings, earlier=later)
    assert decoded == [first, first, other]


def declarations() -> Counter[type]:
    """How many operations that declare something there are, by their classes."""
    gc.collect()
    kinds: list[type] = [type(each) for each in gc.get_objects()]
    return Counter(cls for cls in kinds if issubclass(cls, wasmir.DeclarationOp))
