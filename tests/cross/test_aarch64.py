"""Code for aarch64 does what the specification says, in a static executable: integers, control and
vectors."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path

import capstone
import pytest
from cli.commands import run
from cross.executable import make_executable
from cross.kernel import QEMU, run_under_qemu, run_under_unicorn
from cross.startup import INSTRUCTIONS, TRIPLE
from spec.scripts import read_script

from wasmdialect import Config
from wasmdialect.abi.symbols import function_symbol
from wasmdialect.codegen.compiler import compile_module
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.target import parse_target
from wasmdialect.object.artifact import read_artifact
from wasmdialect.wasm.text import wat2wasm

TARGET = parse_target(TRIPLE)
SCRIPTS = (
    *("i32", "i64", "int_exprs", "int_literals", "block", "loop", "br", "br_if", "if"),
    *("call", "call_indirect", "return", "select", "switch", "nop", "unreachable", "unwind"),
    *("fac", "forward", "labels", "stack", "local_get", "local_set", "local_tee", "func"),
    *("memory_trap", "traps", "address", "left-to-right", "conversions"),
    *("simd_bitwise", "simd_boolean", "simd_bit_shift", "simd_conversions", "simd_lane"),
    *("simd_i16x8_arith2", "simd_i16x8_q15mulr_sat_s", "simd_i32x4_dot_i16x8"),
    *("simd_i32x4_trunc_sat_f32x4", "simd_i32x4_trunc_sat_f64x2", "simd_int_to_int_extend"),
    *(
        "simd_f32x4_rounding",
        "simd_f64x2",
        "simd_load_extend",
        "simd_load8_lane",
        "simd_store8_lane",
    ),
)
RELAXED_SCRIPTS = (
    *("i8x16_relaxed_swizzle", "i16x8_relaxed_q15mulr_s", "relaxed_dot_product"),
    *("relaxed_laneselect", "relaxed_madd_nmadd", "relaxed_min_max"),
)
RELAXED_TRUNCATIONS = """(module
  (func (export "s") (param v128) (result v128) (i32x4.relaxed_trunc_f32x4_s (local.get 0)))
  (func (export "u") (param v128) (result v128) (i32x4.relaxed_trunc_f32x4_u (local.get 0)))
  (func (export "ds") (param v128) (result v128)
    (i32x4.relaxed_trunc_f64x2_s_zero (local.get 0)))
  (func (export "du") (param v128) (result v128)
    (i32x4.relaxed_trunc_f64x2_u_zero (local.get 0))))
(assert_return (invoke "s" (v128.const f32x4 nan -1.5 3e9 -3e9))
  (v128.const i32x4 0 -1 0x7fffffff 0x80000000))
(assert_return (invoke "u" (v128.const f32x4 nan -1.5 3e9 5e9))
  (v128.const i32x4 0 0 3000000000 0xffffffff))
