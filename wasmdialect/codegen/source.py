"""The input of a compilation as operations, behind one interface: a Wasm module, or a module in IR
form. Both provide the declarations, which `declare` hooks of passes extend, and the functions: some of
them in a unit, or all.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from xdsl.context import Context
from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp, SymbolRefAttr, UnitAttr
from xdsl.ir import Operation, Region
from xdsl.parser import Parser
from xdsl.utils.exceptions import DiagnosticException, ParseError, VerifyException

from wasmdialect import types as wt
from wasmdialect.codegen.budget import owner_of
from wasmdialect.codegen.description import Description
from wasmdialect.codegen.digests import digest
from wasmdialect.codegen.errors import IRError
from wasmdialect.codegen.input import Input, WasmInput
from wasmdialect.codegen.metadata import describe_module
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.counts import COUNTS_ATTRIBUTE, counts_attribute
from wasmdialect.dialects.declared import (
    EXCEPTIONS,
    ModuleDeclarations,
    count_declarations,
    extend_numbers,
    number_declarations,
    number_of,
)
from wasmdialect.dialects.lowered import lowered_by
from wasmdialect.importer.declarations import WasmDeclarations
from wasmdialect.importer.markers import Markers
from wasmdialect.importer.unit import DeclaredOps, Unit
from wasmdialect.passes.wasmir_direct_calls import note_targets
from wasmdialect.passes.wasmir_verify_ssa import verify_ssa
from wasmdialect.passes.wasmir_verify_symbols import verify_symbols
from wasmdialect.wasm.call_sites import CallSite
from wasmdialect.wasm.fixed_tables import Targets
from wasmdialect.wasm.validate import BodyCalls


class Source(Input):
    """A module to compile, with its operations."""

    @property
    @abstractmethod
    def declared(self) -> ModuleDeclarations:
        """All its declarations as operations, numbered, with the additions of passes since `finish`."""

    @abstractmethod
    def finish(self) -> None:
        """Number the additions of passes. Raises DeclarationError."""

    @property
    @abstractmethod
    def ops(self) -> DeclaredOps:
        """The declarations, of which only those are made that are asked for."""

    @property
    def signatures(self) -> tuple[int, ...]:
        types = self.declared.of(wasmir.TypeOp)
        return tuple(sorted(n for op in types if (n := number_of(op, "signature")) is not None))

    @property
    def roots(self) -> Collection[int]:
        return [op.index_value for op in self.declared.functions if op.func_ref is not None]

    def name_of(self, index: int) -> str:
        return self.ops.op(wasmir.FuncOp.WORD, index).sym_name.data

    @property
    def function_names(self) -> Mapping[int, str]:
        """The names of functions by index, as the module gives them: not all have one, and several may
        have the same."""
        return {op.index_value: op.sym_name.data for op in self.declared.functions}

    def signature_of(self, index: int) -> wt.FuncType:
        declared = self.declared
        signature = declared.types.function(declared.functions[index]).composite
        assert isinstance(signature, wt.FuncType)
        return signature

    def describe(self, *, guarded: bool) -> Description:
        return describe_module(self.declared.module, guarded=guarded)

    @property
    def lowered_by(self) -> tuple[str, ...]:
        """The mandatory passes that have lowered the module."""
        return ()

    @abstractmethod
    def everything(self, only: Sequence[int] | None = None) -> ModuleOp:
        """The whole module, or all of it but the bodies of other functions than these. Raises
        WasmError."""

    @abstractmethod
    def functions(
        self,
        indices: Sequence[int],
        signatures: Sequence[int] = (),
        targets: Targets | None = None,
    ) -> ModuleOp:
        """A unit with the bodies of these functions, and the function types with these numbers, which
        get trampolines. It says what calls through tables call directly. Raises WasmError."""

    @abstractmethod
    def lines(self, index: int) -> list[tuple[str, int | None]] | None:
        """A function in the text format, if it comes from Wasm: each line, and the byte offset of the
        instruction in it."""

    def text(self, index: int) -> str | None:
        """A function in the text format, if it comes from Wasm."""
        lines = self.lines(index)
        return None if lines is None else "\n".join(text for text, _ in lines)


class WasmSource(Source):
    """A binary module: bodies are validated and imported on demand."""

    def __init__(self, given: WasmInput, file: str, markers: Markers):
        """`file` is the file name in locations."""
        self._given, self._file, self._markers = given, file, markers
        self._added: dict[int, wasmir.FuncOp] = {}
        """The functions with a body that passes have added, by index."""
        self._counts = counts_attribute(given.numbers.counts)
        self._extended: ModuleDeclarations | None = None
        """All declarations, once a pass may have added some."""

    @cached_property
    def _imported(self) -> WasmDeclarations:
        return WasmDeclarations(self._given.wasm, self._file, self._given.numbers)

    @property
    def declared(self) -> ModuleDeclarations:
        if self._extended is None:
            self._extended = ModuleDeclarations(self._imported.everything())
        return self._extended

    def finish(self) -> None:
        module = self.declared.module
        number_again(module)
        if self.catches_without_tags:  # numbering looks at bodies, which are not here
            module.attributes[EXCEPTIONS] = UnitAttr()
        self._extended = ModuleDeclarations(module)
        self._counts = counts_attribute(count_declarations(self._extended))
        functions = self._extended.functions[len(self._given.wasm.functions) :]
        self._added = {f.index_value: f for f in functions if not f.is_declaration}

    @property
    def ops(self) -> DeclaredOps:
        return self._imported if self._extended is None else self._extended

    @property
    def signatures(self) -> tuple[int, ...]:
        return self._given.signatures if self._extended is None else super().signatures

    @property
    def roots(self) -> Collection[int]:
        return self._given.roots if self._extended is None else super().roots

    @property
    def function_names(self) -> Mapping[int, str]:
        names = self._given.wasm.names.functions
        return names | {index: f.sym_name.data for index, f in self._added.items()}

    def signature_of(self, index: int) -> wt.FuncType:
        if self._extended is None:
            return self._given.signature_of(index)
        return super().signature_of(index)

    def describe(self, *, guarded: bool) -> Description:
        if self._extended is None:
            return self._given.describe(guarded=guarded)
        return super().describe(guarded=guarded)

    @property
    def catches_without_tags(self) -> bool | None:
        return self._given.catches_without_tags

    @property
    def body_sizes(self) -> dict[int, int]:
        if not self._added:
            return self._given.body_sizes
        added = {index: _size_of(function) for index, function in self._added.items()}
        return self._given.body_sizes | added

    def everything(self, only: Sequence[int] | None = None) -> ModuleOp:
        unit = Unit.whole(self._given.wasm, self._file, self.declared, self._markers)
        wanted = self.body_sizes if only is None else only
        for index in wanted:
            if index not in self._added:
                unit.import_function(index)
        for index in self._added:
            if index not in wanted:
                remove_body(unit.function(index))
        return unit.module

    def functions(
        self,
        indices: Sequence[int],
        signatures: Sequence[int] = (),
        targets: Targets | None = None,
    ) -> ModuleOp:
        unit = Unit(self._given.wasm, self._file, self.ops, self._markers)
        unit.declare_signatures(signatures)
        for index in indices:
            added = self._added.get(index)
            if added is None:
                unit.import_function(index)
            else:
                unit.copy_function(added)
        unit.module.attributes[COUNTS_ATTRIBUTE] = self._counts
        if targets:
            note_targets(unit.module, targets, unit.ref)
        return unit.module

    def declarations_digest(self) -> str:
        return self._given.declarations_digest()

    def body(self, index: int) -> tuple[int, bytes]:
        added = self._added.get(index)
        return self._given.body(index) if added is None else (0, str(added).encode())

    def branch_hints(self, index: int) -> Mapping[int, bool]:
        return self._given.branch_hints(index)

    def call_sites(self, index: int) -> Iterable[CallSite]:
        return () if index in self._added else self._given.call_sites(index)

    def place_of(self, offset: int) -> tuple[int, int]:
        return self._given.place_of(offset)

    def offset_at(self, place: tuple[int, int]) -> int:
        return self._given.offset_at(place)

    def located(self, report: dict[str, Any]) -> dict[str, Any]:
        return self._given.located(report)

    def survey(self, indices: Sequence[int]) -> Mapping[int, BodyCalls] | None:
        found = self._given.survey([index for index in indices if index not in self._added])
        if found is None or not self._added:
            return found
        added = self.added_calls
        return {**found, **{index: added[index] for index in indices if index in added}}

    def targets(self, calls: Mapping[int, BodyCalls]) -> Targets:
        return self._given.targets(calls)

    @property
    def added_calls(self) -> Mapping[int, BodyCalls]:
        return {index: self._calls_of(function) for index, function in self._added.items()}

    def _calls_of(self, function: wasmir.FuncOp) -> BodyCalls:
        calls = [op for op in function.body.walk() if isinstance(op, wasmir.CallLike)]
        direct = {symbol for op in calls if (symbol := op.called_symbol) is not None}
        has_tail_calls = any(isinstance(op, wasmir.TailCallOp) for op in calls)
        # Nothing is inlined into it: its calls have no offset in the module for backtraces.
        return BodyCalls(sorted(map(self.declared.index_of, direct)), has_tail_calls, {})

    def lines(self, index: int) -> list[tuple[str, int | None]] | None:
        if index in self._added:
            return None
        from wasmdialect.wasm.text import function_lines  # which loads lark

        return function_lines(self._given.wasm, index)


def _size_of(function: wasmir.FuncOp) -> int:
    """About the bytes that the body of a function would have in WebAssembly."""
    return 2 * sum(1 for _ in function.body.walk())


class IRSource(Source):
    """A module of wasmir, wasmvm or llvm, as text."""

    def __init__(self, text: bytes, file: str, context: Context):
        """Raises IRError, DeclarationError."""
        self._text, self._file = text, file
        try:
            module = Parser(context, text.decode(), file).parse_module()
        except (ParseError, VerifyException, ValueError) as error:
            raise IRError(f"{file} is not a module: {error}") from None
        except RecursionError:
            raise IRError(f"{file} is not a module: something in it is nested too deeply") from None
        if COUNTS_ATTRIBUTE in module.attributes:
            raise IRError(f"{file} holds a part of a module, which can only be looked at")
        self._declared = ModuleDeclarations(module)
        self._verify()
        self.finish()
        self.is_lowered_to_llvm = any(p.startswith("wasmvm-to-llvm") for p in self.lowered_by)

    @property
    def declared(self) -> ModuleDeclarations:
        return self._declared

    @property
    def ops(self) -> DeclaredOps:
        return self._declared

    def finish(self) -> None:
        module = self._declared.module
        number_again(module)
        self._declared = ModuleDeclarations(module)

    @property
    def lowered_by(self) -> tuple[str, ...]:
        return tuple(lowered_by(self._declared.module))

    def _verify(self) -> None:
        """Check properties that the importer's modules have by construction. Raises IRError."""
        module = self.declared.module
        try:
            module.verify()
            verify_ssa(module)
            verify_symbols(module)
        except (DiagnosticException, VerifyException) as error:
            raise IRError(f"{self._file} does not verify: {error}") from None
        for function in self.declared.functions:
            if function.is_declaration and not function.is_import and not lowered_by(module):
                raise IRError(f"@{function.sym_name.data} has no body, and is not imported")

    @property
    def body_sizes(self) -> dict[int, int]:
        if self.is_lowered_to_llvm:
            return {f.index_value: 1 for f in self.declared.functions if not f.is_import}
        return {f.index_value: 1 for f in self.declared.functions if not f.is_declaration}

    def everything(self, only: Sequence[int] | None = None) -> ModuleOp:
        module = self.declared.module.clone()
        return module if only is None else _without_others(module, only, with_types=True)

    def functions(
        self,
        indices: Sequence[int],
        signatures: Sequence[int] = (),
        targets: Targets | None = None,
    ) -> ModuleOp:
        return _without_others(
            self.declared.module.clone(), indices, with_types=len(signatures) > 0
        )

    def declarations_digest(self) -> str:
        return digest(self._text)

    def body(self, index: int) -> tuple[int, bytes]:
        return 0, b""

    def survey(self, indices: Sequence[int]) -> Mapping[int, BodyCalls] | None:
        return None

    def lines(self, index: int) -> list[tuple[str, int | None]] | None:
        return None


