"""wasmir-verify-symbols: every symbol is declared, with the types that its uses have. Validation
guarantees this for the importer's modules. Handwritten modules, and those changed by a module pass,
are checked here: LLVM would not notice a call whose arguments do not match the callee. Declarations
are checked with their limits and constant expressions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, SymbolRefAttr, i64
from xdsl.ir import Attribute, Operation, Region
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import VerifyException

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.declared import ModuleDeclarations
from wasmdialect.dialects.edges import branch_edges
from wasmdialect.dialects.wasmir.types import may_be
from wasmdialect.types import matches, ref_type

Types = Attribute | Sequence[Attribute]


@dataclass(frozen=True)
class WasmIRVerifySymbols(ModulePass):
    """Check symbols and the types of their declarations."""

    name = "wasmir-verify-symbols"
    scope: ClassVar[Literal["function", "module"]] = "module"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        verify_symbols(op)


def verify_symbols(module: ModuleOp) -> None:
    """Check every operation of wasmir in a whole module. Raises VerifyException."""
    declared = ModuleDeclarations(module)
    _verify_exports(declared)
    _verify_declarations(declared)
    for declaration in module.ops:
        for region in declaration.regions:
            for op in region.walk():
                for message in _problems(op, declared):
                    raise VerifyException(f"{op.name}{_inside(op)} {message}")


def _inside(op: Operation) -> str:
    """The function that an operation is in, for a message."""
    parent = op.parent_op()
    while parent is not None and not isinstance(parent, wasmir.DeclarationOp):
        parent = parent.parent_op()
    return "" if parent is None else f" in @{parent.sym_name.data}"


def _verify_exports(declared: ModuleDeclarations) -> None:
    names: set[str] = set()
    for op in declared.exports:
        if op.name_text in names:
            raise VerifyException(f"{op.name_text!r} is exported twice")
        names.add(op.name_text)
        _declared_as(wasmir.ImportableOp, op.target, op, declared)
    for op in declared.starts:
        function = _declared_as(wasmir.FuncOp, op.function, op, declared)
        if function.function_type.inputs.data or function.function_type.outputs.data:
            raise VerifyException("wasmir.start names a function with parameters or results")
    if len(declared.starts) > 1:
        raise VerifyException("there is more than one wasmir.start")


def _declared_as(
    cls: type[Any], symbol: SymbolRefAttr, op: Operation, declared: ModuleDeclarations
) -> Any:
    """The declaration of a kind that a symbol names."""
    name = symbol.root_reference.data
    declaration = declared.symbols.get(name)
    if not isinstance(declaration, cls):
        wanted = "" if cls is wasmir.ImportableOp else f" as {cls.name}"
        raise VerifyException(
            f"{op.name}{_inside(op)} names @{name}, which is not declared{wanted}"
        )
    return declaration


def _verify_declarations(declared: ModuleDeclarations) -> None:
    for variable in declared.of(wasmir.GlobalOp):
        if variable.is_import != (variable.init is None):
            what = "has an initial value" if variable.is_import else "has no initial value"
            raise VerifyException(f"wasmir.global @{variable.sym_name.data} {what}")
        _verify_constant(variable, variable.init, [variable.value_type], declared)
    for table in declared.of(wasmir.TableOp):
        _verify_constant(table, table.init, [table.element_type], declared)
        _verify_limits(table, 1 << table.address_type.width.data)
    for memory in declared.of(wasmir.MemoryOp):
        _verify_limits(
            memory, 1 << memory.address_type.width.data - memory.page_size_log2.value.data
        )
    for op in (*declared.functions, *declared.of(wasmir.TagOp)):
        _verify_function_type(op, declared)
    for segment in declared.of(wasmir.DataOp):
        if segment.memory is not None:
            memory = _declared_as(wasmir.MemoryOp, segment.memory, segment, declared)
            place = segment.place or Region()
            _verify_constant(segment, place, [memory.address_type], declared)
    for segment in declared.of(wasmir.ElemOp):
        if segment.table is not None:
            table = _declared_as(wasmir.TableOp, segment.table, segment, declared)
            _verify_constant(segment, segment.place, [table.address_type], declared)
            if segment.functions is None:
                _verify_elements(segment, table, declared)
        for symbol in segment.functions or ():
            _declared_as(wasmir.FuncOp, symbol, segment, declared)
        if segment.items.first_block is not None:
            _verify_constant(segment, segment.items, None, declared)


def _verify_constant(
    op: wasmir.DeclarationOp,
    region: Region | None,
    types: Sequence[Attribute] | None,
    declared: ModuleDeclarations,
) -> None:
    """Check that a constant expression returns values of these types; None: of the segment's own
    type."""
    if region is None:
        return
    block = region.first_block
    last = None if block is None else block.last_op
    if not isinstance(last, wasmir.ReturnOp) or len(region.blocks) != 1:
        raise VerifyException(
            f"{op.name} @{op.sym_name.data} has a constant expression that is not one block ending in"
            " wasmir.return"
        )
    if types is None:
        types = [op.properties["element_type"]] * len(last.operands)
    if not _match(last.operand_types, types, declared):
        raise VerifyException(
            f"{op.name} @{op.sym_name.data} has a constant expression of {_words(last.operand_types)},"
            f" not {_words(types)}"
        )


def _verify_function_type(op: wasmir.FuncOp | wasmir.TagOp, declared: ModuleDeclarations) -> None:
    if op.type is None:
        return
    t = _declared_as(wasmir.TypeOp, op.type, op, declared)
    if declared.types.plain(op.function_type).composite != declared.types.function(op).composite:
        raise VerifyException(
            f"{op.name} @{op.sym_name.data} has type {op.function_type}, but @{t.sym_name.data} is"
            f" {t.composite}"
        )


def _verify_elements(
    op: wasmir.ElemOp, table: wasmir.TableOp, declared: ModuleDeclarations
) -> None:
    if not _match(op.element_type, table.element_type, declared):
        raise VerifyException(
            f"wasmir.elem @{op.sym_name.data} has elements of {op.element_type}, but"
            f" @{table.sym_name.data} holds {table.element_type}"
        )


def _match(found: Types, expected: Types, declared: ModuleDeclarations) -> bool:
    """Whether values of some types can be where others are expected."""
    if isinstance(found, Attribute):
        found = (found,)
    if isinstance(expected, Attribute):
        expected = (expected,)
    if len(found) != len(expected):
        return False
    types = declared.types
    return all(
        a == b or (may_be(a, b) and matches(types.value(a), types.value(b)))
        for a, b in zip(found, expected, strict=True)
    )


def _verify_limits(op: wasmir.MemoryOp | wasmir.TableOp, most: int) -> None:
    minimum, maximum = op.limits
    if not minimum <= (most if maximum is None else maximum) <= most:
        raise VerifyException(f"{op.name} @{op.sym_name.data} has limits that it cannot have")


_KINDS: dict[str, type[wasmir.DeclarationOp]] = {
    "callee": wasmir.FuncOp,
    "function": wasmir.FuncOp,
    "variable": wasmir.GlobalOp,
    "memory": wasmir.MemoryOp,
    "source_memory": wasmir.MemoryOp,
    "table": wasmir.TableOp,
    "source_table": wasmir.TableOp,
    "signature": wasmir.TypeOp,
    "tag": wasmir.TagOp,
}
"""The kind of declaration that each symbol property names."""
_SEGMENTS: dict[type[Operation], type[wasmir.DeclarationOp]] = {
    wasmir.MemoryInitOp: wasmir.DataOp,
    wasmir.DataDropOp: wasmir.DataOp,
    wasmir.TableInitOp: wasmir.ElemOp,
    wasmir.ElemDropOp: wasmir.ElemOp,
}


def _problems(op: Operation, declared: ModuleDeclarations) -> Iterator[str]:
    """The errors of an operation."""
    if not isinstance(op, wasmir.WasmOp):
        return
    named: dict[str, Any] = {}
    for name, value in op.properties.items():
        cls = _SEGMENTS.get(type(op)) if name == "segment" else _KINDS.get(name)
        if cls is None or not isinstance(value, SymbolRefAttr):
            continue
        named[name] = _declared_as(cls, value, op, declared)
        if cls is wasmir.TypeOp and named[name].function_type is None:
            raise VerifyException(f"{op.name} names {value}, which is not a function type")
    yield from _flow_problems(op, declared)
    if isinstance(op, wasmir.RefFuncOp):
        found = ref_type(False, declared.types.function(named["function"]))
        if not matches(found, declared.types.value(op.result.type)):
            yield f"has a result of {op.result.type}, which @{named['function'].sym_name.data} is not"
    rule = _RULES.get(type(op), _access if isinstance(op, wasmir.MemoryAccess) else None)
    if rule is None:
        return
    for what, is_type, should_be in rule(op, named):
        if not _match(is_type, should_be, declared):
            yield f"has {_words(is_type)} as {what}, not {_words(should_be)}"


def _flow_problems(op: Operation, declared: ModuleDeclarations) -> Iterator[str]:
    """Values of another type than the block argument or result that they become."""
    parent = op.parent_op()
    if isinstance(op, wasmir.ReturnOp) and isinstance(parent, wasmir.FuncOp):
        results = parent.function_type.outputs.data
        if not _match(op.operand_types, results, declared):
            yield f"returns {_words(op.operand_types)}, not {_words(results)}"
    for target, arguments in branch_edges(op) if op.successors else ():
        types = [value.type for value in arguments]
        if not _match(types, target.arg_types, declared):
            yield f"passes {_words(types)} to a block that takes {_words(target.arg_types)}"


Rule = Callable[[Any, dict[str, Any]], Sequence[tuple[str, Types, Types]]]
"""The actual and expected types of an operation, given the declaration it names."""


def _words(types: Types) -> str:
    return str(types) if isinstance(types, Attribute) else f"({', '.join(map(str, types))})"


def _call(op: wasmir.CallOp, named: dict[str, Any]) -> Sequence[tuple[str, Types, Types]]:
    signature = named["callee"].function_type
    return (
        ("arguments", op.arguments.types, signature.inputs.data),
        ("results", op.result_types, signature.outputs.data),
    )


def _call_indirect(
    op: wasmir.CallIndirectOp, named: dict[str, Any]
) -> Sequence[tuple[str, Types, Types]]:
    signature, table = named["signature"].function_type, named["table"]
    return (
        ("index", op.index.type, table.address_type),
        ("table", table.element_type, wasmir.FUNCREF),
        ("arguments", op.arguments.types, signature.inputs.data),
        ("results", op.result_types, signature.outputs.data),
    )


def _call_ref(op: wasmir.CallRefOp, named: dict[str, Any]) -> Sequence[tuple[str, Types, Types]]:
    signature = named["signature"].function_type
    return (
        ("reference", op.reference.type, wasmir.RefType.of(True, op.signature)),
        ("arguments", op.arguments.types, signature.inputs.data),
        ("results", op.result_types, signature.outputs.data),
    )


def _return_call(
    op: wasmir.ReturnCallOp, named: dict[str, Any]
) -> Sequence[tuple[str, Types, Types]]:
    signature = named["callee"].function_type
    return (
        ("arguments", op.arguments.types, signature.inputs.data),
        ("results", signature.outputs.data, _results_around(op)),
    )


def _return_call_indirect(
    op: wasmir.ReturnCallIndirectOp, named: dict[str, Any]
) -> Sequence[tuple[str, Types, Types]]:
    signature, table = named["signature"].function_type, named["table"]
    return (
        ("index", op.index.type, table.address_type),
        ("table", table.element_type, wasmir.FUNCREF),
        ("arguments", op.arguments.types, signature.inputs.data),
        ("results", signature.outputs.data, _results_around(op)),
    )


def _return_call_ref(
    op: wasmir.ReturnCallRefOp, named: dict[str, Any]
) -> Sequence[tuple[str, Types, Types]]:
    signature = named["signature"].function_type
    return (
        ("reference", op.reference.type, wasmir.RefType.of(True, op.signature)),
        ("arguments", op.arguments.types, signature.inputs.data),
        ("results", signature.outputs.data, _results_around(op)),
    )


def _results_around(op: Operation) -> Types:
    """The result types of the function that an operation is in."""
    function = op.parent_op()
    if not isinstance(function, wasmir.FuncOp):
        raise VerifyException(f"{op.name} is not in a function")
    return function.function_type.outputs.data


def _select(op: wasmir.SelectOp, _: dict[str, Any]) -> Sequence[tuple[str, Types, Types]]:
    return tuple(("value", v.type, op.result.type) for v in (op.true_value, op.false_value))


def _as_non_null(
    op: wasmir.RefAsNonNullOp, _: dict[str, Any]
) -> Sequence[tuple[str, Types, Types]]:
    operand = op.operand.type
    assert isinstance(operand, wasmir.RefType)
    return (("operand", operand.as_non_null(), op.result.type),)


def _exception(op: wasmir.ExceptionOp, named: dict[str, Any]) -> Sequence[tuple[str, Types, Types]]:
    return (("values", op.values.types, named["tag"].function_type.inputs.data),)


def _exception_values(
    op: wasmir.ExceptionValuesOp, named: dict[str, Any]
) -> Sequence[tuple[str, Types, Types]]:
    return (("values", op.result_types, named["tag"].function_type.inputs.data),)


def _global_get(op: Any, named: dict[str, Any]) -> Sequence[tuple[str, Types, Types]]:
    return (("result", op.result.type, named["variable"].value_type),)


def _global_set(op: Any, named: dict[str, Any]) -> Sequence[tuple[str, Types, Types]]:
    variable = named["variable"]
    if variable.mutable is None:
        raise VerifyException(f"wasmir.global.set writes @{variable.sym_name.data}, a constant")
    return (("value", op.value.type, variable.value_type),)


def _access(op: Any, named: dict[str, Any]) -> Sequence[tuple[str, Types, Types]]:
    given = op.address_operand.type
    if op.is_plain and given == i64:
        return ()  # computed without wrapping around
    return (("address", given, named["memory"].address_type),)


def _addressed(kind: str, element: str, *addresses: str) -> Rule:
    """A rule for operands and results that are addresses of a memory or indices of a table."""

    def rule(op: Any, named: dict[str, Any]) -> Sequence[tuple[str, Types, Types]]:
        place = named[kind]
        found = [(name, getattr(op, name).type, place.address_type) for name in addresses]
        if element:
            found.append((element, getattr(op, element).type, place.element_type))
        return found

    return rule


def _copy(kind: str) -> Rule:
    def rule(op: Any, named: dict[str, Any]) -> Sequence[tuple[str, Types, Types]]:
        target, source = named[kind], named[f"source_{kind}"]
        narrow = min(target.address_type, source.address_type, key=lambda t: t.width.data)
        found = [
            ("destination", op.destination.type, target.address_type),
            ("source", op.source.type, source.address_type),
            ("length", op.length.type, narrow),
        ]
        if kind == "table":
            found.append(("element type", source.element_type, target.element_type))
        return found

    return rule


_RULES: dict[type[Operation], Rule] = {
    wasmir.CallOp: _call,
    wasmir.CallIndirectOp: _call_indirect,
    wasmir.CallRefOp: _call_ref,
    wasmir.SelectOp: _select,
    wasmir.RefAsNonNullOp: _as_non_null,
    wasmir.ReturnCallOp: _return_call,
    wasmir.ReturnCallIndirectOp: _return_call_indirect,
    wasmir.ReturnCallRefOp: _return_call_ref,
    wasmir.ExceptionOp: _exception,
    wasmir.ExceptionValuesOp: _exception_values,
    wasmir.GlobalGetOp: _global_get,
    wasmir.GlobalSetOp: _global_set,
    wasmir.MemorySizeOp: _addressed("memory", "", "result"),
    wasmir.MemoryGrowOp: _addressed("memory", "", "delta", "result"),
    wasmir.MemoryFillOp: _addressed("memory", "", "start", "length"),
    wasmir.MemoryCopyOp: _copy("memory"),
    wasmir.MemoryInitOp: _addressed("memory", "", "destination"),
    wasmir.TableGetOp: _addressed("table", "result", "index"),
    wasmir.TableSetOp: _addressed("table", "value", "index"),
    wasmir.TableSizeOp: _addressed("table", "", "result"),
    wasmir.TableGrowOp: _addressed("table", "value", "delta", "result"),
    wasmir.TableFillOp: _addressed("table", "value", "start", "length"),
    wasmir.TableCopyOp: _copy("table"),
    wasmir.TableInitOp: _addressed("table", "", "destination"),
}
