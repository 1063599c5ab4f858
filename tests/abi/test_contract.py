"""One contract: every row of its tables, changed on one side only, is noticed before wrong code runs.

The mutants are made from the tables: a new row or constant has its mutants without a line here. What
compiled code and the runtime share is compared by `contract_digest` when an artifact is loaded, what
the native glue and Python share by `tables_digest` when the glue is. That both sides really take
everything from the tables is the other half: with all of them changed on both sides, programs do the
same.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from abi.behaviour import behaviour

from wasmdialect import Config, Engine, Module
from wasmdialect._records import Record
from wasmdialect.abi import (
    builtins,
    layout,
    reservation,
    returns,
    symbols,
    tail_calls,
    trap_table,
)
from wasmdialect.abi.contract import CONTRACT, contract_digest
from wasmdialect.object.artifact import EngineInfo
from wasmdialect.object.errors import ArtifactError
from wasmdialect.runtime.module import load_bytes
from wasmdialect.runtime.native import NativeUnavailableError, glue, structures
from wasmdialect.runtime.native.blob import read_blob
from wasmdialect.runtime.native.structures import tables_digest

NOT_SHARED = {
    "BUILTIN_COUNT": "follows from the builtins",
    "VMCONTEXT_ALIGN": "follows from the regions",
    "MAX_VMCONTEXT_SIZE": "a limit of the compiler and of the loader, each for itself",
    "FUNCTION_TRAMPOLINES": "the kinds of symbols are in SYMBOLS",
    "TYPE_TRAMPOLINES": "the kinds of symbols are in SYMBOLS",
    "FUNCTION": "is in SYMBOLS",
    "ACTIVATION_OFFSETS": "follows from ACTIVATION",
    "ACTIVATION_SIZE": "follows from ACTIVATION",
    "THREAD_OFFSETS": "follows from THREAD",
    "THREAD_SIZE": "follows from THREAD and FRAME_CAPACITY",
    "FRAMES_OFFSET": "follows from THREAD",
    "STORE_OFFSETS": "follows from STORE",
}
"""Constants beside the tables, and why nothing compares them."""


def constants(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """The constants that a module defines itself, except those of `NOT_SHARED`."""
    assert module.__file__ is not None
    source = Path(module.__file__).read_text()
    for name, value in vars(module).items():
        if name.isupper() and name[0] != "_" and name not in NOT_SHARED and f"\n{name}" in source:
            yield name, value


Mutant = tuple[str, Callable[[], None], Callable[[], None]]
"""What it changes, how to change it, how to change it back."""


def mutants(module: ModuleType) -> Iterator[Mutant]:
    """Every constant and every row of every table of a module, changed one at a time."""
    for name, value in constants(module):
        for what, other in mutations(value):
            yield (
                f"{name}{what}",
                lambda name=name, other=other: setattr(module, name, other),
                lambda name=name, value=value: setattr(module, name, value),
            )
        yield from records_in(name, value)


def records_in(name: str, value: Any) -> Iterator[Mutant]:
    """The mutants of the records in a table, each changed in place, for everyone who has it."""
    if isinstance(value, Record):
        fields = vars(value)
        for field, own in fields.items():
            if field != "doc":
                for what, other in mutations(own):
                    yield (
                        f"{name}.{field}{what}",
                        lambda field=field, other=other: fields.update({field: other}),
                        lambda field=field, own=own: fields.update({field: own}),
                    )
                yield from records_in(f"{name}.{field}", own)
    elif isinstance(value, Mapping):
        for key, row in value.items():
            yield from records_in(f"{name}[{key}]", row)
    elif isinstance(value, tuple):
        for index, row in enumerate(value):
            yield from records_in(f"{name}[{index}]", row)


def mutations(value: Any) -> Iterator[tuple[str, Any]]:
    """Other values in the place of one, each with what is different."""
    if isinstance(value, bool):
        yield " negated", not value
    elif isinstance(value, int):
        yield " + 1", value + 1
    elif isinstance(value, str):
        yield " renamed", f"{value}_"
    elif value is None:
        yield " given", "i64"
    elif isinstance(value, tuple):
        for i in range(len(value)):
            yield f" without {i}", value[:i] + value[i + 1 :]
        for i in range(len(value) - 1):
            if value[i] != value[i + 1]:
                yield f", {i} and {i + 1} exchanged", swapped(value, i)
    elif isinstance(value, Mapping):
        for key, own in value.items():
            yield f" without {key}", {k: v for k, v in value.items() if k != key}
            if not isinstance(own, Record):
                for what, other in mutations(own):
                    yield f"[{key}]{what}", {**value, key: other}


def swapped(rows: tuple[Any, ...], i: int) -> tuple[Any, ...]:
    return (*rows[:i], rows[i + 1], rows[i], *rows[i + 2 :])


def survivors(module: ModuleType, digest: Callable[[], str]) -> tuple[list[str], int]:
    """The mutants that a digest does not notice, and how many there are in all."""
    right, count, found = digest(), 0, list[str]()
    for what, change, undo in [*mutants(module)]:
        change()
        try:
            if digest() == right:
                found.append(what)
        finally:
            undo()
        count += 1
    assert digest() == right
    return found, count


@contextmanager
def mutated(mutant: Mutant) -> Iterator[None]:
    _, change, undo = mutant
    change()
    try:
        yield
    finally:
        undo()


ABI = [builtins, layout, reservation, returns, symbols, tail_calls, trap_table]


@pytest.mark.parametrize("module", ABI, ids=lambda m: m.__name__.rpartition(".")[2])
def test_every_change_of_the_tables_is_another_contract(module: ModuleType):
    found, count = survivors(module, contract_digest)
    assert found == []
    assert count > 0


def test_every_module_of_the_abi_is_looked_at():
    """The others have nothing that the two sides have to agree on, or only what is in these."""
    folder = Path(layout.__file__).parent
    assert {path.stem for path in folder.glob("*.py")} == {
        *(module.__name__.rpartition(".")[2] for module in ABI),
        "__init__",
        "attributes",  # between the lowering and LLVM's driver, which are one compiler
        "contract",
        "conventions",  # names of conventions in the IR
        "debug_locations",  # between the lowering and the linker, which are one compiler
        "symbol_parts",  # reads what `symbols` writes
        "traps",  # the enumeration of `trap_table`
    }


def test_an_artifact_has_the_contract_that_it_was_compiled_with():
    assert EngineInfo("t", "c", "f").abi == CONTRACT == contract_digest()


@pytest.mark.parametrize("module", ABI, ids=lambda m: m.__name__.rpartition(".")[2])
def test_code_of_another_contract_is_not_loaded(module: ModuleType):
    """Compiled with one table changed, loaded with the right ones."""
    engine = Engine(Config(jobs=0, opt_level=0))
    *_, last = mutants(module)
    with mutated(last), pytest.raises(ArtifactError, match="with another runtime ABI: compile it"):
        Module(engine, "(module)")


def test_loader_of_another_contract_loads_nothing(monkeypatch: pytest.MonkeyPatch):
    engine = Engine(Config(jobs=0, opt_level=0))
    data = bytes(Module(engine, "(module)").serialize())
    monkeypatch.setattr("wasmdialect.object.artifact.CONTRACT", "00000000")
    with pytest.raises(ArtifactError, match="with another runtime ABI: compile it again"):
        load_bytes(data)


# --- the native glue


def test_every_change_of_the_tables_is_another_glue():
    found, count = survivors(structures, tables_digest)
    assert found == []
    assert count > 50
    for record in (layout.RUNTIME_LIMITS, layout.VMCONTEXT_HEADER, *builtins.BUILTINS.values()):
        for mutant in records_in("row", record):
            right = tables_digest()
            with mutated(mutant):
                assert tables_digest() != right, mutant[0]


def test_package_data_is_of_these_tables():
    assert read_blob("x86_64").tables == tables_digest()


def test_glue_of_other_tables_is_not_used(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(structures, "STATUS", {**structures.STATUS, "TRAPPED": 2})
    with pytest.raises(NativeUnavailableError, match="build it again with `python tools"):
        glue._read_blob()  # pyright: ignore[reportPrivateUsage]


# --- both sides


def test_both_sides_take_everything_from_the_tables():
    """With all tables changed for both, programs do the same: nothing says it a second time."""
    program = Path(__file__).parent / "other_contract.py"
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads(json.dumps(behaviour()))
