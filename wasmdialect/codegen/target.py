"""Targets: the machines that code is compiled for, and the parts that are checked on load."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, cast

from wasmdialect.object.elf import ELF_MACHINES

if TYPE_CHECKING:
    from wasmdialect.lowering.emit import Emitters

HOST_TRIPLE = "x86_64-unknown-linux-gnu"


class TargetError(Exception):
    """A target that cannot be compiled for; the message lists those that can."""


@dataclass(frozen=True, slots=True)
class Target:
    """A machine: triple, processor and the features LLVM may use."""

    triple: str
    cpu: str
    features: str
    """In LLVM's notation: `+sse4.1,+avx2`, sorted, only enabled ones."""

    @property
    def elf_machine(self) -> int:
        """The machine number in ELF headers."""
        return ELF_MACHINES[self.triple.partition("-")[0]]

    @property
    def emitters(self) -> Emitters:
        """The operations whose LLVM IR is different for it."""
        from wasmdialect.lowering.emit_vectors import emitters_for

        return emitters_for(self.triple, self.features)


_DEFAULTS = {
    # (cpu, features) for a target that is not this machine. Rounding needs SSE4.1.
    "x86_64": ("x86-64-v2", ""),
    "aarch64": ("generic", ""),
    # Floats in registers and loads at any address, as every Linux distribution assumes.
    "riscv64": ("generic-rv64", "+m,+a,+f,+d,+c,+unaligned-scalar-mem"),
    "s390x": ("z13", ""),
}


@cache
def host_target() -> Target:
    """This machine, with all features of its processor."""
    import llvmlite.binding as llvm

    features = cast(dict[str, bool], llvm.get_host_cpu_features())
    enabled = sorted(f"+{name}" for name, on in features.items() if on)
    return Target(HOST_TRIPLE, llvm.get_host_cpu_name(), ",".join(enabled))


def parse_target(triple: str | None) -> Target:
    """The target of a triple, None for this machine. Raises TargetError."""
    if triple is None:
        return host_target()
    architecture = triple.partition("-")[0]
    if architecture not in _DEFAULTS:
        known = ", ".join(f"{name}-unknown-linux-gnu" for name in sorted(_DEFAULTS))
        raise TargetError(f"unknown target {triple!r}; the targets are {known}")
    cpu, features = _DEFAULTS[architecture]
    return Target(triple, cpu, features)
