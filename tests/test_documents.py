"""The documents: their programs run as printed, their commands work, their links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import processes
import pytest
from explore.pages import contents
from follow import DoesNotFollow, follow

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

FIB = """
(module
  (func $fib (export "fib") (param $n i32) (result i32)
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else (i32.add (call $fib (i32.sub (local.get $n) (i32.const 1)))
                     (call $fib (i32.sub (local.get $n) (i32.const 2))))))))
"""
MULTIPLY = (
    '(module (func (export "f") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 8))))'
)


def python_blocks(document: str) -> list[str]:
    return re.findall(
        r"```python(?: title=.*?)?\n(.*?)```", (ROOT / document).read_text(), re.DOTALL
    )


def run(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    program, *args = shlex.split(command, comments=True)
    done = processes.run([BIN / program, *args], cwd=folder, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fib.wat").write_text(FIB)
    (tmp_path / "prog.wat").write_text(MULTIPLY)
    return tmp_path


PROGRAM = re.compile(r"```python\n(.*?)```\n\n```\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("number", range(6))
def test_programs_of_instrumentation(number: int, capsys: pytest.CaptureFixture[str]):
    """Each prints what the page says."""
    page = (ROOT / "docs" / "instrumentation.md").read_text()
    programs = PROGRAM.findall(page)
    assert len(programs) == page.count("```python\n")
    source, output = programs[number]
    exec(source, {"__name__": "__main__"})
    assert capsys.readouterr().out == output


def test_builtin_of_a_file_in_instrumentation(folder: Path):
    page = (ROOT / "docs" / "instrumentation.md").read_text()
    (source,) = re.findall(r'```python title="trace.py"\n(.*?)```', page, re.DOTALL)
    ((command, output),) = re.findall(r"```\n\$ (.*?)\n(.*?)```", page, re.DOTALL)
    (folder / "trace.py").write_text(source)
    (folder / "half.wat").write_text(
        '(module (func (export "half") (param i32) (result i32)'
        " (i32.div_s (local.get 0) (i32.const 2))))"
    )
    assert run(folder, command).stdout == output


def test_readme_function(folder: Path):
    assert run(folder, "wasmdialect run fib.wat --invoke fib 30").stdout == "i32:832040\n"


def test_readme_pass(folder: Path):
    source = python_blocks("README.md")[0]
    assert len([line for line in source.splitlines() if line.strip()]) <= 10
    assert source.strip() in (ROOT / "examples" / "count_calls.py").read_text()
    (folder / "count_calls.py").write_text(source)
    readme = (ROOT / "README.md").read_text()
    commands = [
        line
        for line in readme.splitlines()
        if re.match(r"(wasm-opt-py|wasmdialect).*fib.(wat|mlir)", line)
    ]
    assert len(commands) == 9
    outputs = [
        run(folder, command.replace(" bench ", " bench --seconds 0.1 ")) for command in commands
    ]
    assert '{"calls": 21891}' in outputs[0].stderr
    assert 'wasmvm.count "calls"' in outputs[1].stdout
    assert b"counter.calls" in (folder / "counted.wasm").read_bytes()
    assert "ret" in outputs[3].stdout
    texts = contents(folder / "fib.html")["function-0"]["texts"]
    assert any("wasmir.call" in text for text in texts)
    assert "no difference found" in outputs[4].stdout
    assert "B / A" in outputs[5].stdout
    assert outputs[8].stdout == "i32:6765\n"


def test_ir_of_the_pipelines_document(folder: Path):
    text = (ROOT / "docs" / "pipelines.md").read_text()
    (folder / "hello.mlir").write_text(re.findall(r"```mlir\n(.*?)```", text, re.DOTALL)[0])
    (command,) = re.findall(r"^wasmdialect run hello.mlir.*", text, re.MULTILINE)
    assert f"# {run(folder, command).stdout}" == f"# {command.partition('# ')[2]}\n"


def test_readme_api():
    exec(python_blocks("README.md")[1], {})


def test_running(capsys: pytest.CaptureFixture[str]):
    exec(python_blocks("docs/running.md")[0], {})
    document = (ROOT / "docs" / "running.md").read_text()
    assert f"prints `{capsys.readouterr().out.strip()}`" in document


def test_cache_store():
    from wasmdialect import Config, Engine, Module

    names: dict[str, Any] = {}
    exec(python_blocks("docs/cache.md")[0], names)
    store = names["Store"]()
    first = Module(Engine(Config(jobs=0, cache=store)), MULTIPLY).serialize()
    assert store.entries
    assert Module(Engine(Config(jobs=0, cache=store)), MULTIPLY).serialize() == first


def test_tutorial_template(folder: Path):
    run(folder, "wasmdialect new-pass my-pass")
    assert python_blocks("docs/tutorial.md")[0].strip() in (folder / "my_pass.py").read_text()
    done = run(folder, "wasm-opt-py prog.wat --load my_pass.py -p my-pass")
    assert '"kind": "operations", "count": 3' in done.stderr


def test_tutorial_peephole(folder: Path):
    (folder / "mul_to_shift.py").write_text(python_blocks("docs/tutorial.md")[1])
    command = "wasm-opt-py prog.wat --load mul_to_shift.py -p mul-to-shift --verify each"
    done = run(folder, command)
    assert "wasmir.i32.shl" in done.stdout
    assert "wasmir.i32.mul" not in done.stdout
    options = "--load mul_to_shift.py --at wasmir-end=mul-to-shift"
    assert run(folder, f"wasmdialect run prog.wat --invoke f 5 {options}").stdout == "i32:40\n"


# --- documents that are followed step by step ---


def test_first_pass(tmp_path: Path):
    follow(ROOT / "docs" / "first-pass.md", tmp_path)


def test_from_install_to_plot(tmp_path: Path):
    """But for the environment of its own, which `make walkthrough` makes: it uses this one."""
    (tmp_path / "lab").symlink_to(BIN.parent)
    document = ROOT / "docs" / "from-install-to-plot.md"
    follow(document, tmp_path, skip="pip |venv")
    assert "JS_CallInternal" in (tmp_path / "calls.svg").read_text()
    first = python_blocks("docs/first-pass.md")[0]
    assert first == python_blocks("docs/from-install-to-plot.md")[0]


def test_example_passes_on_a_program(tmp_path: Path):
    """Two of the ten: each takes ten seconds or more of the processor."""
    (tmp_path / "lab").symlink_to(BIN.parent)
    others = "edge_|trace_memory|shadow_|trace_calls|reuse_|branch_|drop_|inline_"
    follow(ROOT / "docs" / "example-passes.md", tmp_path, skip=f"pip |venv|{others}")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("echo ab\nac", "the document says:\nac"),
        ("echo ab\n...c", "the document says:"),
        ("exit 3", "its exit code is 3"),
    ],
)
def test_a_document_that_says_something_else_is_found(tmp_path: Path, command: str, message: str):
    document = tmp_path / "document.md"
    document.write_text(f'```text title="a.txt"\nb\n```\n\n```console\n$ {command}\n```\n')
    with pytest.raises(DoesNotFollow, match=message):
        follow(document, tmp_path)
    assert (tmp_path / "a.txt").read_text() == "b\n"


@pytest.mark.parametrize(("number", "name"), [(2, "trace_stores"), (3, "last_store")])
def test_tutorial_passes_that_declare(number: int, name: str):
    """They run in tests/passes/test_declarations.py."""
    blocks = python_blocks("docs/tutorial.md")
    assert blocks[number].strip() in (ROOT / "examples" / f"{name}.py").read_text()


def test_tutorial_operation_that_lowers_itself(folder: Path):
    """The assembly runs in tests/lowering/test_own.py."""
    source = python_blocks("docs/tutorial.md")[4]
    assert source in (ROOT / "examples" / "reverse_bits.py").read_text()
    (folder / "reverse.py").write_text(source)
    commands = re.findall(
        r"^    (\S.*--load reverse.py.*)", (ROOT / "docs" / "tutorial.md").read_text(), re.MULTILINE
    )
    outputs = [run(folder, command).stdout for command in commands]
    assert "%2 = bits.reverse %0" in (folder / "reversed.mlir").read_text()
    assert outputs[1].strip() == commands[1].partition("# ")[2]


def test_tutorial_operation():
    """Where control goes from one is tested in tests/passes/test_transfers.py."""
    names: dict[str, Any] = {}
    imports = (
        "from xdsl.irdl import IRDLOperation, irdl_op_definition, traits_def",
        "from wasmdialect.dialects.control_transfer import CallsCode",
    )
    exec("\n".join((*imports, python_blocks("docs/tutorial.md")[6])), names)
    assert names["NotifyOp"].has_trait(names["CallsCode"])


def test_declared_import_that_wasi_provides(folder: Path):
    """By command line: the host function is one that `run` has."""
    source = (ROOT / "examples" / "trace_stores.py").read_text()
    source = source.replace(
        '"trace", "store", ["i32", "i32"]', '"wasi_snapshot_preview1", "proc_exit", ["i32"]'
    )
    (folder / "exit.py").write_text(source.replace("op.address_operand, ", ""))
    (folder / "store.wat").write_text(
        '(module (memory (export "memory") 1) (func (export "_start")'
        " (i32.store16 (i32.const 0) (i32.const 0))))"
    )
    command = [
        BIN / "wasmdialect",
        "run",
        "store.wat",
        "--load",
        "exit.py",
        "--at",
        "wasmir-end=trace-stores",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (2, "")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links(document: Path):
    prose = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)\)", prose):
        if not target.startswith("http"):
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_are_named_exist(document: Path):
    for target in re.findall(
        r"`((?:tests|docs|tools|examples|wasmdialect)/[\w/.-]+\.\w+)`", document.read_text()
    ):
        assert (ROOT / target).exists(), target


def test_tutorial_pass_object(capsys: pytest.CaptureFixture[str]):
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(python_blocks("docs/tutorial.md")[7], names)
    output = capsys.readouterr().out
    assert output.startswith("640 [{'pass': 'mul-to-shift'")
    assert "'by': 3" in output
    assert "'by': 4" not in output
    exec(python_blocks("docs/tutorial.md")[8], names)
    output = capsys.readouterr().out
    before, after = output.split("i32.shl", 1)
    assert "i32.mul" in before
    assert "i32.mul" not in after
    assert "['f']" in after


def test_analyses_example(capsys: pytest.CaptureFixture[str]):
    exec(python_blocks("docs/analyses.md")[0], {"__name__": "__main__"})
    assert capsys.readouterr().out == "Range(low=0, high=999)\n"
