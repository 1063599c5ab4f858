"""Features of passes beyond xDSL's `ModulePass`: function scope, declarations, reports.

Any `ModulePass` works and sees the whole module. One with `scope = "function"` promises to look at
functions one at a time; it then runs on units that hold the bodies of a few functions, in parallel,
and can be cached. `FunctionPass` is the base class for these.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from threading import get_ident, local
from typing import Any, ClassVar, Literal, Protocol, SupportsIndex, runtime_checkable

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from wasmdialect.abi.trap_table import PassTrap
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.fast import wasm_offset as wasm_offset
from wasmdialect.dialects.wasm_builder import WasmBuilder as WasmBuilder
from wasmdialect.passes.builtins import builtin as builtin
from wasmdialect.wasm.declared import (
    Declared,
    DeclaredFunction,
    DeclaredGlobal,
    DeclaredMemory,
    DeclaredTable,
)

Scope = Literal["function", "module"]


@dataclass(frozen=True)
class FunctionPass(ModulePass):
    """A pass that looks at one Wasm function at a time."""

    scope: ClassVar[Scope] = "function"
    preserves: ClassVar[Collection[Callable[[Any], Any]]] = ()
    """The analyses whose results the pass does not change; the next pass need not compute them."""
    declared: ClassVar[Any] = None
    """The return value of `declare`, if the pass has that hook."""
    unwanted: ClassVar[frozenset[int]] = frozenset()
    """The indices of the functions that it does not want."""

    def wants(self, function: DeclaredFunction) -> bool:
        """Whether the pass is to be applied to a function, which may depend only on this record, the
        options and `self.declared`. The code of other functions stays in the cache when the source
        of the pass changes, unless the pass declares something."""
        return True

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in defined_functions(op):
            if function.index_value in self.unwanted:
                continue
            enter_function(function)
            self.apply_to_function(ctx, function)
        enter_function(None)

    @abstractmethod
    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        """Transform one function, which has a body."""


def defined_functions(module: ModuleOp) -> Iterator[wasmir.FuncOp]:
    """The Wasm functions of a module or unit that have a body."""
    for op in module.ops:
        if isinstance(op, wasmir.FuncOp) and not op.is_declaration:
            yield op


def pass_scope(cls: type[ModulePass]) -> Scope:
    """The operations that a pass visits."""
    return getattr(cls, "scope", "module")


# --- declaring ---


FunctionBody = Callable[..., None] | str | bytes | PathLike[str] | wasmir.FuncOp
"""A function for `Declarations.add_function`."""


class Declarations(Protocol):
    """The `declare` hook's view of the module, with methods that add to it. Additions come after
    the module's own entities, so no index of the module changes. Names are the pass's own business;
    declaring a field or counter twice is an error. A refused addition raises DeclarationError.

    A builder takes what a method returns wherever it takes a symbol. Types are `i32`, `i64`, `f32` and
    `f64`."""

    pass_name: str
    """The pass that declares."""

    # Existing entities, by index. Those that earlier passes added are included.

    @property
    def functions(self) -> Sequence[DeclaredFunction]:
        """The functions: symbol, name, type, import and exports of each."""
        ...

    @property
    def globals(self) -> Sequence[DeclaredGlobal]:
        """The globals."""
        ...

    @property
    def memories(self) -> Sequence[DeclaredMemory]:
        """The linear memories."""
        ...

    @property
    def tables(self) -> Sequence[DeclaredTable]:
        """The tables."""
        ...

    @property
    def exports(self) -> Mapping[str, Declared]:
        """The exports, by external name."""
        ...

    def body(self, function: SupportsIndex) -> wasmir.FuncOp | None:
        """A function with its blocks, before all passes; None for an import. It is imported when it
        is asked for, in each process that compiles, and is a copy: changing it changes nothing.
        Cached code of another module is then not used. Raises WasmError."""
        ...

    # Additions.

    def add_counter(self, name: str) -> None:
        """A 64-bit counter in the VMContext, read by the host as `instance.counters()[name]` and
        incremented with `wasmvm.CountOp`."""
        ...

    def add_counters(self, name: str, count: int) -> None:
        """So many 64-bit counters in the VMContext, of which a builder's `count` takes the index. The
        host reads and writes them as `instance.fields[name].buffer`."""
        ...

    def add_bytes(self, name: str, size: int) -> None:
        """Bytes in the VMContext, zero at instantiation, for a builder's `load_bytes` and
        `store_bytes`, and `instance.fields[name].buffer` for the host."""
        ...

    def add_field(self, name: str, size: int, alignment: int) -> None:
        """A field of the VMContext, zero at instantiation, `extra.name` for `wasmvm.LoadFieldOp` and
        `wasmvm.StoreFieldOp`, and `instance.fields[name]` for the host."""
        ...

    def add_global(
        self, name: str, value_type: str, *, mutable: bool = True, init: int = 0
    ) -> DeclaredGlobal:
        """A global with the bits `init`."""
        ...

    def add_import(
        self, module: str, name: str, params: Sequence[str] = (), results: Sequence[str] = ()
    ) -> DeclaredFunction:
        """An imported function."""
        ...

    def add_builtin(
        self, name: str, params: Sequence[str] = (), results: Sequence[str] = ()
    ) -> DeclaredFunction:
        """A function of the host that `Linker.define_builtin` binds by its name: an import from the
        module `wasmdialect.builtin`."""
        ...

    def add_memory(self, name: str, minimum: int, maximum: int | None = None) -> DeclaredMemory:
        """A linear memory with limits in pages of 64 KiB, zero at instantiation."""
        ...

    def add_table(
        self, name: str, element_type: str, minimum: int, maximum: int | None = None
    ) -> DeclaredTable:
        """A table of `funcref` or `externref`, null at instantiation."""
        ...

    def add_data(self, name: str, content: bytes, memory: DeclaredMemory, offset: int = 0) -> None:
        """Bytes that instantiation copies into a memory, after the module's own."""
        ...

    def add_export(self, name: str, target: Declared) -> None:
        """Export something under a name, through which the host reaches it, too."""
        ...

    def add_function(
        self,
        name: str,
        body: FunctionBody,
        params: Sequence[str] | None = None,
        results: Sequence[str] | None = None,
    ) -> DeclaredFunction:
        """A function of the pass's own. `body` is one of

        - a function that builds it, called with a builder and the parameters; then `params` and
          `results` are the types, and it ends each block that it begins;
        - text of wasmir: a `wasmir.func`, or a module. What is not declared there is the module's;
        - WebAssembly, as text that starts with a parenthesis, as bytes, or as the path of a file: its
          only function, or its function or export called `name`, with everything that it refers to.
          It imports from `wasmdialect.module` what the module exports, or has under such a symbol;
        - a `wasmir.FuncOp`, for instance a changed copy that `body()` gave.

        Passes see it that come after this one."""
        ...

    def add_trap_code(self, name: str, message: str) -> PassTrap:
        """A reason to trap, for a builder's `trap` and `trap_if`. The host sees its name and message
        in the `Trap`."""
        ...

    def function_symbol(self, index: SupportsIndex) -> str:
        """The symbol of a function in wasmir."""
        ...

    def global_symbol(self, index: SupportsIndex) -> str:
        """The symbol of a global in wasmir."""
        ...


