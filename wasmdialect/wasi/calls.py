"""The boundary to the program: unsigned arguments going in, an error number coming out."""

from __future__ import annotations

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.runtime.guest_memory import MemoryFault
from wasmdialect.wasi.abi import Errno
from wasmdialect.wasi.errors import WasiError, from_host
from wasmdialect.wasi.signatures import SIGNATURES

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Concatenate, ParamSpec, TypeVar

    from wasmdialect.wasi.memory import GuestMemory

    Self = TypeVar("Self")
    Params = ParamSpec("Params")


def wasi_call(
    function: Callable[Concatenate[Self, GuestMemory, Params], None],
) -> Callable[Concatenate[Self, GuestMemory, Params], int]:
    """Make a WASI function of a method that raises: it returns the error number instead.

    WebAssembly's integers have no sign, so a host may pass either; the method gets them unsigned.
    Exceptions that are not errors of the program (KeyboardInterrupt, a callback's own exception) pass
    through.
    """
    masks = tuple((1 << 8 * t.size) - 1 for t in SIGNATURES[function.__name__].params)

    plain: Callable[..., None] = function

    def call(self: Any, memory: GuestMemory, *arguments: int) -> int:
        try:
            unsigned = [a & mask for a, mask in zip(arguments, masks, strict=True)]
            plain(self, memory, *unsigned)
        except WasiError as error:
            return error.errno
        except MemoryFault:
            return Errno.FAULT
        except OSError as error:
            return from_host(error)
        return 0

    call.__name__, call.__doc__ = function.__name__, function.__doc__
    made: Any = call
    return made
