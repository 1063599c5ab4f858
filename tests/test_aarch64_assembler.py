"""The assembler for the glue of aarch64: a disassembler reads what it writes as the source says."""

from __future__ import annotations

import re
from pathlib import Path

import capstone
import pytest
from aarch64_assembler import AssemblyError, assemble, write_frames

from wasmdialect.object.unwind import read_placed_frames

SOURCE = Path(__file__).parents[1] / "wasmdialect/runtime/native/aarch64.s"
NUMBERS = {"landing_sp": 8, "trapped": 1, "lazy_veneer_size": 32}
EDGES = """
.global f
f:
    stp x0, x30, [sp, #-512]!
    ldp x0, x30, [sp], #504
    stp d0, d31, [x5, #-512]
    ldp q30, q31, [x30, #1008]
    str x30, [x0, #32760]
    ldr x0, [sp, #8]
    mov x30, #65535
    mov sp, x30
    mov x30, sp
    mov x1, x30
    sub x30, x1, #4095
    and x2, x3, #-2
    and x2, x3, #-4096
    ubfx x4, x5, #59, #4
    ubfx x4, x5, #0, #1
    cmp x30, x0
    lsl x30, x1, x2
    bic x30, x1, x2
    add x30, x1, x2
back:
    tbnz x9, #0, back
    tbnz x9, #63, back
    b.lo back
    b back
    msr fpcr, x30
    mrs x30, ctr_el0
    blr x30
    br x0
"""


def lines(source: str) -> list[str]:
    """The instructions of a source."""
    stripped = (line.partition("//")[0].strip() for line in source.splitlines())
    return [line for line in stripped if line and line[0] != "." and line[-1] != ":"]


def filled(source: str) -> str:
    for name, number in NUMBERS.items():
        source = source.replace(f"{{{name}}}", str(number))
    return source


def normal(text: str) -> str:
    """An instruction in one spelling: decimal numbers, no zero offset; targets are compared apart."""
    text = re.sub(r"(-?)0x([0-9a-f]+)", lambda m: f"{m[1]}{int(m[2], 16)}", text)
    text = re.sub(r"#(\d{19,})", lambda m: f"#{int(m[1]) - (1 << 64)}", text)
    text = re.sub(r"^(b|bl|b\.lo|tbnz .*,) (#\d+|[\w.]+)$", r"\1", text)
    return re.sub(r"^tbnz [wx]", "tbnz x", text.replace(", #0]", "]"))


@pytest.mark.parametrize("source", [SOURCE.read_text(), EDGES], ids=["glue", "edges"])
def test_instructions_are_read_back(source: str):
    source = filled(source)
    assembly = assemble(source)
    disassembler = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)
    found = [
        normal(f"{each.mnemonic} {each.op_str}".strip())
        for each in disassembler.disasm(bytes(assembly.text), 0)
    ]
    assert found == [normal(line) for line in lines(source)]


def test_branches_lead_to_their_labels():
    assembly = assemble(filled(SOURCE.read_text()))
    disassembler = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)
    disassembler.detail = True
    text = {each.address: each for each in disassembler.disasm(bytes(assembly.text), 0)}
    branches = {a: i for a, i in text.items() if i.mnemonic in ("b", "b.lo", "tbnz")}
    # "leave" is where the entry takes up what it saved; the loops go back, the others on.
    targets = {a: i.operands[-1].imm for a, i in branches.items()}
    (landed,) = [t for a, t in targets.items() if text[a].mnemonic == "b"]
    assert text[landed].op_str == "x19, x20, [sp, #0x10]"
    assert [t - a < 0 for a, t in targets.items() if text[a].mnemonic == "b.lo"] == [True, True]
    ahead = [text[t].mnemonic for a, t in targets.items() if text[a].mnemonic == "tbnz"]
    assert ahead == ["dsb", "isb"]


@pytest.mark.parametrize(
    "line",
    [
        *("mov x31, x0", "stp x0, x1, [sp, #4]", "stp x0, x1, [sp, #512]", "and x0, x0, #-3"),
        *("add x0, x1", "ldr w0, [sp, #0]", "b nowhere", "madd x0, x1, x2, x3", "mov x0, #65536"),
    ],
)
def test_what_it_does_not_know_is_refused(line: str):
    with pytest.raises(AssemblyError, match=re.escape(line)):
        assemble(f".global f\nf:\n    {line}\n")


def test_frames_say_where_registers_are():
    assembly = assemble(filled(SOURCE.read_text()))
    frames = read_placed_frames(memoryview(write_frames(assembly, 0, 4096) + bytes(4)), 4096)
    entry, lazy = frames
    assert (entry.offset, lazy.offset) == (0, assembly.symbols["lazy_entry"])
    assert entry.offset + entry.size == assembly.symbols["landing"]
    # x19 at CFA - 176 and d8 at CFA - 96, in units of -8
    assert bytes((0x05, 19, 22)) in entry.frame.fde
    assert bytes((0x05, 64 + 8, 12)) in entry.frame.fde
