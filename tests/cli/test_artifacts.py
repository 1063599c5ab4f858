"""Commands about artifacts: what they hold, building them again, the cache, limits of a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.commands import check_error, run

TEXT = """(module $m
  (memory 1) (data (i32.const 8) "data")
  (func $inner (export "inner") (param i32) (result i32)
    (i32.div_s (i32.load (local.get 0)) (local.get 0)))
  (func (export "f") (param i32) (result i32) (call $inner (local.get 0)))
  (func (export "endless") (loop (br 0))))
"""
PASS = """
from wasmdialect.passes.base import FunctionPass

class Nothing(FunctionPass):
    name = "nothing"

    def apply_to_function(self, ctx, function):
        pass
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m.wat").write_text(TEXT)
    (tmp_path / "nothing.py").write_text(PASS)
    return tmp_path


def compiled(folder: Path, *options: str) -> Path:
    done = run(folder, "wasmdialect", "compile", "m.wat", "-o", "m.cwasm", *options)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    return folder / "m.cwasm"


def lines(folder: Path, *arguments: str) -> list[str]:
    done = run(folder, "wasmdialect", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


# --- objdump ---


def test_objdump(folder: Path):
    compiled(folder)
    names = [line.split()[-1] for line in lines(folder, "objdump", "m.cwasm")]
    assert names.index(".text") + 1 == names.index(".eh_frame")
    traps = lines(folder, "objdump", "m.cwasm", "--traps", "--func", "inner")
    kinds = [line.split()[1] for line in traps]
    assert sorted(kinds) == ["INTEGER_DIVISION_BY_ZERO", "INTEGER_OVERFLOW", "MEMORY_OUT_OF_BOUNDS"]
    unwind = lines(folder, "objdump", "m.cwasm", "--unwind")
    assert len(unwind) == len(lines(folder, "objdump", "m.cwasm", "--funcs"))
    engine = lines(folder, "objdump", "m.cwasm", "--engine")
    assert "opt_level: 2" in engine
    assert any(line.startswith("pass: insert-vmctx-loads{") for line in engine)
    assert any(line.startswith("input: ") for line in engine)


def test_objdump_json(folder: Path):
    compiled(folder)
    plain = json.loads("\n".join(lines(folder, "objdump", "m.cwasm", "--json")))
    assert plain["info"]["function_starts"][0] < plain["info"]["function_ends"][0]
    (inner,) = [f for f in plain["functions"] if f["symbol"] == "wasm[0]::function[0]"]
    start, end = plain["info"]["function_starts"][0], plain["info"]["function_ends"][0]
    assert all(at is None or start <= at < end for _, at in inner["addrmap"])
    assert {t["code"] for t in inner["traps"]} >= {"MEMORY_OUT_OF_BOUNDS"}


def test_objdump_of_something_else(folder: Path):
    (folder / "x").write_bytes(b"\x7fELF" + bytes(100))
    check_error(run(folder, "wasmdialect", "objdump", "x"), 1, "not a 64-bit")
    check_error(run(folder, "wasmdialect", "objdump", "m.wat"), 1, "not an ELF file")


# --- settings travel ---


def test_settings_travel(folder: Path):
    """What the command line does not say is as it was compiled; what it says must fit."""
    compiled(folder, "-O", "0", "--bounds", "explicit")
    assert lines(folder, "run", "m.cwasm", "--invoke", "f", "4") == ["i32:0"]
    words = ("opt_level is 0 in the artifact and 2 in the engine",)
    check_error(
        run(folder, "wasmdialect", "run", "m.cwasm", "-O", "2", "--invoke", "f", "4"), 1, *words
    )
    words = ("bounds is 'explicit'", "traps is 'exact'")
    options = ("--bounds", "guard", "--traps", "relaxed")
    check_error(
        run(folder, "wasmdialect", "run", "m.cwasm", *options, "--invoke", "f", "4"), 1, *words
    )


def test_passes_have_no_effect_on_an_artifact(folder: Path):
    compiled(folder)
    options = ("--load", "nothing.py", "--at", "wasmir-end=nothing")
    check_error(run(folder, "wasmdialect", "run", "m.cwasm", *options), 2, "its passes have run")


def test_features_have_no_effect_on_an_artifact(folder: Path):
    (folder / "m.wat").write_text('(module (memory 1 (pagesize 1)) (func (export "f")))')
    compiled(folder, "--features", "custom-page-sizes")
    assert lines(folder, "run", "m.cwasm", "--invoke", "f") == []
    done = run(folder, "wasmdialect", "run", "m.cwasm", "--features", "-simd", "--invoke", "f")
    check_error(done, 2, "--features has no effect on an artifact: its module has been checked")
    assert "the same" in lines(folder, "reproduce", "m.cwasm", "m.wat")[0]


@pytest.mark.parametrize("option", ["--no-address-map", "--no-unwind-info"])
def test_switched_off(folder: Path, option: str):
    compiled(folder, option)
    names = [line.split()[-1] for line in lines(folder, "objdump", "m.cwasm")]
    section = {"--no-address-map": ".wasmtime.addrmap", "--no-unwind-info": ".eh_frame"}[option]
    assert section not in names
    done = run(folder, "wasmdialect", "run", "m.cwasm", "--invoke", "f", "0")
    assert done.returncode == 134
    assert "integer divide by zero" in done.stderr
    assert ("    0: m!inner" in done.stderr) == (option == "--no-address-map")


# --- building again ---


@pytest.mark.parametrize(
    "options", [(), ("-O", "1", "--shuffle-layout", "4", "--padding", "9", "--consume-fuel")]
)
def test_reproduce(folder: Path, options: tuple[str, ...]):
    compiled(folder, *options)
    assert "the same" in lines(folder, "reproduce", "m.cwasm", "m.wat")[0]


def test_reproduce_with_passes(folder: Path):
    compiled(folder, "--load", "nothing.py", "--at", "wasmir-end=nothing")
    again = ("reproduce", "m.cwasm", "m.wat", "--load", "nothing.py")
    assert "the same" in lines(folder, *again)[0]
    (folder / "nothing.py").write_text(PASS + "# edited\n")
    done = run(folder, "wasmdialect", *again)
    assert done.returncode == 1
    assert "the source of nothing is another one" in done.stdout
    check_error(run(folder, "wasmdialect", *again[:3]), 2, "there is no pass 'nothing'")


def test_reproduce_from_another_input(folder: Path):
    compiled(folder)
    (folder / "other.wat").write_text("(module)")
    done = run(folder, "wasmdialect", "reproduce", "m.cwasm", "other.wat")
    check_error(done, 2, "was not compiled from other.wat")


# --- the cache ---


def test_cache(folder: Path):
    cache = ("--cache-dir", "c")
    first = run(folder, "wasmdialect", "compile", "m.wat", "--time", *cache)
    assert "0 functions and trampolines from the cache" in first.stderr
    second = run(folder, "wasmdialect", "compile", "m.wat", "--time", *cache)
    assert " 0 compiled" in second.stderr
    off = run(folder, "wasmdialect", "compile", "m.wat", "--time", "--no-cache", *cache)
    assert "0 functions and trampolines from the cache" in off.stderr
    facts = json.loads(lines(folder, "cache", *cache, "--json")[0])
    assert facts["entries"] > 0
    assert facts["bytes"] > 0
    assert "c: 0 entries, 0 bytes" in lines(folder, "cache", *cache, "--limit", "0")[0]
    assert " 0 entries" in lines(folder, "cache", *cache, "--clear")[0]


def test_a_cache_that_cannot_be(folder: Path):
    (folder / "file").write_text("")
    done = run(folder, "wasmdialect", "compile", "m.wat", "--cache-dir", "file/c")
    check_error(done, 1, "file/c")


def test_without_a_home(folder: Path):
    """The user's own cache is a convenience: without a place for it nothing is kept."""
    (folder / "file").write_text("")
    environment = {"WASMDIALECT_CACHE_DIR": str(folder / "file" / "c")}
    done = run(folder, "wasmdialect", "run", "m.wat", "--invoke", "f", "4", environment=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "i32:0\n", "")


# --- looking into a compilation ---


def test_emit_ir(folder: Path):
    compiled(folder, "--emit-ir", "stages")
    functions = sorted(p.name for p in (folder / "stages").iterdir())
    assert functions == ["00000-inner", "00001-func1", "00002-func2"]
    stages = sorted(p.name for p in (folder / "stages" / "00000-inner").iterdir())
    assert stages == [
        "00-WebAssembly.wat",
        "01-import.mlir",
        "02-wasmir-wide-multiply.mlir",
        "03-wasmir-direct-calls.mlir",
        "04-wasmir-inline.mlir",
        "05-wasmir-forward-loads.mlir",
        "06-wasmir-version-loops.mlir",
        "07-insert-vmctx-loads.mlir",
        "08-insert-trampolines.mlir",
        "09-insert-stack-limit-checks.mlir",
        "10-wasmvm-to-llvm.mlir",
        "11-LLVM-IR.ll",
        "12-LLVM-IR-after-O2.ll",
        "13-assembly.s",
    ]
    contents = {p.name: p.read_text() for p in (folder / "stages" / "00000-inner").iterdir()}
    assert "i32.div_s" in contents["00-WebAssembly.wat"]
    assert "wasmir.i32.div_s" in contents["01-import.mlir"]
    assert "wasmvm.linear_load" in contents["07-insert-vmctx-loads.mlir"]
    assert "idiv" in contents["13-assembly.s"]


def test_emit_ir_of_one_function(folder: Path):
    compiled(folder, "--emit-ir", "stages", "--func", "endless")
    assert [p.name for p in (folder / "stages").iterdir()] == ["00002-func2"]
    done = run(folder, "wasmdialect", "compile", "m.wat", "--emit-ir", "s", "--func", "iner")
    check_error(done, 2, "did you mean 'inner'")
    done = run(folder, "wasmdialect", "compile", "m.wat", "--func", "inner")
    check_error(done, 2, "--emit-ir")


def test_emit_ir_when_a_worker_dies(folder: Path):
    """The function that kills the worker has a stage that says so; the others are there."""
    (folder / "deadly.py").write_text(
        "import os\nfrom wasmdialect.passes.base import FunctionPass\n"
        "class Deadly(FunctionPass):\n    name = 'deadly'\n"
        "    def apply_to_function(self, ctx, function):\n"
        "        function.sym_name.data == 'inner' and os.abort()\n"
    )
    options = ("--load", "deadly.py", "--at", "wasmir-end=deadly", "--emit-ir", "stages", "-O1")
    check_error(run(folder, "wasmdialect", "compile", "m.wat", *options), 1, "function 0 (inner)")
    assert [p.name for p in (folder / "stages" / "00000-inner").iterdir()] == [
        "00-The-compiler-fails.txt"
    ]
    assert len([*(folder / "stages" / "00001-func1").iterdir()]) == 10


def test_log(folder: Path):
    compiled(folder, "--log", "log", "--no-cache")
    rows = [json.loads(line) for line in (folder / "log").read_text().splitlines()]
    assert {"wasm[0]::function[0]", "wasm[0]::function[2]"} <= {row["symbol"] for row in rows}
    assert all(row["bytes"] > 0 and row["llvm_seconds"] > 0 for row in rows)


# --- limits of a run ---


def test_fuel(folder: Path):
    done = run(folder, "wasmdialect", "run", "m.wat", "--invoke", "endless", "--fuel", "5000")
    assert done.returncode == 134
    assert "all fuel consumed" in done.stderr
    done = run(folder, "wasmdialect", "run", "m.wat", "--invoke", "f", "4", "--fuel", "100")
    assert (done.stdout, done.returncode) == ("i32:0\n", 0)
    assert done.stderr == f"fuel left: {100 - 3 - 5}\n"


def test_timeout(folder: Path):
    done = run(folder, "wasmdialect", "run", "m.wat", "--invoke", "endless", "--timeout", "0.2")
    assert done.returncode == 134
    assert "interrupt" in done.stderr


def test_a_limit_that_was_not_compiled_in(folder: Path):
    compiled(folder)
    for option in (("--fuel", "1"), ("--timeout", "1")):
        done = run(folder, "wasmdialect", "run", "m.cwasm", "--invoke", "f", "4", *option)
        check_error(done, 1, "compiled with other settings")


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--function-alignment", "12"), "12 is not a power of 2"),
        (("--padding", "-1"), "padding"),
        (("--shuffle-layout", "x"), "shuffle-layout"),
        (("--target", "m68k-unknown-linux-gnu"), "unknown target"),
    ],
)
def test_wrong_options(folder: Path, option: tuple[str, ...], words: str):
    done = run(folder, "wasmdialect", "compile", "m.wat", *option)
    assert done.returncode in (1, 2)
    assert words in done.stderr
    assert not (folder / "m.cwasm").exists()


