"""`wasmdialect new-pass`: a file with a pass to start from."""

from __future__ import annotations

import re
from pathlib import Path

import click

from wasmdialect._printable import printable
from wasmdialect.cli.errors import UsageError
from wasmdialect.cli.options import DEBUG_OPTION, finish
from wasmdialect.cli.output import write_output

_TEMPLATE = '''\
"""What {name} does, in one sentence.

Try it:  wasm-opt-py prog.wat --load {file} -p {name}
Use it:  wasmdialect run prog.wasm --load {file} --at wasmir-end={name}
"""

from xdsl.context import Context

from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import FunctionPass, report


class {cls}(FunctionPass):
    name = "{name}"

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        report(function, "operations", count=sum(1 for _ in function.body.walk()))
'''


@click.command("new-pass")
@click.argument("name")
@click.option("-o", "output", metavar="FILE", help="Where to write it (default: the name, .py).")
@DEBUG_OPTION
def command(name: str, output: str | None, debug: bool) -> None:
    """Write a file that defines the pass NAME, which counts operations until you change it.

    \b
    wasmdialect new-pass my-pass
    wasm-opt-py prog.wat --load my_pass.py -p my-pass
    """
    finish(lambda: new_pass(name, output), debug=debug)


def new_pass(name: str, output: str | None) -> int:
    """Write the file; returns the exit code. Raises UsageError, OSError."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise UsageError(
            f"a pass name is words of lower-case letters and digits with -, not {name!r}"
        )
    file = output or f"{name.replace('-', '_')}.py"
    if Path(file).exists():
        raise UsageError(f"{printable(file)} exists already")
    cls = "".join(word.capitalize() for word in name.split("-"))
    write_output(file, _TEMPLATE.format(name=name, cls=cls, file=file).encode())
    if file != "-":
        print(file)
    return 0
