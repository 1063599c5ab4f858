"""What most tests of the API need, of either engine."""

from __future__ import annotations

from typing import Any


class World:
    """An engine, a store and a linker."""

    def __init__(self, api: Any):
        self.api = api
        self.engine = api.Engine()
        self.store = api.Store(self.engine)
        self.linker = api.Linker(self.engine)

    def module(self, text: str) -> Any:
        """A module of a text."""
        return self.api.Module(self.engine, text)

    def exports(self, text: str) -> Any:
        """The exports of an instance of a text."""
        return self.linker.instantiate(self.store, self.module(text)).exports(self.store)
