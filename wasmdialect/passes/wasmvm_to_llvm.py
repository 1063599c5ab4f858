"""wasmvm-to-llvm: wasmir and wasmvm to the `llvm` and `llvm_ext` dialects.

Every function with a body becomes an `llvm.func` in the calling convention of docs/abi.md, and every
function that is only called becomes a declaration. The declarations of wasmir stay, without bodies:
they describe the artifact. The attribute `wasmvm.counts` determines a unit's layout of the
VMContext.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from xdsl.context import Context
from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Operation, Region
from xdsl.passes import ModulePass

from wasmdialect.abi.conventions import Convention
from wasmdialect.abi.layout import Counts, VMContextLayout
from wasmdialect.abi.symbols import function_symbol
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.counts import COUNTS_ATTRIBUTE, read_counts
from wasmdialect.dialects.fast import dismantle, dismantle_region
from wasmdialect.lowering import (
    atomic,
    calls,
    control,
    exceptions,
    fields,
    machine,
    memory,
    numeric,
    reference,
    table,
    tail_calls,
    vector,
    wide,
)
from wasmdialect.lowering.function import FUNCTION_ATTRIBUTES, HIDDEN, FunctionLowering, Handler
from wasmdialect.lowering.signature import AbiSignature, abi_signature

HANDLERS: dict[type[Operation], Handler] = {
    **numeric.HANDLERS,
    **wide.HANDLERS,
    **vector.HANDLERS,
    **control.HANDLERS,
    **fields.HANDLERS,
    **memory.HANDLERS,
    **atomic.HANDLERS,
    **table.HANDLERS,
    **reference.HANDLERS,
    **calls.HANDLERS,
    **tail_calls.HANDLERS,
    **exceptions.HANDLERS,
    **machine.HANDLERS,
}
_RELAXED = {**HANDLERS, **vector.RELAXED_HANDLERS}
_DETERMINISTIC = {**HANDLERS, **vector.DETERMINISTIC_HANDLERS}


@dataclass(frozen=True)
class WasmVMToLLVM(ModulePass):
    """Lower wasmir and wasmvm to the LLVM dialect."""

    name = "wasmvm-to-llvm"
    scope: ClassVar[Literal["function", "module"]] = "function"

    relaxed_simd_deterministic: bool = False
    """Whether relaxed vector instructions give the same results on all processors."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        layout = _layout(op)
        symbols = {
            declaration.sym_name.data: function_symbol(declaration.index_value)
            for declaration in op.ops
            if isinstance(declaration, wasmir.FuncOp)
        }
        handlers = _DETERMINISTIC if self.relaxed_simd_deterministic else _RELAXED
        lowered: list[Operation] = []
        trampolines: dict[str, AbiSignature] = {}
        for source in [*op.ops]:
            if isinstance(source, wasmir.FuncOp):
                if not source.is_import:
                    lowered += _lower_function(source, layout, symbols, handlers, trampolines)
                    dismantle_region(source.detach_region(source.body))
                    source.add_region(Region())
            elif isinstance(source, wasmvm.FuncOp):
                lowered.append(_lower_trampoline(source, layout, symbols))
                source.detach()
                dismantle(source)
        lowered += (
            tail_calls.tail_to_wasm(symbol, signature, layout)
            for symbol, signature in trampolines.items()
        )
        op.body.block.add_ops(lowered)


_known_layout: tuple[Attribute | None, VMContextLayout] = (None, VMContextLayout(Counts()))


def _layout(module: ModuleOp) -> VMContextLayout:
    """The layout of a module. All its units have the same attribute, which may be large."""
    global _known_layout
    attribute = module.attributes.get(COUNTS_ATTRIBUTE)
    if attribute is None:
        return VMContextLayout(read_counts(module))
    known, layout = _known_layout
    if known is not attribute:
        layout = VMContextLayout(read_counts(module))
        _known_layout = (attribute, layout)
    return layout


def _lower_function(
    source: wasmir.FuncOp,
    layout: VMContextLayout,
    symbols: dict[str, str],
    handlers: Mapping[type[Operation], Handler],
    trampolines: dict[str, AbiSignature],
) -> list[llvm.FuncOp]:
    """The functions that a Wasm function becomes; `trampolines` gets those it needs from tail calls to
    the wasm convention."""
    signature = abi_signature(
        Convention.WASM, source.function_type.inputs.data, source.function_type.outputs.data
    )
    symbol = symbols[source.sym_name.data]
    if source.is_declaration:
        return [_declaration(symbol, signature)]
    if tail_calls.makes_tail_calls(source.body):
        return _lower_tail_calling(source, signature, layout, symbols, handlers, trampolines)
    function = FunctionLowering(symbol, signature, layout, symbols).lower(source.body, handlers)
    function.location = source.location
    return [function]


def _lower_tail_calling(
    source: wasmir.FuncOp,
    signature: AbiSignature,
    layout: VMContextLayout,
    symbols: dict[str, str],
    handlers: Mapping[type[Operation], Handler],
    trampolines: dict[str, AbiSignature],
) -> list[llvm.FuncOp]:
    lowering = tail_calls.TailCallingFunction(source.index_value, signature, layout, symbols)
    function = lowering.lower(source.body, handlers)
    function.location = source.location
    trampolines.update(lowering.needed)
    if not lowering.plan.memory:
        return [function]
    return [tail_calls.tail_entry_caller(lowering), function]


def _lower_trampoline(
    source: wasmvm.FuncOp, layout: VMContextLayout, symbols: dict[str, str]
) -> llvm.FuncOp:
    convention = Convention(source.convention.data)
    signature = abi_signature(
        convention, source.function_type.inputs.data, source.function_type.outputs.data
    )
    lowering = FunctionLowering(source.sym_name.data, signature, layout, symbols)
    lowering.is_trampoline = True
    return lowering.lower(source.body, HANDLERS)


def _declaration(symbol: str, signature: AbiSignature) -> llvm.FuncOp:
    function = llvm.FuncOp(symbol, signature.type, llvm.LinkageAttr("external"), visibility=HIDDEN)
    function.properties["passthrough"] = FUNCTION_ATTRIBUTES
    return function
