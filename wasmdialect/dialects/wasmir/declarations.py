"""Declarations of wasmir: types, functions, memories, tables, globals, segments, exports, start.

Each is a symbol. `index` is the index in the module's index space, `slot` the position in its
region of the VMContext (imports and definitions count separately). Both follow from the order of
the declarations: handwritten modules leave them out, and `dialects/declared.py` fills them in. An
import names the module and name it comes from and has no body.
"""

from __future__ import annotations

from abc import ABC
from typing import Any, ClassVar

from xdsl.dialects.builtin import (
    I64,
    ArrayAttr,
    BytesAttr,
    FlatSymbolRefAttr,
    FunctionType,
    IntegerAttr,
    IntegerType,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
    UnitAttr,
    i64,
)
from xdsl.dialects.utils import parse_func_op_like, print_func_op_like
from xdsl.ir import Attribute, Block, Region, TypeAttribute
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    opt_prop_def,
    opt_region_def,
    prop_def,
    region_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    CallableOpInterface,
    IsolatedFromAbove,
    SymbolOpInterface,
)
from xdsl.utils.exceptions import VerifyException

from wasmdialect.dialects.fast import symbol_attr
from wasmdialect.dialects.wasmir.control import ReturnOp
from wasmdialect.dialects.wasmir.types import ArrayType, StructType, all_may_be, names


class DeclarationOp(IRDLOperation, ABC):
    """A declaration of the module."""

    sym_name = prop_def(SymbolNameConstraint())
    index = opt_prop_def(IntegerAttr[I64])

    WORD: ClassVar[str]
    """The keyword of the text format for its kind."""

    traits = traits_def(SymbolOpInterface())

    @property
    def symbol(self) -> SymbolRefAttr:
        """A reference to it."""
        name: Any = self.properties["sym_name"]
        return symbol_attr(name)

    @property
    def index_value(self) -> int:
        """The index in its index space. The declaration has been numbered."""
        index: Any = self.properties.get("index")  # IRDL's accessors run Python code
        assert index is not None, f"@{self.sym_name.data} is not numbered"
        return index.value.data


class ImportableOp(DeclarationOp, ABC):
    """A declaration that may be an import, with its slot in the VMContext."""

    slot = opt_prop_def(IntegerAttr[I64])
    wasm_name = opt_prop_def(StringAttr | BytesAttr)
    """The name in the name section, if the symbol does not express it; empty if there is none."""
    import_module = opt_prop_def(StringAttr | BytesAttr)
    import_name = opt_prop_def(StringAttr | BytesAttr)
    """Strings; other characters than ASCII are printed as escapes, which xDSL reads back as
    bytes."""

    @property
    def is_import(self) -> bool:
        """Whether it is imported."""
        return "import_module" in self.properties  # asked of every declaration, several times

    @property
    def slot_value(self) -> int:
        """The position in its region of the VMContext. The declaration has been numbered."""
        slot: Any = self.properties.get("slot")
        assert slot is not None, f"@{self.sym_name.data} is not numbered"
        return slot.value.data

    @property
    def imported(self) -> tuple[str, str] | None:
        """The module and name it is imported from."""
        if self.import_module is None or self.import_name is None:
            return None
        return name_text(self.import_module), name_text(self.import_name)

    @property
    def debug_name(self) -> str | None:
        """The name for humans, which need not be unique: the one in the name section, or the
        symbol. A symbol made of kind and index is not a name."""
        if self.wasm_name is not None:
            return name_text(self.wasm_name) or None
        symbol = self.sym_name.data
        return None if symbol == f"{self.WORD}{self.index_value}" else symbol

    def verify_(self) -> None:
        if (self.import_module is None) != (self.import_name is None):
            raise VerifyException("an import has both a module and a name")


def name_text(name: StringAttr | BytesAttr) -> str:
    """A name of the module, which is not ASCII if it was read as bytes."""
    return name.data if isinstance(name.data, str) else name.data.decode("utf-8", "surrogateescape")


