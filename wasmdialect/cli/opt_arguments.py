"""The options of wasm-opt-py: those of xDSL's driver, our settings, and MLIR's spellings of what people
type by reflex.
"""

from __future__ import annotations

import argparse
import re
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from wasmdialect._forms import FormError, OneOf, boolean, paths, texts
from wasmdialect._settings import OPT, SETTINGS, Setting, feature_list
from wasmdialect.cli.arguments import no_such_option
from wasmdialect.cli.errors import UsageError
from wasmdialect.cli.numbers import read_number
from wasmdialect.passes.registry import OWN_PASSES, PassRegistry

if TYPE_CHECKING:
    from wasmdialect._forms import Form

_EXAMPLES = """\
examples:
  wasm-opt-py prog.wat                                     print the module as wasmir
  wasm-opt-py prog.wasm -p wasmir-canonicalize,wasmir-dce  run passes
  wasm-opt-py prog.wasm -p wasmir-dce -o smaller.wasm      and turn it back into WebAssembly
  wasm-opt-py prog.wasm --func fib -t llvm                 LLVM IR of one function
  wasm-opt-py prog.wat -o prog.s -O2                       assembly
  wasm-opt-py prog.wat --load mine.py -p my-pass           a pass of your own
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add our options to a parser that has those of xDSL's driver; later ones replace them."""
    parser.error = partial(_usage_error, parser)
    parser.add_argument("-h", "--help", action=_Help, help="show this help message and exit")
    parser.add_argument(
        "--list-passes", action=_ListPasses, help="list all passes, xDSL's too, and exit"
    )
    parser.add_argument(
        "-p",
        "--passes",
        default="",
        metavar="PIPELINE",
        help="passes with their options, a,b{key=value},...: exactly these run",
    )
    parser.add_argument(
        "-t",
        "--target",
        default="mlir",
        metavar="TARGET",
        help="what to print: mlir (default), llvm, asm, obj, wat, wasm,"
        " or a target of xDSL; -o x.s implies it",
    )
    parser.add_argument(
        "-f",
        "--frontend",
        choices=("mlir", "wasm", "wat"),
        help="what the input is (default: by its contents)",
    )
    for row in SETTINGS:
        if OPT in row.commands:
            _add_setting(parser, row, "each" if row.name == "verify" else row.default)
    parser.set_defaults(verify=None)
    parser.add_argument(
        "--func",
        metavar="FUNCTION",
        help="only these functions: a name, an index or a regular expression",
    )
    parser.add_argument(
        "--target-triple", metavar="TRIPLE", help="compile for this target, not this machine"
    )
    parser.add_argument(
        "--print-pipeline", action="store_true", help="print the expanded pipeline and stop"
    )
    for when in ("before", "after"):
        parser.add_argument(
            f"--mlir-print-ir-{when}",
            action="append",
            default=[],
            metavar="PASS",
            help=f"print the IR {when} this pass to stderr (repeatable)",
        )
        parser.add_argument(
            f"--mlir-print-ir-{when}-all",
            action="store_true",
            help=f"print the IR {when} each pass to stderr",
        )
    parser.add_argument(
        "--mlir-print-ir-after-change",
        action="store_true",
        help="print the IR after a pass only if it has changed",
    )
    parser.add_argument(
        "--mlir-timing", action="store_true", help="print a table of times to stderr"
    )
    parser.add_argument(
        "--mlir-print-debuginfo",
        "--print-debuginfo",
        dest="print_debuginfo",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="print locations (default: unless the output is a terminal)",
    )
    parser.add_argument(
        "--pass-pipeline",
        metavar="PIPELINE",
        help="as -p, with anchors: builtin.module(a,wasmir.func(b))",
    )
    parser.add_argument(
        "--verify-each",
        type=_truth,
        metavar="BOOL",
        help="as --verify each, or with false as --verify ends",
    )
    parser.add_argument("--show-dialects", action="store_true", help="list all dialects and stop")
    parser.add_argument(
        "--mlir-print-ir-tree-dir",
        metavar="DIR",
        help="write the IR after each pass to a file in this folder",
    )
    parser.add_argument(
        "--reports", metavar="FILE", help="write what passes report to a file (default stderr)"
    )
    parser.add_argument("--debug", action="store_true", help="show a traceback for errors")


def _add_setting(parser: argparse.ArgumentParser, row: Setting, default: Any) -> None:
    """Add the option of a setting. Its result has the name of the setting."""
    meaning = f"{row.meaning} (default: {default})"
    more: dict[str, Any] = {"default": default}
    if row.form is boolean:
        meaning = row.meaning
        more["action"] = argparse.BooleanOptionalAction if row.default else "store_true"
    elif isinstance(row.form, OneOf):
        more["choices"] = row.form.values
    elif row.form is paths or row.form is texts:
        meaning = f"{row.meaning} (repeatable)"
        more |= {"action": "append", "default": [], "metavar": row.metavar}
    elif row.form is feature_list:
        more |= {"type": partial(_of_form, form=row.form), "metavar": row.metavar}
    else:
        more |= {"type": partial(_number, form=row.form), "metavar": row.metavar}
    parser.add_argument(row.option.partition("/")[0], dest=row.name, help=meaning, **more)


def _truth(text: str) -> bool:
    """The value of an option of LLVM."""
    if text.lower() not in ("true", "1", "false", "0"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() in ("true", "1")


def _of_form(text: str, form: Form) -> Any:
    try:
        return form(text)
    except FormError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _number(text: str, form: Form) -> Any:
    try:
        return read_number(text, form)
    except FormError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _usage_error(parser: argparse.ArgumentParser, message: str) -> NoReturn:
    """The parser's reaction to a wrong command line."""
    unknown = message.removeprefix("unrecognized arguments: ").split(" ")[0]
    if unknown.startswith("-") and unknown not in ("-", message):
        if unknown.startswith("--") and unknown[2:] in PassRegistry().names():
            raise UsageError(
                f"there is no option {unknown}; passes are given with -p: -p {unknown[2:]}"
            )
        options = re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", parser.format_usage())
        raise no_such_option(unknown, options)
    raise UsageError(message)


class _Help(argparse.Action):
    """`--help`, with a line for each of our passes, which are loaded only then."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, nargs=0, default=argparse.SUPPRESS, **kwargs)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        parser.epilog = f"passes:\n{_own_passes()}\n\n{_EXAMPLES}"
        print(parser.format_help(), end="")
        parser.exit()


class _ListPasses(_Help):
    """`--list-passes`."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        others = "".join(f"  {name}\n" for name in PassRegistry().names() if name not in OWN_PASSES)
        print(f"{_own_passes()}\n\nof xDSL and other packages:\n{others}", end="")
        parser.exit()


def _own_passes() -> str:
    """A line for each pass of this package."""
    width = max(map(len, OWN_PASSES))
    return "\n".join(
        f"  {name:<{width}}  {(load().__doc__ or '').splitlines()[0]}"
        for name, load in OWN_PASSES.items()
    )
