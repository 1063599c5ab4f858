"""Running scripts of the WebAssembly test-suite: every command against the compiler and the runtime.

A command means what it does in the specification's own runner (its `interpreter/script/run.ml`). Beyond
that, the instance `$name` can be imported from as `"name"`, as in Wasmtime's runner.
Values are compared as bit patterns, so this works on the runtime, below the API's Python values.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from wasmdialect import types as wt
from wasmdialect._printable import printable
from wasmdialect.abi.trap_table import PassTrap
from wasmdialect.abi.traps import TrapCode
from wasmdialect.api.compile import open_or_compile
from wasmdialect.codegen.compiler import Compilation, start_run
from wasmdialect.codegen.lazy import LazyCompiler
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.store import Store
from wasmdialect.runtime.errors import LinkError, Trap
from wasmdialect.runtime.exceptions import Thrown
from wasmdialect.runtime.instance import Extern, GlobalCell, ModuleInstance, new_global
from wasmdialect.runtime.lazy import LazyModule
from wasmdialect.runtime.memory import LinearMemory, MemoryShape
from wasmdialect.runtime.module import LoadedModule, load_bytes
from wasmdialect.runtime.shared_memory import SharedLinearMemory
from wasmdialect.runtime.store import FunctionReference, StoreState
from wasmdialect.runtime.table import TableStorage
from wasmdialect.runtime.values import new_slots, pack_bits, unpack_bits
from wasmdialect.wasm.features import Feature, parse_features
from wasmdialect.wasm.numerics import CANONICAL_NAN, is_nan
from wasmdialect.wasm.wast import (
    Action,
    AssertFailure,
    AssertReturn,
    Command,
    DefineModule,
    Either,
    Failure,
    Get,
    InstantiateModule,
    Invoke,
    LanePattern,
    NanPattern,
    Pattern,
    Register,
    ScriptModule,
    Thread,
    Value,
    Wait,
    parse_script,
)
from wasmdialect.wasm.wast_check import REJECTIONS, ScriptFailure, ScriptResult, check_rejected


class _Failed(Exception):
    """A command failed; the argument says how."""


_SPECIFIED_MESSAGES: dict[TrapCode, tuple[str, ...]] = {
    TrapCode.TABLE_OUT_OF_BOUNDS: ("undefined element", "out of bounds table access"),
    TrapCode.UNREACHABLE: ("unreachable executed",),
    TrapCode.NULL_REFERENCE: (
        "null function reference",
        "null exception reference",
        "null structure reference",
        "null array reference",
        "null i31 reference",
    ),
}
"""The messages of the specification's interpreter for a trap, where they are not those of its code."""


def run_script(
    text: str, settings: CompileSettings, jobs: int | None = 1, cache: Store | None = None
) -> ScriptResult:
    """Run a script; every command is tried, even after failures. What needs the result of a failed
    command fails too: nothing falls back to an earlier module.

    Raises TextError if the script itself cannot be read.
    """
    return run_commands(parse_script(text), settings, jobs, cache)


def run_commands(
    commands: Sequence[Command],
    settings: CompileSettings,
    jobs: int | None = 1,
    cache: Store | None = None,
    change: Callable[[bytes], bytes] | None = None,
) -> ScriptResult:
    """Run a script that has been parsed, as `run_script` does; `change` gives what is run instead of
    each module."""
    features = parse_features(settings.config.features)
    return run_on(commands, features, lambda: CompiledScripts(settings, jobs, cache, change))


def run_on(
    commands: Sequence[Command],
    features: frozenset[Feature],
    make_engine: Callable[[], ScriptEngine],
) -> ScriptResult:
    """Run a script that has been parsed, with an engine of its own for each of its threads."""
    return ScriptResult(len(commands), _Runner(features, make_engine).run_all(commands))


