"""What a pass can be besides an xDSL `ModulePass`: function-scoped, declaring, reporting.

Any `ModulePass` works and sees the whole module. One with `scope = "function"` promises to look at
functions one at a time; it then runs on units that hold the bodies of a few functions, in parallel,
and can be cached. `FunctionPass` is the short way to write one.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.fast import wasm_offset

Scope = Literal["function", "module"]


@dataclass(frozen=True)
class FunctionPass(ModulePass):
    """A pass that looks at one Wasm function at a time."""

    scope: ClassVar[Scope] = "function"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in defined_functions(op):
            self.apply_to_function(ctx, function)

    @abstractmethod
    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        """Transform one function, which has a body."""


def defined_functions(module: ModuleOp) -> Iterator[wasmir.FuncOp]:
    """The Wasm functions of a module or unit that have a body."""
    for op in module.ops:
        if isinstance(op, wasmir.FuncOp) and not op.is_declaration:
            yield op


def pass_scope(cls: type[ModulePass]) -> Scope:
    """What a pass asks to see."""
    return getattr(cls, "scope", "module")


# --- declaring ---


class Declarations(Protocol):
    """What the `declare` hook of a pass can add to the module. Everything is added behind what the
    module has, so no index of the module changes. Names are the pass's own business; declaring the
    same name twice is an error."""

    def add_counter(self, name: str) -> None:
        """A 64-bit counter in the VMContext, read by the host as `instance.counters[name]` and
        bumped with `wasmvm.count`."""
        ...

    def add_field(self, name: str, size: int, alignment: int) -> None:
        """A field of the VMContext, zero at instantiation, addressed as `extra.name`."""
        ...

    def add_global(self, name: str, value_type: str, *, mutable: bool = True, init: int = 0) -> int:
        """A global of type i32, i64, f32 or f64 with the bits `init`; returns its index."""
        ...

    def add_import(
        self, module: str, name: str, params: tuple[str, ...], results: tuple[str, ...]
    ) -> int:
        """An imported function; returns its index."""
        ...

    def function_symbol(self, index: int) -> str:
        """The symbol of a function in wasmir."""
        ...

    def global_symbol(self, index: int) -> str:
        """The symbol of a global in wasmir."""
        ...


@runtime_checkable
class Declaring(Protocol):
    """A pass with a `declare` hook: called once for the module, before any function is seen. Only
    there may a pass add globals, imports, fields and counters."""

    def declare(self, declarations: Declarations) -> None:
        """Add what the pass needs."""
        ...


# --- reporting ---


@dataclass(frozen=True, slots=True)
class Report:
    """Something a pass has to say about an operation."""

    pass_name: str
    function: str
    function_index: int
    wasm_offset: int | None
    kind: str
    data: dict[str, Any]

    def to_plain(self) -> dict[str, Any]:
        """A line of the JSON output."""
        return {
            "pass": self.pass_name,
            "function": self.function,
            "function_index": self.function_index,
            "wasm_offset": self.wasm_offset,
            "kind": self.kind,
            **self.data,
        }


_current_pass = ""
_reports: list[Report] = []


def report(op: Operation, kind: str, **data: Any) -> None:
    """Report a fact about `op`: it appears as one JSON line with function, Wasm offset and pass.

    `data` must be JSON values.
    """
    function = op
    while not isinstance(function, wasmir.FuncOp):
        parent = function.parent_op()
        if parent is None:
            raise ValueError(f"{op.name} is in no function, so it cannot be reported on")
        function = parent
    _reports.append(
        Report(
            _current_pass,
            function.sym_name.data,
            function.index_value,
            wasm_offset(op.location),
            kind,
            data,
        )
    )


def begin_reports(pass_name: str) -> None:
    """Reports from now on are this pass's."""
    global _current_pass
    _current_pass = pass_name


def take_reports() -> list[Report]:
    """All reports since the last call."""
    taken = [*_reports]
    _reports.clear()
    return taken
