"""What Linux says about this machine's processor."""

from __future__ import annotations

import os
import struct

from wasmdialect._static import Mapping

MACHINE = os.uname().machine
"""The first part of this machine's triple."""


def first_processor() -> dict[str, str]:
    """The fields of the first processor in `/proc/cpuinfo`; none if it cannot be read."""
    fields: dict[str, str] = {}
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as info:
            for line in info:
                name, _, value = line.partition(":")
                if not name.strip() and fields:
                    break
                fields[name.strip()] = value.strip()
    except OSError:
        return {}
    return fields


_AT_HWCAP, _AT_HWCAP2 = 16, 26
AARCH64_FEATURES: Mapping[str, tuple[int, int]] = {
    "aes": (_AT_HWCAP, 1 << 3 | 1 << 4),
    "altnzcv": (_AT_HWCAP2, 1 << 7),
    "bf16": (_AT_HWCAP2, 1 << 14),
    "complxnum": (_AT_HWCAP, 1 << 14),
    "crc": (_AT_HWCAP, 1 << 7),
    "dotprod": (_AT_HWCAP, 1 << 20),
    "flagm": (_AT_HWCAP, 1 << 27),
    "fp16fml": (_AT_HWCAP, 1 << 23),
    "fptoint": (_AT_HWCAP2, 1 << 8),
    "fullfp16": (_AT_HWCAP, 1 << 9 | 1 << 10),
    "i8mm": (_AT_HWCAP2, 1 << 13),
    "jsconv": (_AT_HWCAP, 1 << 13),
    "lse": (_AT_HWCAP, 1 << 8),
    "lse2": (_AT_HWCAP, 1 << 25),
    "rcpc": (_AT_HWCAP, 1 << 15),
    "rcpc-immo": (_AT_HWCAP, 1 << 26),
    "rdm": (_AT_HWCAP, 1 << 12),
    "sha2": (_AT_HWCAP, 1 << 5 | 1 << 6),
    "sha3": (_AT_HWCAP, 1 << 17 | 1 << 21),
}
"""LLVM's names of the features of aarch64 that it may use in ordinary code, with the entry of the
auxiliary vector and the bits of it that say that they are there (<asm/hwcap.h>). The scalable vectors
(sve) are not among them: the tables of traps know no accesses of theirs."""
BRANCH_TARGETS = (_AT_HWCAP2, 1 << 17)
"""Where it says that the processor checks where branches lead (bti)."""


def auxiliary_vector() -> dict[int, int]:
    """What the kernel told this process when it started; empty if it cannot be read."""
    try:
        with open("/proc/self/auxv", "rb") as file:
            content = file.read()
    except OSError:
        return {}
    return dict(struct.iter_unpack("=QQ", content[: len(content) // 16 * 16]))


def aarch64_features() -> list[str]:
    """LLVM's names of the features of this processor, an aarch64."""
    vector = auxiliary_vector()
    return [
        n for n, (entry, bits) in AARCH64_FEATURES.items() if vector.get(entry, 0) & bits == bits
    ]
