"""The call graph of a module, or of the functions of a unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xdsl.dialects.builtin import ModuleOp, SymbolRefAttr

from wasmdialect.analyses.loops import strongly_connected
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.declared import ModuleDeclarations
from wasmdialect.types import is_sub_def_type


class CallGraph:
    """Who calls whom. Functions are named by their symbols; of those whose bodies are not there,
    nothing is known but that they exist."""

    def __init__(self, module: ModuleOp):
        declared = ModuleDeclarations(module)
        self._types = declared.types
        self.functions: dict[str, wasmir.FuncOp] = {
            op.sym_name.data: op for op in declared.functions
        }
        """All functions, imported ones included, by symbol, in the order of the module."""
        self.calls: dict[str, list[wasmir.CallLike]] = {}
        """The calls in each function that has a body, in order."""
        self._callers: dict[str, dict[str, None]] = {name: {} for name in self.functions}
        self._callees: dict[str, dict[str, None]] = {name: {} for name in self.functions}
        for name, op in self.functions.items():
            if op.is_declaration:
                continue
            calls = [each for block in op.body.blocks for each in block.ops]
            self.calls[name] = [each for each in calls if isinstance(each, wasmir.CallLike)]
            for call in self.calls[name]:
                if call.called_symbol is not None:
                    callee = call.called_symbol.root_reference.data
                    self._callees[name][callee] = None
                    self._callers[callee][name] = None
        self.roots: list[str] = [name for name in self._named(declared) if name in self.functions]
        """The functions that are exported, start the module, or that references can exist to."""

    def _named(self, declared: ModuleDeclarations) -> Iterable[str]:
        exported = [op.target.root_reference.data for op in declared.exports]
        started = [op.function.root_reference.data for op in declared.starts]
        return dict.fromkeys([*exported, *started, *self.referenced])

    @property
    def referenced(self) -> list[str]:
        """The functions that references can exist to."""
        return [name for name, op in self.functions.items() if op.func_ref is not None]

    def callees(self, name: str) -> list[str]:
        """The functions that one calls directly, each once."""
        return [*self._callees[name]]

    def callers(self, name: str) -> list[str]:
        """The functions that call one directly, each once."""
        return [*self._callers[name]]

    def targets(self, call: wasmir.CallLike) -> list[str]:
        """The functions of the module that a call may reach: one, or all of the type it needs that
        references can exist to. An indirect call may also reach other modules."""
        if call.called_symbol is not None:
            return [call.called_symbol.root_reference.data]
        signature = call.properties.get("signature")
        assert isinstance(signature, SymbolRefAttr), call.name
        wanted = self._types.named(signature)
        return [
            name
            for name in self.referenced
            if is_sub_def_type(self._types.function(self.functions[name]), wanted)
        ]

    def bottom_up(self) -> list[list[str]]:
        """The functions by direct calls: each after those it calls. Functions that call each other are
        together."""
        names = [*self.functions]
        number = {name: n for n, name in enumerate(names)}
        edges = [[number[callee] for callee in self._callees[name]] for name in names]
        return [[names[n] for n in sorted(group)] for group in strongly_connected(edges)]

    def is_recursive(self, name: str) -> bool:
        """Whether a function can call itself by direct calls."""
        return name in self.reachable(self._callees[name])

    def reachable(self, names: Iterable[str]) -> Sequence[str]:
        """Some functions, and what they reach by direct calls, in the order in which it is found."""
        found = dict.fromkeys(names)
        work = [*found]
        while work:
            for callee in self._callees[work.pop()]:
                if callee not in found:
                    found[callee] = None
                    work.append(callee)
        return [*found]