class _FuncCallableInterface(CallableOpInterface):
    @classmethod
    def get_callable_region(cls, op: IRDLOperation) -> Region:  # pyright: ignore[reportIncompatibleMethodOverride]
        assert isinstance(op, FuncOp)
        return op.body

    @classmethod
    def get_argument_types(cls, op: IRDLOperation) -> tuple[Attribute, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        assert isinstance(op, FuncOp)
        return op.function_type.inputs.data

    @classmethod
    def get_result_types(cls, op: IRDLOperation) -> tuple[Attribute, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        assert isinstance(op, FuncOp)
        return op.function_type.outputs.data


@irdl_op_definition
class FuncOp(ImportableOp):
    """A function. Without a body it is an import, or a declaration of a function that is compiled
    elsewhere (each unit holds the bodies of a few functions only)."""

    name = "wasmir.func"
    function_type = prop_def(FunctionType)
    type = opt_prop_def(FlatSymbolRefAttr)
    """Its defined type, if `function_type` alone does not say which: one with relatives."""
    func_ref = opt_prop_def(IntegerAttr[I64])
    """The slot of its VMFuncRef in the VMContext, if a reference to it can exist."""
    code_size = opt_prop_def(IntegerAttr[I64])
    """Bytes of its body in the Wasm module; the location says where that starts."""
    loop = opt_prop_def(IntegerAttr[I64])
    """The number of the loop at which it is entered, if not at the start (docs/lazy.md, "Tiers"). Its
    parameters are the values that are live there."""
    body = region_def()
    WORD: ClassVar[str] = "func"

    traits = traits_def(IsolatedFromAbove(), _FuncCallableInterface())

    @property
    def is_declaration(self) -> bool:
        """Whether the body is elsewhere."""
        (body,) = self.regions
        return body.first_block is None

    @property
    def entry(self) -> Block:
        """The first block; its arguments are the parameters."""
        block = self.body.first_block
        assert block is not None, "a declaration has no entry block"
        return block

    def verify_(self) -> None:
        super().verify_()
        if self.is_declaration:
            return
        if self.is_import:
            raise VerifyException("an imported function has no body")
        if self.entry.arg_types != self.function_type.inputs.data:
            raise VerifyException("the entry block's arguments are not the function's parameters")
        results = self.function_type.outputs.data
        for block in self.body.blocks:
            last = block.last_op
            if isinstance(last, ReturnOp) and not all_may_be(last.operand_types, results):
                raise VerifyException("a return does not give the function's results")

    def print(self, printer: Printer) -> None:
        if self.import_module is not None and self.import_name is not None:
            printer.print_string(" import ")
            printer.print_attribute(self.import_module)
            printer.print_string(" ")
            printer.print_attribute(self.import_name)
        if self.wasm_name is not None:
            printer.print_string(" name ")
            printer.print_attribute(self.wasm_name)
        if self.type is not None:
            printer.print_string(" type ")
            printer.print_attribute(self.type)
        for keyword in _FUNC_NUMBERS:
            number = self.properties.get(keyword)
            if isinstance(number, IntegerAttr):
                printer.print_string(f" {keyword} {number.value.data}")
        print_func_op_like(
            printer,
            self.sym_name,
            self.function_type,
            self.body,
            self.attributes,
            reserved_attr_names=(),
        )

    @classmethod
    def parse(cls, parser: Parser) -> FuncOp:
        properties: dict[str, Attribute] = {}
        if parser.parse_optional_keyword("import"):
            properties["import_module"] = parser.parse_attribute()
            properties["import_name"] = parser.parse_attribute()
        if parser.parse_optional_keyword("name"):
            properties["wasm_name"] = parser.parse_attribute()
        if parser.parse_optional_keyword("type"):
            properties["type"] = parser.parse_attribute()
        for keyword in _FUNC_NUMBERS:
            if parser.parse_optional_keyword(keyword):
                properties[keyword] = IntegerAttr(parser.parse_integer(), i64)
        name, inputs, outputs, region, extra, _, _ = parse_func_op_like(
            parser, reserved_attr_names=()
        )
        properties["sym_name"] = StringAttr(name)
        properties["function_type"] = FunctionType.from_lists(inputs, outputs)
        return cls.create(
            properties=properties,
            attributes=extra.data if extra is not None else {},
            regions=[region],
        )


_FUNC_NUMBERS = ("index", "slot", "func_ref", "code_size", "loop")


_INDEX_FORMAT = "(`index` $index^)?"


@irdl_op_definition
class TypeOp(DeclarationOp):
    """A defined type of the type section, which indirect calls and references name.

    Neighbours with the same `group` are one recursion group; a type without is a group of its own.
    Types are equal if their groups have the same structure, whatever their symbols."""

    name = "wasmir.type"
    composite = prop_def(FunctionType | StructType | ArrayType)
    supertype = opt_prop_def(FlatSymbolRefAttr)
    open = opt_prop_def(UnitAttr)
    """Whether it may have subtypes."""
    group = opt_prop_def(IntegerAttr[I64])
    signature = opt_prop_def(IntegerAttr[I64])
    """The number of this structure among the module's function types; on one type of each, in the
    unit that holds the trampolines of that type."""
    WORD: ClassVar[str] = "type"
    assembly_format = (
        "$sym_name (`sub` $supertype^)? (`open` $open^)? (`group` $group^)? $composite"
        f" {_INDEX_FORMAT} (`signature` $signature^)? attr-dict"
    )

    @property
    def function_type(self) -> FunctionType | None:
        """The parameters and results of a function type."""
        return self.composite if isinstance(self.composite, FunctionType) else None

    @property
    def is_plain(self) -> bool:
        """Whether it is a function type without relatives: determined by parameters and results."""
        t = self.function_type
        return (
            t is not None
            and not {"supertype", "open", "group"} & self.properties.keys()
            and not any(names(value, self.symbol) for value in (*t.inputs, *t.outputs))
        )


_NUMBERED_FORMAT = (
    "(`import` $import_module^ $import_name)? (`name` $wasm_name^)?"
    f" {_INDEX_FORMAT} (`slot` $slot^)?"
)


class LimitedOp(ImportableOp, ABC):
    """A memory or a table."""

    minimum = prop_def(IntegerAttr[I64])
    maximum = opt_prop_def(IntegerAttr[I64])

    @property
    def limits(self) -> tuple[int, int | None]:
        """Minimum and maximum as the unsigned numbers that they are."""
        maximum = self.maximum
        return (
            self.minimum.value.data & _UNSIGNED,
            None if maximum is None else maximum.value.data & _UNSIGNED,
        )


_UNSIGNED = (1 << 64) - 1


@irdl_op_definition
class MemoryOp(LimitedOp):
    """A linear memory. `minimum` and `maximum` are pages of `1 << page_size_log2` bytes."""

    name = "wasmir.memory"
    address_type = prop_def(IntegerType)
    page_size_log2 = prop_def(IntegerAttr[I64])
    shared = opt_prop_def(UnitAttr)
    WORD: ClassVar[str] = "memory"
    assembly_format = (
        "$sym_name $address_type `min` $minimum (`max` $maximum^)? `page` $page_size_log2"
        f" (`shared` $shared^)? {_NUMBERED_FORMAT} attr-dict"
    )

    @property
    def minimum_bytes(self) -> int:
        """The size it never falls below."""
        return self.limits[0] << self.page_size_log2.value.data

    @property
    def maximum_bytes(self) -> int | None:
        """The size it never exceeds, if the module states one."""
        maximum = self.limits[1]
        return None if maximum is None else maximum << self.page_size_log2.value.data


@irdl_op_definition
class TableOp(LimitedOp):
    """A table; `init` gives the initial value of its elements if that is not null."""

    name = "wasmir.table"
    element_type = prop_def(TypeAttribute)
    address_type = prop_def(IntegerType)
    init = opt_region_def()
    WORD: ClassVar[str] = "table"
    assembly_format = (
        "$sym_name $element_type $address_type `min` $minimum (`max` $maximum^)?"
        f" {_NUMBERED_FORMAT} attr-dict-with-keyword ($init^)?"
    )


@irdl_op_definition
class GlobalOp(ImportableOp):
    """A global variable; `init` is its constant expression."""

    name = "wasmir.global"
    value_type = prop_def(TypeAttribute)
    mutable = opt_prop_def(UnitAttr)
    init = opt_region_def()
    WORD: ClassVar[str] = "global"
    assembly_format = (
        f"$sym_name (`mut` $mutable^)? $value_type {_NUMBERED_FORMAT}"
        " attr-dict-with-keyword ($init^)?"
    )


@irdl_op_definition
class TagOp(ImportableOp):
    """An exception tag: a kind of exceptions, and the types of the values that they carry."""

    name = "wasmir.tag"
    function_type = prop_def(FunctionType)
    """The values are its parameters."""
    type = opt_prop_def(FlatSymbolRefAttr)
    """Its defined type, if `function_type` alone does not say which: one with relatives."""
    WORD: ClassVar[str] = "tag"
    assembly_format = f"$sym_name (`type` $type^)? $function_type {_NUMBERED_FORMAT} attr-dict"


@irdl_op_definition
class DataOp(DeclarationOp):
    """A data segment; active if it names a memory, then `place` is the constant address."""

    name = "wasmir.data"
    content = prop_def(BytesAttr | StringAttr)
    """A literal without unprintable bytes reads back as a string."""
    memory = opt_prop_def(FlatSymbolRefAttr)
    place = opt_region_def()
    WORD: ClassVar[str] = "data"

    @property
    def content_bytes(self) -> bytes:
        """The contents of the segment."""
        content = self.content.data
        return content.encode() if isinstance(content, str) else content

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        printer.print_string(" ")
        printer.print_bytes_literal(self.content_bytes)
        if self.memory is not None:
            printer.print_string(" in ")
            printer.print_attribute(self.memory)
        if self.index is not None:
            printer.print_string(f" index {self.index_value}")
        printer.print_op_attributes(self.attributes, print_keyword=True)
        if self.place is not None:
            printer.print_string(" ")
            printer.print_region(self.place)

    @classmethod
    def parse(cls, parser: Parser) -> DataOp:
        properties: dict[str, Attribute] = {"sym_name": parser.parse_symbol_name()}
        content = parser.parse_optional_bytes_literal()
        if content is None:
            content = parser.parse_str_literal("bytes of the segment").encode()
        properties["content"] = BytesAttr(content)
        if parser.parse_optional_keyword("in"):
            properties["memory"] = SymbolRefAttr(parser.parse_symbol_name())
        if parser.parse_optional_keyword("index"):
            properties["index"] = IntegerAttr(parser.parse_integer(), i64)
        attributes = parser.parse_optional_attr_dict_with_keyword()
        place = parser.parse_optional_region()
        return cls.create(
            properties=properties,
            attributes=attributes.data if attributes is not None else {},
            regions=[] if place is None else [place],
        )


@irdl_op_definition
class ElemOp(DeclarationOp):
    """An element segment: active if it names a table (then `place` is the constant index),
    declarative if it says so, else passive. The items are function symbols, or the values that
    `items` returns."""

    name = "wasmir.elem"
    element_type = prop_def(TypeAttribute)
    functions = opt_prop_def(ArrayAttr[SymbolRefAttr])
    table = opt_prop_def(FlatSymbolRefAttr)
    declarative = opt_prop_def(UnitAttr)
    place = region_def()
    items = region_def()
    WORD: ClassVar[str] = "elem"
    assembly_format = (
        "$sym_name $element_type (`functions` $functions^)? (`in` $table^)?"
        f" (`declarative` $declarative^)? {_INDEX_FORMAT} attr-dict-with-keyword"
        " `place` $place `items` $items"
    )


@irdl_op_definition
class ExportOp(IRDLOperation):
    """An export of a declaration under a name."""

    name = "wasmir.export"
    export_name = prop_def(StringAttr | BytesAttr)
    """As an import's names."""
    target = prop_def(FlatSymbolRefAttr)
    assembly_format = "$export_name $target attr-dict"

    @property
    def name_text(self) -> str:
        """The external name."""
        return name_text(self.export_name)


@irdl_op_definition
class StartOp(IRDLOperation):
    """The function that instantiation calls."""

    name = "wasmir.start"
    function = prop_def(FlatSymbolRefAttr)
    assembly_format = "$function attr-dict"


DECLARATION_OPS: tuple[type[IRDLOperation], ...] = (
    FuncOp,
    TypeOp,
    MemoryOp,
    TableOp,
    GlobalOp,
    TagOp,
    DataOp,
    ElemOp,
    ExportOp,
    StartOp,
)
