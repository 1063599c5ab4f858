"""An assembler for the few instructions in `wasmdialect/runtime/native/aarch64.s`, since llvmlite has
one for the machine it runs on only. A test compares what it writes with what capstone reads.

Encodings: Arm Architecture Reference Manual for A-profile, C6.2. Call frame information: DWARF 5, 6.4,
with the registers' numbers of the DWARF for the Arm 64-bit Architecture (AADWARF64).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

R_AARCH64_CALL26 = 283


class AssemblyError(Exception):
    """A line that is not understood; the message has it."""


@dataclass
class Assembly:
    """What a source is assembled to."""

    text: bytearray = field(default_factory=bytearray)
    symbols: dict[str, int] = field(default_factory=dict)
    """The offsets of global functions."""
    calls: list[tuple[int, str]] = field(default_factory=list)
    """The offset of each call of another function, for R_AARCH64_CALL26, and its name."""
    frames: list[tuple[int, int, bytes]] = field(default_factory=list)
    """Start, size and call frame instructions of each function that has some."""


# --- operands ---

_STACK_POINTER = 31


def _register(text: str, kinds: str = "x") -> int:
    """The number of a register of one of some kinds."""
    found = re.fullmatch(rf"([{kinds}])(\d+)", text)
    if found is None or int(found[2]) > (30 if found[1] == "x" else 31):
        raise AssemblyError(f"{text} is no register here")
    return int(found[2])


def _number(text: str, least: int, most: int, unit: int = 1) -> int:
    """An immediate between two numbers, in units."""
    found = re.fullmatch(r"#(-?\d+)", text)
    if found is None:
        raise AssemblyError(f"{text} is no number")
    number = int(found[1])
    if number % unit or not least <= number // unit <= most:
        raise AssemblyError(f"{text} is out of range")
    return number // unit


def _place(text: str, unit: int, least: int, most: int) -> tuple[int, int]:
    """Base register and offset of `[x0, #8]`."""
    found = re.fullmatch(r"\[(\w+), (#-?\d+)\]", text)
    if found is None:
        raise AssemblyError(f"{text} is no place")
    base = _STACK_POINTER if found[1] == "sp" else _register(found[1])
    return base, _number(found[2], least, most, unit)


# --- instructions ---

_FIXED = {
    "bti c": 0xD503_245F,
    "bti jc": 0xD503_24DF,
    "xpaclri": 0xD503_20FF,
    "dsb ish": 0xD503_3B9F,
    "isb": 0xD503_3FDF,
    "ret": 0xD65F_03C0,
}
_SYSTEM = {"fpcr": 0xD51B_4400, "ctr_el0": 0xD51B_0020}
_READ_SYSTEM = 1 << 21
_CACHE = {"dc cvau": 0xD50B_7B20, "ic ivau": 0xD50B_7520}
_PAIRS = {  # Of `stp`, with an offset: opcode, bytes of each register.
    "x": (0xA900_0000, 8),
    "d": (0x6D00_0000, 8),
    "q": (0xAD00_0000, 16),
}
_LOAD_PAIR = 1 << 22
_PRE_INDEXED, _POST_INDEXED = 0x0080_0000, -0x0080_0000


def _pair(name: str, operands: list[str]) -> int:
    first, second, place, *after = operands
    kind = first[0]
    if kind not in _PAIRS:
        raise AssemblyError(f"{first} is no register of a pair")
    word, unit = _PAIRS[kind]
    if after:
        word, place = word + _POST_INDEXED, f"{place[:-1]}, {after[0]}]"
    elif place.endswith("!"):
        word, place = word + _PRE_INDEXED, place[:-1]
    base, offset = _place(place, unit, -64, 63)
    word |= (offset & 0x7F) << 15 | _register(second, kind) << 10 | base << 5
    return word | _register(first, kind) | (_LOAD_PAIR if name == "ldp" else 0)


def _single(name: str, operands: list[str]) -> int:
    base, offset = _place(operands[1], 8, 0, 0xFFF)
    opcode = 0xF940_0000 if name == "ldr" else 0xF900_0000
    return opcode | offset << 10 | base << 5 | _register(operands[0])


def _move(_: str, operands: list[str]) -> int:
    to, source = operands
    if source.startswith("#"):
        return 0xD280_0000 | _number(source, 0, 0xFFFF) << 5 | _register(to)
    if "sp" in operands:  # add to, source, #0
        numbers = (_STACK_POINTER if text == "sp" else _register(text) for text in (source, to))
        return 0x9100_0000 | next(numbers) << 5 | next(numbers)
    return 0xAA00_03E0 | _register(source) << 16 | _register(to)


def _three(opcode: int) -> Callable[[str, list[str]], int]:
    def encode(_: str, operands: list[str]) -> int:
        to, first, second = (_register(text) for text in operands)
        return opcode | second << 16 | first << 5 | to

    return encode


def _subtract(_: str, operands: list[str]) -> int:
    to, source = (_register(text) for text in operands[:2])
    return 0xD100_0000 | _number(operands[2], 0, 0xFFF) << 10 | source << 5 | to


def _and(_: str, operands: list[str]) -> int:
    """With the negative of a power of two: a mask of 64 - n ones, rotated left by n."""
    to, source = (_register(text) for text in operands[:2])
    power = -_number(operands[2], -(1 << 62), -2)
    zeros = power.bit_length() - 1
    if power != 1 << zeros:
        raise AssemblyError(f"{operands[2]} is no mask")
    return 0x9240_0000 | (64 - zeros) << 16 | (63 - zeros) << 10 | source << 5 | to


def _extract(_: str, operands: list[str]) -> int:
    to, source = (_register(text) for text in operands[:2])
    low, width = _number(operands[2], 0, 63), _number(operands[3], 1, 64)
    return 0xD340_0000 | low << 16 | (low + width - 1) << 10 | source << 5 | to


def _compare(_: str, operands: list[str]) -> int:
    first, second = (_register(text) for text in operands)
    return 0xEB00_001F | second << 16 | first << 5


def _read_system(_: str, operands: list[str]) -> int:
    return _SYSTEM[operands[1]] | _READ_SYSTEM | _register(operands[0])


def _write_system(_: str, operands: list[str]) -> int:
    return _SYSTEM[operands[0]] | _register(operands[1])


def _cache(name: str, operands: list[str]) -> int:
    operation, register = operands
    return _CACHE[f"{name} {operation}"] | _register(register)


def _jump(opcode: int) -> Callable[[str, list[str]], int]:
    return lambda _, operands: opcode | _register(operands[0]) << 5


_ENCODERS: dict[str, Callable[[str, list[str]], int]] = {
    "stp": _pair,
    "ldp": _pair,
    "str": _single,
    "ldr": _single,
    "mov": _move,
    "add": _three(0x8B00_0000),
    "bic": _three(0x8A20_0000),
    "lsl": _three(0x9AC0_2000),
    "sub": _subtract,
    "and": _and,
    "ubfx": _extract,
    "cmp": _compare,
    "mrs": _read_system,
    "msr": _write_system,
    "dc": _cache,
    "ic": _cache,
    "br": _jump(0xD61F_0000),
    "blr": _jump(0xD63F_0000),
}


def _branch(name: str, operands: list[str], distance: int) -> int:
    """A branch to a label, `distance` instructions away."""
    if name == "b":
        return 0x1400_0000 | distance & 0x3FF_FFFF
    if name == "b.lo":
        return 0x5400_0003 | (distance & 0x7_FFFF) << 5
    bit = _number(operands[1], 0, 63)
    word = 0x3700_0000 | (bit >> 5) << 31 | (bit & 31) << 19
    return word | (distance & 0x3FFF) << 5 | _register(operands[0])


_BRANCHES = ("b", "b.lo", "tbnz")


# --- call frame information ---

_ALIGNMENT = -8
"""The factor of offsets."""


def _uleb(number: int) -> bytes:
    content = bytearray()
    while number > 0x7F:
        content.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*content, number))


def _frame_register(text: str) -> int:
    if text == "sp":
        return _STACK_POINTER
    return _register(text, "xd") + (64 if text[0] == "d" else 0)


def _frame_instruction(name: str, operands: list[str]) -> bytes:
    if name == ".cfi_offset":
        offset = int(operands[1])
        register = _uleb(_frame_register(operands[0]))
        return b"\x05" + register + _uleb(offset // _ALIGNMENT)  # DW_CFA_offset_extended
    if name == ".cfi_def_cfa_offset":
        return b"\x0e" + _uleb(int(operands[0]))
    if name == ".cfi_def_cfa_register":
        return b"\x0d" + _uleb(_frame_register(operands[0]))
    if name == ".cfi_def_cfa":
        return b"\x0c" + _uleb(_frame_register(operands[0])) + _uleb(int(operands[1]))
    raise AssemblyError(f"{name} is not known")


_ENTRY = struct.Struct("<II")
_RANGE = struct.Struct("<iI")
_CIE = (
    b"\x01zR\x00"  # version, augmentation
    b"\x04\x78\x1e"  # instructions of 4 bytes, offsets in units of -8, the return address in x30
    b"\x01\x1b"  # addresses are 32-bit distances (DW_EH_PE_pcrel | DW_EH_PE_sdata4)
    b"\x0c\x1f\x00"  # DW_CFA_def_cfa sp, 0
)


def write_frames(assembly: Assembly, text: int, at: int) -> bytes:
    """The entries of `.eh_frame` for code at the offset `text`, to be put at the offset `at`."""
    content = bytearray(_entry(0, _CIE))
    for start, size, instructions in assembly.frames:
        place = at + len(content)
        address = _RANGE.pack(text + start - (place + _ENTRY.size), size)
        content += _entry(len(content) + 4, address + b"\x00" + instructions)
    return bytes(content)


def _entry(distance: int, body: bytes) -> bytes:
    body += bytes(-(_ENTRY.size + len(body)) % 8)
    return _ENTRY.pack(4 + len(body), distance) + body


# --- sources ---


def assemble(source: str) -> Assembly:
    """The code of a source. Raises AssemblyError."""
    lines = [line.partition("//")[0].strip() for line in source.splitlines()]
    labels = _labels(lines)
    result = Assembly()
    exported: set[str] = set()
    starts: list[int] = []
    frames: list[bytes] = []
    advanced = 0
    for line in filter(None, lines):
        name, operands = _split(line)
        at = len(result.text)
        try:
            if name == ".global":
                exported.add(operands[0])
            elif line.endswith(":"):
                if line[:-1] in exported:
                    result.symbols[line[:-1]] = at
                    starts.append(at)
                    frames.append(b"")
                    advanced = at
            elif name.startswith(".cfi"):
                if at > advanced:  # DW_CFA_advance_loc1, in instructions
                    frames[-1] += bytes((0x02, (at - advanced) // 4))
                    advanced = at
                frames[-1] += _frame_instruction(name, operands)
            else:
                result.text += struct.pack("<I", _encode(line, name, operands, labels, result))
        except (AssemblyError, KeyError, ValueError) as error:
            raise AssemblyError(f"{line}: {error}") from None
    ends = [*starts[1:], len(result.text)]
    result.frames = [
        (start, end - start, frame)
        for start, end, frame in zip(starts, ends, frames, strict=True)
        if frame
    ]
    return result


def _encode(
    line: str, name: str, operands: list[str], labels: dict[str, int], result: Assembly
) -> int:
    if line in _FIXED:
        return _FIXED[line]
    if name == "bl":
        result.calls.append((len(result.text), operands[0]))
        return 0x9400_0000
    if name in _BRANCHES:
        return _branch(name, operands, (labels[operands[-1]] - len(result.text)) // 4)
    return _ENCODERS[name](name, operands)


def _labels(lines: list[str]) -> dict[str, int]:
    labels: dict[str, int] = {}
    at = 0
    for line in lines:
        if line.endswith(":"):
            labels[line[:-1]] = at
        elif line and not line.startswith("."):
            at += 4
    return labels


def _split(line: str) -> tuple[str, list[str]]:
    """The name and the operands of a line; what is in brackets is one."""
    name, _, rest = line.partition(" ")
    operands = re.split(r",\s*(?![^\[]*\])", rest.strip()) if rest else []
    if name in ("dc", "ic"):
        operands = [*operands[0].split(), *operands[1:]] if " " in operands[0] else operands
    return name, operands
