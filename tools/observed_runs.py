"""Calls of a module's exports, and everything that can be observed after each: the same for any engine
with wasmtime-py's API, so that two of them can be compared.
"""

from __future__ import annotations

import ctypes
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from vector_adapters import adapters

MAX_LOG = 200
"""Calls of the host that are recorded; a run that makes more is still compared by its state."""


class HostError(Exception):
    """The exception of a host function."""


@dataclass
class Observation:
    """The observable state after a call."""

    call: str
    outcome: str
    """The results, the kind of trap, or that the host raised."""
    memories: Mapping[str, bytes]
    globals: Mapping[str, str]
    tables: Mapping[str, Sequence[str]]
    host_calls: Sequence[str]
    """So far: arguments, and a checksum of the memories as the host saw them."""

    def difference(self, other: Observation) -> str | None:
        """The difference from another one, in one line; None if they are equal."""
        if self == other:
            return None
        for word in ("call", "outcome", "host_calls"):
            mine, theirs = getattr(self, word), getattr(other, word)
            if mine != theirs:
                return f"{self.call}: {word} {_first_difference(mine, theirs)}"
        for word in ("globals", "tables", "memories"):
            mine, theirs = getattr(self, word), getattr(other, word)
            for name in mine:
                if mine[name] != theirs.get(name):
                    change = _first_difference(mine[name], theirs[name])
                    return f"{self.call}, {self.outcome}: {_SINGULAR[word]} {name!r} {change}"
        return f"{self.call}: names differ"


_SINGULAR = {"globals": "global", "tables": "table", "memories": "memory"}


def _first_difference(mine: Any, theirs: Any) -> str:
    if isinstance(mine, str) or len(mine) != len(theirs):
        shown = [x if isinstance(x, str) else f"{len(x)} entries" for x in (mine, theirs)]
        return f"is {shown[0]}, expected {shown[1]}"
    at = next(k for k, pair in enumerate(zip(mine, theirs, strict=True)) if pair[0] != pair[1])
    if isinstance(mine, bytes):
        return f"at {at} is {mine[at : at + 8].hex()}, expected {theirs[at : at + 8].hex()}"
    return f"at {at} is {mine[at]}, expected {theirs[at]}"


