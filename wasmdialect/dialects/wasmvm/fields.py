"""The VMContext and its fields: reading and writing runtime state by name."""

from __future__ import annotations

import re
from abc import ABC
from functools import cache, lru_cache
from typing import Any, NamedTuple

from xdsl.dialects.builtin import (
    I64,
    IntegerAttr,
    StringAttr,
    UnitAttr,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    AnyAttr,
    IRDLOperation,
    eq,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    Pure,
)
from xdsl.utils.exceptions import VerifyException

from wasmdialect.abi.layout import REGIONS, STRUCTS, Field, region_field
from wasmdialect.dialects.control_transfer import RunsInPlace
from wasmdialect.dialects.wasmvm.types import FIELD_TYPES, PTR, verify_trap_code

_REGION_NAMES = frozenset(r.name for r in REGIONS)


@irdl_op_definition
class VMContextOp(IRDLOperation):
    """The VMContext of the running function (its first ABI parameter)."""

    name = "wasmvm.vmctx"
    result = result_def(eq(PTR))
    traits = traits_def(Pure())
    assembly_format = "attr-dict"

    def __init__(self) -> None:
        super().__init__(result_types=[PTR])


@irdl_op_definition
class CallerVMContextOp(IRDLOperation):
    """The VMContext of the caller (the second ABI parameter)."""

    name = "wasmvm.caller_vmctx"
    result = result_def(eq(PTR))
    traits = traits_def(Pure())
    assembly_format = "attr-dict"

    def __init__(self) -> None:
        super().__init__(result_types=[PTR])


class Path(NamedTuple):
    """Names a field: of a structure, or of an entry of a region of the VMContext."""

    struct: str
    entry: int | None = None
    field: str = ""

    def with_field(self, field: str) -> Path:
        """Another field of the same structure or entry."""
        return Path(self.struct, self.entry, field)

    @staticmethod
    def named(name: str) -> Path:
        """`struct.field`, as it is printed. Only a region needs an entry number."""
        struct, _, field = name.partition(".")
        return Path(struct, None, field)


def path_properties(path: Path | str) -> dict[str, Attribute]:
    """The properties that name a path in an operation (a new dictionary)."""
    known = _PATH_PROPERTIES.get(path)
    if known is None:
        struct, entry, field = Path.named(path) if isinstance(path, str) else path
        known = dict[str, Attribute]()
        known |= {"struct": StringAttr(struct), "field": StringAttr(field)}
        if entry is not None:
            known["entry"] = IntegerAttr(entry, i64)
        if len(_PATH_PROPERTIES) < 10_000:
            _PATH_PROPERTIES[path] = known
    return dict(known)


_PATH_PROPERTIES: dict[Path | str, dict[str, Attribute]] = {}


@cache
def _row(struct: str, field: str) -> Field:
    """The row of a field in the layout table; KeyError if there is none."""
    return region_field(struct, field) if struct in _REGION_NAMES else STRUCTS[struct].field(field)


@lru_cache(10_000)
def field_type(path: Path | str) -> Attribute:
    """The type of the field that a path names. Raises ValueError if the layout table does not have
    it: for fields that a pass declared, and for values of globals, which have the type of the
    global."""
    struct, entry, field = Path.named(path) if isinstance(path, str) else path
    known = _TYPES.get((struct, field))
    if known is None or (struct in _REGION_NAMES) != (entry is not None):
        raise ValueError(f"the layout table has no type for a field {struct}.{field}: give it")
    return known


_TYPES: dict[tuple[str, str], Attribute] = {
    (name, row.name): FIELD_TYPES[row.type]
    for name, fields in (
        *((s.name, s.fields) for s in STRUCTS.values()),
        *((r.name, r.element.fields) for r in REGIONS),
    )
    for row in fields
    if row.type in FIELD_TYPES
}


