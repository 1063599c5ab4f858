"""Bad input: one message that says what, where and what to do; the right exit code; nothing written."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from cli.commands import check_error, run

GOOD = '(module (func (export "f") (param i32) (result i32) (local.get 0)))'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.wat").write_text(GOOD)
    return tmp_path


MODULES: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "empty.wasm": (b"", ("unexpected end", "offset 0x0")),
    "cut.wasm": (b"\0asm\1\0\0\0\1\x05", ("length out of bounds", "offset 0x9")),
    "version.wasm": (b"\0asm\2\0\0\0", ("unknown binary version",)),
    "word.wat": (b"(module (func (i32.ad)))", ("unknown operator i32.ad", "line 1, column 16")),
    "type.wat": (b"(module\n (func (result i32)\n  f32.const 1))", ("type mismatch", "line 3")),
    "open.wat": (b"(module (func", ("unexpected token", "line 1, column 9")),
    "utf8.wat": (b"(module \xff)", ("malformed UTF-8", "line 1, column 9")),
    "gc.wat": (
        b"(module (type (struct)) (func (drop (struct.new 0))))",
        ("not supported yet: gc",),
    ),
}


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("command", ["compile", "run"])
def test_bad_modules(folder: Path, name: str, command: str):
    data, words = MODULES[name]
    (folder / name).write_bytes(data)
    check_error(run(folder, "wasmdialect", command, name), 1, *words)
    assert sorted(p.name for p in folder.iterdir()) == sorted(["good.wat", name])


@pytest.mark.parametrize("name", MODULES)
def test_bad_modules_in_wasm_opt_py(folder: Path, name: str):
    data, words = MODULES[name]
    (folder / name).write_bytes(data)
    check_error(run(folder, "wasm-opt-py", name, "-o", "out.mlir"), 1, *words)
    assert not (folder / "out.mlir").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("run nothing.wat", 1, ["nothing.wat", "No such file"]),
        ("run .", 1, ["directory"]),
        ("run good.wat", 1, ["exports no `_start`", "--invoke", "(f)"]),
        ("run good.wat --invoke g", 2, ["exports no function 'g'"]),
        ("run good.wat --invoke ff 1", 2, ["did you mean 'f'"]),
        ("run good.wat --invoke f", 2, ["takes 1 arguments, not 0"]),
        ("run good.wat --invoke f x", 2, ["'x' is not an i32"]),
        ("run good.wat --invoke f 4294967296", 2, ["does not fit i32"]),
        ("run good.wat --invoke f ٣", 2, ["is not an i32"]),
        ("run --bonds guard good.wat", 2, ["no such option: --bonds"]),
        ("run good.wat -O 7", 2, ["7"]),
        ("run good.wat --bounds soft", 2, ["soft", "guard"]),
        ("run good.wat --at wasmir-end", 2, ["POINT=PIPELINE"]),
        ("run good.wat --at wasmir-and=wasmir-dce", 2, ["did you mean 'wasmir-end'"]),
        ("run good.wat --at wasmir-end=wasmir-dec", 2, ["did you mean 'wasmir-dce'"]),
        ("run good.wat -p wasmir-gvn,,", 2, []),
        ("run good.wat -p wasmir-dce --at wasmir-end=wasmir-gvn", 2, ["use one of them"]),
        ("run good.wat -p insert-vmctx-loads{bonds=guard}", 2, ["bonds"]),
        ("run good.wat -p insert-vmctx-loads{bounds=1}", 2, ["insert-vmctx-loads", "'guard'"]),
        ("run good.wat --load nothing.py", 2, ["nothing.py"]),
        ("compile good.wat --target nonsense", 1, ["nonsense"]),
        ("compile good.wat -o missing/out.cwasm", 1, ["missing"]),
        ("objdump good.wat", 1, ["ELF"]),
        ("new-pass Bad_Name", 2, ["lower-case"]),
        ("frobnicate", 2, ["frobnicate"]),
    ],
)
def test_bad_command_lines(folder: Path, arguments: str, code: int, words: list[str]):
    check_error(run(folder, "wasmdialect", *arguments.split()), code, *words)
    assert [p.name for p in folder.iterdir()] == ["good.wat"]


def test_unknown_import(folder: Path):
    (folder / "i.wat").write_text('(module (import "env" "f" (func)) (func (export "_start")))')
    check_error(run(folder, "wasmdialect", "run", "i.wat"), 1, "unknown import", "env::f")


@pytest.mark.parametrize("change", ["cut", "flip", "version", "text"])
def test_bad_artifacts(folder: Path, change: str):
    run(folder, "wasmdialect", "compile", "good.wat")
    data = bytearray((folder / "good.cwasm").read_bytes())
    if change == "cut":
        del data[len(data) // 2 :]
    elif change == "flip":
        data[0x1000] ^= 1
    elif change == "version":
        at = data.index(b"gversion") + len("gversion") + 1  # behind both heads
        data[at] = ord("9")
    else:
        data = bytearray(b"\x7fELF and nothing else")
    (folder / "bad.cwasm").write_bytes(data)
    check_error(run(folder, "wasmdialect", "run", "bad.cwasm", "--invoke", "f", "1"), 1, "")


def test_artifact_of_another_cpu(folder: Path):
    done = run(
        folder, "wasmdialect", "compile", "good.wat", "--target", "aarch64-unknown-linux-gnu"
    )
    assert done.returncode == 0, done.stderr
    check_error(run(folder, "wasmdialect", "run", "good.cwasm", "--invoke", "f", "1"), 1, "aarch64")


def test_output_appears_whole_or_not_at_all(folder: Path):
    """An output that exists stays as it is when the command fails."""
    (folder / "out.cwasm").write_text("precious")
    (folder / "bad.wat").write_text("(module (func (drop)))")
    check_error(
        run(folder, "wasmdialect", "compile", "bad.wat", "-o", "out.cwasm"), 1, "type mismatch"
    )
    assert (folder / "out.cwasm").read_text() == "precious"


PASS = """
from wasmdialect.passes.base import FunctionPass
class Mine(FunctionPass):
    name = "mine"
    def apply_to_function(self, ctx, function):
        {}
