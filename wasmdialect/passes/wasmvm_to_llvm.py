"""wasmvm-to-llvm: wasmir and wasmvm to the `llvm` and `llvm_ext` dialects.

Every function with a body becomes an `llvm.func` in the calling convention of docs/abi.md, and every
function that is only called becomes a declaration. Declarations of memories, tables and so on go:
their places in the VMContext are offsets now. The module says how many of each there are in its
attribute `wasmvm.counts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, cast

from xdsl.context import Context
from xdsl.dialects import llvm
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, IntegerAttr, ModuleOp, StringAttr, i64
from xdsl.ir import Attribute, Operation
from xdsl.passes import ModulePass

from wasmdialect._records import field_names
from wasmdialect.abi.conventions import Convention
from wasmdialect.abi.layout import Counts, VMContextLayout
from wasmdialect.abi.symbols import function_symbol
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.fast import integer_attr
from wasmdialect.lowering import control, numeric, state
from wasmdialect.lowering.function import FUNCTION_ATTRIBUTES, HIDDEN, FunctionLowering, Handler
from wasmdialect.lowering.signature import AbiSignature, abi_signature

COUNTS_ATTRIBUTE = "wasmvm.counts"
_EXTRA_FIELDS = "extra_fields"

HANDLERS: dict[type[Operation], Handler] = {
    **numeric.HANDLERS,
    **control.HANDLERS,
    **state.HANDLERS,
}


@dataclass(frozen=True)
class WasmVMToLLVM(ModulePass):
    """Lower wasmir and wasmvm to the LLVM dialect."""

    name = "wasmvm-to-llvm"
    scope: ClassVar[Literal["function", "module"]] = "function"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        layout = _layout(op)
        symbols = {
            declaration.sym_name.data: function_symbol(declaration.index_value)
            for declaration in op.ops
            if isinstance(declaration, wasmir.FuncOp)
        }
        lowered: list[Operation] = []
        for source in [*op.ops]:
            if isinstance(source, wasmir.FuncOp):
                if not source.is_import:
                    lowered.append(_lower_function(source, layout, symbols))
            elif isinstance(source, wasmvm.FuncOp):
                lowered.append(_lower_trampoline(source, layout, symbols))
            elif isinstance(source, llvm.FuncOp | llvm.GlobalOp):
                lowered.append(source)  # from a pass
        for source in [*op.ops]:
            source.detach()
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
    source: wasmir.FuncOp, layout: VMContextLayout, symbols: dict[str, str]
) -> llvm.FuncOp:
    signature = abi_signature(
        Convention.WASM, source.function_type.inputs.data, source.function_type.outputs.data
    )
    symbol = symbols[source.sym_name.data]
    if source.is_declaration:
        return _declaration(symbol, signature)
    function = FunctionLowering(symbol, signature, layout, symbols).lower(source.body, HANDLERS)
    function.location = source.location
    return function


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


# --- the counts of the module, as an attribute ---


def write_counts(module: ModuleOp, counts: Counts) -> None:
    """Note on a module how many of each thing the whole module has."""
    module.attributes[COUNTS_ATTRIBUTE] = counts_attribute(counts)


def counts_attribute(counts: Counts) -> DictionaryAttr:
    """How many of each thing a module has, leaving out zeros."""
    entries: dict[str, Attribute] = {}
    for name in field_names(Counts):
        value = getattr(counts, name)
        if isinstance(value, int) and value:
            entries[name] = IntegerAttr(value, i64)
    if counts.extra_fields:
        entries[_EXTRA_FIELDS] = ArrayAttr(
            ArrayAttr([StringAttr(name), integer_attr(size, 64), integer_attr(align, 64)])
            for name, size, align in counts.extra_fields
        )
    return DictionaryAttr(entries)


def read_counts(module: ModuleOp) -> Counts:
    """The counts noted on a module; without a note the module is taken for complete."""
    attribute = module.attributes.get(COUNTS_ATTRIBUTE)
    if not isinstance(attribute, DictionaryAttr):
        return _counts_of_declarations(module)
    numbers: dict[str, int] = {}
    extra: list[tuple[str, int, int]] = []
    for name, value in attribute.data.items():
        if isinstance(value, IntegerAttr):
            numbers[name] = value.value.data
        elif name == _EXTRA_FIELDS:
            for row in cast(ArrayAttr[ArrayAttr[Attribute]], value).data:
                field, size, align = cast(tuple[StringAttr, IntegerAttr, IntegerAttr], row.data)
                extra.append((field.data, size.value.data, align.value.data))
    return Counts(**numbers, extra_fields=tuple(extra))


_COUNTED: dict[type[wasmir.ImportableOp], tuple[str, tuple[str, ...]]] = {
    # What an import of a kind adds to, and what a definition does.
    wasmir.FuncOp: ("imported_functions", ()),
    wasmir.TableOp: ("imported_tables", ("defined_tables",)),
    wasmir.MemoryOp: ("imported_memories", ("defined_memories", "owned_memories")),
    wasmir.GlobalOp: ("imported_globals", ("defined_globals",)),
}


def _counts_of_declarations(module: ModuleOp) -> Counts:
    numbers: dict[str, int] = {}
    for op in module.ops:
        if not isinstance(op, wasmir.ImportableOp):
            continue
        imported, defined = _COUNTED[type(op)]
        for name in (imported,) if op.is_import else defined:
            numbers[name] = max(numbers.get(name, 0), op.slot_value + 1)
        if isinstance(op, wasmir.FuncOp) and op.func_ref is not None:
            escaping = max(numbers.get("escaping_functions", 0), op.func_ref.value.data + 1)
            numbers["escaping_functions"] = escaping
    return Counts(**numbers, extra_fields=())
