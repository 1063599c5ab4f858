"""cfi: a call through an overwritten function pointer traps, though the type of the callee is right."""

import pytest
from examples.small import FOLDER, MODES, example, run

from wasmdialect import Linker, Store
from wasmdialect.abi.trap_table import PassTrap

TEXT = """
(module
  (memory (export "memory") 1)
  (table funcref (elem $greet $bye $shell))
  (type $handler (func (result i32)))
  (func $greet (type $handler) (i32.const 10))
  (func $bye (type $handler) (i32.const 20))
  (func $shell (type $handler) (i32.const 666))
  (func (export "poke") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
  (func (export "handle") (result i32)
    (call_indirect (type $handler) (i32.load (i32.const 0))))
  (func (export "tail") (result i32)
    (return_call_indirect (type $handler) (i32.load (i32.const 4)))))
"""
GOOD = [("handle",), ("poke", 0, 1), ("handle",), ("tail",)]
ATTACK = [("poke", 0, 2), ("handle",), ("poke", 4, 1), ("tail",)]


def train(mode: str) -> tuple[int, ...]:
    seen: dict[tuple[int, int], None] = {}

    def define(linker: Linker, store: Store) -> None:
        linker.define_builtin("called", lambda site, index: seen.update({(site, index): None}))

    trained = run(TEXT, GOOD, {"wasmir-end": [example("cfi")]}, define, compilation=mode)
    assert trained.results == run(TEXT, GOOD).results == [10, None, 20, 10]
    return tuple(number for pair in seen for number in pair)


@pytest.mark.parametrize("mode", MODES)
def test_what_training_did_not_show_traps(mode: str):
    edges = train(mode)
    assert edges[1::2] == (0, 1, 0)
    assert len({*edges[::2]}) == 2
    assert run(TEXT, ATTACK).results == [None, 666, None, 20]  # nothing but the type is checked
    enforced = run(
        TEXT, [*GOOD, *ATTACK], {"wasmir-end": [example("cfi")(edges=edges)]}, compilation=mode
    )
    traps = [result for result in enforced.results if isinstance(result, PassTrap)]
    assert [trap.name for trap in traps] == 2 * ["unknown-callee"]
    assert enforced.results == [10, None, 20, 10, None, traps[0], None, traps[1]]


def test_edges_are_options_of_a_pipeline():
    edges = ",".join(map(str, train("eager")))
    at = {"wasmir-end": f"cfi{{edges={edges}}}"}
    done = run(TEXT, ATTACK, at=at, load=(str(FOLDER / "cfi.py"),))
    assert isinstance(done.results[1], PassTrap)
