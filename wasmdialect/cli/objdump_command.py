"""`wasmdialect objdump`: the contents of an artifact, or of a `.cwasm` of Wasmtime."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

import click

from wasmdialect._printable import printable
from wasmdialect.abi.symbols import function_symbol
from wasmdialect.abi.traps import TRAP_CODES
from wasmdialect.cli.errors import UsageError
from wasmdialect.cli.inputs import read_bytes
from wasmdialect.cli.options import DEBUG_OPTION, finish
from wasmdialect.object.code_file import CodeFile, read_code_file
from wasmdialect.object.elf import EM_AARCH64, EM_X86_64
from wasmdialect.object.image import PlacedFunction
from wasmdialect.object.sections import NO_OFFSET


@click.command("objdump")
@click.argument("file")
@click.option("--funcs", is_flag=True, help="The functions: offset, size, symbol.")
@click.option("--traps", is_flag=True, help="Where code can trap, and why.")
@click.option("--addrmap", is_flag=True, help="Code offsets to byte offsets of the module.")
@click.option("--unwind", is_flag=True, help="The functions that can be unwound through.")
@click.option("--engine", is_flag=True, help="What it was compiled for, by what, from what.")
@click.option("-d", "--disassemble", is_flag=True, help="Machine code, with module offsets.")
@click.option("--func", "only", metavar="NAME", help="Only this function: a name or symbol.")
@click.option("--json", "as_json", is_flag=True, help="Everything but the machine code, as JSON.")
@DEBUG_OPTION
def command(debug: bool, **options: Any) -> None:
    """Show the contents of FILE, an artifact or a .cwasm of Wasmtime 12: its sections, unless options
    select something else.

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
    unwind: bool,
    engine: bool,
    disassemble: bool,
    only: str | None,
    as_json: bool,
) -> int:
    """Print the selected parts; returns the exit code. Raises OSError, ArtifactError, UsageError."""
    code = read_code_file(read_bytes(file))
    names = _names(code)
    functions = [
        f for f in code.functions if only is None or only in (f.symbol, names.get(f.symbol))
    ]
    if not functions and only is not None:
        raise UsageError(f"{printable(file)} has no function {only!r}; --funcs lists them")
    if as_json:
        print(json.dumps(to_plain(code, functions), indent=1))
        return 0
    parts = (
        (funcs, lambda: _function_lines(functions, names)),
        (traps, lambda: _trap_lines(code, functions)),
        (addrmap, lambda: _map_lines(code, functions)),
        (unwind, lambda: _frame_lines(code, functions)),
        (engine, lambda: _engine_lines(file, code)),
        (disassemble, lambda: _disassembly(code, functions)),
    )
    wanted = [lines for is_wanted, lines in parts if is_wanted] or [lambda: _section_lines(code)]
    for lines in wanted:
        for line in lines():
            print(line)
    return 0


def _names(code: CodeFile) -> dict[str, str]:
    """The name that the module gives a function, by symbol. (Only an artifact has their positions in
    `.name.wasm` in a known form.)"""
    if code.artifact is None:
        return {}
    names = code.artifact.function_names()
    return {function_symbol(index): name for index, name in names.items()}


def _section_lines(code: CodeFile) -> Iterator[str]:
    for section in code.sections:
        if section.name:
            yield f"{section.offset:08x} {section.size:10d} {printable(section.name)}"


def _function_lines(functions: list[PlacedFunction], names: dict[str, str]) -> Iterator[str]:
    for f in functions:
        name = f" ({printable(names[f.symbol])})" if f.symbol in names else ""
        yield f"{f.offset:08x} {f.size:8d} {f.symbol}{name}"


# --- tables, function by function ---


def _traps_of(code: CodeFile, function: PlacedFunction) -> Iterator[tuple[int, str]]:
    table = code.traps
    if table is None:
        return
    first = bisect_left(table.code_offsets, function.offset)
    last = bisect_left(table.code_offsets, function.offset + function.size)
    for number in range(first, last):
        yield table.code_offsets[number], _trap_name(table.codes[number], code)


def _trap_name(code: int, file: CodeFile) -> str:
    if code in TRAP_CODES:
        return TRAP_CODES[code].name
    declared = () if file.artifact is None else file.artifact.info.trap_codes
    for trap in declared:
        if trap.code == code:
            return printable(f"{trap.name} ({trap.added_by})")
    return f"code {code}"


def _map_of(code: CodeFile, function: PlacedFunction) -> Iterator[tuple[int, int]]:
    table = code.address_map
    if table is None:
        return
    first = bisect_left(table.code_offsets, function.offset)
    last = bisect_left(table.code_offsets, function.offset + function.size)
    yield from zip(table.code_offsets[first:last], table.wasm_offsets[first:last], strict=True)


