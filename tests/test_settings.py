"""The list of settings: whatever knows of settings knows these, and no others."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click
import generate_settings
import pytest
from other_values import other_value

from wasmdialect import Config, WasmtimeError
from wasmdialect._settings import (
    ARTIFACT_GROUPS,
    COMPILE,
    COMPILING,
    GROUPS,
    OPT,
    RUN,
    SETTING_OF,
    SETTINGS,
    WAST,
    Setting,
    in_groups,
)
from wasmdialect.cli import main, wasm_opt_py
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.target import host_target
from wasmdialect.object.artifact import EngineInfo
from wasmdialect.object.errors import ArtifactError
from wasmdialect.passes.mandatory import LOWERING_PASSES, OPTIMIZING_PASSES, optimizing_passes
from wasmdialect.passes.registry import OWN_PASSES

NAMES = [row.name for row in SETTINGS]
PLAIN = [row for row in SETTINGS if row.name not in ("at", "load", "passes", "cache")]
"""Those with one type of values, or None."""
COMMANDS = ("run", "compile", "bench", "explore", "wast")


def named(rows: Any) -> Any:
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.name)


@named(SETTINGS)
def test_defaults_and_other_values_are_of_the_form(row: Setting):
    assert getattr(Config(), row.name) == row.default
    changed = Config(**{row.name: other_value(row)})
    assert getattr(changed, row.name) == other_value(row) != row.default


@named(PLAIN)
def test_the_declared_type_is_the_type_of_the_form(row: Setting):
    declared = eval(Config.__annotations__[row.name], {"Literal": Literal})
    may_be_none = type(None) in get_args(declared)
    if may_be_none:
        (declared,) = (t for t in get_args(declared) if t is not type(None))
        assert row.checked(None) is None
    if get_origin(declared) is Literal:
        values = get_args(declared)
        for value in values:
            assert row.checked(value) == value
        refused: list[Any] = ["other", max(values) + 1 if isinstance(values[0], int) else 1]
    else:
        assert isinstance(other_value(row), declared)
        refused = ["words"] if declared is not str else [3]
    for value in [*refused, object(), *([] if may_be_none else [None])]:
        with pytest.raises(WasmtimeError, match=f"^{row.name}: "):
            row.checked(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("load", "passes.py"),  # which would be nine files of one letter
        ("load", (3,)),
        ("at", ["wasmir-end=x"]),
        ("at", {"wasmir-end": 3}),
        ("cache", 3),
        ("opt_level", True),
        ("consume_fuel", 1),
        ("function_alignment", 24),
        ("compile_timeout", float("nan")),
        ("compile_timeout", float("inf")),
        ("shuffle_layout", -1),
        ("jobs", -1),
        ("max_wasm_stack", 0),
    ],
)
def test_a_value_that_a_setting_cannot_have(name: str, value: Any):
    with pytest.raises(WasmtimeError, match=f"^{name}: "):
        Config(**{name: value})
    config = Config()
    with pytest.raises(WasmtimeError, match=f"^{name}: "):
        setattr(config, name, value)
    assert config == Config()  # it has kept what it had


def test_paths_are_kept_as_text():
    assert Config(load=[Path("a.py"), "b.py"]).load == ("a.py", "b.py")  # pyright: ignore
    assert Config(cache=Path("folder")).cache == Path("folder")


def test_configs_share_no_default():
    first, second = Config(), Config()
    assert isinstance(first.at, dict)
    first.at["wasmir-end"] = "wasmir-dce"
    assert second.at == {}


def test_a_compilation_does_not_see_later_changes():
    config = Config(opt_level=1, at={})
    settings = CompileSettings.of(config)
    config.opt_level = 3
    config.at["wasmir-end"] = "wasmir-dce"  # pyright: ignore
    assert (settings.config.opt_level, settings.config.at) == (1, {})


def test_workers_are_told_what_import_and_passes_depend_on():
    config = Config(**{row.name: other_value(row) for row in in_groups("code", "passes")})
    settings = CompileSettings.of(config)
    assert CompileSettings.from_plain(settings.to_plain()) == settings


# --- commands


def option_names(command: str) -> set[str]:
    """What the options of a subcommand of `wasmdialect` give."""
    found: Any = import_module(f"wasmdialect.cli.{command}_command").command
    return {param.name for param in found.params if isinstance(param, click.Option)}


@named(SETTINGS)
def test_every_setting_is_an_option_by_its_name(row: Setting):
    for command in COMMANDS:
        expected = COMPILING in row.commands or command in row.commands
        assert (row.name in option_names(command)) == expected


def test_the_commands_of_settings_are_there():
    assert {command for row in SETTINGS for command in row.commands} <= {
        *(COMPILING, COMPILE, RUN, WAST, OPT)
    }


@named([row for row in PLAIN if Config.__annotations__[row.name] not in ("bool", "str | None")])
def test_a_bad_option_is_named(row: Setting, capsys: pytest.CaptureFixture[str]):
    option = row.option.split(",")[-1]
    command = next((c for c in COMMANDS if c in row.commands), "compile")
    assert main.run([command, "m.wat", option, "1.5e400x"]) == 2
    errors = capsys.readouterr().err
    assert f"'{option}'" in errors
    assert "is not " in errors
    if OPT in row.commands:
        assert wasm_opt_py.run(["m.wat", option, "1.5e400x"]) == 2
        assert f"argument {option}: " in capsys.readouterr().err


# --- artifacts


def test_artifacts_have_the_settings_that_decide_code_and_layout():
    written = CompileSettings(host_target()).for_artifact()
    assert [*written] == [row.name for row in in_groups(*ARTIFACT_GROUPS)]


@named(in_groups(*ARTIFACT_GROUPS))
def test_a_bad_setting_of_an_artifact_is_named(row: Setting):
    settings = CompileSettings(host_target()).for_artifact()
    good = EngineInfo("", "", "", settings | {row.name: other_value(row)})
    assert EngineInfo.from_bytes(good.to_bytes()) == good
    bad = EngineInfo("", "", "", settings | {row.name: "bad"})
    with pytest.raises(ArtifactError, match=f": settings: {row.name}: 'bad' is not "):
        EngineInfo.from_bytes(bad.to_bytes())


# --- passes


@named([row for row in SETTINGS if row.option_of])
def test_passes_have_the_options_they_are_given(row: Setting):
    (option,) = [f for f in fields(OWN_PASSES[row.option_of]()) if f.name == row.name]
    assert (option.default, option.type) == (row.default, Config.__annotations__[row.name])


def test_passes_that_settings_name_lower_every_program():
    named_ones = {row.option_of or row.enables for row in SETTINGS} - {""}
    assert named_ones <= {*LOWERING_PASSES}


def test_each_pass_that_optimises_has_a_setting():
    assert sorted(row.optimizes for row in SETTINGS if row.optimizes) == sorted(OPTIMIZING_PASSES)
    off = {row.name: False for row in SETTINGS if row.optimizes}
    assert [*optimizing_passes(Config()).values()] == [*OPTIMIZING_PASSES]
    assert [*optimizing_passes(Config(bounds="explicit"))] == [*OPTIMIZING_PASSES]
    assert optimizing_passes(Config(**off)) == optimizing_passes(Config(opt_level=1)) == {}


# --- the document


def test_the_document_is_fresh():
    assert generate_settings.DOCUMENT.read_text() == generate_settings.document_text(), (
        "run python tools/generate_settings.py"
    )


@named(SETTINGS)
def test_every_setting_is_documented(row: Setting):
    assert row.group in GROUPS
    assert f"| `{row.name}` |" in generate_settings.DOCUMENT.read_text()
    assert row.meaning.endswith(".")


def test_the_document_names_the_passes_of_settings():
    lines = {line for line in generate_settings.DOCUMENT.read_text().splitlines() if "| `" in line}
    for row in SETTINGS:
        (line,) = [line for line in lines if line.startswith(f"| `{row.name}` |")]
        name = row.option_of or row.enables or row.optimizes
        assert (f"({name}) |" in line) == bool(name)


# --- a new one


ROW = """
    gloss: Literal["matt", "shiny"] = setting(
        CODE, "matt", OneOf("matt", "shiny"), "How code shines.",
        commands=(COMPILING, OPT), option_of="insert-trampolines",
    )