(assert_return (invoke "ds" (v128.const f64x2 nan -3e9)) (v128.const i32x4 0 0x80000000 0 0))
(assert_return (invoke "du" (v128.const f64x2 -1 5e9)) (v128.const i32x4 0 0xffffffff 0 0))
"""
"""The script of the test-suite asserts nothing."""
OPTIONS = {
    "guard": CompileSettings(TARGET),
    "-O0": CompileSettings(TARGET, Config(opt_level=0, bounds="explicit")),
    "veneers": CompileSettings(
        TARGET, Config(bounds="explicit", branch_protection=True, force_veneers=True)
    ),
}
CASES = [(name, options) for options in OPTIONS for name in SCRIPTS]
needs_qemu = pytest.mark.skipif(QEMU is None, reason="qemu-aarch64 (qemu-user) is not installed")


def compile_with(settings: CompileSettings) -> Callable[[bytes], bytes]:
    """What makes artifacts with these settings."""
    return lambda binary: compile_module(binary, settings, jobs=1).artifact


@cache
def executable(testsuite: Path, name: str, options: str) -> bytes:
    """The executable of a script of the test-suite."""
    return make_executable(read_script(testsuite, f"{name}.wast"), compile_with(OPTIONS[options]))


@pytest.mark.parametrize(("name", "options"), CASES)
def test_script(testsuite: Path, name: str, options: str):
    assert run_under_unicorn(executable(testsuite, name, options)) == (0, "")


@needs_qemu
@pytest.mark.parametrize("options", OPTIONS)
def test_scripts_under_qemu(testsuite: Path, tmp_path: Path, options: str):
    outcomes = {
        name: run_under_qemu(executable(testsuite, name, options), tmp_path) for name in SCRIPTS
    }
    assert outcomes == dict.fromkeys(outcomes, (0, ""))


@pytest.mark.parametrize("name", RELAXED_SCRIPTS)
@pytest.mark.parametrize("level", [0, 2])
def test_deterministic_relaxed_vectors_give_the_results_of_this_processor(
    testsuite: Path, name: str, level: int
):
    config = Config(opt_level=level, relaxed_simd_deterministic=True)
    script = read_script(testsuite, f"{name}.wast")
    program = make_executable(script, compile_with(CompileSettings(TARGET, config)))
    assert run_under_unicorn(program) == (0, "")


@pytest.mark.parametrize("level", [0, 2])
def test_deterministic_relaxed_truncations_saturate(level: int):
    config = Config(opt_level=level, relaxed_simd_deterministic=True)
    compile_ = compile_with(CompileSettings(TARGET, config))
    assert run_under_unicorn(make_executable(RELAXED_TRUNCATIONS, compile_)) == (0, "")


@pytest.mark.parametrize("level", [0, 2])
def test_wide_arithmetic(testsuite: Path, level: int):
    config = Config(opt_level=level, features="wide-arithmetic")
    script = read_script(testsuite, "proposals/wide-arithmetic/wide-arithmetic.wast")
    program = make_executable(script, compile_with(CompileSettings(TARGET, config)))
    assert run_under_unicorn(program) == (0, "")


EXCEPTIONS = """(module
  (tag $e (param i32 f64)) (tag $f)
  (type $t (func (param i32) (result i32)))
  (table funcref (elem $pass))
  (func $throw (type $t)
    (if (i32.gt_s (local.get 0) (i32.const 9)) (then (throw $e (local.get 0) (f64.const 0.5))))
    (if (i32.lt_s (local.get 0) (i32.const 0)) (then (throw $f)))
    (i32.add (local.get 0) (i32.const 1)))
  (func $pass (type $t) (i32.mul (call $throw (local.get 0)) (i32.const 2)))
  (func $tail (type $t) (return_call $pass (local.get 0)))
  (func $deep (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (throw $e (i32.const 7) (f64.const -1))))
    (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
  (func (export "run") (param i32 i32) (result i32) (local $x i32)
    (block $f
      (block $e (result i32 f64)
        (try_table (catch $e $e) (catch $f $f)
          (local.set $x (call $pass (local.get 0)))
          (local.set $x (call $tail (local.get $x)))
          (local.set $x
            (call_indirect (type $t) (local.get $x) (local.get 1))))
        (return (local.get $x)))
      (i32.trunc_f64_s (f64.mul (f64.const 10)))
      (return (i32.add (i32.mul (i32.const 100) (local.get $x)))))
    (i32.sub (i32.const -1) (local.get $x)))
  (func (export "again") (param i32) (result i32)
    (block $out (result i32 f64)
      (try_table (catch $e $out)
        (block $in (result exnref)
          (try_table (catch_all_ref $in) (call $deep (local.get 0)) (return))
          (unreachable))
        (throw_ref))
      (unreachable))
    (drop))
  (func (export "null") (throw_ref (ref.null exn))))
(assert_return (invoke "run" (i32.const 0) (i32.const 0)) (i32.const 14))
(assert_return (invoke "run" (i32.const 1) (i32.const 0)) (i32.const 1005))
(assert_return (invoke "run" (i32.const 4) (i32.const 0)) (i32.const 1005))
(assert_return (invoke "run" (i32.const 50) (i32.const 0)) (i32.const 5))
(assert_return (invoke "run" (i32.const -1) (i32.const 0)) (i32.const -1))
(assert_return (invoke "again" (i32.const 100)) (i32.const 7))
(assert_trap (invoke "null") "null exception reference")
(assert_trap (invoke "run" (i32.const 0) (i32.const 1)) "undefined element")
"""


@pytest.mark.parametrize("options", OPTIONS)
def test_exceptions(options: str):
    """All are caught: the runtime, which takes those that are not, is not there."""
    program = make_executable(EXCEPTIONS, compile_with(OPTIONS[options]))
    assert run_under_unicorn(program) == (0, "")


@pytest.mark.parametrize(("level", "bounds"), [(0, "explicit"), (2, "guard")])
def test_atomics(testsuite: Path, level: int, bounds: str):
    """The first module of the script, with a memory that is not shared: the start-up object has no
    others."""
    script = read_script(testsuite, "proposals/threads/atomic.wast").replace("1 1 shared", "1 1")
    (first,) = script.split("(module")[1:2]
    assert first.count("assert_trap") > 40
    config = Config(opt_level=level, features="threads", **{"bounds": bounds})  # pyright: ignore
    program = make_executable(f"(module{first}", compile_with(CompileSettings(TARGET, config)))
    assert run_under_unicorn(program) == (0, "")


def test_artifacts_of_the_command(testsuite: Path, tmp_path: Path):
    def compile_(binary: bytes) -> bytes:
        (tmp_path / "m.wasm").write_bytes(binary)
        done = run(tmp_path, "wasmdialect", "compile", "m.wasm", "--target", TRIPLE)
        assert done.returncode == 0, done.stderr
        return (tmp_path / "m.cwasm").read_bytes()

    program = make_executable(read_script(testsuite, "fac.wast"), compile_)
    assert run_under_unicorn(program) == (0, "")


# --- tail calls ---

RESULTS = "(result i32 i64 i32 i64 f32 f64 f64)"
"""More than the registers hold, of both kinds."""
TAIL_CALLS = f"""(module
  (type $few (func (param i32 i64) {RESULTS}))
  (type $nine (func (param i32 i64 i32 i64 i32 i64 i32 i64 i32) {RESULTS}))
  (type $floats (func (param i32 f32 f64 f64 f64 f64 f64 f64 f64 f64 f64) {RESULTS}))
  (table 4 funcref)
  (elem (i32.const 0) func $few $nine $floats $end)
  (func $few (export "few") (type $few)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 1) (local.get 1) (i32.const 3)
      (i64.const 4) (f32.const 5) (f64.const 6) (f64.const 7))))
    (return_call $nine (i32.sub (local.get 0) (i32.const 1)) (local.get 1) (i32.const 1)
      (i64.const 2) (i32.const 3) (i64.const 4) (i32.const 5) (i64.const 6) (i32.const 7)))
  (func $nine (type $nine)
    (return_call_indirect (type $floats) (local.get 0) (f32.convert_i32_u (local.get 8))
      (f64.convert_i64_u (local.get 1)) (f64.convert_i64_u (local.get 7))
      (f64.const 1) (f64.const 2) (f64.const 3) (f64.const 4) (f64.const 5) (f64.const 6)
      (f64.const 7) (i32.const 2)))
  (func $floats (type $floats)
    (return_call_indirect (type $few) (local.get 0)
      (i64.trunc_f64_u (f64.add (f64.add (f64.promote_f32 (local.get 1)) (local.get 2))
        (f64.add (local.get 3) (local.get 10))))
      (i32.const 0)))
  (func $end (type $nine) (i32.const 1) (local.get 7) (i32.const 3)
    (i64.const 4) (f32.const 5) (f64.const 6) (f64.const 7))
  (func (export "end") {RESULTS}
    (return_call_indirect (type $nine) (i32.const 1) (i64.const 2) (i32.const 3) (i64.const 4)
      (i32.const 5) (i64.const 6) (i32.const 7) (i64.const 8) (i32.const 9) (i32.const 3))))
