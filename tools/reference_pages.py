"""The reference of the documentation's site, from the tables of the package: operations, passes,
commands, instructions, and the example passes.

    python tools/reference_pages.py FOLDER

`make docs` makes these pages while it builds the site (tools/site_pages.py), so there is nothing to
keep fresh.
"""

from __future__ import annotations

import dataclasses
import inspect
import io
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import click
from xdsl.ir import Dialect
from xdsl.irdl import InferenceContext
from xdsl.passes import ModulePass

from wasmdialect.cli import main, wasm_opt_py
from wasmdialect.dialects.fast import SEGMENT_SIZES
from wasmdialect.dialects.llvm_ext import LLVM_EXT
from wasmdialect.dialects.wasmir import WASMIR
from wasmdialect.dialects.wasmvm import WASMVM
from wasmdialect.passes.base import pass_scope
from wasmdialect.passes.registry import OWN_PASSES, PassRegistry
from wasmdialect.wasm.instructions import INSTRUCTIONS, Instruction, State

EXAMPLES = Path(__file__).parents[1] / "examples" / "passes"


def pages() -> dict[str, str]:
    """The text of each page, by its file."""
    return {
        "reference/wasmir.md": _dialect(WASMIR),
        "reference/wasmvm.md": _dialect(WASMVM),
        "reference/llvm_ext.md": _dialect(LLVM_EXT),
        "reference/passes.md": _passes(),
        "reference/commands.md": _commands(),
        "reference/instructions.md": _instructions(),
        "reference/example-passes.md": _examples(),
    }


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _code(text: object) -> str:
    return f"`{text}`" if str(text) else ""


def _paragraph(doc: str | None) -> str:
    """The first paragraph of a docstring, on one line, for a table."""
    text = inspect.cleandoc(doc or "").partition("\n\n")[0]
    return re.sub(r"\s+", " ", text).replace("|", r"\|")


# --- operations ---


def _dialect(dialect: Dialect) -> str:
    rows = [_operation(op) for op in sorted(dialect.operations, key=lambda op: op.name)]
    text = (
        f"# Operations of {dialect.name}\n\nTypes are given where an operation decides them alone."
    )
    text += (
        f" The reasons for the design are in [its rationale](../dialects/{dialect.name}.md).\n\n"
    )
    return text + _table(
        ("operation", "operands", "results", "properties", "traits", "meaning"), rows
    )


def _operation(cls: type[Any]) -> tuple[str, ...]:
    definition = cls.get_irdl_definition()
    traits = [type(t).__name__ for t in definition.traits.traits]
    meaning = _paragraph(cls.__doc__)
    return (
        _code(cls.name),
        ", ".join(_values(definition.operands)),
        ", ".join(_values(definition.results)),
        ", ".join(_code(name) for name in sorted(definition.properties) if name != SEGMENT_SIZES),
        ", ".join(sorted(t for t in traits if t[0] != "_" and not t.endswith("Effects"))),
        "" if _code(cls.name.partition(".")[2]) == meaning else meaning,
    )


def _values(definitions: Sequence[tuple[str, Any]]) -> Iterator[str]:
    for name, definition in definitions:
        constraint = definition.constr
        is_known = constraint.can_infer(set(), length_known=True)
        types = constraint.infer(_NOTHING_KNOWN, length=1) if is_known else ()
        yield _code(": ".join([name, *map(str, types)]))


_NOTHING_KNOWN = InferenceContext()


# --- passes ---


def _passes() -> str:
    text = "# Passes\n\n[Pipelines](../pipelines.md) says where they run.\n"
    for name in sorted(OWN_PASSES):
        text += _pass(OWN_PASSES[name]())
    return text


def _pass(cls: type[ModulePass]) -> str:
    doc = inspect.cleandoc(sys.modules[cls.__module__].__doc__ or "").removeprefix(f"{cls.name}: ")
    text = (
        f"\n## {cls.name}\n\n{doc[:1].upper()}{doc[1:]}\n\nIt sees a {pass_scope(cls)} at a time.\n"
    )
    options = [
        (_code(f.name), _code(f.type), "" if f.default is dataclasses.MISSING else _code(f.default))
        for f in dataclasses.fields(cls)
    ]
    return text + ("\n" + _table(("option", "type", "default"), options) if options else "")


# --- commands ---


def _commands() -> str:
    text = f"# Commands\n\n## wasm-opt-py\n\n{_block(_printed(wasm_opt_py.run, ['--help']))}"
    for name in sorted(main._COMMANDS):
        command = main.commands.get_command(click.Context(main.commands), name)
        assert command is not None
        context = click.Context(command, info_name=f"wasmdialect {name}")
        text += f"\n## wasmdialect {name}\n\n{_block(command.get_help(context))}"
    return text


def _printed(function: Callable[..., object], *arguments: object) -> str:
    printed = io.StringIO()
    with redirect_stdout(printed):
        function(*arguments)
    return printed.getvalue()


def _block(text: str, language: str = "text") -> str:
    return f"```{language}\n{text.strip()}\n```\n"


# --- instructions ---


def _instructions() -> str:
    text = "# Instructions\n\nThe table of `wasmdialect/wasm/instructions`, from which decoder,"
    text += " validator, parser, operations and interpreter are made. Types are empty where they"
    text += " depend on immediates or on the stack.\n\n"
    columns = ("instruction", "opcode", "immediates", "type", "feature", "traps", "reads", "writes")
    return text + _table(columns, map(_instruction, INSTRUCTIONS))


def _instruction(row: Instruction) -> tuple[str, ...]:
    high, low = divmod(row.opcode, 0x1000)
    signature = ""
    if row.params is not None and row.results is not None:
        signature = _code(
            f"[{' '.join(map(str, row.params))}] → [{' '.join(map(str, row.results))}]"
        )
    return (
        _code(row.mnemonic),
        _code(f"{high:#04x} {low}" if high else f"{low:#04x}"),
        ", ".join(_code(each.value) for each in row.immediates),
        signature,
        row.feature.value,
        ", ".join(code.name.lower().replace("_", " ") for code in row.traps),
        _states(row.reads),
        _states(row.writes),
    )


def _states(states: State) -> str:
    return ", ".join(str(s.name).lower() for s in State if s.value and s in states)


# --- example passes ---


def _examples() -> str:
    text = (
        "# Example passes\n\nEach is one file, after a published idea, and runs on real programs:"
    )
    text += " `--load FILE -p NAME`.\n"
    for file in sorted(EXAMPLES.glob("*.py")):
        source = file.read_text()
        doc, _, code = source.removeprefix('"""').partition('"""')
        registry = PassRegistry()
        registry.load_file(str(file))
        (name,) = {*registry.names()} - {*PassRegistry().names()}
        text += f"\n## {name}\n\n{doc.strip()}\n\n{_block(code, 'python')}"
    return text


if __name__ == "__main__":
    for path, page in pages().items():
        target = Path(sys.argv[1]) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page)
