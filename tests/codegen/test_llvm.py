"""Tests for LLVM IR that LLVM refuses."""

from __future__ import annotations

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
