"""`wasmdialect objdump`: what is in an artifact."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Any

import click

from wasmdialect.abi.symbols import function_symbol
from wasmdialect.abi.traps import TrapCode
from wasmdialect.cli.errors import UsageError
from wasmdialect.cli.inputs import read_bytes
from wasmdialect.cli.options import DEBUG_OPTION, finish
from wasmdialect.object.artifact import Artifact, read_artifact
from wasmdialect.object.elf import ElfFile
from wasmdialect.object.link import PlacedFunction
from wasmdialect.object.sections import AddressMap, TrapTable


@click.command("objdump")
@click.argument("file")
@click.option("--funcs", is_flag=True, help="The functions: offset, size, symbol.")
@click.option("--traps", is_flag=True, help="Where code can trap, and why.")
@click.option("--addrmap", is_flag=True, help="Code offsets to byte offsets of the module.")
@click.option("-d", "--disassemble", is_flag=True, help="Machine code, with module offsets.")
@click.option("--func", "only", metavar="NAME", help="Only this function: a name or symbol.")
@click.option("--json", "as_json", is_flag=True, help="Everything but the machine code, as JSON.")
@DEBUG_OPTION
def command(debug: bool, **options: Any) -> None:
    """Show what is in the artifact FILE: its sections, unless something else is asked for.

    \b
    wasmdialect objdump prog.cwasm --funcs
    wasmdialect objdump prog.cwasm -d --func fib
    """
    finish(lambda: objdump(**options), debug=debug)


def objdump(
    file: str,
    funcs: bool,
    traps: bool,
    addrmap: bool,
    disassemble: bool,
    only: str | None,
    as_json: bool,
) -> int:
    """Print what is asked for; returns the exit code. Raises OSError, ArtifactError, UsageError."""
    data = read_bytes(file)
    artifact = read_artifact(data)
    names = _names(artifact)
    functions = [
        f for f in artifact.functions if only is None or only in (f.symbol, names.get(f.symbol))
    ]
    if not functions and only is not None:
        raise UsageError(f"{file} has no function {only!r}; --funcs lists them")
    if as_json:
        print(json.dumps(to_plain(artifact, functions), indent=1))
        return 0
    if funcs:
        for f in functions:
            name = f" ({names[f.symbol]})" if f.symbol in names else ""
            print(f"{f.offset:08x} {f.size:8d} {f.symbol}{name}")
    if traps:
        print("\n".join(_trap_lines(artifact, functions)))
    if addrmap:
        print("\n".join(_map_lines(artifact, functions)))
    if disassemble:
        print("\n".join(_disassembly(artifact, functions)))
    if not (funcs or traps or addrmap or disassemble):
        print("\n".join(_section_lines(data)))
    return 0


def _names(artifact: Artifact) -> dict[str, str]:
    """The name that the module gives a function, by symbol."""
    content = bytes(artifact.names)
    return {
        function_symbol(index): content[start : start + size].decode("utf-8", "replace")
        for index, start, size in artifact.info.function_names
    }


def _section_lines(data: bytes) -> Iterator[str]:
    for section in ElfFile(data).sections:
        if section.name:
            yield f"{section.offset:08x} {section.size:10d} {section.name}"


def _traps_of(table: TrapTable, function: PlacedFunction) -> Iterator[tuple[int, str]]:
    first = bisect_left(table.code_offsets, function.offset)
    last = bisect_left(table.code_offsets, function.offset + function.size)
    for number in range(first, last):
        yield table.code_offsets[number], TrapCode(table.codes[number]).name


def _map_of(table: AddressMap, function: PlacedFunction) -> Iterator[tuple[int, int]]:
    first = bisect_left(table.code_offsets, function.offset)
    last = bisect_left(table.code_offsets, function.offset + function.size)
    yield from zip(table.code_offsets[first:last], table.wasm_offsets[first:last], strict=True)


def _trap_lines(artifact: Artifact, functions: list[PlacedFunction]) -> Iterator[str]:
    table = TrapTable.read(memoryview(artifact.traps))
    for function in functions:
        for offset, name in _traps_of(table, function):
            yield f"{offset:08x} {name:<28} {function.symbol}+{offset - function.offset:#x}"


def _map_lines(artifact: Artifact, functions: list[PlacedFunction]) -> Iterator[str]:
    table = AddressMap.read(memoryview(artifact.address_map))
    for function in functions:
        for offset, wasm_offset in _map_of(table, function):
            yield f"{offset:08x} {_offset_word(wasm_offset)} {function.symbol}"


_NO_OFFSET = 0xFFFF_FFFF


def _offset_word(wasm_offset: int) -> str:
    return "       -" if wasm_offset == _NO_OFFSET else f"{wasm_offset:8x}"


def to_plain(artifact: Artifact, functions: list[PlacedFunction]) -> dict[str, Any]:
    """What an artifact says, as JSON values."""
    traps = TrapTable.read(memoryview(artifact.traps))
    address_map = AddressMap.read(memoryview(artifact.address_map))
    return {
        "engine": artifact.engine.__dict__,
        "info": json.loads(artifact.info.to_bytes()),
        "functions": [
            {
                "symbol": f.symbol,
                "offset": f.offset,
                "size": f.size,
                "traps": [{"offset": at, "code": name} for at, name in _traps_of(traps, f)],
                "addrmap": [
                    [at, None if wasm == _NO_OFFSET else wasm]
                    for at, wasm in _map_of(address_map, f)
                ],
            }
            for f in functions
        ],
    }


def _disassembly(artifact: Artifact, functions: list[PlacedFunction]) -> Iterator[str]:
    """Machine code beside the byte offsets of the module."""
    machine = _machine(artifact.engine.triple)
    address_map = AddressMap.read(memoryview(artifact.address_map))
    traps = TrapTable.read(memoryview(artifact.traps))
    trap_names = {at: name for f in functions for at, name in _traps_of(traps, f)}
    text = bytes(artifact.text)
    for function in functions:
        yield f"\n{function.offset:08x} <{function.symbol}>:"
        shown = None
        code = text[function.offset : function.offset + function.size]
        for instruction in machine.disasm(code, function.offset):
            found = bisect_right(address_map.code_offsets, instruction.address) - 1
            wasm = address_map.wasm_offsets[found] if found >= 0 else _NO_OFFSET
            place = _offset_word(wasm) if wasm != shown else " " * 8
            shown = wasm
            trap = trap_names.get(instruction.address)
            note = f"  ; trap: {trap}" if trap else ""
            words = f"{instruction.mnemonic} {instruction.op_str}".rstrip()
            yield f"{place}  {instruction.address:8x}: {words}{note}"


def _machine(triple: str) -> Any:
    try:
        import capstone
    except ImportError:
        raise UsageError("-d needs capstone: pip install 'wasmdialect[disasm]'") from None
    if triple.startswith("x86_64"):
        machine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    elif triple.startswith("aarch64"):
        machine = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)
    else:
        raise UsageError(f"cannot disassemble code for {triple}")
    machine.skipdata = True
    return machine
