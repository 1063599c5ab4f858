"""wasmvm-to-llvm: wasmir and wasmvm to the `llvm` and `llvm_ext` dialects.

Every function with a body becomes an `llvm.func` in the calling convention of docs/abi.md, and every
function that is only called becomes a declaration. The declarations of wasmir stay, without bodies:
they describe the artifact. The attribute `wasmvm.counts` determines a unit's layout of the
VMContext.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

from xdsl.context import Context
from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Operation, Region
from xdsl.passes import ModulePass

from wasmdialect.abi.conventions import Convention
from wasmdialect.abi.layout import Counts, VMContextLayout
from wasmdialect.abi.symbols import function_symbol, loop_entry_symbol
from wasmdialect.analyses.torn_stores import torn_stores
from wasmdialect.dialects import llvm_ext, wasmir, wasmvm
from wasmdialect.dialects.counts import COUNTS_ATTRIBUTE, read_counts
from wasmdialect.dialects.fast import clear_region, dismantle
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
from wasmdialect.lowering.emit import NO_EMITTERS, Emitters
from wasmdialect.lowering.function import (
    FUNCTION_ATTRIBUTES,
    HIDDEN,
    FunctionLowering,
    Handler,
    ModuleContext,
)
from wasmdialect.lowering.signature import AbiSignature, abi_signature
from wasmdialect.lowering.written import WrittenLowering, WrittenTailCalls, written_function

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
        op.body.block.add_ops(self.lower(op, _GRAPH))

    def write(
        self, op: ModuleOp, emitters: Emitters, *, is_optimized: bool = True
    ) -> list[llvm.FuncOp]:
        """Do the same, but write the functions at once, each as a text of its own: they are not in the
        module (`lowering.emit.emit_functions` takes both). `emitters` are those of the target;
        `is_optimized` says that passes of LLVM will read them. Raises EmitError."""
        return self.lower(op, WRITTEN, emitters, is_optimized=is_optimized)

    def lower(
        self,
        op: ModuleOp,
        form: Form,
        emitters: Emitters = NO_EMITTERS,
        *,
        is_optimized: bool = True,
    ) -> list[llvm.FuncOp]:
        """The functions that those of a module become; their bodies are gone."""
        return _lower(op, self._handlers(), form, emitters, is_optimized=is_optimized)

    def _handlers(self) -> Handlers:
        return _DETERMINISTIC if self.relaxed_simd_deterministic else _RELAXED


Handlers = Mapping[type[Operation], Handler]


class Form(NamedTuple):
    """What functions are lowered to."""

    function: type[FunctionLowering]
    tail_calling: type[tail_calls.TailCallingFunction]
    adapter: type[FunctionLowering]
    """What is between conventions."""
    declaration: Callable[[str, llvm.LLVMFunctionType], llvm.FuncOp]
    lower: Callable[[Any, wasmir.FuncOp, Handlers], llvm.FuncOp]
    """Lowers the body of a Wasm function."""
    trampolines: Callable[[ModuleContext], Iterable[llvm.FuncOp]] = lambda context: ()
    """Those that are not in the module."""


def _declared(symbol: str, type: llvm.LLVMFunctionType) -> llvm.FuncOp:
    return llvm.FuncOp(symbol, type, llvm.LinkageAttr("external"), visibility=HIDDEN)


def _lower_body(f: FunctionLowering, source: wasmir.FuncOp, handlers: Handlers) -> llvm.FuncOp:
    return f.lower(source.body, handlers)


_GRAPH = Form(
    *(FunctionLowering, tail_calls.TailCallingFunction, FunctionLowering),
    *(_declared, _lower_body),
)
WRITTEN = Form(
    *(WrittenLowering, WrittenTailCalls, WrittenLowering),
    *(written_function, _lower_body),
)


def _lower(
    module: ModuleOp,
    handlers: Handlers,
    form: Form,
    emitters: Emitters = NO_EMITTERS,
    *,
    is_optimized: bool = True,
) -> list[llvm.FuncOp]:
    """The functions that those of a module become; their bodies are gone."""
    symbols = {
        declaration.sym_name.data: _symbol(declaration)
        for declaration in module.ops
        if isinstance(declaration, wasmir.FuncOp)
    }
    constants = {op.sym_name.data: op for op in module.ops if isinstance(op, llvm.GlobalOp)}
    # A graph may be for any target.
    tears = form is _GRAPH or llvm_ext.StoreProbeOp in emitters
    context = ModuleContext(
        *(_layout(module), symbols, constants, emitters, is_optimized),
        torn_stores=torn_stores if tears else _no_stores,
    )
    lowered: list[llvm.FuncOp] = []
    trampolines: dict[str, AbiSignature] = {}
    for source in [*module.ops]:
        if isinstance(source, wasmir.FuncOp):
            if not source.is_import:
                lowered += _lower_function(source, context, handlers, trampolines, form)
                clear_region(source.body)
        elif isinstance(source, wasmvm.FuncOp):
            lowered.append(lower_trampoline(source, context, form))
            source.detach()
            dismantle(source)
    lowered += form.trampolines(context)
    lowered += (
        tail_calls.tail_to_wasm(symbol, signature, context, form.adapter)
        for symbol, signature in trampolines.items()
    )
    return lowered


def _no_stores(body: Region) -> Collection[Operation]:
    return ()


def _symbol(function: wasmir.FuncOp) -> str:
    """The symbol of the code of a function."""
    return (function_symbol if function.loop is None else loop_entry_symbol)(function.index_value)


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
    context: ModuleContext,
    handlers: Handlers,
    trampolines: dict[str, AbiSignature],
    form: Form,
) -> list[llvm.FuncOp]:
    """The functions that a Wasm function becomes; `trampolines` gets those it needs from tail calls to
    the wasm convention."""
    type: Any = source.properties["function_type"]
    signature = abi_signature(Convention.WASM, type.inputs.data, type.outputs.data)
    symbol = context.symbols[source.sym_name.data]
    if source.is_declaration:
        return [_declaration(symbol, signature, form)]
    if tail_calls.makes_tail_calls(source.body):
        return _lower_tail_calling(source, signature, context, handlers, trampolines, form)
    lowering = form.function(symbol, signature, context, source.location)
    return [form.lower(lowering, source, handlers)]


def _lower_tail_calling(
    source: wasmir.FuncOp,
    signature: AbiSignature,
    context: ModuleContext,
    handlers: Handlers,
    trampolines: dict[str, AbiSignature],
    form: Form,
) -> list[llvm.FuncOp]:
    lowering = form.tail_calling(source.index_value, signature, context, source.location)
    function = form.lower(lowering, source, handlers)
    trampolines.update(lowering.needed)
    if not lowering.plan.memory:
        return [function]
    return [tail_calls.tail_entry_caller(lowering, form.adapter), function]


def lower_trampoline(source: wasmvm.FuncOp, context: ModuleContext, form: Form) -> llvm.FuncOp:
    """The function that a trampoline becomes."""
    convention = Convention(source.convention.data)
    signature = abi_signature(
        convention, source.function_type.inputs.data, source.function_type.outputs.data
    )
    lowering = form.adapter(source.sym_name.data, signature, context)
    lowering.is_trampoline = True
    return lowering.lower(source.body, HANDLERS)


def _declaration(symbol: str, signature: AbiSignature, form: Form) -> llvm.FuncOp:
    function = form.declaration(symbol, signature.type)
    function.properties["passthrough"] = FUNCTION_ATTRIBUTES
    return function
