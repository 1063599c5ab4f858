"""`wasmdialect bench`: do two variants of a module take the same time?"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wasmdialect._forms import Integer, Seconds
from wasmdialect._printable import printable
from wasmdialect.bench.variant import Variant
from wasmdialect.cli.arguments import ProgramCommand
from wasmdialect.cli.bench_variants import engine_option, read_variant
from wasmdialect.cli.errors import UsageError, fail
from wasmdialect.cli.inputs import ModuleInput, locate, read_bytes, to_source
from wasmdialect.cli.numbers import Number
from wasmdialect.cli.options import DEBUG_OPTION, compile_options, finish, given_settings
from wasmdialect.cli.output import write_output
from wasmdialect.cli.values import parse_bits
from wasmdialect.object.artifact import is_artifact

if TYPE_CHECKING:
    from wasmdialect.bench.result import Result
    from wasmdialect.bench.workload import Workload


@click.command("bench", cls=ProgramCommand)
@click.argument("file")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.option("--a", metavar="PIPELINE", help="Passes of the first variant. (Default: none.)")
@click.option(
    "--b",
    metavar="PIPELINE",
    help="Passes of the second one, besides -p and --at. Both may be POINT=PIPELINE, or options"
    " such as '-O 3 --bounds explicit'.",
)
@engine_option
@click.option("--invoke", metavar="NAME", help="Call this export with ARGS instead of `_start`.")
@click.option(
    "--dir", "directories", multiple=True, metavar="HOST[::GUEST]", help="Give it a directory."
)
@click.option("--env", "variables", multiple=True, metavar="NAME=VALUE", help="Give it a variable.")
@click.option("--stdin", metavar="FILE", help="Its standard input. (Default: empty.)")
@click.option(
    "--seconds",
    type=Number(Seconds()),
    metavar="SECONDS",
    default=10.0,
    show_default=True,
    help="How long to measure, builds not included.",
)
@click.option(
    "--precision",
    type=Number(Seconds()),
    metavar="PERCENT",
    default=1.0,
    show_default=True,
    help="Measure on, at most three times as long, until half of the interval is less.",
)
@click.option(
    "--layouts",
    type=Number(Integer(2, 100)),
    metavar="N",
    default=10,
    show_default=True,
    help="Of each variant: functions in random places, and processes of their own.",
)
@click.option(
    "--seed",
    type=Number(Integer(0, 1 << 62)),
    metavar="N",
    help="Of layouts, orders and the bootstrap. (Default: another one each time, which is shown.)",
)
@click.option(
    "--timeout",
    "run_timeout",
    type=Number(Seconds()),
    metavar="SECONDS",
    default=60.0,
    show_default=True,
    help="For a run.",
)
@click.option("--json", "as_json", is_flag=True, help="Print lines of JSON, with every time.")
@click.option("--latex", is_flag=True, help="Print a LaTeX table.")
@click.option("--svg", metavar="OUT", help="Draw the ratios, too.")
@compile_options
@DEBUG_OPTION
def command(file: str, args: tuple[str, ...], debug: bool, **options: Any) -> None:
    """Compare the time that two variants of FILE take: A, and B with more passes or other options.

    Both are built several times, with functions in other places. What they compute has to be the same.
    They run in turns in processes of their own, A twice as a control. The result is the ratio of CPU
    time with a bootstrap interval, and whether that is a difference.

    \b
    wasmdialect bench prog.wasm --load mine.py --b my-pass -- input.txt
    wasmdialect bench fib.wat --a wasmir-gvn --b 'wasmir-gvn,wasmir-dce' --invoke fib 30
    wasmdialect bench fib.wat --b '-O 3' --invoke fib 30
    wasmdialect bench fib.wat --b '--engine wasmtime' --invoke fib 30
    """
    finish(lambda: bench(file, args, **options), debug=debug)


def bench(
    file: str,
    args: tuple[str, ...],
    *,
    a: str | None,
    b: str | None,
    invoke: str | None,
    directories: tuple[str, ...],
    variables: tuple[str, ...],
    stdin: str | None,
    seconds: float,
    precision: float,
    layouts: int,
    seed: int | None,
    run_timeout: float,
    as_json: bool,
    latex: bool,
    svg: str | None,
    reports: str | None,
    **shared: Any,
) -> int:
    """Build, measure, print; returns the exit code."""
    from wasmdialect.bench.compare import Request, compare
    from wasmdialect.bench.engines import MissingEngine
    from wasmdialect.bench.measure import Disagreement
    from wasmdialect.bench.process import RunFailure
    from wasmdialect.bench.workload import WorkloadError
    from wasmdialect.wasm.errors import WasmError

    if as_json and latex:
        raise UsageError("--json and --latex are two forms of the output: choose one")
    given = given_settings()
    variants = {
        "A": read_variant("--a", a, shared, given, is_b=False),
        "B": read_variant("--b", b, shared, given, is_b=True),
    }
    data = read_bytes(file)
    if is_artifact(data[:64]):
        raise UsageError(
            f"{printable(file)} is an artifact, and its passes have run: give the module"
        )
    module = to_source(data, Path(file).name, variants["A"].config.features)
    seed = random.SystemRandom().getrandbits(32) if seed is None else seed
    try:
        workload = _workload(module, variants, args, invoke, directories, variables, stdin)
        request = Request(
            *(module.binary, module.file, variants, workload, seconds, layouts, seed, run_timeout),
            precision=precision / 100,
        )
        result = compare(request, _progress)
    except WasmError as error:
        raise locate(error, module) from None
    except MissingEngine as error:
        raise UsageError(str(error)) from None
    except Disagreement as error:
        return fail(f"A and B do not do the same, so that no time means anything:{error}")
    except (RunFailure, WorkloadError) as error:
        return fail(f"{printable(file)}: {error}")
    _write_reports(reports, result)
    if svg is not None:
        from wasmdialect.bench.render import to_svg

        write_output(svg, to_svg(result).encode())
    _print(result, as_json=as_json, latex=latex)
    return 0


def _workload(
    module: ModuleInput,
    variants: dict[str, Variant],
    args: Sequence[str],
    invoke: str | None,
    directories: Sequence[str],
    variables: Sequence[str],
    stdin: str | None,
) -> Workload:
    """What to run. Raises UsageError, WorkloadError."""
    from wasmdialect.bench.engines import ENGINES
    from wasmdialect.bench.workload import START, Workload, exports_of
    from wasmdialect.codegen.session import CompileSession
    from wasmdialect.codegen.settings import CompileSettings
    from wasmdialect.types import V128

    settings = CompileSettings.of(variants["A"].config)
    session = CompileSession(module.binary, module.file, settings, "")
    exports = exports_of(session.source.declared)
    name = START if invoke is None else invoke
    signature = exports.functions.get(name)
    if signature is None:
        there = ", ".join(map(printable, exports.functions))
        what = "no function `_start`: use --invoke with one of its functions"
        raise UsageError(
            f"{printable(module.file)} exports"
            f" {what if invoke is None else f'no function {invoke!r}; there are'} ({there})"
        )
    values: tuple[int, ...] = ()
    if invoke is not None:
        if len(args) != len(signature.params):
            count = len(signature.params)
            raise UsageError(f"{printable(name)} takes {count} arguments, not {len(args)}")
        values = tuple(parse_bits(text, t) for text, t in zip(args, signature.params, strict=True))
    if V128 in (*signature.params, *signature.results):
        for variant in variants.values():
            if not ENGINES[variant.engine].takes_vectors:
                raise UsageError(
                    f"{variant.engine} cannot be asked to call a function with vectors"
                )
    return Workload(
        name,
        signature.params,
        signature.results,
        values,
        exports,
        (module.file, *(() if invoke is not None else args)),
        tuple(_variable(text) for text in variables),
        tuple(_directory(text) for text in directories),
        b"" if stdin is None else read_bytes(stdin),
    )


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--env takes NAME=VALUE, not {text!r}: a run depends on nothing else")
    return name, value


def _directory(text: str) -> tuple[str, str]:
    host, separator, guest = text.partition("::")
    if not Path(host).is_dir():
        raise UsageError(f"--dir {printable(host)}: there is no such directory")
    return str(Path(host).absolute()), guest if separator else host


def _write_reports(file: str | None, result: Result) -> None:
    if file is None:
        return
    lines = [
        json.dumps({"variant": name} | report)
        for name, variant in result.variants.items()
        for report in variant.build.reports
    ]
    write_output(file, "".join(f"{line}\n" for line in lines).encode())


def _print(result: Result, *, as_json: bool, latex: bool) -> None:
    from rich.console import Console

    from wasmdialect.bench.render import print_table, to_latex
    from wasmdialect.bench.result import to_lines

    if as_json:
        for line in to_lines(result):
            print(json.dumps(line))
    elif latex:
        print(to_latex(result), end="")
    else:
        print_table(result, Console(file=sys.stdout, highlight=False))


@contextmanager
def _progress(what: str) -> Generator[Callable[[int, int], None]]:
    """A bar on a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    # Without a thread: processes are started meanwhile.
    with Progress(
        console=console, transient=True, auto_refresh=False, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(what, total=None)

        def advance(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)
            progress.refresh()

        yield advance
