"""Config and Engine: how modules are compiled, and with what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, final

from wasmdialect.runtime.errors import WasmtimeError
from wasmdialect.runtime.store import DEFAULT_MAX_WASM_STACK

_OPT_LEVELS: dict[str, Literal[0, 1, 2, 3]] = {
    "none": 0,
    "speed": 2,
    "speed_and_size": 2,
}


@final
@dataclass
class Config:
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
    at: Mapping[str, str] = field(default_factory=dict[str, str])
    """Passes added to the default pipeline: {"wasmir-end": "my-pass"}."""
    load: tuple[str, ...] = ()
    """Python files that define passes."""
    verify: Literal["each", "ends", "none"] = "none"
    """When the IR is verified while compiling."""
    debug_checks: bool = False
    """Check in trampolines what compiled code and the runtime promise each other."""
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


@final
class Engine:
    """Compiles modules as its Config says."""

    def __init__(self, config: Config | None = None):
        if config is not None and not isinstance(config, Config):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected Config")
        self.config = Config() if config is None else config
