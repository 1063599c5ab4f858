"""`wasmdialect check`: find the pass that changes what a module does."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wasmdialect._forms import Integer, Seconds
from wasmdialect._printable import printable
from wasmdialect.cli.arguments import ProgramCommand
from wasmdialect.cli.errors import EXIT_BAD_INPUT, UsageError, fail
from wasmdialect.cli.inputs import locate, read_bytes, to_source
from wasmdialect.cli.numbers import Number
from wasmdialect.cli.options import DEBUG_OPTION, compile_options, finish, to_config
from wasmdialect.cli.values import parse_bits

if TYPE_CHECKING:
    from wasmdialect.check.calls import Call
    from wasmdialect.check.run import Finding
    from wasmdialect.check.stages import Pipeline


@click.command("check", cls=ProgramCommand)
@click.argument("file")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.option("--invoke", metavar="NAME", help="Call only this export, with ARGS.")
@click.option(
    "--inputs",
    type=Number(Integer(1, 100_000)),
    metavar="N",
    default=32,
    show_default=True,
    help="Generated calls of each export, without ARGS.",
)
@click.option(
    "--seed",
    type=Number(Integer(0, 1 << 62)),
    metavar="N",
    default=0,
    show_default=True,
    help="Of the random arguments.",
)
@click.option(
    "--steps",
    type=Number(Integer(1, 1 << 40)),
    metavar="N",
    default=200_000,
    show_default=True,
    help="Operations after which a call is left out.",
)
@click.option(
    "--timeout",
    type=Number(Seconds()),
    metavar="SECONDS",
    default=30.0,
    show_default=True,
    help="For a call in machine code.",
)
@click.option("--bisect", is_flag=True, help="Find the change of the pass that does it.")
@click.option(
    "--prove",
    is_flag=True,
    help="Ask a solver about each replacement of a pass over wasmir. (Needs z3-solver.)",
)
@click.option("--no-native", is_flag=True, help="Compare in the interpreter only.")
@compile_options
@DEBUG_OPTION
def command(file: str, args: tuple[str, ...], debug: bool, **options: Any) -> None:
    """Compare what FILE does before and after each pass of -p or --at; name the first that changes it.

    Every exported function is called with boundaries of its types and random values, or one with ARGS.
    Results, traps, calls of the host, memories, globals and tables are compared: after each pass over
    wasmir in the reference interpreter, then in machine code without and with all passes. Imports are
    stand-ins. The exit code is 1 if there is a difference.

    \b
    wasmdialect check prog.wasm --load mine.py -p wasmir-gvn,my-pass
    wasmdialect check fib.wat -p my-pass --load mine.py --bisect --invoke fib 10
    """
    finish(lambda: run(file, args, **options), debug=debug)


def run(
    file: str,
    args: tuple[str, ...],
    *,
    invoke: str | None,
    inputs: int,
    seed: int,
    steps: int,
    timeout: float,
    bisect: bool,
    no_native: bool,
    prove: bool,
    reports: str | None,
    **options: Any,
) -> int:
    """Check, print; returns the exit code."""
    from wasmdialect.check.native import NativeFailure
    from wasmdialect.check.run import Request, check
    from wasmdialect.check.stages import Pipeline
    from wasmdialect.interpreter import NotInterpreted
    from wasmdialect.wasm.errors import WasmError

    if args and invoke is None:
        raise UsageError(f"{args[0]!r} is an argument, but of which function? give --invoke NAME")
    if prove and find_spec("z3") is None:
        raise UsageError("--prove needs the package z3-solver: pip install 'wasmdialect[prove]'")
    config = to_config(options)
    module = to_source(read_bytes(file), Path(file).name, config.features)
    try:
        pipeline = Pipeline(module.binary, module.file, config)
        calls = None if invoke is None else _calls(pipeline, invoke, args, inputs, seed)
        request = Request(calls, inputs, seed, steps, timeout, bisect, not no_native, prove)
        finding = check(pipeline, request, _print)
    except WasmError as error:
        raise locate(error, module) from None
    except (NotInterpreted, NativeFailure) as error:
        return fail(f"{printable(file)}: {error}")
    if finding is None:
        print("no difference found")
        return 0
    return fail("\n".join(_lines(finding)), EXIT_BAD_INPUT)


def _print(line: str) -> None:
    print(printable(line), flush=True)


def _calls(
    pipeline: Pipeline, invoke: str, args: Sequence[str], inputs: int, seed: int
) -> list[Call]:
    """The call with these arguments, or generated ones of the export. Raises UsageError."""
    from wasmdialect.check.calls import Call, exported_functions, generate

    declared = pipeline.session.source.declared
    types = dict(exported_functions(declared)).get(invoke)
    if types is None:
        raise UsageError(f"no function {invoke!r} is exported")
    if not args:
        return generate(declared, inputs, seed, invoke)
    if len(args) != len(types):
        raise UsageError(f"{invoke} takes {len(types)} arguments, not {len(args)}")
    values = [parse_bits(text, t) for text, t in zip(args, types, strict=True)]
    return [Call(invoke, types, tuple(values))]


_HEADS = {
    "interpreter": "{} changes what the module does, in the interpreter",
    "machine code": "{}: machine code does something else",
    "solver": "{} replaces values by others, as the solver says",
}
"""By what has found it."""


def _lines(finding: Finding) -> list[str]:
    rows = [
        ("call", finding.call),
        ("difference", finding.difference),
        ("trap", finding.places[0] if finding.places else ""),
        ("function", finding.function and f"@{finding.function}"),
    ]
    if finding.suspect is not None:
        rows += [("operation", finding.suspect.operation), ("", finding.suspect.explanation)]
    if finding.change is not None:
        number, total, what = finding.change
        rows.append(("change", f"{number} of {total} that the pass makes there: {what}"))
    for proof in finding.refuted:
        rows += [("refuted", f"{proof.operation} in @{proof.function}"), ("", proof.inputs)]
    width = len("difference: ")
    lines = [f"  {f'{word}:' if word else '':<{width}}{text}" for word, text in rows if text]
    return [printable(line) for line in (_HEADS[finding.engine].format(finding.cause), *lines)]