# --- other machines ---


@pytest.mark.parametrize(
    ("triple", "machine"), [("riscv64-unknown-linux-gnu", 243), ("s390x-unknown-linux-gnu", 22)]
)
def test_objects_of_other_machines(folder: Path, triple: str, machine: int):
    done = run(folder, "wasmdialect", "compile", "m.wat", "--target", triple)
    assert done.returncode == 0, done.stderr
    data = (folder / "m.o").read_bytes()
    order = "little" if data[5] == 1 else "big"
    assert int.from_bytes(data[18:20], order) == machine
    assert b"wasm[0]::function[0]" in data


@pytest.mark.parametrize("architecture", ["riscv64", "s390x"])
def test_tail_calls_are_refused_where_arguments_would_be_elsewhere(folder: Path, architecture: str):
    (folder / "tail.wat").write_text("(module (func $f (return_call $f)))")
    triple = f"{architecture}-unknown-linux-gnu"
    done = run(folder, "wasmdialect", "compile", "tail.wat", "--target", triple)
    assert done.returncode == 1
    assert f"tail calls (return_call) cannot be compiled for {architecture}, only" in done.stderr
    assert not (folder / "tail.o").exists()


@pytest.mark.parametrize("architecture", ["aarch64", "riscv64"])
def test_atomics_of_other_machines_call_no_library(folder: Path, architecture: str):
    """LLVM calls functions like `__atomic_fetch_add_4` on processors without atomic instructions."""
    atomics = " ".join(
        f"(drop (i32.atomic.rmw{suffix} (local.get 0) (i32.const 1)))"
        for suffix in (".add", "8.sub_u", "16.xor_u", ".xchg")
    )
    (folder / "atomic.wat").write_text(
        f"(module (memory 1 2 shared) (func (param i32) {atomics} (atomic.fence)))"
    )
    target = ("--target", f"{architecture}-unknown-linux-gnu", "--features", "threads")
    done = run(folder, "wasmdialect", "compile", "atomic.wat", *target)
    assert done.returncode == 0, done.stderr
    (made,) = (path for path in folder.iterdir() if path.name in ("atomic.o", "atomic.cwasm"))
    assert b"__atomic" not in made.read_bytes()


