"""Compiling texts of LLVM IR, several small ones in one LLVM module: an empty one costs LLVM 0.6 ms at
`-O0` and 1.6 ms at `-O2`, for the passes of the code generator and the object (docs/performance.md).

Every function is still compiled as if it were alone: functions that a text calls are declared
there, also when another text of the module defines them. So its code is the same, byte for byte, as
from a module of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from wasmdialect.abi.attributes import HAS_TRAP_FREE_LOOPS
from wasmdialect.codegen.cache import CompiledText
from wasmdialect.codegen.clock import Clock
from wasmdialect.codegen.guarded import is_risky
from wasmdialect.codegen.llvm import REFUSES, CodegenError, Level, compile_object
from wasmdialect.codegen.target import Target
from wasmdialect.lowering.emit import OWN_METADATA, SHARED_METADATA
from wasmdialect.object.compiled import CompiledFunction
from wasmdialect.object.elf import ElfError
from wasmdialect.object.extract import PREFIX_END, ExtractError, extract_texts

SMALL = 64_000
"""Characters of a text above which joining it costs more than a module of its own."""
TOGETHER = 512_000
"""Characters of a module that is made of several texts, at most."""
_FIRST = 10
"""Texts have numbers of two digits: none is the start of another."""
_MOST = 90
"""Texts of a module: as many as there are such numbers."""

Texts: TypeAlias = Mapping[int, tuple[str, Level]]
"""Texts and their levels, by number."""


def compile_texts(
    texts: Texts,
    target: Target,
    on_start: Callable[[list[int]], None],
    on_code: Callable[[int, CompiledText], None],
    clock: Clock | None = None,
) -> None:
    """Compile texts; `on_start` gets the numbers of those that are compiled next, `on_code` the
    code of each. Raises CodegenError; may abort the process."""
    clock = Clock() if clock is None else clock
    for batch in _batches(texts):
        on_start(batch)
        before = clock.total
        level = texts[batch[0]][1]
        contents = [texts[number][0] for number in batch]
        data = compile_object(contents[0] if len(batch) == 1 else _joined(contents), target, level)
        clock.lap("llvm")
        extracted = [*extract(data, contents[0]).items()]
        if len(batch) > 1 and [prefix for prefix, _ in extracted] != _prefixes(len(batch)):
            raise ExtractError("an object does not have the functions of all its texts in order")
        functions = [[function.pack() for function in found] for _, found in extracted]
        clock.lap("extract")
        seconds = (clock.total - before) / sum(map(len, contents))
        for number, text, found in zip(batch, contents, functions, strict=True):
            on_code(number, CompiledText(found, seconds * len(text)))


_OWN_SYMBOL = re.compile(r"s\d+")
"""The name of a function of the module in a text."""


def extract(data: bytes, text: str) -> dict[str, list[CompiledFunction]]:
    """The functions of the object of a text, or of several that begin with it, by the prefix of their
    symbols. Raises CodegenError if what passes wrote into the text is in the way."""
    try:
        extracted = extract_texts(data)
    except (ExtractError, ElfError) as error:
        if not is_risky(text):
            raise
        raise CodegenError(f"{REFUSES}its object cannot be taken apart: {error}") from None
    for function in (function for found in extracted.values() for function in found):
        for fixup in (fixup for piece in function.pieces for fixup in piece.fixups):
            if isinstance(fixup.target, str) and not _OWN_SYMBOL.fullmatch(fixup.target):
                raise CodegenError(
                    f"{REFUSES}its code refers to {fixup.target!r}, and there is no library for it;"
                    " import a function of the host with `declarations.add_import` and call that"
                )
    return extracted


def _batches(texts: Texts) -> Iterator[list[int]]:
    """The numbers of texts that are compiled together."""
    open_batches: dict[tuple[Level, bool], list[int]] = {}
    for number, (text, level) in texts.items():
        if not _can_join(text, level):
            yield [number]
            continue
        kind = level, HAS_TRAP_FREE_LOOPS in text  # all functions of a module get the same passes
        batch = open_batches.setdefault(kind, [])
        batch.append(number)
        if len(batch) == _MOST or sum(len(texts[n][0]) for n in batch) > TOGETHER - SMALL:
            yield open_batches.pop(kind)
    yield from open_batches.values()


def _can_join(text: str, level: Level) -> bool:
    if level == 3 or len(text) > SMALL or SHARED_METADATA not in text:
        return False
    # Constants are in sections by their names; they and inline assembly are text of passes.
    return '\n@"' not in text and " asm " not in text


def _joined(texts: Sequence[str]) -> str:
    """One text of several: symbols, attribute groups and metadata are numbered by the text."""
    parts = [OWN_METADATA.sub(f"!{_FIRST}", texts[0])]
    parts += [
        OWN_METADATA.sub(f"!{number}", text.replace(SHARED_METADATA, "", 1))
        for number, text in enumerate(texts[1:], _FIRST + 1)
    ]
    return "".join(
        part.replace('@"', f'@"{prefix}{PREFIX_END}')
        .replace('$"', f'$"{prefix}{PREFIX_END}')
        .replace(" #", f" #{prefix}")
        for prefix, part in zip(_prefixes(len(texts)), parts, strict=True)
    )


def _prefixes(count: int) -> list[str]:
    return [str(number) for number in range(_FIRST, _FIRST + count)]