@runtime_checkable
class Declaring(Protocol):
    """A pass with a `declare` hook: called once for the module in each process, before any function
    is seen. Only there may a pass add globals, imports, fields and counters.

    The same pass object is applied later. Passes are frozen; the return value of `declare` is
    `self.declared` from then on. Each process calls it separately, so it must depend only on the
    given declarations and the options of the pass.
    """

    def declare(self, declarations: Declarations) -> Any:
        """Add what the pass needs."""
        ...


# --- reporting ---


@dataclass(frozen=True, slots=True)
class Report:
    """A fact that a pass reports about an operation."""

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


_current_function: dict[int, wasmir.FuncOp] = {}
"""The function that a `FunctionPass` is working on, by thread."""


class _Reporting(local):
    """What passes have reported in this thread; others may be compiling other modules."""

    def __init__(self) -> None:
        self.pass_name = ""
        self.reports: list[Report] = []


_reporting = _Reporting()


def report(op: Operation, kind: str, **data: Any) -> None:
    """Report a fact about `op`: it appears as one JSON line with function, Wasm offset and pass, and
    with the line of source code if the module has DWARF.

    `data` must be JSON values.
    """
    function = op
    while not isinstance(function, wasmir.FuncOp):
        parent = function.parent_op()
        if parent is None:
            raise ValueError(f"{op.name} is in no function, so it cannot be reported on")
        function = parent
    _reporting.reports.append(
        Report(
            _reporting.pass_name,
            function.sym_name.data,
            function.index_value,
            wasm_offset(op.location),
            kind,
            data,
        )
    )


def begin_reports(pass_name: str) -> None:
    """Attribute further reports of this thread to this pass."""
    _reporting.pass_name = pass_name


FunctionListener = Callable[[int | None], None]
"""Called with the index of each function that a `FunctionPass` reaches, and with None at the
end."""
_listeners: dict[int, FunctionListener] = {}
"""By thread."""


def listen_to_functions(listener: FunctionListener | None) -> None:
    """Tell `listener` which function the passes of this thread work on; None ends this."""
    if listener is None:
        _listeners.pop(get_ident(), None)
    else:
        _listeners[get_ident()] = listener


def enter_function(function: wasmir.FuncOp | None) -> None:
    """Note which function a pass works on in this thread, for the watch over slow passes."""
    thread = get_ident()
    if function is None:
        _current_function.pop(thread, None)
    else:
        _current_function[thread] = function
    listener = _listeners.get(thread)
    if listener is not None:
        listener(None if function is None else function.index_value)


def current_function(thread: int) -> wasmir.FuncOp | None:
    """The function that a pass works on in a thread."""
    return _current_function.get(thread)


def take_reports() -> list[Report]:
    """All reports of this thread since the last call."""
    taken, _reporting.reports = _reporting.reports, []
    return taken