"""
LOOK = """
import io, sys
from contextlib import redirect_stderr, redirect_stdout
import wasmdialect
path = wasmdialect.__path__[0] + "/_settings.py"
source = open(path).read()
before, mark, after = source.partition("    # fmt: on\\n")
assert mark
module = type(sys)("wasmdialect._settings")
sys.modules["wasmdialect._settings"] = module  # this one list, with a row more
exec(compile(before + sys.argv[1] + mark + after, path, "exec"), module.__dict__)

from wasmdialect import Config
from wasmdialect.cli import compile_command, main, settings_command, wasm_opt_py
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.object.artifact import EngineInfo
from wasmdialect.object.errors import ArtifactError
from wasmdialect.passes.pipeline import default_pipeline

config = Config(gloss="shiny")
assert (Config().gloss, config.gloss) == ("matt", "shiny")
try:
    config.gloss = "dull"
except wasmdialect.WasmtimeError as error:
    print(error)

def printed(run, *args):
    output = io.StringIO()
    with redirect_stdout(output), redirect_stderr(output):
        try:
            run(args)
        except SystemExit:
            pass
    return " ".join(output.getvalue().split())

help_text = "--gloss [matt|shiny] How code shines. [default: matt]"
assert help_text in printed(main.run, "compile", "--help")
assert "--gloss {matt,shiny} How code shines. (default: matt)" in printed(wasm_opt_py.run, "--help")
print(printed(main.run, "compile", "m.wat", "--gloss", "dull"))
assert "gloss: Literal['matt', 'shiny'] = 'matt' How code shines." in printed(main.run, "settings")
table = settings_command.settings_tables()
row = "`'matt'` | `--gloss` | How code shines. (insert-trampolines) |"
assert f"| `gloss` | `Literal['matt', 'shiny']` | {row}" in table

settings = CompileSettings.of(config)
assert settings.for_artifact()["gloss"] == "shiny"
assert settings.to_plain()["gloss"] == "shiny"  # workers, and the keys of the cache
info = EngineInfo("", "", "", settings.for_artifact())
assert EngineInfo.from_bytes(info.to_bytes()) == info
info.settings["gloss"] = "dull"
try:
    EngineInfo.from_bytes(info.to_bytes())
except ArtifactError as error:
    print(error)
assert "insert-trampolines{gloss=shiny}" in default_pipeline(config)
"""


def test_a_setting_that_is_added_to_the_list_is_everywhere():
    environment = {**os.environ, "COLUMNS": "200"}
    command = [sys.executable, "-c", LOOK, ROW]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "gloss: 'dull' is not one of matt, shiny",
        "error: Invalid value for '--gloss': 'dull' is not one of 'matt', 'shiny'.",
        "damaged artifact: .wasmdialect.engine: settings: gloss: 'dull' is not one of matt, shiny",
    ]


def test_names_of_settings_are_looked_up():
    assert [*SETTING_OF] == NAMES
    assert isinstance(Config().at, Mapping)
