"""Config and Engine: how modules are compiled, and with what."""

from __future__ import annotations

from wasmdialect._limits import DEFAULT_COMPILE_TIMEOUT, DEFAULT_FUNCTION_BUDGET
from wasmdialect._records import Record, field
from wasmdialect._static import TYPE_CHECKING, final
from wasmdialect.runtime.errors import WasmtimeError
from wasmdialect.runtime.locks import lock_across_forks
from wasmdialect.runtime.store import DEFAULT_MAX_WASM_STACK, Epoch

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Literal

    from wasmdialect.codegen.store import Store as CacheStore

_OPT_LEVELS: dict[str, Literal[0, 1, 2, 3]] = {
    "none": 0,
    "speed": 2,
    "speed_and_size": 2,
}


@final
class Config(Record):
    """How an Engine compiles. wasmtime-py's attributes where they have a meaning here, and our own.

    Attributes can be set after construction or given to it.
    """

    opt_level: Literal[0, 1, 2, 3] = 2
    """LLVM's effort: 0 is fast to compile, 2 the default, 3 works across functions."""
    bounds: Literal["guard", "explicit"] = "guard"
    """Whether 32-bit memories are bounded by guard pages or by comparisons."""
    traps: Literal["exact", "relaxed"] = "exact"
    """Whether accesses that fault keep their place among everything else that can be observed."""
    pipeline: str | None = None
    """A pass pipeline that replaces the default one."""
    at: Mapping[str, str] = field(default_factory=dict)
    """Passes added to the default pipeline: {"wasmir-end": "my-pass"}."""
    load: tuple[str, ...] = ()
    """Python files that define passes."""
    verify: Literal["each", "ends", "none"] = "none"
    """When the IR is verified while compiling."""
    function_budget: int = DEFAULT_FUNCTION_BUDGET
    """Characters of LLVM IR of a function above which it is compiled at level 0, and reported."""
    compile_timeout: float | None = DEFAULT_COMPILE_TIMEOUT
    """Seconds that a worker may take for import and passes of a few functions, or for LLVM on one: then
    it is ended, and the function compiled at a lower level or named in an error. None: any time."""
    debug_checks: bool = False
    """Check in trampolines what compiled code and the runtime promise each other."""
    consume_fuel: bool = False
    """Count operators, so that a store's programs stop when its fuel is used up."""
    epoch_interruption: bool = False
    """Stop programs at the deadline of their store, counted in epochs of the Engine."""
    generate_address_map: bool = True
    """Write which Wasm byte offset code comes from; without it backtraces have no offsets."""
    unwind_info: bool = True
    """Write `.eh_frame`, with which debuggers and C++ unwind through compiled code."""
    branch_protection: bool = False
    """On aarch64: sign return addresses, allow jumps to landing instructions only."""
    padding: int = 0
    """Zero bytes behind each function, for experiments."""
    force_veneers: bool = False
    """Let every call between functions go through a veneer, for tests."""
    function_alignment: int | None = None
    """Alignment of functions in bytes, a power of 2; None: the machine's usual one."""
    shuffle_layout: int | None = None
    """A seed: put functions into a random order, for measurements that do not hang on one layout."""
    cache: bool | str | os.PathLike[str] | CacheStore = False
    """The incremental cache: True for the user's, a directory, or a store of your own."""
    debug_info: bool = False
    """Tell gdb the names and frames of loaded code."""
    profiler: Literal["none", "perfmap", "jitdump"] = "none"
    """Tell perf the names of loaded code: /tmp/perf-PID.map or jit-PID.dump."""
    jobs: int | None = None
    """Worker processes; None: one a processor, 0: compile in this process (for debuggers)."""
    max_wasm_stack: int = DEFAULT_MAX_WASM_STACK
    """Bytes of stack that Wasm may use."""
    target: str | None = None
    """A target triple to compile for; None is this machine."""

    @property
    def cranelift_opt_level(self) -> str:
        """wasmtime-py's name for the effort: "none", "speed" or "speed_and_size"."""
        return "none" if self.opt_level == 0 else "speed"

    @cranelift_opt_level.setter
    def cranelift_opt_level(self, level: str) -> None:
        if level not in _OPT_LEVELS:
            raise WasmtimeError(f"unknown level {level!r}; use one of {', '.join(_OPT_LEVELS)}")
        self.opt_level = _OPT_LEVELS[level]

    @property
    def parallel_compilation(self) -> bool:
        """Whether several workers compile."""
        return self.jobs != 1

    @parallel_compilation.setter
    def parallel_compilation(self, enable: bool) -> None:
        self.jobs = None if enable else 1


_epoch_lock = lock_across_forks()


@final
class Engine:
    """Compiles modules as its Config says, and has the epoch of the programs it compiled."""

    def __init__(self, config: Config | None = None):
        if config is not None and not isinstance(config, Config):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected Config")
        self.config = Config() if config is None else config
        self.epoch = Epoch()

    def increment_epoch(self) -> None:
        """Go on to the next epoch: programs whose deadline it is stop. Any thread may call this."""
        with _epoch_lock:
            self.epoch.current.value += 1