def number_again(module: ModuleOp) -> None:
    """Number a whole module after a change: by the order of its declarations, as long as no function
    has been lowered with their numbers. Raises DeclarationError."""
    if lowered_by(module):
        extend_numbers(module)
    else:
        number_declarations(module)


def _without_others(module: ModuleOp, indices: Sequence[int], *, with_types: bool) -> ModuleOp:
    for op in [*module.ops]:
        if isinstance(op, wasmir.FuncOp):
            is_other = op.index_value not in indices
        elif isinstance(op, wasmvm.FuncOp | llvm.FuncOp):
            owner = owner_of(op.sym_name.data)
            is_other = not with_types if owner is None else owner >= 0 and owner not in indices
        else:
            continue
        if is_other:
            remove_body(op)
    return module


def remove_body(op: Operation) -> None:
    """Turn a function into a declaration; remove a trampoline."""
    if isinstance(op, wasmvm.FuncOp):
        op.detach()
        op.erase()
    else:
        (body,) = op.regions
        op.detach_region(body).drop_all_references()
        op.add_region(Region())


def keep_function(module: ModuleOp, index: int) -> None:
    """Remove all functions of a lowered module but one, its trampolines and what these refer to."""
    others = [
        op
        for op in module.ops
        if isinstance(op, llvm.FuncOp) and owner_of(op.sym_name.data) != index
    ]
    for op in others:
        remove_body(op)
    used = {
        attribute.root_reference.data
        for op in module.walk()
        for attribute in op.properties.values()
        if isinstance(attribute, SymbolRefAttr)
    }
    for op in others:
        if op.sym_name.data not in used:
            op.detach()