class ObservedInstance:
    """An instance of a module in a store of its own, with imports made for their types."""

    def __init__(self, api: ModuleType, engine: Any, binary: bytes, library: bytes = b""):
        """The imports from `far` are the exports of the library, whose state is observed too."""
        self.api = api
        self.engine = engine
        self.store = api.Store(engine)
        self.host_calls: list[str] = []
        self.seen: dict[str, bytes] = {}
        self.exports: dict[str, Any] = {}
        self.vectors: dict[str, Any] = {}
        """Functions that return an exported global of type v128 as two numbers, by its name."""
        module = api.Module(engine, binary)
        self.adapters = adapters(binary)
        far = self._exports(api.Module(engine, library), []) if library else {}
        items = [far[i.name] if i.module == "far" else self._import(i) for i in module.imports]
        self.failure: str | None = None
        self.functions: dict[Any, str] = {}
        """Names by identity; there are none while the start function runs."""
        with self._outcome() as outcome:
            exports = self._exports(module, items)
            self.exports = {k: v for k, v in exports.items() if k not in self.adapters.hidden}
        self.exports |= {f"far {name}": item for name, item in far.items()}
        self.vectors = {
            name: self._adapter(text, [self.exports.pop(name)])["get"]
            for name, text in self.adapters.globals.items()
            if name in self.exports
        }
        self.failure = outcome[0] if outcome else None
        self.functions = {
            _identity(item): name
            for name, item in self.exports.items()
            if isinstance(item, api.Func)
        }

    def _exports(self, module: Any, items: Sequence[Any]) -> dict[str, Any]:
        """The exports of a new instance."""
        exports = self.api.Instance(self.store, module, items).exports(self.store)
        return {e.name: exports[e.name] for e in module.exports}

    def _adapter(self, text: str, items: Sequence[Any]) -> dict[str, Any]:
        """The exports of an adapter."""
        return self._exports(self.api.Module(self.engine, text), items)

    def close(self) -> None:
        """Free the store."""
        self.store.close()

    def _import(self, wanted: Any) -> Any:
        """An import as the module wants it."""
        text = self.adapters.imports.get((wanted.module, wanted.name))
        if text is None:
            return self._host_item(wanted.name, wanted.type)
        inner = self.api.Module(self.engine, text).imports
        return self._adapter(text, [self._host_item(wanted.name, i.type) for i in inner])["item"]

    def _host_item(self, name: str, t: Any) -> Any:
        """A function, memory, global or table of the host."""
        api, store = self.api, self.store
        if isinstance(t, api.FuncType):
            return api.Func(store, t, self._host_function(name, [str(r) for r in t.results]))
        if isinstance(t, api.TagType):
            return api.Tag(store, t)
        if isinstance(t, api.MemoryType):
            return api.Memory(store, t)
        if isinstance(t, api.GlobalType):
            return api.Global(store, t, self._initial(str(t.content)))
        return api.Table(store, t, self._initial(str(t.element)))

    def _initial(self, t: str) -> Any:
        val = self.api.Val
        return {
            "i32": val.i32(16),
            "i64": val.i64(-16),
            "f32": val.f32(0.75),
            "f64": val.f64(-0.0),
            "externref": val.externref("an object"),
            "anyref": val.externref("an object"),  # wasmtime-py's name
        }.get(t, val.funcref(None))

    def _host_function(self, name: str, results: Sequence[str]) -> Callable[..., Any]:
        """It notes what it sees. `raise` raises, and so does a first argument that ends with 111."""

        def host(*arguments: Any) -> Any:
            self._note(name, arguments)
            first = arguments[0] if arguments and isinstance(arguments[0], int) else 0
            if first & 7 == 7 or (name == "raise" and not arguments):
                raise HostError
            values = [
                {"i32": first & 0xFFFF, "i64": first, "f32": 1.5, "f64": -2.5}.get(t)
                for t in results
            ]
            return None if not values else values[0] if len(values) == 1 else values

        return host

    def _note(self, name: str, arguments: tuple[Any, ...]) -> None:
        if len(self.host_calls) < MAX_LOG:
            sums = [zlib.crc32(data) for data in self._memories().values()]
            globals_ = [v for k, v in self._globals().items() if k in ("g", "g64")]
            shown = [self._show(a) for a in arguments]
            self.host_calls.append(f"{name}({', '.join(shown)}) {sums} {globals_}")

    @contextmanager
    def _outcome(self) -> Iterator[list[str]]:
        """Yields a list, to which the outcome of the call inside is appended."""
        found: list[str] = []
        try:
            yield found
        except self.api.Trap as trap:
            code = trap.trap_code
            found.append(
                f"trap {str(trap).splitlines()[-1].strip() if code is None else code.name}"
            )
        except HostError:
            found.append("the host raised")

    def call(self, name: str, arguments: Sequence[Any]) -> Observation:
        """Call an export and record everything."""
        shown = f"{name}({', '.join(map(str, arguments))})"
        with self._outcome() as outcome:
            results = self.exports[name](self.store, *arguments)
            many = results if isinstance(results, list) else [results]
            outcome.append("returns " + ", ".join(self._show(v) for v in many))
        return Observation(
            shown,
            outcome[0],
            self._memories(),
            self._globals(),
            self._tables(),
            [*self.host_calls],
        )

    # --- state

    def _memories(self) -> dict[str, bytes]:
        out: dict[str, bytes] = {}
        for name, item in self.exports.items():
            if isinstance(item, self.api.Memory):
                pointer = ctypes.cast(item.data_ptr(self.store), ctypes.c_void_p)
                data = ctypes.string_at(pointer, item.data_len(self.store))
                if data == self.seen.get(name):
                    data = self.seen[name]  # many observations share unchanged parts
                out[name] = self.seen[name] = data
        return out

    def _globals(self) -> dict[str, str]:
        numbers = {
            name: self._show(item.value(self.store))
            for name, item in self.exports.items()
            if isinstance(item, self.api.Global)
        }
        return numbers | {name: repr(get(self.store)) for name, get in self.vectors.items()}

    def _tables(self) -> dict[str, list[str]]:
        return {
            name: [self._show(item.get(self.store, k)) for k in range(item.size(self.store))]
            for name, item in self.exports.items()
            if isinstance(item, self.api.Table)
        }

    def _show(self, value: Any) -> str:
        if isinstance(value, self.api.Func):
            return self.functions.get(_identity(value), "a function")
        if isinstance(value, self.api.Val):
            value = value.value
        return repr(value)


def _identity(function: Any) -> Any:
    """A key that is equal for the same function of one engine."""
    raw = getattr(function, "_func", None)
    return function.reference if raw is None else bytes(raw)