class ScriptEngine(Protocol):
    """What runs the modules of scripts. Its methods raise the errors of the runtime: Trap, Thrown,
    LinkError."""

    def spectest(self) -> Mapping[str, Any]:
        """The exports of the `spectest` host module."""
        ...

    def compile(self, binary: bytes) -> Any:
        """A module."""
        ...

    def instantiate(self, module: Any, importable: Callable[[str], Mapping[str, Any]]) -> Any:
        """An instance, with `exports`; `importable` gives the items that can be imported from a
        name."""
        ...

    def read(self, exported: Any) -> tuple[wt.ValType, int] | None:
        """Type and bits of an exported global; None if it is not a global."""
        ...

    def call(self, exported: Any, arguments: list[int]) -> list[tuple[wt.ValType, int]] | None:
        """Types and bits of the results of an exported function; None if it is not a function."""
        ...

    def extern(self, referent: object) -> int:
        """The reference to an object of the host."""
        ...

    def close(self) -> None:
        """The script has ended."""
        ...


class CompiledScripts:
    """Compiles the modules of a script, and runs them in a store."""

    def __init__(
        self,
        settings: CompileSettings,
        jobs: int | None,
        cache: Store | None,
        change: Callable[[bytes], bytes] | None = None,
    ):
        self._settings, self._jobs, self._cache, self._change = settings, jobs, cache, change
        self._compilers: list[LazyCompiler] = []
        self.store = StoreState()

    def spectest(self) -> Mapping[str, Extern]:
        return spectest(self.store)

    def compile(self, binary: bytes) -> LoadedModule:
        if self._change is not None:
            binary = self._change(binary)
        run = start_run(binary, self._settings, "module.wasm", self._jobs, self._cache)
        compiled = open_or_compile(run, time.perf_counter())
        if isinstance(compiled, Compilation):
            return load_bytes(compiled.artifact)
        self._compilers.append(compiled)
        config = self._settings.config
        return LazyModule(compiled.artifact, config, compiled, compiled.body_bytes)

    def instantiate(
        self, module: LoadedModule, importable: Callable[[str], Mapping[str, Extern]]
    ) -> ModuleInstance:
        imports: list[Extern] = []
        for item in module.info.imports:
            exports = importable(item.module)
            if item.name not in exports:
                raise LinkError(f"unknown import: {printable(f'{item.module}::{item.name}')}")
            imports.append(exports[item.name])
        return ModuleInstance(self.store, module, imports)

    def read(self, exported: Any) -> tuple[wt.ValType, int] | None:
        return (exported.type, exported.bits()) if isinstance(exported, GlobalCell) else None

    def call(self, exported: Any, arguments: list[int]) -> list[tuple[wt.ValType, int]] | None:
        if not isinstance(exported, FunctionReference):
            return None
        slots = new_slots(exported.signature)
        pack_bits(slots, arguments)
        self.store.call(exported, slots)
        types = exported.signature.results
        return list(zip(types, unpack_bits(slots, types), strict=True))

    def extern(self, referent: object) -> int:
        return self.store.externs.handle(referent)

    def close(self) -> None:
        self.store.close()
        for compiler in self._compilers:
            compiler.close()


