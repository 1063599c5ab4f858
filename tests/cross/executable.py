"""Makes a static Linux executable for aarch64 out of a script: compiled modules, instances of them, the
calls of the script, and the start-up object that makes them.

The instances are the runtime's: they are made here, in this process, and copied into a data segment,
where pointers to what is copied too are turned into pointers to the copies. So the script's modules are
all instantiated before its first call is made, which is right for scripts without imports.
"""

from __future__ import annotations

import contextlib
import ctypes
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cross.startup import StartUp

from wasmdialect import Config
from wasmdialect.abi.builtins import BUILTIN_COUNT, BUILTINS
from wasmdialect.abi.layout import (
    EPOCH,
    RUNTIME_LIMITS,
    VALUE_SLOT_SIZE,
    VMCONTEXT_HEADER,
    align_up,
)
from wasmdialect.abi.tail_calls import MAX_SIZE
from wasmdialect.abi.traps import TrapCode
from wasmdialect.api import wast as script_room
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.object.artifact import read_artifact
from wasmdialect.object.elf import EM_AARCH64, ET_EXEC, FILE_HEADER
from wasmdialect.runtime.errors import Trap
from wasmdialect.runtime.instance import ModuleInstance
from wasmdialect.runtime.memory import LinearMemory
from wasmdialect.runtime.module import LoadedModule
from wasmdialect.runtime.native import native
from wasmdialect.types import ValType
from wasmdialect.wasm.features import WASM_3_0
from wasmdialect.wasm.numerics import CANONICAL_NAN
from wasmdialect.wasm.wast import (
    AssertFailure,
    AssertReturn,
    Command,
    DefineModule,
    Either,
    Failure,
    Invoke,
    LanePattern,
    NanPattern,
    Pattern,
    ScriptModule,
    Value,
    parse_script,
)

Compile = Callable[[bytes], bytes]
"""A binary module to an artifact."""

PAGE = 0x10000
"""The largest page of an aarch64 kernel."""
START_UP = 0x1000_0000
MODULES = START_UP + PAGE
DATA = 0x4000_0000
"""The data segment ends below the double of it."""
STACK = 0x8000_0000
STACK_SIZE = 1 << 20
RESERVE = 64 * 1024
"""Bytes of the stack below the limit, for functions that do not check it, and signals."""
EXCEPTIONS_SIZE = 64 * 1024
"""Bytes for all exceptions that a script makes."""
MEMORY_DISTANCE = 8 << 30
"""Linear memories are at multiples of this. Nothing is between them, so what is behind a memory and its
reservation faults, as code for guarded memories expects."""

READ, WRITE, EXECUTE = 4, 2, 1
PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
PT_LOAD = 1
SA_SIGINFO, SA_NODEFER = 4, 0x4000_0000

RETURNED = 1 << 63
"""The outcome of a call that does not trap."""


@dataclass
class Call:
    """What the start-up object is to do; %Call in startup.ll."""

    line: int
    """Of the script."""
    function: int
    vmctx: int
    slots: bytes
    outcomes: int = RETURNED
    expected: tuple[tuple[int, int], ...] = ()
    """Bits of each result, and a mask of those that count."""


@dataclass(frozen=True)
class Segment:
    """A part of the executable: `content`, then zeros up to `size`."""

    address: int
    rights: int
    content: bytes
    size: int


def make_executable(script: str, compile_: Compile) -> bytes:
    """The executable of a script. Raises TextError, and what is wrong with the script's modules."""
    recorder = Recorder(compile_)
    try:
        for command in parse_script(script):
            recorder.run(command)
        assert recorder.calls
        return _write_elf(*_lay_out(recorder))
    finally:
        recorder.store.close()


# --- the script ---


