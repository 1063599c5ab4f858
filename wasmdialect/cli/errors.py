"""One message for what goes wrong, on stderr, with an exit code: 1 the input is bad, 2 usage."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable

from wasmdialect._printable import printable, printable_lines
from wasmdialect.cli.streams import say, standard_output_error

EXIT_BAD_INPUT = 1
EXIT_USAGE = 2
EXIT_TRAP = 134
"""What `run` ends with after a trap: like a process that aborted."""

EXIT_INTERRUPTED = 130
"""What a shell reports for a process that Ctrl-C ended."""


class UsageError(Exception):
    """The command line asks for something that cannot be."""


def fail(message: str, code: int = EXIT_BAD_INPUT) -> int:
    """Print an error, after what the command printed; returns the exit code."""
    standard_output_error()
    say(f"error: {message}")
    return code


def guarded(command: Callable[[], int], *, debug: bool) -> int:
    """Run a command to its end; what is wrong with the input becomes one message. With `debug` also a
    traceback. Whoever reads the output may have had enough of it (`| head`): that is no error."""
    warnings.formatwarning = _plain_warning
    code, failure = 0, None
    try:
        code = command()
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
    except KeyboardInterrupt:
        return fail("interrupted", EXIT_INTERRUPTED)
    except BaseException as error:  # xDSL's ArgSpecParseError is no Exception
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
    """The message and exit code of an error that is the user's to mend, None for a bug."""
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
