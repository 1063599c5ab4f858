"""`wasmdialect new-pass`: a file, or a package, with a pass to start from."""

from __future__ import annotations

import re
import shutil
import sys
from importlib.util import find_spec
from keyword import iskeyword
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
@click.option(
    "-o", "output", metavar="FILE", help="Where to write it (default: the name, .py for a file)."
)
@click.option("--package", is_flag=True, help="Write a package that pip installs, with tests.")
@DEBUG_OPTION
def command(name: str, output: str | None, package: bool, debug: bool) -> None:
    """Write a file that defines the pass NAME, which counts operations until you change it; or a
    package with a pass, an IR test, a Python test, an entry point and a README.

    \b
    wasmdialect new-pass my-pass
    wasm-opt-py prog.wat --load my_pass.py -p my-pass
    wasmdialect new-pass --package my-pass
    pip install -e my-pass && wasm-opt-py prog.wat -p my-pass
    """
    write = new_package if package else new_pass
    finish(lambda: write(name, output), debug=debug)


def new_pass(name: str, output: str | None) -> int:
    """Write the file; returns the exit code. Raises UsageError, OSError."""
    module, cls = _python_names(name)
    file = output or f"{module}.py"
    _check_missing(file)
    write_output(file, _TEMPLATE.format(name=name, cls=cls, file=file).encode())
    if file != "-":
        print(file)
    return 0


def new_package(name: str, output: str | None) -> int:
    """Write the folder, whole or not at all; returns the exit code. Raises UsageError, OSError."""
    from wasmdialect.cli.pass_package import package_files
    from wasmdialect.passes.registry import installed_passes

    module, cls = _python_names(name)
    if name in installed_passes():
        raise UsageError(f"there is a pass {name!r} already; give this one another name")
    if module in sys.stdlib_module_names or find_spec(module) is not None:
        raise UsageError(f"there is a Python module {module!r} already; give the pass another name")
    if output == "-":
        raise UsageError("a package is a folder, which cannot go to standard output")
    _check_missing(output or name)
    folder = Path(output or name)
    folder.mkdir()
    try:
        for path, text in package_files(name, module, cls).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    print(folder)
    return 0


def _python_names(name: str) -> tuple[str, str]:
    """The names of the module and of the class."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise UsageError(
            f"a pass name is words of lower-case letters and digits with -, not {name!r}"
        )
    module = name.replace("-", "_")
    cls = "".join(word.capitalize() for word in name.split("-"))
    if iskeyword(module) or iskeyword(cls):
        raise UsageError(f"{name!r} is a word of Python; give the pass another name")
    return module, cls


def _check_missing(path: str) -> None:
    if Path(path).exists():
        raise UsageError(f"{printable(path)} exists already")
