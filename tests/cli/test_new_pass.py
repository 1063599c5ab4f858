"""`new-pass`: the file and the package that it writes; what it refuses."""

from __future__ import annotations

import os
import site
import stat
import subprocess
import sys
import venv
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent


def new_pass(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "wasmdialect", "new-pass", *arguments], cwd=folder, capture_output=True, text=True
    )


def environment_beside_ours(folder: Path) -> Path:
    """A fresh environment's `bin`; it sees what is installed in this one, and has its commands."""
    venv.create(folder, symlinks=True)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    ours = [path for path in site.getsitepackages() if Path(path).is_dir()]
    lines = [f"import site; site.addsitedir({path!r})" for path in ours]  # with its .pth files
    (site_packages / "ours.pth").write_text("\n".join(lines))
    for name in ("wasm-opt-py", "wasmdialect", "filecheck", "lit"):
        script = folder / "bin" / name
        _, _, rest = (BIN / name).read_text().partition("\n")
        script.write_text(f"#!{folder}/bin/python\n{rest}")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return folder / "bin"


def test_the_tests_of_a_package_pass_where_it_is_installed(tmp_path: Path):
    assert new_pass(tmp_path, "--package", "count-them").stdout == "count-them\n"
    package = tmp_path / "count-them"
    bin = environment_beside_ours(tmp_path / "environment")
    clean = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}

    def run(*command: str | Path) -> str:
        done = subprocess.run(command, cwd=package, env=clean, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    pip = [sys.executable, "-m", "pip", "--python", bin / "python", "install", "--quiet"]
    run(*pip, "--no-deps", "--no-index", "--no-build-isolation", package)
    assert "2 passed" in run(bin / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "Passed: 1" in run(bin / "lit", "tests/filecheck")
    source = next(package.glob("src/*/count_them.py"))
    (package / "empty.wat").write_text("(module (func $f))")
    assert 'wasmvm.count "f"' in run(bin / "wasm-opt-py", "empty.wat", "-p", "count-them")
    loaded = run(bin / "wasm-opt-py", "empty.wat", "--load", source, "-p", "count-them")
    assert 'wasmvm.count "f"' in loaded


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("Bad_Name", "a pass name is words of lower-case letters"),
        ("none", "'none' is a word of Python"),
        ("--package class", "'class' is a word of Python"),
        ("--package wasmir-gvn", "there is a pass 'wasmir-gvn' already"),
        ("--package json", "there is a Python module 'json' already"),
        ("--package my-pass -o -", "a package is a folder"),
        ("--package my-pass -o there", "there exists already"),
        ("my-pass -o there", "there exists already"),
    ],
)
def test_what_is_refused(tmp_path: Path, arguments: str, message: str):
    (tmp_path / "there").mkdir()
    done = new_pass(tmp_path, *arguments.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert [*tmp_path.iterdir()] == [tmp_path / "there"]


def test_a_package_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from wasmdialect.cli.new_pass_command import new_package

    real, written = Path.write_text, 0

    def write_text(path: Path, text: str) -> int:
        nonlocal written
        written += 1
        if written == 3:
            raise OSError(28, "No space left on device", str(path))
        return real(path, text)

    monkeypatch.setattr(Path, "write_text", write_text)
    with pytest.raises(OSError, match="No space left"):
        new_package("my-pass", str(tmp_path / "my-pass"))
    assert [*tmp_path.iterdir()] == []
