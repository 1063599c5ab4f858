"""LLVM in a process of its own, for IR on which it may end the process that it runs in: assembly that
it does not accept, an intrinsic that the target does not have. It checks neither before.
"""

from __future__ import annotations

import ctypes
import os
import re
import signal
import warnings
from collections.abc import Callable

_SELECTED = "|".join(
    (
        r"(?:abs|arithmetic\.fence|bitreverse|bswap|ceil|copysign|ctlz|ctpop|cttz|fabs|floor)\.",
        r"(?:fpto[su]i\.sat|fsh[lr]|[su](?:max|min)|[su](?:add|sub)\.sat|max(?:imum|num))\.",
        r"(?:min(?:imum|num)|masked\.store|roundeven|sqrt|trunc|vector\.reduce\.(?:and|or))\.",
        r"(?:frameaddress|returnaddress|stackrestore|stacksave|ubsantrap)\b",
        r"x86\.(?:sse2|ssse3|sse41)\.",
        r"aarch64\.neon\.(?:sqrdmulh|tbl1)\.",
    )
)
_RISKY_INTRINSIC = re.compile(rf"@llvm\.(?!{_SELECTED})")

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


class ChildError(Exception):
    """The work failed in the fork, or ended it; the message is what was printed there."""


def is_risky(ir: str) -> bool:
    """Whether IR, or a line of it, has inline assembly, or an intrinsic that the lowering itself does
    not use for all targets, or not for the one that has no instruction for it."""
    # One expression for both has no prefix to search for, and takes six times as long.
    return " asm " in ir or _RISKY_INTRINSIC.search(ir) is not None


def run_guarded(work: Callable[[], bytes]) -> bytes:
    """The result of `work` in a fork of this process. Raises ChildError."""
    with (
        open(os.memfd_create("result"), "w+b") as result,
        open(os.memfd_create("errors"), "w+b") as errors,
        warnings.catch_warnings(),
    ):
        # Other threads do not matter: the fork waits for no lock of theirs but LLVM's, which forking
        # waits for, and it runs no code of anybody else.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
        if child == 0:
            _be_child(work, result.fileno(), errors.fileno())
        status = _wait(child)
        result.seek(0)
        length, data = result.read(_LENGTH), result.read()
        if length and int.from_bytes(length) == len(data):
            return data
        errors.seek(0)
        printed = errors.read().decode(errors="replace").partition("\nStack dump:")[0]
    how = "it ended" if status is None else f"it ended with status {status}"
    raise ChildError(printed.strip() or how)


_LENGTH = 8
"""Bytes of the length that precedes the result."""


def _be_child(work: Callable[[], bytes], result: int, errors: int) -> None:
    """Never returns."""
    try:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        os.dup2(errors, 1)
        os.dup2(errors, 2)
        data = work()
        left = memoryview(len(data).to_bytes(_LENGTH) + data)
        while left:
            left = left[os.write(result, left) :]
    except BaseException as error:
        os.write(errors, str(error).encode())
    finally:
        os._exit(0)


def _wait(child: int) -> int | None:
    """The exit status of a child, None if something else in this process waits for all children."""
    try:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    except ChildProcessError:
        return None
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
