"""Cutting functions out of LLVM's objects."""

from __future__ import annotations

import struct

import pytest

from wasmdialect.abi.debug_locations import fault_column
from wasmdialect.abi.traps import TrapCode
from wasmdialect.codegen.llvm import compile_object
from wasmdialect.codegen.target import host_target
from wasmdialect.object.debug_line import Row
from wasmdialect.object.elf import EM_X86_64
from wasmdialect.object.extract import ExtractError, extract_functions
from wasmdialect.object.trap_sites import trap_sites
from wasmdialect.object.unwind import read_frames

STACK_MAP = """
define void @"s0"() {
  call void (i64, i32, ...) @llvm.experimental.stackmap(i64 1, i32 0)
  ret void
}
declare void @llvm.experimental.stackmap(i64, i32, ...)
"""


def test_stack_maps_are_refused():
    with pytest.raises(ExtractError, match="stack maps"):
        extract_functions(compile_object(STACK_MAP, host_target(), 2))


@pytest.mark.parametrize("code", [0, 1, 7, 0x7F])
def test_traps_are_found_by_bytes_and_line(code: int):
    """Regression: code 0, the stack overflow, has no displacement byte."""
    trap = bytes((0x67, 0x0F, 0xB9, 0)) if code == 0 else bytes((0x67, 0x0F, 0xB9, 0x40, code))
    content = b"\x90" + trap + b"\x90" + trap
    second = 2 + len(trap)
    lines: list[Row] = [(0, 0, 0), (1, 5, code), (second - 1, 0, 0), (len(content), -1, 0)]
    # The second one has no line: it is a constant that looks like a trap.
    assert trap_sites(content, lines, EM_X86_64) == [(1, code)]


@pytest.mark.parametrize("code", [TrapCode.MEMORY_OUT_OF_BOUNDS, TrapCode.STACK_OVERFLOW])
def test_accesses_are_found_in_their_row(code: TrapCode):
    """A row can start with the computation of an address; accesses of the frame do not count."""
    content = bytes.fromhex("89c08b04078b45f8488d04078b0d00000000c3")
    lines: list[Row] = [(0, 9, fault_column(code)), (len(content), -1, 0)]
    assert trap_sites(content, lines, EM_X86_64) == [(2, int(code))]


@pytest.mark.parametrize(
    "instructions", ["410e10", "0e00", "44c0ded30e00", "4586028703", "0205", "2d0a0b"]
)
@pytest.mark.parametrize("padding", [0, 4, 7])
def test_padding_of_an_unwind_entry_is_not_a_part_of_the_frame(instructions: str, padding: int):
    """How much there is depends on the entries before it. A zero can also be an operand."""
    cie, content = bytes(12), b"\0" + bytes.fromhex(instructions)
    entry = struct.pack("<II", 4 + 8 + len(content) + padding, 16 + 4) + bytes(8) + content
    section = struct.pack("<II", 12, 0) + cie[4:] + entry + bytes(padding)
    assert read_frames(memoryview(section), {16 + 8: 1})[1].fde == content