def _trap_lines(code: CodeFile, functions: list[PlacedFunction]) -> Iterator[str]:
    for function in functions:
        for offset, name in _traps_of(code, function):
            yield f"{offset:08x} {name:<28} {function.symbol}+{offset - function.offset:#x}"


def _map_lines(code: CodeFile, functions: list[PlacedFunction]) -> Iterator[str]:
    for function in functions:
        for offset, wasm_offset in _map_of(code, function):
            inlined = "".join(f" {call:#x}" for call in _calls_at(code, offset))
            note = f" inlined at{inlined}" if inlined else ""
            yield f"{offset:08x} {_offset_word(wasm_offset)} {function.symbol}{note}"


def _calls_at(code: CodeFile, offset: int) -> list[int]:
    """The byte offsets of the calls that the code at an offset was inlined at, innermost first."""
    return [] if code.inlined is None else [call for _, call in code.inlined.look_up(offset)]


def _offset_word(wasm_offset: int) -> str:
    return "       -" if wasm_offset == NO_OFFSET else f"{wasm_offset:8x}"


def _frame_lines(code: CodeFile, functions: list[PlacedFunction]) -> Iterator[str]:
    symbols = {f.offset: f.symbol for f in functions}
    for frame in code.frames:
        if frame.offset in symbols:
            cfi = frame.frame.fde.hex()
            yield f"{frame.offset:08x} {frame.size:8d} {symbols[frame.offset]} {cfi}"


def _engine_lines(file: str, code: CodeFile) -> Iterator[str]:
    if code.artifact is None:
        raise UsageError(
            f"{printable(file)} is not an artifact of wasmdialect: --engine has nothing to show"
        )
    engine, provenance = code.artifact.engine, code.artifact.provenance
    yield f"target: {printable(engine.triple)}"
    yield f"cpu: {printable(engine.cpu)}"
    yield f"features: {printable(engine.features)}"
    for name, value in engine.settings.items():
        yield f"{printable(name)}: {json.dumps(value)}"
    for row in engine.passes:
        yield printable(f"pass: {row['text']} (source {row['digest'][:16]})")
    yield f"input: {provenance.input_size} bytes, sha256 {provenance.input_sha256}"
    for name, version in provenance.versions.items():
        yield printable(f"{name}: {version}")


def to_plain(code: CodeFile, functions: list[PlacedFunction]) -> dict[str, Any]:
    """The contents of a file, as JSON values."""
    plain: dict[str, Any] = {
        "sections": [
            {"name": s.name, "offset": s.offset, "size": s.size} for s in code.sections if s.name
        ],
        "branch_protection": code.branch_protection,
        "functions": [
            {
                "symbol": f.symbol,
                "offset": f.offset,
                "size": f.size,
                "traps": [{"offset": at, "code": name} for at, name in _traps_of(code, f)],
                "addrmap": [
                    [at, None if wasm == NO_OFFSET else wasm] for at, wasm in _map_of(code, f)
                ],
                "inlined": [
                    [at, calls] for at, _ in _map_of(code, f) if (calls := _calls_at(code, at))
                ],
            }
            for f in functions
        ],
    }
    if code.artifact is not None:
        plain["engine"] = vars(code.artifact.engine)
        plain["provenance"] = vars(code.artifact.provenance)
        plain["info"] = code.artifact.info.document()
    return plain


# --- disassembly ---


def _disassembly(code: CodeFile, functions: list[PlacedFunction]) -> Iterator[str]:
    """Machine code beside the byte offsets of the module."""
    machine = _machine(code.elf_machine)
    for function in functions:
        yield f"\n{function.offset:08x} <{function.symbol}>:"
        traps = dict(_traps_of(code, function))
        shown = None
        content = bytes(code.text[function.offset : function.offset + function.size])
        for instruction in machine.disasm(content, function.offset):
            wasm = NO_OFFSET
            if code.address_map is not None:
                found = code.address_map.look_up(instruction.address)
                wasm = NO_OFFSET if found is None else found
            place = _offset_word(wasm) if wasm != shown else " " * 8
            shown = wasm
            trap = traps.get(instruction.address)
            note = f"  ; trap: {trap}" if trap else ""
            words = f"{instruction.mnemonic} {instruction.op_str}".rstrip()
            yield f"{place}  {instruction.address:8x}: {words}{note}"


def _machine(elf_machine: int) -> Any:
    import capstone

    if elf_machine == EM_X86_64:
        machine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    elif elf_machine == EM_AARCH64:
        machine = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)
    else:
        raise UsageError(f"cannot disassemble code for ELF machine {elf_machine}")
    machine.skipdata = True
    return machine