"""


def test_pass_that_raises(folder: Path):
    """The user's own frames, where it was, and a reproducer that fails the same way."""
    body = "for op in function.body.walk(): raise ValueError('my mistake')"
    (folder / "mine.py").write_text(PASS.format(body))
    passes = ("--load", "mine.py", "--at", "wasmir-end=mine")
    done = run(folder, "wasmdialect", "run", "good.wat", *passes, "--invoke", "f", "1")
    assert done.returncode == 1
    assert "error: pass 'mine' failed: ValueError: my mistake" in done.stderr
    assert 'mine.py", line 6, in apply_to_function' in done.stderr
    assert "pipeline.py" not in done.stderr
    assert "it was at wasmir.return (offset 0x" in done.stderr
    assert "in @func0" in done.stderr
    (path,) = re.findall(r"reproducer: (.*)", done.stderr)
    command = shlex.split(Path(path).read_text().splitlines()[1].removeprefix("// "))
    again = run(folder, *command)
    assert again.returncode == 1
    assert "my mistake" in again.stderr
    Path(path).unlink()


def test_counter_that_is_not_declared(folder: Path):
    lines = "from wasmdialect.dialects import wasmvm; function.entry.insert_op_before("
    lines += "wasmvm.CountOp('n'), function.entry.first_op)"
    (folder / "mine.py").write_text(PASS.format(lines))
    done = run(
        folder, "wasmdialect", "compile", "good.wat", "--load", "mine.py", "--at", "wasmir-end=mine"
    )
    assert done.returncode == 1
    assert "no field 'n': a pass declares it with add_counter" in done.stderr


def test_pass_that_breaks_the_ir(folder: Path):
    (folder / "mine.py").write_text(PASS.format("function.entry.last_op.detach()"))
    done = run(
        folder, "wasm-opt-py", "good.wat", "--load", "mine.py", "-p", "mine", "--verify", "each"
    )
    assert done.returncode == 1
    assert "mine" in done.stderr
    assert done.stdout == ""


def test_file_without_a_pass(folder: Path):
    (folder / "mine.py").write_text("x = 1\n")
    check_error(run(folder, "wasm-opt-py", "good.wat", "--load", "mine.py"), 2, "mine.py")


def test_file_that_does_not_load(folder: Path):
    (folder / "mine.py").write_text("import nothing_of_this_name\n")
    done = run(folder, "wasm-opt-py", "good.wat", "--load", "mine.py")
    check_error(done, 2, "mine.py", "nothing_of_this_name", "line 1")
