"""The features of this machine's processor, to compare with the target of an artifact."""

from __future__ import annotations

from wasmdialect._cpuinfo import (
    AARCH64_FEATURES,
    BRANCH_TARGETS,
    MACHINE,
    aarch64_features,
    auxiliary_vector,
    first_processor,
)

_FLAGS = {
    # LLVM's feature name: the word in /proc/cpuinfo, where they differ.
    "sse3": "pni",
    "sse4.1": "sse4_1",
    "sse4.2": "sse4_2",
    "bmi": "bmi1",
    "lzcnt": "abm",
    "pclmul": "pclmulqdq",
    "rdrnd": "rdrand",
    "sha": "sha_ni",
    "avx512vbmi2": "avx512_vbmi2",
    "avx512vnni": "avx512_vnni",
    "avx512bitalg": "avx512_bitalg",
    "avx512vpopcntdq": "avx512_vpopcntdq",
    "avx512bf16": "avx512_bf16",
    "avxvnni": "avx_vnni",
}
_CHECKED = {
    *_FLAGS, "ssse3", "popcnt", "avx", "avx2", "bmi2", "fma", "f16c", "movbe", "adx", "aes",
    "gfni", "vaes", "vpclmulqdq", "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl",
    "avx512ifma", "avx512vbmi", *AARCH64_FEATURES,
}  # fmt: skip
"""The features whose instructions LLVM puts into ordinary code."""


_flags: list[frozenset[str]] = []


def cpu_flags() -> frozenset[str]:
    """The processor's features as Linux names them, as LLVM does on aarch64; empty if unknown."""
    if not _flags:
        _flags.append(_read_flags())
    return _flags[0]


def _read_flags() -> frozenset[str]:
    if MACHINE == "aarch64":
        return frozenset(aarch64_features())
    processor = first_processor()
    return frozenset(processor.get("flags", "").split())


def missing_features(features: str) -> list[str]:
    """Those of `features` (LLVM's notation: `+avx2,+bmi`) that this processor lacks."""
    flags = cpu_flags()
    if not flags:
        return []
    wanted = [f[1:] for f in features.split(",") if f.startswith("+")]
    return [f for f in wanted if f in _CHECKED and _FLAGS.get(f, f) not in flags]


def checks_branch_targets() -> bool:
    """Whether the processor can check where branches lead, on pages that ask for it (PROT_BTI)."""
    entry, bits = BRANCH_TARGETS
    return MACHINE == "aarch64" and auxiliary_vector().get(entry, 0) & bits == bits


def host_architecture() -> str:
    """The first part of this machine's triple."""
    return MACHINE
