"""Tests for LLVM IR that LLVM refuses."""

from __future__ import annotations

import subprocess
import sys

import pytest

from wasmdialect._settings import Config
from wasmdialect.codegen.llvm import CodegenError, compile_object, verify_text
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.lowering.emit import SHARED_METADATA

_SCOPES = "".join(
    f'!{number} = distinct !DISubprogram(name: "s{number}", file: !1, unit: !0, type: !3,'
    " spFlags: DISPFlagDefinition)\n"
    for number in (5, 6)
)
_FUNCTION = """define i32 @s(i32 %0) !dbg !5 {
b0:
  %1 = add i32 %0, 1, !dbg !7
  ret i32 %1
}
"""


def _text(scope: int) -> str:
    location = f"!7 = !DILocation(line: 1, column: 0, scope: !{scope})\n"
    return _FUNCTION + SHARED_METADATA + _SCOPES + location


def test_debug_information_that_is_not_valid_is_an_error_not_dropped() -> None:
    target = CompileSettings.of(Config()).target
    compile_object(_text(scope=5), target, 0)
    with pytest.raises(CodegenError, match="wrong subprogram"):
        compile_object(_text(scope=6), target, 0)


def test_a_text_is_verified_with_its_debug_information() -> None:
    verify_text(_text(scope=5))
    with pytest.raises(CodegenError, match="wrong subprogram"):
        verify_text(_text(scope=6))


_DIGESTS = """
import hashlib, sys
from wasmdialect._settings import Config
from wasmdialect.codegen import llvm
from wasmdialect.codegen.settings import CompileSettings
text = sys.stdin.read()
for name in sys.argv[1:]:
    arch, level = name.split("-O")
    if arch == "all-steps":
        llvm.SHORTCUTS.clear()
        arch = "x86_64"
    target = CompileSettings.of(Config(target=f"{arch}-unknown-linux-gnu")).target
    code = llvm.compile_object(text, target, int(level))
    print(name, hashlib.sha256(code).hexdigest())
"""


def _digests(*names: str) -> dict[str, str]:
    """The digest of an object for each architecture and level, compiled one after the other."""
    # Which of the loads come late, or where a large constant is kept, is what is left out.
    loads = [
        f"  %p{n} = getelementptr i64, ptr %0, i64 {n}\n  %v{n} = load i64, ptr %p{n}\n"
        for n in range(16)
    ]
    sums = [
        f"  %x{n} = add i64 %v{n}, 81985529216486{n:03}\n  %s{n + 1} = mul i64 %s{n}, %x{n}\n"
        for n in range(16)
    ]
    body = "".join(loads + sums)
    text = f"define i64 @s(ptr %0, i64 %s0) {{\nb0:\n{body}  ret i64 %s16\n}}\n"
    command = [sys.executable, "-c", _DIGESTS, *names]
    done = subprocess.run(command, input=text, check=True, capture_output=True, text=True)
    return dict(line.split() for line in done.stdout.splitlines())  # pyright: ignore[reportReturnType]


def test_steps_that_are_left_out_for_one_target_are_done_for_others() -> None:
    names = ["x86_64-O2", "aarch64-O2", "riscv64-O2", "x86_64-O3"]
    assert _digests(*names) == _digests(*reversed(names))
    assert _digests("all-steps-O2")["all-steps-O2"] != _digests("x86_64-O2")["x86_64-O2"]