def test_atomics_that_swap_bytes_are_refused(folder: Path):
    target = ("--target", "s390x-unknown-linux-gnu", "--features", "threads")
    for body, code in (
        ("(drop (i32.atomic.load (local.get 0)))", 0),
        ("(drop (i32.atomic.rmw.add (local.get 0) (i32.const 1)))", 1),
        ("(drop (i32.atomic.rmw.cmpxchg (local.get 0) (i32.const 1) (i32.const 2)))", 1),
    ):
        (folder / "atomic.wat").write_text(f"(module (memory 1 2) (func (param i32) {body}))")
        done = run(folder, "wasmdialect", "compile", "atomic.wat", *target)
        assert done.returncode == code, done.stderr
        assert code == 0 or "is not supported on big-endian machines" in done.stderr


def test_artifact_of_aarch64(folder: Path):
    options = ("--target", "aarch64-unknown-linux-gnu", "--branch-protection")
    compiled(folder, *options)
    plain = json.loads("\n".join(lines(folder, "objdump", "m.cwasm", "--json")))
    assert plain["branch_protection"] is True
    listing = lines(folder, "objdump", "m.cwasm", "-d", "--func", "inner")
    words = [line.split(": ", 1)[1] for line in listing if ": " in line]
    assert words[0].startswith(("bti", "hint", "paciasp"))
    assert any("; trap: MEMORY_OUT_OF_BOUNDS" in line for line in listing)
    check_error(run(folder, "wasmdialect", "run", "m.cwasm"), 1, "compiled for aarch64")
