"""Targets: the machines that code is compiled for, and the parts that are checked on load."""

from __future__ import annotations

from wasmdialect._cpuinfo import MACHINE, aarch64_features
from wasmdialect._records import FrozenRecord
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.object.elf import ELF_MACHINES

if TYPE_CHECKING:
    from wasmdialect.lowering.emit import Emitters

HOST_TRIPLE = f"{MACHINE}-unknown-linux-gnu"


class TargetError(Exception):
    """A target that cannot be compiled for; the message lists those that can."""


class Target(FrozenRecord):
    """A machine: triple, processor and the features LLVM may use."""

    triple: str
    cpu: str
    features: str
    """In LLVM's notation: `+sse4.1,+avx2`, sorted, only enabled ones."""

    def to_plain(self) -> dict[str, str]:
        """The parameters of the constructor, as values that `marshal` can write."""
        return dict(vars(self))

    @property
    def elf_machine(self) -> int:
        """The machine number in ELF headers."""
        return ELF_MACHINES[self.triple.partition("-")[0]]

    @property
    def emitters(self) -> Emitters:
        """The operations whose LLVM IR is different for it."""
        from wasmdialect.lowering.emit_vectors import emitters_for

        return emitters_for(self.triple, self.features)


BASE, NATIVE = "base", "native"
_X86_64_LEVELS = {
    "x86-64-v2": ("popcnt", "sse3", "sse4.1", "sse4.2", "ssse3"),
    "x86-64-v3": ("avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"),
    "x86-64-v4": ("avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"),
}
"""What each level of the x86-64 psABI adds to the one before. Rounding needs SSE4.1, so the first is
the base. They are spelled out: the loader checks them, and the form of operations depends on them."""
_AARCH64_LEVELS = {
    "armv8.1-a": ("crc", "lse", "rdm"),
    "armv8.4-a": ("complxnum", "dotprod", "flagm", "jsconv", "lse2", "rcpc", "rcpc-immo"),
}
"""What versions of Arm's architecture add to the one before, as far as LLVM puts it into ordinary code.
The first has atomic instructions where the base has loops."""
_LEVELS = {"x86_64": _X86_64_LEVELS, "aarch64": _AARCH64_LEVELS}


def _features_of(levels: dict[str, tuple[str, ...]], level: str) -> str:
    """What a level and those before it have, in LLVM's notation."""
    names = [*levels]
    before = names[: names.index(level) + 1]
    return ",".join(sorted(f"+{feature}" for name in before for feature in levels[name]))


_DEFAULTS = {
    # (cpu, features) for a target that is not this machine.
    "x86_64": ("x86-64-v2", _features_of(_X86_64_LEVELS, "x86-64-v2")),
    "aarch64": ("generic", ""),
    # Floats in registers and loads at any address, as every Linux distribution assumes.
    "riscv64": ("generic-rv64", "+m,+a,+f,+d,+c,+unaligned-scalar-mem"),
    "s390x": ("z13", ""),
}


_host: list[Target] = []


def host_target() -> Target:
    """This machine, with all features of its processor."""
    if not _host:
        _host.append(_ask_llvm())
    return _host[0]


def know_host(host: Target) -> None:
    """Take this machine from the cache (`codegen.tools`): asking LLVM means loading it."""
    if not _host:
        _host.append(host)


def _ask_llvm() -> Target:
    if MACHINE == "aarch64":
        # LLVM reads /proc/cpuinfo. A model's name would let it use what the kernel does not offer.
        known = ",".join(f"+{name}" for name in sorted(aarch64_features()))
        return Target(HOST_TRIPLE, _DEFAULTS[MACHINE][0], known)
    from wasmdialect.codegen.importing import importing

    with importing:
        import llvmlite.binding as llvm
    features: dict[str, bool] = dict(llvm.get_host_cpu_features())  # pyright: ignore
    enabled = sorted(f"+{name}" for name, on in features.items() if on)
    return Target(HOST_TRIPLE, llvm.get_host_cpu_name(), ",".join(enabled))


def parse_target(triple: str | None, cpu: str | None = None) -> Target:
    """The target of a triple, None for this machine, and of a value of the setting `cpu`: None is the
    processor of this machine, and the base of another one. Raises TargetError."""
    architecture = (triple or HOST_TRIPLE).partition("-")[0]
    if architecture not in _DEFAULTS:
        known = ", ".join(f"{name}-unknown-linux-gnu" for name in sorted(_DEFAULTS))
        raise TargetError(f"unknown target {triple!r}; the targets are {known}")
    if cpu is None:
        cpu = NATIVE if triple is None else BASE
    if cpu == NATIVE:
        if architecture != HOST_TRIPLE.partition("-")[0]:
            raise TargetError(f"the native processor is not one of {architecture}: use base")
        return host_target()
    triple, levels = triple or HOST_TRIPLE, _LEVELS.get(architecture, {})
    if cpu == BASE:
        return Target(triple, *_DEFAULTS[architecture])
    if cpu not in levels:
        known = " or ".join([BASE, *levels])
        raise TargetError(f"{cpu} is not a processor of {architecture}: use {known}")
    model = _DEFAULTS[architecture][0] if architecture == "aarch64" else cpu
    return Target(triple, model, _features_of(levels, cpu))
