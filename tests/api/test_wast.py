"""The script runner: what each command means, and that nothing passes by falling back on something
else."""

from __future__ import annotations

import pytest

from wasmdialect import Config
from wasmdialect.api.wast import run_script
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.store import MemoryStore

SETTINGS = CompileSettings.of(Config(opt_level=0))

ONE = '(func (export "f") (result i32) (i32.const 1))'
TWO = '(func (export "f") (result i32) (i32.const 2))'
UNKNOWN = '(import "nowhere" "x" (func))'
BROKEN = "(func (result i32))"
TRAPS = "(start 0) (func unreachable)"


def failures(
    script: str, settings: CompileSettings = SETTINGS, features: str | None = None
) -> list[str]:
    """What fails in a script, with its lines."""
    if features is not None:
        settings = CompileSettings.of(Config(opt_level=0, features=features))
    return [str(failure) for failure in run_script(script, settings).failures]


@pytest.mark.parametrize("bad", [UNKNOWN, BROKEN, TRAPS], ids=["unlinkable", "invalid", "trapping"])
@pytest.mark.parametrize(("name", "action"), [("", '"f"'), ("$m", '$m "f"')])
def test_actions_after_a_failed_module_do_not_run_on_the_one_before(
    bad: str, name: str, action: str
):
    found = failures(
        f"(module {name} {ONE})\n(module {name} {bad} {TWO})\n"
        f"(assert_return (invoke {action}) (i32.const 1))\n"
        f'(module $other {ONE})\n(assert_return (invoke "f") (i32.const 1))'
    )
    assert len(found) == 2
    assert found[0].startswith("line 2: ")
    assert found[1].startswith("line 3: Failed: there is no instance")
    assert found[1].endswith(": the module of line 2 failed")


def test_a_module_that_fails_leaves_modules_of_other_names_alone():
    found = failures(
        f'(module $a {ONE})\n(module $b {UNKNOWN})\n(assert_return (invoke $a "f") (i32.const 1))'
    )
    assert [f[:7] for f in found] == ["line 2:"]


def test_registering_a_failed_module_does_not_leave_the_one_before_registered():
    found = failures(
        f'(module {ONE})\n(register "m")\n(module {UNKNOWN})\n(register "m")\n'
        '(module (import "m" "f" (func (result i32))))'
    )
    assert [f[:7] for f in found] == ["line 3:", "line 4:", "line 5:"]
    assert "unknown import: m::f" in found[2]


def test_instances_of_a_failed_definition():
    found = failures(
        f'(module definition $d {ONE})\n(module instance $i $d)\n(invoke $i "f")\n'
        f'(module definition $d {BROKEN})\n(module instance $i $d)\n(invoke $i "f")'
    )
    assert [f[:7] for f in found] == ["line 4:", "line 5:", "line 6:"]
    assert "there is no module $d: the module of line 4 failed" in found[1]


def test_a_definition_is_not_an_instance():
    found = failures(
        f'(module {ONE})\n(module definition {TWO})\n(assert_return (invoke "f") (i32.const 1))'
    )
    assert found == []


IMPORTER = (
    '(module (import "m" "f" (func $f (result i32))) (func (export "g") (result i32) (call $f)))'
)


def test_named_modules_can_be_imported_from():
    assert (
        failures(f'(module $m {ONE}) {IMPORTER} (assert_return (invoke "g") (i32.const 1))') == []
    )


def test_a_registered_name_comes_before_the_name_of_a_module():
    script = f'(module {TWO}) (register "m") (module $m {ONE}) {IMPORTER}'
    assert failures(f'{script} (assert_return (invoke "g") (i32.const 2))') == []


OUT_OF_BOUNDS = '(module (memory 1) (func (export "f") (drop (i32.load (i32.const -1)))))'
NULL_CALL = "(module (type $t (func)) (table 1 funcref)"
NULL_CALL += ' (func (export "f") (call_indirect (type $t) (i32.const {}))))'
DIVISION = '(module (func (export "f") (drop (i32.div_s (i32.const 1) (i32.const 0)))))'


@pytest.mark.parametrize(
    ("module", "expected", "matches"),
    [
        (OUT_OF_BOUNDS, "out of bounds memory access", True),
        (OUT_OF_BOUNDS, "out of bounds", True),
        (OUT_OF_BOUNDS, "", True),
        (OUT_OF_BOUNDS, "out of bounds memory access at", False),
        (OUT_OF_BOUNDS, "bounds memory access", False),
        (OUT_OF_BOUNDS, "out of bounds table access", False),
        (NULL_CALL.format(0), "uninitialized element", True),
        (NULL_CALL.format(0), "uninitialized element 2", True),
        (NULL_CALL.format(0), "uninitialized element two", False),
        (NULL_CALL.format(9), "undefined element", True),
        (NULL_CALL.format(9), "undefined", True),
        (NULL_CALL.format(9), "out of bounds table access", True),
        (NULL_CALL.format(9), "out of bounds memory", False),
        (DIVISION, "integer divide by zero", True),
        (DIVISION, "integer overflow", False),
        ('(module (func (export "f") unreachable))', "unreachable", True),
        ('(module (func (export "f") unreachable))', "unreachable code", False),
    ],
)
def test_a_message_starts_with_the_expected_one(module: str, expected: str, matches: bool):
    found = failures(f'{module} (assert_trap (invoke "f") "{expected}")')
    assert (found == []) == matches


ENDLESS = '(module (func $f (export "f") (call $f) (call $f)))'


def test_exhaustion_is_not_a_trap_and_a_trap_is_not_exhaustion():
    assert failures(f'{ENDLESS} (assert_exhaustion (invoke "f") "call stack exhausted")') == []
    (found,) = failures(f'{ENDLESS} (assert_trap (invoke "f") "call stack exhausted")')
    assert "but the error is: " in found
    (found,) = failures(f'{DIVISION} (assert_exhaustion (invoke "f") "integer divide by zero")')
    assert "but the error is: " in found


