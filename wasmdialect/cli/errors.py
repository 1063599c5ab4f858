"""One message for what goes wrong, on stderr, with an exit code: 1 the input is bad, 2 usage."""

from __future__ import annotations

import sys
import traceback
import warnings
from collections.abc import Callable

EXIT_BAD_INPUT = 1
EXIT_USAGE = 2
EXIT_TRAP = 134
"""What `run` ends with after a trap: like a process that aborted."""

EXIT_INTERRUPTED = 130
"""What a shell reports for a process that Ctrl-C ended."""


class UsageError(Exception):
    """The command line asks for something that cannot be."""


def fail(message: str, code: int = EXIT_BAD_INPUT) -> int:
    """Print an error; returns the exit code."""
    print(f"error: {message}", file=sys.stderr)
    return code


def guarded(command: Callable[[], int], *, debug: bool) -> int:
    """Run a command; what is wrong with the input becomes one message. With `debug` also a
    traceback."""
    warnings.formatwarning = _plain_warning
    try:
        return command()
    except BrokenPipeError:
        return 0  # whoever read the output has had enough
    except KeyboardInterrupt:
        return fail("interrupted", EXIT_INTERRUPTED)
    except Exception as error:
        described = describe(error)
        if debug or described is None:
            traceback.print_exc()
        if described is None:
            return fail(f"internal error: {type(error).__name__}: {error}")
        message, code = described
        return fail(message, code)


def _plain_warning(message: Warning | str, *_: object) -> str:
    return f"warning: {message}\n"


def describe(error: BaseException) -> tuple[str, int] | None:
    """The message and exit code of an error that is the user's to mend, None for a bug."""
    from wasmdialect.object.artifact import ArtifactError
    from wasmdialect.runtime.errors import WasmtimeError
    from wasmdialect.wasm.errors import WasmError

    if isinstance(error, UsageError):
        return str(error), EXIT_USAGE
    if isinstance(error, WasmError):
        return error.in_context(), EXIT_BAD_INPUT
    if isinstance(error, ArtifactError | WasmtimeError):
        return str(error), EXIT_BAD_INPUT
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
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
    }
)
"""By name, so that describing an error loads nothing."""