class _Runner:
    """The state of a script, or of a thread of one: its engine, instances and names registered for
    import."""

    def __init__(self, features: frozenset[Feature], make_engine: Callable[[], ScriptEngine]):
        self.features = features
        self.make_engine = make_engine
        self.engine = make_engine()
        self.current: Any = None
        self.instances: dict[str, Any] = {}
        self.definitions: dict[str | None, Any] = {}
        self.failed: dict[str | None, int] = {}
        """The line of the module that failed, by name, and of the current one."""
        self.registered: dict[str, Mapping[str, Any]] = {"spectest": self.engine.spectest()}
        self.externs: dict[int, object] = {}
        self.threads: dict[str, tuple[threading.Thread, list[ScriptFailure]]] = {}
        """Those that nobody has waited for, with the failures that they add."""

    def run_all(self, commands: Sequence[Command]) -> list[ScriptFailure]:
        """Run all commands; returns the failures. Threads that the script does not wait for have ended
        then."""
        failures: list[ScriptFailure] = []
        try:
            for number, command in enumerate(commands):
                message = self.try_(command)
                if message is not None:
                    failures.append(ScriptFailure(number, command.line, message))
        finally:
            for name in [*self.threads]:
                failures += self.join(name)
            self.engine.close()
        return failures

    def try_(self, command: Command) -> str | None:
        """Run a command; returns how it failed, or None."""
        try:
            self.run(command)
        except Exception as error:  # bugs of the compiler, too, are failures of one command
            return f"{type(error).__name__.lstrip('_')}: {error}"
        return None

    def run(self, command: Command) -> None:
        """Run a command."""
        match command:
            case DefineModule(line, module, instantiate):
                self.define(line, module, instantiate)
            case InstantiateModule(line, name, definition):
                self.forget(line, name)
                if definition not in self.definitions:
                    raise _Failed(self.missing("module", definition))
                self.remember(name, self.instantiate(self.definitions[definition]))
            case Register(_, name, module):
                self.registered.pop(name, None)
                self.registered[name] = self.instance(module).exports
            case AssertReturn(_, action, expected):
                self.check_results(self.perform(action), expected)
            case AssertFailure():
                self.check_failure(command)
            case Invoke() | Get():
                self.perform(command)
            case Thread():
                self.start(command)
            case Wait(_, name):
                if name not in self.threads:
                    raise _Failed(f"there is no thread {name}")
                failures = self.join(name)
                if failures:
                    lines = "; ".join(f"line {f.line}: {f.message}" for f in failures)
                    raise _Failed(f"thread {name} failed: {lines}")

    # --- threads

    def start(self, thread: Thread) -> None:
        """A thread command: the commands run in a store of their own, where only shared memories of the
        shared instances can be imported."""
        if thread.name in self.threads:
            raise _Failed(f"thread {thread.name} runs already")
        runner = _Runner(self.features, self.make_engine)
        runner.instances.update((name, self.instance(name)) for name in thread.shared)
        failures: list[ScriptFailure] = []

        def run() -> None:
            failures.extend(runner.run_all(thread.commands))

        started = threading.Thread(target=run, name=thread.name)
        self.threads[thread.name] = started, failures
        started.start()

    def join(self, name: str) -> list[ScriptFailure]:
        """The failures of a thread, when it has ended."""
        thread, failures = self.threads.pop(name)
        thread.join()
        return failures

    # --- modules

    def compile(self, module: ScriptModule) -> Any:
        """A module of the script, compiled."""
        return self.engine.compile(module.to_binary(self.features))

    def instantiate(self, module: Any) -> Any:
        """An instance with imports from the registered names. Raises LinkError, Trap."""
        return self.engine.instantiate(module, self.importable)

    def importable(self, name: str) -> Mapping[str, Any]:
        """What modules can import under a name."""
        if name in self.registered:
            return self.registered[name]
        instance = self.instances.get(f"${name}")
        return {} if instance is None else instance.exports

    def define(self, line: int, module: ScriptModule, instantiate: bool) -> None:
        """A module command."""
        for name in {module.name, None}:
            self.definitions.pop(name, None)
        if instantiate:
            self.forget(line, module.name)
        else:
            self.failed[module.name] = line
        loaded = self.compile(module)
        self.definitions[module.name] = self.definitions[None] = loaded
        if instantiate:
            self.remember(module.name, self.instantiate(loaded))

    def forget(self, line: int, name: str | None) -> None:
        """The module of a line is to be the current one: until it is, there is none."""
        self.current = None
        self.failed[None] = line
        if name is not None:
            self.instances.pop(name, None)
            self.failed[name] = line

    def remember(self, name: str | None, instance: Any) -> None:
        """Make an instance the current one."""
        self.current = instance
        if name is not None:
            self.instances[name] = instance

    def instance(self, name: str | None) -> Any:
        """The instance with a name, or the current one."""
        found = self.current if name is None else self.instances.get(name)
        if found is None:
            raise _Failed(self.missing("instance", name))
        return found

    def missing(self, what: str, name: str | None) -> str:
        """Why there is no instance or definition with a name."""
        line = self.failed.get(name)
        reason = "" if line is None else f": the module of line {line} failed"
        return f"there is no {what}{f' {name}' if name else ''}{reason}"

    # --- actions

    def perform(self, action: Action) -> list[tuple[wt.ValType, int]]:
        """Types and bits of the results of an action. Raises Trap."""
        exported = self.instance(action.module).exports.get(action.name)
        if isinstance(action, Get):
            found = self.engine.read(exported)
            if found is None:
                raise _Failed(f"no global {action.name!r} is exported")
            return [found]
        arguments = [self.to_bits(value) for value in action.arguments]
        results = self.engine.call(exported, arguments)
        if results is None:
            raise _Failed(f"no function {action.name!r} is exported")
        return results

    def to_bits(self, value: Value) -> int:
        """The bits of an argument."""
        if value.type == "ref.extern":
            return self.extern(value.bits or 0)
        return value.bits or 0

    def extern(self, number: int) -> int:
        """The reference that stands for `(ref.extern number)`."""
        return self.engine.extern(self.externs.setdefault(number, _HostReference()))

    # --- assertions

    def check_results(
        self, found: list[tuple[wt.ValType, int]], expected: tuple[Pattern, ...]
    ) -> None:
        """Raises _Failed if the results are not as expected."""
        if len(found) != len(expected):
            raise _Failed(f"expected {len(expected)} results, found {len(found)}")
        for (t, bits), pattern in zip(found, expected, strict=True):
            if not self.matches(t, bits, pattern):
                raise _Failed(f"expected {_describe(pattern)}, found {t} {bits:#x}")

    def matches(self, t: wt.ValType, bits: int, pattern: Pattern) -> bool:
        """Whether a result is as a pattern says."""
        match pattern:
            case Either(choices):
                return any(self.matches(t, bits, choice) for choice in choices)
            case NanPattern(word, kind):
                return t.name == word and is_nan_of_kind(bits, 8 * t.size, kind)
            case LanePattern(_, lanes):
                return t is wt.V128 and _matches_lanes(bits, lanes)
            case Value("ref.null"):
                return isinstance(t, wt.RefType) and bits == 0
            case Value("ref.extern", number):
                if not wt.is_extern(t):
                    return False
                return bits != 0 if number is None else bits == self.extern(number)
            case Value("ref.exn"):
                return wt.is_exception(t) and bits != 0
            case Value("ref.func"):
                return wt.is_function(t) and bits != 0
            case Value(word, number):
                return t.name == word and bits == number

    def check_failure(self, command: AssertFailure) -> None:
        """Raises _Failed if the expected failure does not happen, or another does."""
        subject, expected = command.subject, command.message
        if command.failure in REJECTIONS:
            wrong = check_rejected(command, self.features)
            if wrong is not None:
                raise _Failed(wrong)
            return
        if command.failure is Failure.SUSPENSION:
            raise _Failed("stack switching is not supported, so nothing is suspended")
        try:
            if not isinstance(subject, ScriptModule):
                self.perform(subject)
            else:
                self.instantiate(self.compile(subject))
        except _EXPECTED_ERRORS[command.failure] as error:
            if not _is_expected(error, command.failure, expected):
                raise _Failed(f"expected {expected!r}, but the error is: {error}") from None
            return
        wanted = "an exception" if command.failure is Failure.EXCEPTION else repr(expected)
        raise _Failed(f"expected to fail with {wanted}, but nothing failed")


