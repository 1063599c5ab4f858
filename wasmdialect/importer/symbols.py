"""The wasmir symbols of the entities of a module."""

from __future__ import annotations

from wasmdialect.dialects.declared import plain_symbol
from wasmdialect.wasm.module import ExternKind, Module


class SymbolNames:
    """Symbols by kind, as the text format calls it, and index."""

    def __init__(self, module: Module):
        names = module.names
        self._taken: set[str] = set()
        self.spaces: dict[str, list[str]] = {
            word: [self._symbol(word, index, given.get(index)) for index in range(count)]
            for word, count, given in (
                ("func", len(module.functions), names.functions),
                ("memory", len(module.memories), names.memories),
                ("table", len(module.tables), names.tables),
                ("global", len(module.globals), names.globals),
                ("tag", len(module.tags), names.tags),
                ("data", len(module.data), names.data),
                ("elem", len(module.elements), names.elements),
                ("type", len(module.types), names.types),
            )
        }

    def of(self, kind: ExternKind, index: int) -> str:
        """The symbol of an importable or exportable entity."""
        return self.spaces[kind.word][index]

    def _symbol(self, word: str, index: int, name: str | None) -> str:
        """A unique symbol: the entity's name if it has one, else kind and index."""
        symbol = plain_symbol(name) if name else ""
        symbol = symbol or f"{word}{index}"
        if symbol in self._taken:
            symbol = f"{symbol}.{word}{index}"
        while symbol in self._taken:
            symbol += "_"
        self._taken.add(symbol)
        return symbol