(assert_return (invoke "few" (i32.const 50000) (i64.const 9)) (i32.const 1) (i64.const 1000009)
  (i32.const 3) (i64.const 4) (f32.const 5) (f64.const 6) (f64.const 7))
(assert_return (invoke "end") (i32.const 1) (i64.const 8)
  (i32.const 3) (i64.const 4) (f32.const 5) (f64.const 6) (f64.const 7))
"""
"""Between functions with parameters on the stack and without, far more often than it has room for."""


@pytest.mark.parametrize("options", OPTIONS)
def test_tail_calls_use_no_stack(options: str):
    program = make_executable(TAIL_CALLS, compile_with(OPTIONS[options]))
    assert run_under_unicorn(program) == (0, "")


def test_tail_calls_are_jumps():
    binary = wat2wasm(
        """(module (type $t (func (param i32)))
          (table 1 funcref)
          (func $direct (param i32) (return_call $indirect (local.get 0) (local.get 0)))
          (func $indirect (param i32 i32)
            (return_call_indirect (type $t) (local.get 0) (local.get 1))))"""
    )
    artifact = read_artifact(compile_with(OPTIONS["guard"])(binary))
    disassembler = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)
    code = {f.symbol: artifact.text[f.offset :][: f.size] for f in artifact.functions}
    direct, indirect = (
        [line.mnemonic for line in disassembler.disasm(bytes(code[function_symbol(n)]), 0)]
        for n in (0, 1)
    )
    assert direct[-1] == "b"
    assert not {"bl", "blr", "ret"} & {*direct}
    assert "br" in indirect
    assert "ret" not in indirect


# --- the start-up object ---

SCRIPT = """(module
  (memory 1 2)
  (data "")
  (func (export "swap") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
  (func (export "negate") (param f64) (result f64) (f64.neg (local.get 0)))
  (func (export "div") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "drop") (data.drop 0)))

