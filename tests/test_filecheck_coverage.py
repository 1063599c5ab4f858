"""The IR tests cover the package: every operation and every pass of ours occurs in one."""

from pathlib import Path

import pytest
from xdsl.ir import Dialect

from wasmdialect.dialects.llvm_ext import LLVM_EXT
from wasmdialect.dialects.wasmir import WASMIR
from wasmdialect.dialects.wasmvm import WASMVM
from wasmdialect.passes.registry import OWN_PASSES

TESTS = Path(__file__).parent / "filecheck"
DIALECTS = (WASMIR, WASMVM, LLVM_EXT)


def checked_words(folder: Path) -> set[str]:
    """The words of all lines that filecheck compares with."""
    return {
        word.strip('"')
        for path in folder.glob("*.mlir")
        for line in path.read_text().splitlines()
        if line.startswith("// ")
        for word in line.replace("(", " ").split()
    }


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda d: d.name)
def test_every_operation_is_checked(dialect: Dialect) -> None:
    """In the custom format of a round trip or, for declarations too, in the generic one."""
    checked = checked_words(TESTS / "dialects" / dialect.name)
    missing = sorted({op.name for op in dialect.operations} - checked)
    assert not missing, f"no test in dialects/{dialect.name} checks {', '.join(missing)}"


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda d: d.name)
def test_every_dialect_has_invalid_input(dialect: Dialect) -> None:
    assert (TESTS / "dialects" / dialect.name / "invalid.mlir").is_file()


@pytest.mark.parametrize("name", sorted(OWN_PASSES))
def test_every_pass_has_a_folder(name: str) -> None:
    """Named as the pass, with tests that run it."""
    tests = [*(TESTS / "passes" / name).glob("*.mlir"), *(TESTS / "passes" / name).glob("*.wat")]
    assert tests, f"there is no tests/filecheck/passes/{name}"
    idle = [path.name for path in tests if name not in path.read_text().partition("CHECK")[0]]
    assert not idle, f"these do not run {name}: {', '.join(idle)}"


def test_no_folder_without_a_pass() -> None:
    assert {path.name for path in (TESTS / "passes").iterdir()} == set(OWN_PASSES)


def test_every_file_is_a_test() -> None:
    """A file without RUN line would never fail; what others read is in Inputs."""
    files = [path for path in TESTS.rglob("*") if path.suffix in (".mlir", ".wat")]
    tests = [path for path in files if not {"Inputs", "Output"} & {*path.parts}]
    assert not [str(path) for path in tests if "RUN:" not in path.read_text()]