def test_a_trap_is_not_an_exception():
    (found,) = failures(f'{DIVISION} (assert_exception (invoke "f"))')
    assert "integer divide by zero" in found
    (found,) = failures(f'(module {ONE}) (assert_exception (invoke "f"))')
    assert "expected to fail with an exception, but nothing failed" in found


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ('(assert_suspension (invoke "f") "unhandled")', "stack switching is not supported"),
        ("(wait $T)", "there is no thread $T"),
        ("(thread $T) (wait $T) (wait $T)", "there is no thread $T"),
        ("(thread $T) (thread $T)", "thread $T runs already"),
        ("(thread $T (shared (module $M)))", "there is no instance $M"),
    ],
)
def test_commands_that_cannot_be_run_fail(command: str, message: str):
    (found,) = failures(f"(module {ONE}) {command}")
    assert message in found


SHARING = """
(module $Mem (memory (export "m") 1 1 shared) (func (export "f")))
(thread $T (shared (module $Mem))
  (register "mem" $Mem)
  (module (memory (import "mem" "m") 1 1 shared)
    (func (export "notify") (result i32) (i32.store (i32.const 4) (i32.const 1))
      (memory.atomic.notify (i32.const 0) (i32.const 1))))
  (thread $Inner (shared (module $Mem))
    (register "inner" $Mem)
    (module (memory (import "inner" "m") 1 1 shared)
      (func (export "wait") (result i32)
        (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 10_000_000_000))))
    (assert_return (invoke "wait") (either (i32.const 0) (i32.const 2))))
  (assert_return (invoke "notify") (either (i32.const 0) (i32.const 1)))
  (wait $Inner)
"""
READING = """
(register "mem" $Mem)
(module (memory (import "mem" "m") 1 1 shared)
  (func (export "get") (result i32) (i32.load (i32.const 4)))
  (func (export "wake") (result i32) (memory.atomic.notify (i32.const 0) (i32.const -1))))
(assert_return (invoke "get") (i32.const 1))
"""


def test_threads_share_memories_and_nothing_else():
    wrong = '(module (func (import "mem" "f")))'
    found = failures(f"{SHARING}) (wait $T) {READING}", features="threads")
    assert found == []
    found = failures(f"{SHARING} {wrong}) (wait $T)", features="threads")
    assert len(found) == 1
    assert "thread $T failed: line 16: " in found[0]
    assert "`mem::f` belongs to another store" in found[0]


def test_failures_of_a_thread_that_is_not_waited_for_are_reported():
    (found,) = failures(f'{SHARING} (invoke "nothing"))', features="threads")
    assert "no function 'nothing' is exported" in found


@pytest.mark.parametrize(
    ("result", "pattern", "matches"),
    [
        ("i32 (i32.const 2)", "(either (i32.const 1) (i32.const 2))", True),
        ("i32 (i32.const 3)", "(either (i32.const 1) (i32.const 2))", False),
        ("f32 (f32.const nan)", "(either (f32.const 0) (f32.const nan:canonical))", True),
        ("f32 (f32.const nan:0x600000)", "(f32.const nan:canonical)", False),
        ("f32 (f32.const nan:0x600000)", "(f32.const nan:arithmetic)", True),
        ("f32 (f32.const nan:0x200000)", "(f32.const nan:arithmetic)", False),
        ("i32 (i32.const 0)", "(ref.null)", False),
        ("externref (ref.null extern)", "(ref.null)", True),
        ("externref (ref.null extern)", "(ref.extern)", False),
        ("i64 (i64.const 1)", "(i32.const 1)", False),
        ("i64 (i64.const 1)", "(i64.const 1) (i64.const 1)", False),
        ("i64 (i64.const 1)", "", False),
    ],
)
def test_results(result: str, pattern: str, matches: bool):
    kind, _, value = result.partition(" ")
    module = f'(module (func (export "f") (result {kind}) {value}))'
    assert (failures(f'{module} (assert_return (invoke "f") {pattern})') == []) == matches


def test_features_decide_which_modules_are_accepted():
    small = "(module (memory 1 (pagesize 1)))"
    assert failures(small) != []
    pages = CompileSettings.of(Config(opt_level=0, features="custom-page-sizes"))
    assert failures(small, pages) == []
    (found,) = failures(f'(assert_malformed {small} "x")', pages)
    assert "nothing failed" in found


def test_a_bug_of_the_compiler_is_a_failure_of_one_command(monkeypatch: pytest.MonkeyPatch):
    def crash(*_: object, **__: object) -> None:
        raise AssertionError("a bug")

    with monkeypatch.context() as patches:
        patches.setattr("wasmdialect.api.wast.start_run", crash)
        found = failures(f'(module {ONE})\n(assert_invalid (module {BROKEN}) "type mismatch")')
    assert found == ["line 1: AssertionError: a bug"]


def test_numbers_of_failed_commands():
    result = run_script(f'(module {ONE}) (get "g") (invoke "f") (invoke "g")', SETTINGS)
    assert (result.commands, [f.command for f in result.failures]) == (4, [1, 3])


def test_modules_of_a_script_share_compiled_functions():
    cache = MemoryStore()
    script = f'(module {ONE}) (invoke "f") (module (func (export "f") (unreachable)))'
    assert not run_script(script, SETTINGS, jobs=0, cache=cache).failures
    compiled = {*cache.entries}
    assert compiled
    again = f'{script} (assert_trap (invoke "f") "unreachable")'
    assert not run_script(again, SETTINGS, jobs=0, cache=cache).failures
    assert {*cache.entries} == compiled