(assert_return (invoke "swap" (i32.const 1) (i64.const 2)) (i64.const 2) (i32.const 1))
(assert_return (invoke "swap" (i32.const 1) (i64.const 2)) (i64.const 3) (i32.const 1)) ;; wrong
(assert_return (invoke "swap" (i32.const 1) (i64.const 2)) (i64.const 2) (i32.const 2)) ;; wrong

(assert_return (invoke "negate" (f64.const 0)) (f64.const -0))
(assert_return (invoke "negate" (f64.const 0)) (f64.const 0)) ;; wrong
(assert_return (invoke "negate" (f64.const nan:0x4)) (f64.const -nan:0x4))
(assert_return (invoke "negate" (f64.const nan:0x4)) (f64.const -nan:0x5)) ;; wrong
(assert_return (invoke "negate" (f64.const nan)) (f64.const nan:canonical))
(assert_return (invoke "negate" (f64.const nan:0x4)) (f64.const nan:canonical)) ;; wrong
(assert_return (invoke "negate" (f64.const nan:0x8000000000004)) (f64.const nan:arithmetic))
(assert_return (invoke "negate" (f64.const nan:0x4)) (f64.const nan:arithmetic)) ;; wrong

(assert_trap (invoke "div" (i32.const 1) (i32.const 0)) "integer divide by zero")
(assert_trap (invoke "div" (i32.const 1) (i32.const 0)) "integer overflow") ;; wrong
(assert_trap (invoke "div" (i32.const 1) (i32.const 1)) "integer divide by zero") ;; wrong
(assert_return (invoke "div" (i32.const 1) (i32.const 0)) (i32.const 1)) ;; wrong
(invoke "div" (i32.const 1) (i32.const 0)) ;; wrong

(assert_trap (invoke "load" (i32.const 65536)) "out of bounds memory access")
(assert_return (invoke "grow" (i32.const 1)) (i32.const 1))
(assert_return (invoke "load" (i32.const 65536)) (i32.const 0))
(assert_trap (invoke "load" (i32.const 131072)) "out of bounds memory access")
(assert_return (invoke "grow" (i32.const 1)) (i32.const -1))
(assert_return (invoke "grow" (i32.const 0)) (i32.const 2))

(assert_trap (invoke "drop") "out of bounds memory access") ;; wrong: the builtin is missing
"""


def run_here(program: bytes, folder: Path) -> tuple[int, str]:
    return run_under_unicorn(program)


@pytest.mark.parametrize("run_", [run_here, pytest.param(run_under_qemu, marks=needs_qemu)])
def test_wrong_outcomes_are_named(tmp_path: Path, run_: Callable[[bytes, Path], tuple[int, str]]):
    program = make_executable(SCRIPT, compile_with(OPTIONS["guard"]))
    wrong = [n for n, line in enumerate(SCRIPT.splitlines(), 1) if ";; wrong" in line]
    assert run_(program, tmp_path) == (1, "".join(f"line {n} failed\n" for n in wrong))


def test_instructions_are_what_they_say():
    disassembler = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)
    for rows in INSTRUCTIONS.values():
        code = b"".join(struct.pack("<I", word) for word, _ in rows)
        found = [f"{i.mnemonic} {i.op_str}".strip() for i in disassembler.disasm(code, 0)]
        assert found == [text for _, text in rows]