_EXPECTED_ERRORS: dict[Failure, tuple[type[Exception], ...]] = {
    Failure.TRAP: (Trap,),
    Failure.EXHAUSTION: (Trap,),
    Failure.EXCEPTION: (Thrown,),
    Failure.UNLINKABLE: (LinkError,),
}


def _is_expected(error: Exception, failure: Failure, expected: str) -> bool:
    """Whether an error is of the asserted kind, and its message starts with the expected text."""
    if not isinstance(error, Trap):
        return str(error).startswith(expected)
    is_exhaustion = error.trap_code is TrapCode.STACK_OVERFLOW
    if is_exhaustion != (failure is Failure.EXHAUSTION):
        return False
    if error.trap_code is TrapCode.INDIRECT_CALL_TO_NULL:
        expected = re.sub(r" \d+$", "", expected)  # the index, which only the interpreter says
    return any(message.startswith(expected) for message in _messages(error))


def _messages(trap: Trap) -> tuple[str, ...]:
    """What a trap is called: by us, and by the specification's interpreter."""
    code = trap.trap_code
    if code is None or isinstance(code, PassTrap):
        return (trap.reason,)
    return code.message, *_SPECIFIED_MESSAGES.get(code, ())


class _HostReference:
    """The referent of a script's `(ref.extern n)`."""


