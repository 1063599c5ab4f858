"""Functions at every stage as lines with offsets."""

from __future__ import annotations

from pathlib import Path

import pytest

from wasmdialect import Config
from wasmdialect.codegen.listing import assembly_lines, list_functions
from wasmdialect.codegen.llvm import compile_assembly
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.lowering.emit import emit_llvm
from wasmdialect.wasm.body import decode_instructions, decode_locals
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.reader import Reader

KERNELS = (Path(__file__).parents[2] / "examples" / "kernels.wasm").read_bytes()


def open_session(**settings: object) -> CompileSession:
    return CompileSession(KERNELS, "kernels.wasm", CompileSettings.of(Config(**settings)))  # pyright: ignore


@pytest.mark.parametrize("level", [0, 2])
def test_locations_of_all_instructions_change_no_code(level: int):
    session = open_session(opt_level=level)
    target = session.settings.target
    for index in [*session.source.body_sizes][:6]:
        module = session.import_functions([index])
        session.run_passes(module, lambda *_: None)
        plain = compile_assembly(emit_llvm(module), target, session.settings.level)
        located = emit_llvm(module, locates_all=True)
        assert located.count("!dbg") > 2 * emit_llvm(module).count("!dbg")
        assembly = compile_assembly(located, target, session.settings.level)
        texts = [[text for text, _ in assembly_lines(each)] for each in (plain, assembly)]
        assert texts[0] == texts[1] != []


def test_lines_have_the_offsets_of_their_instructions():
    session = open_session()
    index = [*session.source.body_sizes][1]
    (listed,) = list_functions(session, [index])
    code = decode_module(KERNELS).functions[index].code
    assert code is not None
    reader = Reader(code.bytes, 0, decode_module(KERNELS).features)
    decode_locals(reader)
    instructions = decode_instructions(reader, len(code.bytes))
    offsets = [code.offset + at for _, _, at in instructions]
    wasm, *others = listed.stages
    found = [offset for text, offset in wasm.lines[1:] if not text.startswith("  (local")]
    assert found == offsets
    for stage in others:
        linked = {offset for _, offset in stage.lines} - {None}
        assert len(linked) > 10, stage.title
        assert linked <= {*offsets, wasm.lines[0][1]}, stage.title
        assert not any("!dbg" in text or ".loc" in text for text, _ in stage.lines)
