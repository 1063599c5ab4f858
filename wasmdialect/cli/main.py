"""The command `wasmdialect`: its subcommands, each loaded on first use."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

import click

from wasmdialect._version import __version__
from wasmdialect.cli.errors import UsageError, guarded
from wasmdialect.cli.streams import set_up_streams

_COMMANDS = {
    "bench": "Compare the time of two variants of a module.",
    "check": "Find the pass that changes what a module does.",
    "cache": "Show or empty the cache of compiled functions.",
    "compile": "Compile a module to an artifact.",
    "explore": "Show functions at every stage, as a page for a browser.",
    "new-pass": "Write a file, or a package, with a pass to start from.",
    "objdump": "Show what is in an artifact.",
    "reduce": "Shrink a module while a command fails on it.",
    "reproduce": "Build an artifact again and compare the bytes.",
    "run": "Run a module or an artifact.",
    "settings": "List the settings.",
    "validate": "Check modules.",
    "wast": "Run scripts of the WebAssembly test-suite.",
}
"""Each is `command` in the module of its name; the help is here, so that `--help` loads none."""


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            from difflib import get_close_matches

            near = get_close_matches(cmd_name, _COMMANDS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(_COMMANDS)}"
            raise UsageError(f"there is no command {cmd_name!r}{hint}")
        module = import_module(f"wasmdialect.cli.{cmd_name.replace('-', '_')}_command")
        return module.command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="wasmdialect")
def commands() -> None:
    """Compile and run WebAssembly through an SSA dialect of xDSL, with your own passes.

    \b
    wasmdialect run prog.wasm                      a program, with WASI
    wasmdialect run prog.wat --invoke fib 30       one function
    wasmdialect run prog.wasm --load mine.py --at wasmir-end=my-pass
    """


def main() -> None:
    """The command `wasmdialect`."""
    set_up_streams()
    sys.exit(run(sys.argv[1:]))


def run(args: Sequence[str]) -> int:
    """Run a command line; returns the exit code."""

    def command() -> int:
        return commands.main([*args] or ["--help"], "wasmdialect", standalone_mode=False) or 0

    return guarded(command, debug=False)