class Recorder(script_room._Runner):
    """Runs a script, but takes down its calls instead of making them."""

    def __init__(self, compile_: Compile):
        engine = script_room.CompiledScripts(CompileSettings.of(Config()), None, None)
        super().__init__(WASM_3_0, lambda: engine)
        self.store = engine.store
        self.compile_ = compile_
        self.segments: list[Segment] = []
        self.modules: list[LoadedModule] = []
        self.calls: list[Call] = []
        self.line = 0
        self.done: list[Command] = []
        """The commands that changed something."""
        self.store._enter = self._take_down

    def compile(self, module: ScriptModule) -> LoadedModule:
        """A module with its code where it will be in the executable."""
        data = self.compile_(module.to_binary())
        artifact = read_artifact(data)
        assert artifact.elf_machine == EM_AARCH64
        assert not artifact.info.imports
        last = self.segments[-1] if self.segments else Segment(MODULES, 0, b"", 0)
        text = align_up(last.address + last.size, PAGE)
        for start, end, rights in (
            (0, len(artifact.text), READ | EXECUTE),
            (len(artifact.text), artifact.rodata_offset + len(artifact.rodata), READ),
        ):
            content = data[artifact.text_offset + start : artifact.text_offset + end]
            self.segments.append(Segment(text + start, rights, content, len(content)))
        self.modules.append(LoadedModule(artifact, text))
        return self.modules[-1]

    def _take_down(
        self, _: object, __: int, function: int, callee: int, caller: int, slots: int, count: int
    ) -> None:
        self.calls.append(
            Call(self.line, function, callee, ctypes.string_at(slots, VALUE_SLOT_SIZE * count))
        )

    def run(self, command: Command) -> None:
        """Run a command."""
        self.line = command.line
        match command:
            case AssertReturn(_, Invoke() as action, patterns):
                types = [t.name for t, _ in self.perform(action)]
                if any(isinstance(pattern, Either) for pattern in patterns):
                    patterns = self.deterministic(action, patterns)
                rows = zip(types, patterns, strict=True)
                self.calls[-1].expected = tuple(self.bits_and_mask(*row) for row in rows)
            case AssertFailure(
                _, Failure.TRAP | Failure.EXHAUSTION as kind, Invoke() as action, text
            ):
                self.perform(action)
                self.calls[-1].outcomes = sum(1 << c for c in TrapCode if _fails_so(c, kind, text))
            case AssertFailure(_, Failure.MALFORMED | Failure.INVALID):
                pass  # it does not depend on the target
            case DefineModule() | Invoke():
                super().run(command)
                self.done.append(command)
            case _:
                raise NotImplementedError(f"line {command.line}: {type(command).__name__}")

    def deterministic(self, action: Invoke, patterns: Sequence[Pattern | Either]) -> list[Pattern]:
        """Of the results that are allowed, those that this processor gives in the deterministic
        profile: every processor has to."""
        settings = CompileSettings.of(Config(opt_level=0, relaxed_simd_deterministic=True))
        here = script_room._Runner(WASM_3_0, lambda: script_room.CompiledScripts(settings, 0, None))
        try:
            for command in self.done:
                here.run(command)
            results = zip(here.perform(action), patterns, strict=True)
            return [_matching(here, *result) for result in results]
        finally:
            here.engine.close()

    def bits_and_mask(self, t: str, pattern: Pattern) -> tuple[int, int]:
        """A pattern of a result of a type."""
        width = {"i8": 8, "i16": 16, "i32": 32, "f32": 32, "v128": 128}.get(t, 64)
        everything = (1 << width) - 1
        match pattern:
            case NanPattern(word, "canonical") if word == t:
                return CANONICAL_NAN[width], everything >> 1
            case NanPattern(word, "arithmetic") if word == t:
                return CANONICAL_NAN[width], CANONICAL_NAN[width]
            case LanePattern(_, lanes) if t == "v128":
                width = 128 // len(lanes)
                rows = [self.bits_and_mask(lane.type, lane) for lane in lanes]
                bits, mask = (
                    sum(row[part] << width * lane for lane, row in enumerate(rows))
                    for part in (0, 1)
                )
                return bits, mask
            case Value("ref.extern", int(number)) if t == "externref":
                return self.extern(number), everything
            case Value("ref.null"):
                return 0, everything
            case Value("ref.func", None) if t == "funcref":
                return DATA, -DATA & everything  # any VMFuncRef is in the data segment
            case Value(word, int(bits)) if word == t:
                return bits, everything
            case _:
                raise NotImplementedError(f"{pattern} for a result of type {t}")


