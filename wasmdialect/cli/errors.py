"""One message for each error, on stderr, with an exit code: 1 for bad input, 2 for usage."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable

from wasmdialect._printable import printable, printable_lines
from wasmdialect.cli.streams import say, standard_output_error

EXIT_BAD_INPUT = 1
EXIT_USAGE = 2
EXIT_TRAP = 134
"""The exit code of `run` after a trap: like that of an aborted process."""

EXIT_INTERRUPTED = 130
"""The exit code that a shell reports for a process ended by Ctrl-C."""


class UsageError(Exception):
    """The command line asks for something impossible."""


def fail(message: str, code: int = EXIT_BAD_INPUT) -> int:
    """Print an error, after what the command printed; returns the exit code."""
    standard_output_error()
    say(f"error: {message}")
    return code


def guarded(command: Callable[[], int], *, debug: bool) -> int:
    """Run a command to its end; an error in the input becomes one message, with a traceback if
    `debug`. A reader of the output that stops early (`| head`) is not an error."""
    warnings.formatwarning = _plain_warning
    code, failure = 0, None
    try:
        code = command()
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
    except KeyboardInterrupt:
        return fail("interrupted", EXIT_INTERRUPTED)
    except BaseException as error:  # xDSL's ArgSpecParseError is not an Exception
        failure = error
    broken = standard_output_error()
    if failure is not None and (broken is None or not isinstance(failure, OSError)):
        return _report(failure, debug=debug)
    if broken is None or code != 0 or isinstance(broken, BrokenPipeError):
        return code
    return _report(broken, debug=debug)


def _report(error: BaseException, *, debug: bool) -> int:
    described = describe(error)
    if debug or described is None:
        say("".join(traceback.format_exception(error)).rstrip())
    if described is None:
        return fail(f"internal error: {type(error).__name__}: {error}")
    message, code = described
    return fail(message, code)


def _plain_warning(message: Warning | str, *_: object) -> str:
    return f"warning: {printable_lines(str(message))}\n"


def describe(error: BaseException) -> tuple[str, int] | None:
    """The message and exit code of an error that the user can fix, None for a bug."""
    from click import ClickException, NoSuchOption

    from wasmdialect.object.artifact import ArtifactError
    from wasmdialect.runtime.errors import WasmtimeError
    from wasmdialect.wasm.errors import WasmError

    if isinstance(error, UsageError):
        return str(error), EXIT_USAGE
    if isinstance(error, NoSuchOption):
        hint = f"; did you mean {error.possibilities[0]}?" if error.possibilities else ""
        return f"no such option: {error.option_name}{hint}", EXIT_USAGE
    if isinstance(error, ClickException):
        return error.format_message(), EXIT_USAGE
    if isinstance(error, WasmError):
        return error.in_context(), EXIT_BAD_INPUT
    if isinstance(error, ArtifactError | WasmtimeError):
        return str(error), EXIT_BAD_INPUT
    if isinstance(error, OSError):
        where = f"{printable(str(error.filename))}: " if error.filename else ""
        return f"{where}{error.strerror or error}", EXIT_BAD_INPUT
    name = type(error).__name__
    if name in _PLAIN_ERRORS:
        return str(error), EXIT_USAGE if name == "PassError" else EXIT_BAD_INPUT
    if name == "PassFailure":
        details = getattr(error, "details", "")
        return f"{error}\n{details}".rstrip(), EXIT_BAD_INPUT
    return None


_PLAIN_ERRORS = frozenset(
    {
        "ArgSpecParseError",
        "CodegenError",
        "CompileCrash",
        "DeclarationError",
        "EmitError",
        "ParseError",
        "PassError",
        "TableError",
        "TargetError",
        "VerifyException",
        "WorkerUnavailableError",
    }
)
"""By name, so that describing an error loads nothing."""
