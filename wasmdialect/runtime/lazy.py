"""Modules whose functions are compiled when they are first called (docs/lazy.md).

A module reserves one range of addresses: veneers, the slots that they jump through, then code in the
order in which it is compiled. Whoever calls a function that has no code yet calls its veneer; so do
all function references, always. A slot starts at the second half of its veneer, which asks
`compile_lazily` for the code.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import TYPE_CHECKING, Protocol

from wasmdialect.abi.layout import POINTER_SIZE, align_up
from wasmdialect.abi.symbol_parts import parse_symbol
from wasmdialect.abi.symbols import (
    FUNCTION_TRAMPOLINES,
    TYPE_TRAMPOLINES,
    function_symbol,
    function_trampoline_symbol,
    loop_entry_symbol,
    type_trampoline_symbol,
)
from wasmdialect.object.artifact import Artifact
from wasmdialect.object.link import link
from wasmdialect.object.veneers import LAZY_VENEERS, write_lazy_veneer
from wasmdialect.runtime import pages
from wasmdialect.runtime.errors import WasmtimeError
from wasmdialect.runtime.module import LoadedCode, LoadedModule, check_host
from wasmdialect.runtime.native import native
from wasmdialect.runtime.published import publish, publish_more

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from wasmdialect._settings import Config
    from wasmdialect.object.compiled import NamedFunction
    from wasmdialect.object.image import LinkedImage
    from wasmdialect.object.info import ArtifactInfo

_MOST_CODE = (1 << 31) - (1 << 20)
"""Calls reach 2 GiB."""
_LEAST_CODE = 1 << 24
_CODE_PER_BYTE = 128
"""Addresses to reserve for each byte of function bodies. Functions may be compiled several times, and
every part takes pages of its own."""


FEWEST_SAMPLES = 4
CODE_PER_SAMPLE = 4096
"""Samples after which a function is compiled again: when it has run about as long as that takes, which
is longer the more code it has."""


class CodeSource(Protocol):
    """What compiles the functions of a module."""

    def function(self, index: int, is_known: Callable[[int], bool]) -> Sequence[NamedFunction]:
        """A function with its trampolines, and others that it is likely to call, unless they are
        known. Raises the errors of compiling."""
        ...

    def note_call(self, index: int) -> None:
        """A function that came along with others is called for the first time, or a trampoline of
        it."""
        ...

    def signature(self, number: int) -> Sequence[NamedFunction]:
        """The trampolines of a function type, by the number of its signature, and perhaps of others.
        Raises the errors of compiling."""
        ...

    def is_improvable(self, index: int) -> bool:
        """Whether the code of a function will be replaced by better code if it runs often: it is called
        through its veneer."""
        ...

    def improve(self, index: int) -> bool:
        """Have better code made for a function, if that has not been asked for; whether there is any to
        come. Raises the errors of compiling."""
        ...

    def loop(self, index: int, loop: int) -> Sequence[NamedFunction]:
        """Better code for a function that begins at one of its loops; if there is none, it is being
        made. Raises the errors of compiling."""
        ...

    def improved(self) -> Sequence[NamedFunction]:
        """The better code that has been made since the last time."""
        ...

    def everything(self) -> Sequence[NamedFunction]:
        """All functions and trampolines. Raises the errors of compiling."""
        ...


class VeneerLayout:
    """Where veneers, slots and code are in the range of a module, as distances from its start."""

    def __init__(self, info: ArtifactInfo, elf_machine: int):
        form = LAZY_VENEERS[elf_machine]
        self.veneer_size, self.resume = form.size, form.resume
        """The bytes of a veneer, and where its second part begins."""
        imported = {item.index for item in info.imports if item.kind == "func"}
        defined = (index for index in range(len(info.functions)) if index not in imported)
        self.functions = {function_symbol(index): index for index in defined}
        """The functions of the module by their symbols."""
        self.symbols = [*self.functions, *_referenced_trampolines(info, imported)]
        """The symbol of each veneer."""
        self.veneers = {s: self.veneer_size * number for number, s in enumerate(self.symbols)}
        """The place of the veneer of each symbol."""
        veneers_end = self.veneer_size * len(self.symbols)
        self.slots = align_up(veneers_end or 1, pages.PAGE_SIZE)
        """The address of `lazy_entry`, then the slot of each veneer."""
        slots_end = self.slots + POINTER_SIZE * (1 + len(self.symbols))
        self.code = align_up(slots_end, pages.PAGE_SIZE)

    def slot(self, number: int) -> int:
        """The slot of a veneer."""
        return self.slots + POINTER_SIZE * (1 + number)


def link_first(
    functions: Sequence[NamedFunction],
    module: Artifact,
    config: Config,
    improvable: Iterable[int] = (),
) -> Artifact:
    """Link functions as the first code in the range of a module. Raises PlacementError."""
    layout = VeneerLayout(module.info, module.elf_machine)
    replaced = {*map(function_symbol, improvable)}
    final = {function.symbol for function in functions} - replaced

    def elsewhere(symbol: str) -> int | None:
        veneer = None if symbol in final else layout.veneers.get(symbol)
        return None if veneer is None else veneer - layout.code

    return _artifact_of(module, _link(functions, module, config, elsewhere))


def _link(
    functions: Iterable[NamedFunction],
    module: Artifact,
    config: Config,
    elsewhere: Callable[[str], int | None],
) -> LinkedImage:
    """Link code for this process: on 64-bit Arm others may have larger pages."""
    size = pages.PAGE_SIZE
    return link(functions, module.elf_machine, config, elsewhere=elsewhere, page_size=size)


class LazyModule(LoadedModule):
    """A module whose functions are compiled when they are first called."""

    def __init__(
        self,
        artifact: Artifact,
        config: Config,
        source: CodeSource,
        body_bytes: int,
        announce: Callable[[LoadedModule, LoadedCode], None] | None = None,
        first: Artifact | None = None,
        samples: dict[int, int] | None = None,
    ):
        """`artifact` has everything but code, and gets the offsets of the veneers. `body_bytes` is the
        size of all function bodies; `announce` is called with all new code; `first`, the result of
        `link_first`, is code that there is already; `samples` says how often each function was running
        when the countdown of its store ended, and goes on counting. Raises ArtifactError,
        MemoryError."""
        check_host(artifact)
        self._config, self._source, self._announce = config, source, announce
        layout = self._layout = VeneerLayout(artifact.info, artifact.elf_machine)
        artifact.info.func_ref_code = _reference_code(artifact.info, layout.veneers)
        self._free = layout.code
        """Where the next code goes."""
        code_size = min(max(_LEAST_CODE, _CODE_PER_BYTE * body_bytes), _MOST_CODE)
        size = align_up(layout.code + code_size, pages.PAGE_SIZE)
        address = pages.reserve(size)
        mapping = pages.owned(address, size)
        super().__init__(artifact, address)
        self.code_size = size
        self.code: list[LoadedCode] = []
        self._places: dict[str, int] = {}
        """The offset of the code of each symbol that has some."""
        self._samples = {} if samples is None else samples
        self._improves = True
        """Whether functions are compiled again."""
        self._unlinked: list[NamedFunction] = []
        """Better code that is not linked yet."""
        self._loops: dict[tuple[int, int], int] = {}
        """The address of the better code of a loop, by function and loop."""
        self._lock = threading.RLock()
        _lazy_modules.add(self)
        pages.protect(address, layout.code, pages.PROT_READ | pages.PROT_WRITE)
        head = pages.buffer_at(address, layout.code, mapping)
        self._slots = head[layout.slots : layout.slot(len(layout.symbols))].cast("Q")
        self._slots[0] = native().symbols["lazy_entry"]
        for number, at in enumerate(layout.veneers.values()):
            slot = layout.slot(number)
            write_lazy_veneer(artifact.elf_machine, head, at, slot, layout.slots)
            self._slots[1 + number] = address + at + layout.resume
        self._make_executable(address, layout.slots)
        publish(self, address + size, 0, mapping)
        if first is not None:
            self._add_linked(first, is_first=True)

    def compile_at(self, address: int) -> None:
        """Compile the code of the veneer with an address in it, if it has not been, and let the veneer
        lead there. Raises the errors of compiling, MemoryError."""
        number = (address - self.text_address) // self._layout.veneer_size
        symbol = self._layout.symbols[number]
        parsed = parse_symbol(symbol)
        assert parsed is not None
        index = parsed[1]
        if symbol in self._places:  # it has been compiled ahead
            self._source.note_call(index)
        else:
            with self._lock:
                if symbol not in self._places:
                    self._add(self._source.function(index, self._is_known))
            if symbol not in self._places:
                raise WasmtimeError(f"{symbol} is called, but the passes have left no code for it")
        self._slots[1 + number] = self.text_address + self._places[symbol]

    def tier_up(self, pc: int, loop: int) -> int:
        """Note that the code at a return address runs often: 0, or the loop with this number, counted
        from 1, is where it is. Returns the address of better code for that loop, 0 if there is none
        yet. If something fails, the program goes on with the code that it has."""
        if not self._lock.acquire(blocking=False):
            return 0  # somebody waits for the compiler
        try:
            if not self._improves:
                return 0  # or this is a signal handler in the midst of it
            self._improves = False
            address = self._improve(pc, loop)
            self._improves = True
            return address
        except Exception as error:
            _log().warning("no function is compiled again: %s", error)
            return 0
        except BaseException:  # an interruption
            self._improves = True
            raise
        finally:
            self._lock.release()

    def _improve(self, pc: int, loop: int) -> int:
        self._unlinked += self._source.improved()
        if self._unlinked:
            self._add(self._unlinked)
            self._unlinked = []
        return self._note(pc, loop)

    def _note(self, pc: int, loop: int) -> int:
        code = self.code_at(pc)
        found = None if code is None else code.function_at(pc)
        if found is None:
            return 0
        index, size = found
        samples = self._samples[index] = self._samples.get(index, 0) + 1
        if samples < FEWEST_SAMPLES + size // CODE_PER_SAMPLE:
            return 0
        if self._source.improve(index):
            return 0
        # It has better code, and still runs: it has been in this loop since before.
        return self._loop_code(index, loop - 1) if loop else 0

    def _loop_code(self, index: int, loop: int) -> int:
        address = self._loops.get((index, loop), 0)
        if not address:
            functions = self._source.loop(index, loop)
            if functions:
                self._add(functions)
                address = self.text_address + self._places[loop_entry_symbol(index)]
                self._loops[index, loop] = address
        return address

    def compile_all(self) -> None:
        """Compile what has not been, and link all code again: then calls go to their targets directly,
        as do references of later instances. Raises the errors of compiling, MemoryError."""
        with self._lock:
            self._add(self._source.everything())
            offsets = _reference_code(self.info, self._places)
            self.func_ref_code = [self.text_address + offset for offset in offsets]
            self.image = None

    def reset_after_fork(self) -> None:
        """In the child, where the other threads, which may have held the lock, are gone. What they had
        published of their code is complete."""
        self._lock = threading.RLock()

    def _is_known(self, index: int) -> bool:
        return function_symbol(index) in self._places

    def trampolines_of_signature(self, number: int) -> Sequence[int]:
        symbols = [type_trampoline_symbol(kind, number) for kind in TYPE_TRAMPOLINES]
        with self._lock:
            if symbols[0] not in self._places:
                self._add(self._source.signature(number))
            return [self._places[symbol] for symbol in symbols]

    def _add(self, functions: Sequence[NamedFunction]) -> None:
        """Link functions with those that are there, and let them be called."""
        if not functions:
            return
        self._add_linked(_artifact_of(self.artifact, self._linked(functions)))

    def _linked(self, functions: Sequence[NamedFunction]) -> LinkedImage:
        base, places, veneers = self._free, self._places, self._layout.veneers
        own = {function.symbol for function in functions if self._is_final(function.symbol)}

        def elsewhere(symbol: str) -> int | None:
            if symbol in own:
                return None
            place = places.get(symbol) if self._is_final(symbol) else None
            if place is None:
                place = veneers.get(symbol)
            return None if place is None else place - base

        return _link(functions, self.artifact, self._config, elsewhere)

    def _is_final(self, symbol: str) -> bool:
        """Whether code will not be replaced, so that it may be called directly."""
        index = self._layout.functions.get(symbol)
        return index is None or not self._source.is_improvable(index)

    def _add_linked(self, artifact: Artifact, *, is_first: bool = False) -> None:
        base = self._free
        code = self._load(artifact, base)
        self.code = [*self.code, code]
        if self._announce is not None:
            self._announce(self, code)
        # Only now, when everything about the code is known, may it be called.
        self._places.update((f.symbol, base + f.offset) for f in artifact.functions)
        for function in artifact.functions:
            veneer = self._layout.veneers.get(function.symbol)
            if veneer is not None and (is_first or self._has_been_called(veneer)):
                self._slots[1 + veneer // self._layout.veneer_size] = (
                    code.text_address + function.offset
                )

    def _has_been_called(self, veneer: int) -> bool:
        """Whether the slot of a veneer leads elsewhere than back to it: the first call of what has been
        compiled ahead goes through `compile_at`, which notes it."""
        slot = self._slots[1 + veneer // self._layout.veneer_size]
        return slot != self.text_address + veneer + self._layout.resume

    def _make_executable(self, address: int, size: int) -> None:
        checks_branches = self._config.branch_protection
        native().make_executable(address, size, checks_branches=checks_branches)

    def _load(self, artifact: Artifact, base: int) -> LoadedCode:
        """Put code into the range."""
        rodata_end = artifact.rodata_offset + len(artifact.rodata)
        size = align_up(rodata_end, pages.PAGE_SIZE)
        if base + size > self.code_size:
            raise MemoryError(f"the code of the module takes more than {self.code_size} bytes")
        self._free = base + size
        address, text_size = self.text_address + base, len(artifact.text)
        pages.protect(address, size, pages.PROT_READ | pages.PROT_WRITE)
        memory = pages.buffer_at(address, size, None)
        memory[:text_size] = artifact.text
        memory[text_size : text_size + len(artifact.eh_frame)] = artifact.eh_frame
        memory[artifact.rodata_offset : rodata_end] = artifact.rodata
        self._make_executable(address, text_size)
        pages.protect(address + text_size, size - text_size, pages.PROT_READ)
        code = LoadedCode(artifact, address)
        if artifact.eh_frame:
            publish_more(self, address + text_size)
        return code


def _log() -> logging.Logger:
    import logging  # not while a program starts

    return logging.getLogger("wasmdialect")


def _referenced_trampolines(info: ArtifactInfo, imported: set[int]) -> list[str]:
    """What is called through veneers besides functions: the trampolines of those that can be
    referenced."""
    return [
        function_trampoline_symbol(kind, index)
        for index in info.escaping
        if index not in imported
        for kind in FUNCTION_TRAMPOLINES
    ]


def _reference_code(info: ArtifactInfo, places: Mapping[str, int]) -> list[int]:
    """What `info.func_ref_code` has for code in these places."""
    offsets: list[int] = []
    for index in info.escaping:
        symbols = (
            function_trampoline_symbol("native-to-wasm", index),
            function_trampoline_symbol("array-to-wasm", index),
            function_symbol(index),
        )
        offsets += (places.get(symbol, 0) for symbol in symbols)
    return offsets


def _artifact_of(module: Artifact, image: LinkedImage) -> Artifact:
    """What an artifact of the module with just this code would be."""
    return Artifact(
        module.engine,
        module.info,
        image.text,
        image.eh_frame,
        image.rodata,
        image.rodata_offset,
        image.functions,
        None if image.address_map is None else image.address_map.to_bytes(),
        image.traps.to_bytes(),
        b"",
        b"",
        module.provenance,
        module.elf_machine,
        inlined=None if image.inlined is None else image.inlined.to_bytes(),
    )


_lazy_modules: weakref.WeakSet[LazyModule] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for module in _lazy_modules:
        module.reset_after_fork()


os.register_at_fork(after_in_child=_after_fork_in_child)