def _matching(
    here: script_room._Runner, result: tuple[ValType, int], pattern: Pattern | Either
) -> Pattern:
    for choice in pattern.choices if isinstance(pattern, Either) else (pattern,):
        with contextlib.suppress(script_room._Failed):
            here.check_results([result], [choice])
            return choice
    raise AssertionError(f"{result} is not allowed by {pattern}")


def _fails_so(code: TrapCode, failure: Failure, message: str) -> bool:
    return script_room._is_expected(Trap.from_code(code, []), failure, message)


# --- the data ---


class _Data:
    """The data segment. What has pointers goes in as it is, to be corrected by `finish`."""

    def __init__(self) -> None:
        self.content = bytearray()
        self._moved: list[tuple[int, int, int]] = []
        """Start and end in this process, and address in the executable."""
        self._with_pointers: list[tuple[int, int]] = []

    def add(self, content: bytes) -> int:
        """The address of some bytes."""
        address = DATA + align_up(len(self.content), 16)
        self.content += bytes(address - DATA - len(self.content)) + content
        return address

    def add_pointers(self, content: bytes) -> int:
        """The address of some bytes with pointers into this process."""
        address = self.add(content)
        self._with_pointers.append((address, len(content)))
        return address

    def copy(self, address: int, size: int) -> None:
        """Copy a structure of this process; what points to it will point to the copy."""
        self.move(address, size, self.add_pointers(ctypes.string_at(address, size)))

    def move(self, address: int, size: int, to: int) -> None:
        """Let what points into memory of this process point elsewhere."""
        self._moved.append((address, address + size, to))

    def pointer(self, word: int) -> int:
        """A word: if it is the address of something that has been moved, where to."""
        for start, end, to in self._moved:
            if start <= word < end:
                return word - start + to
        return word

    def finish(self) -> bytes:
        """The content. An address in this process is too odd a number to be anything else."""
        for address, size in self._with_pointers:
            for at in range(address - DATA, address - DATA + size - 7, 8):
                (word,) = struct.unpack_from("<Q", self.content, at)
                struct.pack_into("<Q", self.content, at, self.pointer(word))
        return bytes(self.content)


def _lay_out(recorder: Recorder) -> tuple[int, list[Segment]]:
    """The entry point and the segments."""
    start_up = StartUp(START_UP)
    data = _Data()
    store = recorder.store
    limit = RUNTIME_LIMITS.field("stack_limit").offset
    ctypes.c_uint64.from_address(store.limits + limit).value = STACK + RESERVE
    exceptions = data.add(bytes(EXCEPTIONS_SIZE))
    for name, address in (("next", exceptions), ("end", exceptions + EXCEPTIONS_SIZE)):
        field = RUNTIME_LIMITS.field(f"exceptions_{name}")
        ctypes.c_uint64.from_address(store.limits + field.offset).value = address
    data.copy(store.limits, RUNTIME_LIMITS.size)
    data.copy(store.epoch, EPOCH.size)
    if store._tail_arguments is not None:
        data.copy(store._tail_arguments.address, MAX_SIZE)
    builtins = [0] * BUILTIN_COUNT  # those that are missing are called at 0, which is noticed
    for name in ("memory32_grow", "trace_exception"):
        builtins[BUILTINS[name].index] = start_up.symbols[name]
    data.move(native().builtins_array, 1, data.add(_words(*builtins)))
    memories: list[LinearMemory] = []
    for instance in store.instances.values():
        memories += instance.memories
        _copy_instance(data, instance)
    segments = [*recorder.segments, Segment(STACK, READ | WRITE, b"", STACK_SIZE)]
    for number, memory in enumerate(memories, 1):
        data.move(memory.base, 1, number * MEMORY_DISTANCE)
        content = memory.read(0, memory.length).rstrip(b"\0")
        segments.append(Segment(number * MEMORY_DISTANCE, READ | WRITE, content, memory.length))
    symbols = _add_calls(data, recorder, start_up)
    code = start_up.link(symbols)
    segments.append(Segment(START_UP, READ | EXECUTE, code, len(code)))
    content = data.finish()
    segments.append(Segment(DATA, READ | WRITE, content, len(content)))
    return start_up.symbols["_start"], segments


