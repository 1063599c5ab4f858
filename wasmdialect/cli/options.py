"""Options that several subcommands have, and how they become a Config."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

import click
from click.core import ParameterSource

from wasmdialect._limits import DEFAULT_COMPILE_TIMEOUT, DEFAULT_FUNCTION_BUDGET
from wasmdialect.api.config import Config
from wasmdialect.cli.errors import UsageError, guarded
from wasmdialect.cli.numbers import Integer
from wasmdialect.cli.points import parse_points
from wasmdialect.wasm.features import Feature, parse_features

JOBS = Integer(0, 1024)

_F = TypeVar("_F", bound=Callable[..., Any])

COMPILE_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "-O",
        "level",
        type=Integer(0, 3),
        default=2,
        show_default=True,
        help="Effort of LLVM: 0 compiles fast, 3 works across functions.",
    ),
    click.option(
        "--bounds",
        type=click.Choice(["guard", "explicit"]),
        default="guard",
        show_default=True,
        help="How accesses to 32-bit memories are bounded.",
    ),
    click.option(
        "--traps",
        type=click.Choice(["exact", "relaxed"]),
        default="exact",
        show_default=True,
        help="Whether accesses that fault keep their order with everything else.",
    ),
    click.option("-p", "--pipeline", help="Passes instead of the default ones."),
    click.option(
        "--at",
        multiple=True,
        metavar="POINT=PIPELINE",
        help="Add passes to the default ones, at wasmir-start, wasmir-end, wasmvm-end or llvm-end.",
    ),
    click.option(
        "--load",
        multiple=True,
        metavar="FILE",
        help="A Python file that defines passes. Repeatable.",
    ),
    click.option(
        "--verify",
        type=click.Choice(["each", "ends", "none"]),
        default="none",
        show_default=True,
        help="Verify the IR after each pass, before and after all, or not.",
    ),
    click.option(
        "--function-budget",
        type=click.IntRange(0),
        default=DEFAULT_FUNCTION_BUDGET,
        show_default=True,
        metavar="CHARACTERS",
        help="Compile functions with more LLVM IR than this at -O0.",
    ),
    click.option(
        "--compile-timeout",
        type=click.FloatRange(0, 1e6, min_open=True),
        default=DEFAULT_COMPILE_TIMEOUT,
        show_default=True,
        metavar="SECONDS",
        help="Give up a step of compiling a function that takes longer; LLVM tries a lower level.",
    ),
    click.option(
        "--debug-checks", is_flag=True, help="Check what compiled code and runtime rely on."
    ),
    click.option(
        "--consume-fuel",
        is_flag=True,
        help="Count operators, so that programs can run out of fuel.",
    ),
    click.option(
        "--epoch-interruption", is_flag=True, help="Let programs be stopped at a deadline."
    ),
    click.option(
        "--no-address-map",
        "generate_address_map",
        flag_value=False,
        default=True,
        help="Leave out which byte of the module code comes from.",
    ),
    click.option(
        "--no-unwind-info",
        "unwind_info",
        flag_value=False,
        default=True,
        help="Leave out how to unwind.",
    ),
    click.option(
        "--branch-protection", is_flag=True, help="On aarch64: protect returns and jumps."
    ),
    click.option(
        "--padding",
        type=Integer(0, 1 << 20),
        default=0,
        metavar="BYTES",
        help="Zeros behind each function.",
    ),
    click.option(
        "--force-veneers", is_flag=True, help="Let every call go through a veneer, for tests."
    ),
    click.option(
        "--function-alignment",
        type=Integer(1, 4096),
        metavar="BYTES",
        help="Align functions, to a power of 2.",
    ),
    click.option(
        "--shuffle-layout",
        type=Integer(0, (1 << 64) - 1),
        metavar="SEED",
        help="Put functions into a random order, to measure without the luck of one layout.",
    ),
    click.option(
        "--cache/--no-cache",
        default=True,
        show_default=True,
        help="Use what was compiled before.",
    ),
    click.option("--cache-dir", metavar="DIR", help="Where the cache is (default: your own)."),
    click.option(
        "--jobs",
        type=JOBS,
        metavar="N",
        help="Worker processes (default: one a processor; 0: none, for debuggers).",
    ),
    click.option(
        "--reports", metavar="FILE", help="Write what passes report, one JSON object a line."
    ),
)

DEBUG_OPTION = click.option("--debug", is_flag=True, help="Show a traceback for errors.")


def _features(
    _context: click.Context, _parameter: click.Parameter, text: str
) -> frozenset[Feature]:
    try:
        return parse_features(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


FEATURES_OPTION = click.option(
    "--features",
    metavar="LIST",
    default="wasm-3.0",
    show_default=True,
    callback=_features,
    help="What modules may use: a version (wasm-1.0, wasm-2.0, wasm-3.0), features to add"
    " (threads, wide-arithmetic, ...), and with a - features to take away (-simd).",
)


def compile_options(function: _F) -> _F:
    """Add the options of compilation to a command."""
    for option in reversed(COMPILE_OPTIONS):
        function = cast(_F, option(function))
    return function


def to_config(options: dict[str, Any], target: str | None = None) -> Config:
    """A Config from the options of compilation. Raises UsageError."""
    if options["pipeline"] and options["at"]:
        raise UsageError("-p is the whole pipeline; --at extends the default one: use one of them")
    return Config(
        opt_level=options["level"],
        bounds=options["bounds"],
        traps=options["traps"],
        pipeline=options["pipeline"],
        at=parse_points(options["at"]),
        load=tuple(options["load"]),
        verify=options["verify"],
        function_budget=options["function_budget"],
        compile_timeout=options["compile_timeout"],
        debug_checks=options["debug_checks"],
        consume_fuel=options["consume_fuel"],
        epoch_interruption=options["epoch_interruption"],
        generate_address_map=options["generate_address_map"],
        unwind_info=options["unwind_info"],
        branch_protection=options["branch_protection"],
        padding=options["padding"],
        force_veneers=options["force_veneers"],
        function_alignment=_power_of_two(options["function_alignment"]),
        shuffle_layout=options["shuffle_layout"],
        cache=options["cache"] and (options["cache_dir"] or True),
        jobs=options["jobs"],
        target=target,
    )


def _power_of_two(value: int | None) -> int | None:
    if value is not None and value & (value - 1):
        raise UsageError(f"--function-alignment {value} is no power of 2")
    return value


def given_settings() -> set[str]:
    """The settings of a Config that the command line names."""
    context = click.get_current_context(silent=True)
    if context is None:
        return set()
    names = {"level": "opt_level", "fuel": "consume_fuel", "timeout": "epoch_interruption"}
    return {
        names.get(name, name)
        for name in context.params
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }


def finish(command: Callable[[], int], *, debug: bool) -> None:
    """Run a command to its end: the process exits with its code."""
    sys.exit(guarded(command, debug=debug))