class FieldOp(IRDLOperation, ABC):
    """Names a field: `struct.field` at `base`, or `region.field[index]` of the VMContext at `base`.

    Printed `%base, limits.stack_limit` or `%base, owned_memories.base[0]`. A field that a pass
    declared is `extra.name`, or `extra."any name"`. (Operands are defined in each operation: IRDL puts
    those of a subclass before its base's.)
    """

    struct = prop_def(StringAttr)
    entry = opt_prop_def(IntegerAttr[I64])
    field = prop_def(StringAttr)
    invariant = opt_prop_def(UnitAttr)
    """The plan of the module promises that the field does not change."""
    volatile = opt_prop_def(UnitAttr)
    """The access must happen, in order with accesses that may fault."""
    unordered = opt_prop_def(UnitAttr)
    """Another thread may change the field: the access is atomic, and has no order."""
    seq_cst = opt_prop_def(UnitAttr)
    """Another thread may change the field: the access is atomic, and sequentially consistent."""

    @property
    def field_row(self) -> Field:
        """Its row in the layout table; KeyError for `extra` fields, whose layout belongs to the
        module."""
        properties: dict[str, Any] = self.properties
        return _row(properties["struct"].data, properties["field"].data)

    def verify_(self) -> None:
        struct = self.struct.data
        if struct == "extra":
            return
        if struct not in _REGION_NAMES and struct not in STRUCTS:
            raise VerifyException(f"no structure {struct!r} in the layout table")
        if (struct in _REGION_NAMES) != (self.entry is not None):
            raise VerifyException("a region takes an entry number, a structure takes none")
        try:
            row = self.field_row
        except KeyError as error:
            raise VerifyException(str(error.args[0])) from None
        expected = FIELD_TYPES.get(row.type)
        if expected is not None and expected != self.accessed_type():
            raise VerifyException(f"field {struct}.{row.name} has type {expected}")

    def accessed_type(self) -> Attribute:
        """Type of the value read or written."""
        raise NotImplementedError

    def _print_path(self, printer: Printer) -> None:
        for keyword in _FIELD_KEYWORDS:
            if keyword in self.properties:
                printer.print_string(f" {keyword}")
        printer.print_string(" ")
        base = self.operands[0]
        printer.print_ssa_value(base)
        if base.type != PTR:
            printer.print_string(" : ")
            printer.print_attribute(base.type)
        entry = "" if self.entry is None else f"[{self.entry.value.data}]"
        printer.print_string(f", {self.struct.data}.")
        if _IDENTIFIER.fullmatch(self.field.data):
            printer.print_string(self.field.data)
        else:
            printer.print_string_literal(self.field.data)
        printer.print_string(entry)

    @staticmethod
    def _parse_path(parser: Parser) -> tuple[SSAValue, dict[str, Attribute]]:
        """`%base, struct.field[entry]`; the type of base is `!llvm.ptr` unless `: type` follows."""
        properties: dict[str, Attribute] = {
            keyword: UnitAttr()
            for keyword in _FIELD_KEYWORDS
            if parser.parse_optional_keyword(keyword)
        }
        unresolved = parser.parse_unresolved_operand()
        base_type: Attribute = PTR
        if parser.parse_optional_punctuation(":"):
            base_type = parser.parse_type()
        base = parser.resolve_operand(unresolved, base_type)
        parser.parse_punctuation(",")
        struct, _, field = parser.parse_identifier("field").partition(".")
        if not field:
            field = parser.parse_str_literal("name of the field")
        if parser.parse_optional_punctuation("["):
            properties["entry"] = IntegerAttr(parser.parse_integer(), i64)
            parser.parse_punctuation("]")
        properties["struct"] = StringAttr(struct)
        properties["field"] = StringAttr(field)
        return base, properties


_FIELD_KEYWORDS = ("invariant", "volatile", "unordered", "seq_cst")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_$.]+")


@irdl_op_definition
class LoadFieldOp(FieldOp):
    """Read a field. With a trap code as `null_trap`, a load from null traps (`else` in print): nothing
    is mapped where the fields of null would be. Such a load is volatile: it must happen."""

    name = "wasmvm.load_field"
    traits = traits_def(RunsInPlace())
    base = operand_def()
    null_trap = opt_prop_def(IntegerAttr[I64])
    result = result_def(AnyAttr())

    def __init__(self, base: SSAValue | Operation, field: str, result_type: Attribute):
        """`field` is `struct.field`; a pass's own is `extra.name`."""
        super().__init__(
            operands=[base], result_types=[result_type], properties=path_properties(field)
        )

    def verify_(self) -> None:
        super().verify_()
        if self.null_trap is None:
            return
        verify_trap_code(self.null_trap)
        if self.volatile is None:
            raise VerifyException("a load that traps if its base is null is volatile")

    def accessed_type(self) -> Attribute:
        return self.result.type

    def print(self, printer: Printer) -> None:
        self._print_path(printer)
        if self.null_trap is not None:
            printer.print_string(f" else {self.null_trap.value.data}")
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(self.result.type)

    @classmethod
    def parse(cls, parser: Parser) -> LoadFieldOp:
        base, properties = cls._parse_path(parser)
        if parser.parse_optional_keyword("else"):
            properties["null_trap"] = IntegerAttr(parser.parse_integer(), i64)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        return cls.create(
            operands=[base],
            properties=properties,
            attributes=attributes,
            result_types=[parser.parse_type()],
        )


@irdl_op_definition
class StoreFieldOp(FieldOp):
    """Write a field."""

    name = "wasmvm.store_field"
    traits = traits_def(RunsInPlace())
    base = operand_def()
    value = operand_def()

    def __init__(self, base: SSAValue | Operation, field: str, value: SSAValue | Operation):
        """`field` is `struct.field`; a pass's own is `extra.name`."""
        super().__init__(operands=[base, value], properties=path_properties(field))

    def accessed_type(self) -> Attribute:
        return self.value.type

    def print(self, printer: Printer) -> None:
        self._print_path(printer)
        printer.print_string(", ")
        printer.print_ssa_value(self.value)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(self.value.type)

    @classmethod
    def parse(cls, parser: Parser) -> StoreFieldOp:
        base, properties = cls._parse_path(parser)
        parser.parse_punctuation(",")
        unresolved = parser.parse_unresolved_operand()
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        value = parser.resolve_operand(unresolved, parser.parse_type())
        return cls.create(operands=[base, value], properties=properties, attributes=attributes)


@irdl_op_definition
class EntryAddressOp(IRDLOperation):
    """The address of an entry of a region of the VMContext, such as `func_refs[2]`."""

    name = "wasmvm.entry_address"
    base = operand_def(eq(PTR))
    region = prop_def(StringAttr)
    entry = prop_def(IntegerAttr[I64])
    result = result_def()
    traits = traits_def(Pure())
    assembly_format = "$base `,` $region `[` $entry `]` attr-dict `:` type($result)"

    def verify_(self) -> None:
        if self.region.data not in _REGION_NAMES:
            raise VerifyException(f"no region {self.region.data!r} in the layout table")