def _copy_instance(data: _Data, instance: ModuleInstance) -> None:
    rows = [
        (memory.definition, 65536 if memory.maximum is None else memory.maximum)
        for memory in instance.memories
    ]
    # The runtime's own field of the VMContext is the start-up object's here.
    own = data.add_pointers(b"".join(_words(*row) for row in rows))
    place = instance.vmctx + VMCONTEXT_HEADER.field("store").offset
    ctypes.c_uint64.from_address(place).value = own
    data.copy(instance.vmctx, instance.module.layout.size)
    ids = instance._image._signature_ids
    data.copy(ctypes.addressof(ids), ctypes.sizeof(ids))
    for table in instance.tables:
        size = table._elements.nbytes
        data.copy(ctypes.addressof((ctypes.c_char * size).from_buffer(table._elements)), size)


def _add_calls(data: _Data, recorder: Recorder, start_up: StartUp) -> dict[str, int]:
    """What startup.ll refers to, by name."""
    calls: list[bytes] = []
    for call in recorder.calls:
        text = f"line {call.line} failed\n".encode()
        fields = (
            *(call.function, data.pointer(call.vmctx)),
            *(data.add(call.slots), len(call.slots) // VALUE_SLOT_SIZE),
            call.outcomes,
            *(data.add(b"".join(_pairs(*row) for row in call.expected)), len(call.expected)),
            data.add(_words(len(text)) + text),
        )
        calls.append(_words(*fields))
    sites = [
        _words(module.text_address + offset, code)
        for module in recorder.modules
        for traps in [module.code[0].traps]
        for offset, code in zip(traps.code_offsets, traps.codes, strict=True)
    ]
    action = _words(start_up.symbols["on_signal"], SA_SIGINFO | SA_NODEFER, 0, 0)
    symbols: dict[str, int] = {
        "calls": data.add(b"".join(calls)),
        "sites": data.add(b"".join(sites)),
        "action": data.add(action),
        "current": data.add(_words(0)),
        "failures": data.add(_words(0)),
        "stack_top": STACK + STACK_SIZE,
    }
    symbols["calls_end"] = symbols["calls"] + sum(map(len, calls))
    symbols["sites_end"] = symbols["sites"] + sum(map(len, sites))
    return symbols


def _pairs(*values: int) -> bytes:
    """Numbers of 128 bits."""
    return b"".join(value.to_bytes(16, "little") for value in values)


def _words(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}Q", *values)


# --- the file ---


def _write_elf(entry: int, segments: list[Segment]) -> bytes:
    """A file with these segments, as a kernel wants it: in order, each in whole pages."""
    segments = sorted((s for s in segments if s.size), key=lambda s: s.address)
    headers = b""
    contents = b""
    for segment in segments:
        contents += bytes(align_up(len(contents), PAGE) - len(contents))
        headers += PROGRAM_HEADER.pack(
            PT_LOAD,
            segment.rights,
            PAGE + len(contents),
            segment.address,
            segment.address,
            len(segment.content),
            segment.size,
            PAGE,
        )
        contents += segment.content
    ident = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    header = FILE_HEADER.pack(
        *(ident, ET_EXEC, EM_AARCH64, 1, entry, FILE_HEADER.size, 0, 0),
        *(FILE_HEADER.size, PROGRAM_HEADER.size, len(segments), 0, 0, 0),
    )
    return (header + headers).ljust(PAGE, b"\0") + contents
