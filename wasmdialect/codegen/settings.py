"""What a module is compiled with: everything that can change the machine code, as plain values."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from wasmdialect._limits import DEFAULT_COMPILE_TIMEOUT, DEFAULT_FUNCTION_BUDGET
from wasmdialect.codegen.target import Target
from wasmdialect.object.link import LinkOptions
from wasmdialect.passes.pipeline import LoweringOptions, Verify

Level = Literal[0, 1, 2, 3]


@dataclass(frozen=True)
class CompileSettings:
    """The settings of one compilation. Plain values only, so that they travel to workers."""

    target: Target
    level: Level = 2
    """0: FastISel, no optimisation; 1: cheap; 2: the default; 3: across functions."""
    bounds: Literal["guard", "explicit"] = "guard"
    traps: Literal["exact", "relaxed"] = "exact"
    debug_checks: bool = False
    fuel: bool = False
    """Count operators, so that a program can be stopped after some number of them."""
    epochs: bool = False
    """Look at the epoch in loops and at entries, so that a program can be stopped at any time."""
    branch_protection: bool = False
    """On aarch64: signed return addresses and landing instructions."""
    link: LinkOptions = field(default_factory=LinkOptions)
    """How the image is laid out."""
    pipeline: str | None = None
    """A pipeline that replaces the default one (what it lacks of the lowering is appended)."""
    at: dict[str, str] = field(default_factory=dict[str, str])
    """Passes added to the default pipeline, by point."""
    load: tuple[str, ...] = ()
    """Python files with passes."""
    verify: Verify = "none"
    function_budget: int = DEFAULT_FUNCTION_BUDGET
    """Characters of LLVM IR of a function above which it is compiled at level 0."""
    compile_timeout: float | None = DEFAULT_COMPILE_TIMEOUT
    """Seconds that a worker may be silent for; None: any number."""

    @property
    def lowering(self) -> LoweringOptions:
        """What the mandatory passes take."""
        return LoweringOptions(self.bounds, self.traps, self.debug_checks, self.fuel, self.epochs)

    def to_plain(self) -> dict[str, Any]:
        """A dictionary that `marshal` and JSON can write."""
        return asdict(self)

    @staticmethod
    def from_plain(plain: dict[str, Any]) -> CompileSettings:
        """The inverse of `to_plain`."""
        values = dict(plain)
        values["target"] = Target(**values["target"])
        values["load"] = tuple(values["load"])
        values["link"] = LinkOptions(**values["link"])
        return CompileSettings(**values)