def _matches_lanes(bits: int, lanes: tuple[Value | NanPattern, ...]) -> bool:
    """Whether the lanes of a vector, lowest first, are as patterns say."""
    width = 128 // len(lanes)
    for number, lane in enumerate(lanes):
        found = bits >> width * number & (1 << width) - 1
        if isinstance(lane, NanPattern):
            if not is_nan_of_kind(found, width, lane.kind):
                return False
        elif found != lane.bits:
            return False
    return True


def is_nan_of_kind(bits: int, width: int, kind: str) -> bool:
    """Whether a bit pattern is a canonical NaN, or an arithmetic one (any quiet NaN)."""
    canonical = CANONICAL_NAN[width]
    if kind == "canonical":
        return bits & ~(1 << (width - 1)) == canonical
    return is_nan(bits, width) and bits & canonical == canonical


def _describe(pattern: Pattern) -> str:
    match pattern:
        case Value(word, bits):
            return word if bits is None else f"{word} {bits:#x}"
        case NanPattern(word, kind):
            return f"{word} nan:{kind}"
        case _:
            return str(pattern)


def spectest(store: StoreState) -> dict[str, Extern]:
    """The `spectest` host module (specification, `interpreter/README.md`). Nothing is printed."""
    exports: dict[str, Extern] = {
        name: store.add_host_function(wt.func_def_type(params, ()), _ignore)
        for name, params in SPECTEST_PRINTS.items()
    }
    for t, bits in SPECTEST_GLOBALS:
        cell = exports[f"global_{t}"] = new_global(t, False, bits)
        store.add_global(cell)
    for name, is_64 in (("table", False), ("table64", True)):
        table = exports[name] = TableStorage(wt.FUNCREF, 10, 20, is_64=is_64)
        store.add_table(table)
    for name, cls in (("memory", LinearMemory), ("shared_memory", SharedLinearMemory)):
        memory = exports[name] = cls(MemoryShape(1, 2))
        store.add_memory(memory)
    return exports


SPECTEST_PRINTS: dict[str, tuple[wt.ValType, ...]] = {
    "print": (),
    "print_i32": (wt.I32,),
    "print_i64": (wt.I64,),
    "print_f32": (wt.F32,),
    "print_f64": (wt.F64,),
    "print_i32_f32": (wt.I32, wt.F32),
    "print_f64_f64": (wt.F64, wt.F64),
}
"""The functions of `spectest` with their parameters."""
SPECTEST_GLOBALS: tuple[tuple[wt.NumType, int], ...] = (
    (wt.I32, 666),
    (wt.I64, 666),
    (wt.F32, 0x4426_A666),
    (wt.F64, 0x4084_D4CC_CCCC_CCCD),
)
"""Type and bits of its globals."""


def _ignore(_store: StoreState, _caller: int, _slots: Any) -> None:
    pass


__all__ = [
    "SPECTEST_GLOBALS",
    "SPECTEST_PRINTS",
    "CompiledScripts",
    "ScriptEngine",
    "ScriptFailure",
    "ScriptResult",
    "run_commands",
    "run_on",
    "run_script",
    "spectest",
]
