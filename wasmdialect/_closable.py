"""Objects with `close`, which can be used in `with`."""

from __future__ import annotations

from wasmdialect._errors import ClosedError
from wasmdialect._static import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType
    from typing import NoReturn, Self


class Closable:
    """Lets go of everything it holds when it is closed. Any use after that raises ClosedError, which is
    a ValueError as in wasmtime-py; closing again does nothing."""

    def close(self) -> None:
        """Let go of everything. What was made from this object stays usable."""
        self.__dict__.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            # What is not in the class or the object: everything, once the object is empty.
            kind = type(self).__name__
            if self.__dict__ or name.startswith("__"):
                raise AttributeError(f"{kind!r} object has no attribute {name!r}")
            raise ClosedError(f"the {kind} is closed")
