"""wasmvm: what the runtime ABI adds to WebAssembly, one operation for each kind of step.

Runtime state is reached through the VMContext (`wasmvm.vmctx`) by named fields of the one layout
table (`wasmdialect.abi.layout`); offsets are resolved when it is lowered. Arithmetic and control flow
stay wasmir's. Pointers are `!llvm.ptr`; a Wasm reference is the pointer it stands for.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from xdsl.dialects.builtin import (
    I64,
    FlatSymbolRefAttr,
    FunctionType,
    IntegerAttr,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
    UnitAttr,
    f32,
    f64,
    i32,
    i64,
)
from xdsl.dialects.llvm import LLVMPointerType
from xdsl.dialects.utils import parse_func_op_like, print_func_op_like
from xdsl.ir import Attribute, Block, Dialect, Operation, SSAValue
from xdsl.irdl import (
    AnyAttr,
    IRDLOperation,
    eq,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    opt_result_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    EffectInstance,
    IsolatedFromAbove,
    IsTerminator,
    MemoryEffect,
    MemoryEffectKind,
    Pure,
    Resource,
    SymbolOpInterface,
)
from xdsl.utils.exceptions import VerifyException

from wasmdialect.abi.builtins import BUILTINS
from wasmdialect.abi.conventions import Convention
from wasmdialect.abi.layout import REGIONS, STRUCTS, Field, region_field
from wasmdialect.abi.traps import TrapCode

PTR = LLVMPointerType()
FIELD_TYPES: dict[str, Attribute] = {"ptr": PTR, "i32": i32, "i64": i64}
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
    """The VMContext of whoever called (the second ABI parameter)."""

    name = "wasmvm.caller_vmctx"
    result = result_def(eq(PTR))
    traits = traits_def(Pure())
    assembly_format = "attr-dict"

    def __init__(self) -> None:
        super().__init__(result_types=[PTR])


# --- fields ---


class Path(NamedTuple):
    """Names a field: of a structure, or of an entry of a region of the VMContext."""

    struct: str
    entry: int | None = None
    field: str = ""

    def with_field(self, field: str) -> Path:
        """The same place, another field."""
        return Path(self.struct, self.entry, field)


def path_properties(path: Path) -> dict[str, Attribute]:
    """The properties that name a path in an operation (a new dictionary)."""
    known = _PATH_PROPERTIES.get(path)
    if known is None:
        known = dict[str, Attribute]()
        known |= {"struct": StringAttr(path.struct), "field": StringAttr(path.field)}
        if path.entry is not None:
            known["entry"] = IntegerAttr(path.entry, i64)
        if len(_PATH_PROPERTIES) < 10_000:
            _PATH_PROPERTIES[path] = known
    return dict(known)


_PATH_PROPERTIES: dict[Path, dict[str, Attribute]] = {}


class FieldOp(IRDLOperation, ABC):
    """Names a field: `struct.field` at `base`, or `region.field[index]` of the VMContext at `base`.

    Printed `%base, limits.stack_limit` or `%base, owned_memories.base[0]`. A field that a pass
    declared is `extra.name`. (Operands are defined in each operation: IRDL puts those of a subclass
    before its base's.)
    """

    struct = prop_def(StringAttr)
    entry = opt_prop_def(IntegerAttr[I64])
    field = prop_def(StringAttr)
    invariant = opt_prop_def(UnitAttr)
    """The plan of the module promises that the field does not change."""
    volatile = opt_prop_def(UnitAttr)
    """The access must happen, and in this order with accesses that may fault."""

    @property
    def field_row(self) -> Field:
        """Its row in the layout table; KeyError for `extra` fields, whose layout is the module's."""
        if self.struct.data in _REGION_NAMES:
            return region_field(self.struct.data, self.field.data)
        return STRUCTS[self.struct.data].field(self.field.data)

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
        printer.print_string(f", {self.struct.data}.{self.field.data}{entry}")

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
        if parser.parse_optional_punctuation("["):
            properties["entry"] = IntegerAttr(parser.parse_integer(), i64)
            parser.parse_punctuation("]")
        properties["struct"] = StringAttr(struct)
        properties["field"] = StringAttr(field)
        return base, properties


_FIELD_KEYWORDS = ("invariant", "volatile")


@irdl_op_definition
class LoadFieldOp(FieldOp):
    """Read a field."""

    name = "wasmvm.load_field"
    base = operand_def()
    result = result_def(AnyAttr())

    def accessed_type(self) -> Attribute:
        return self.result.type

    def print(self, printer: Printer) -> None:
        self._print_path(printer)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(self.result.type)

    @classmethod
    def parse(cls, parser: Parser) -> LoadFieldOp:
        base, properties = cls._parse_path(parser)
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
    base = operand_def()
    value = operand_def()

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


# --- linear memory ---


class LinearAccessOp(IRDLOperation, ABC):
    """An access of `bytes` bytes at `memory base + zero-extended address + offset`.

    `may_fault` says that it relies on the guard pages to trap: it must neither be deleted nor moved
    over other state. Without it the access is known to be in bounds.
    """

    offset = prop_def(IntegerAttr[I64])
    bytes = prop_def(IntegerAttr[I64])
    align = prop_def(IntegerAttr[I64])
    may_fault = opt_prop_def(UnitAttr)

    def accessed_type(self) -> Attribute:
        """Type of the value read or written."""
        raise NotImplementedError

    def verify_(self) -> None:
        accessed = self.accessed_type()
        if self.bytes.value.data not in _ACCESS_WIDTHS.get(accessed, ()):
            raise VerifyException(f"no access of {self.bytes.value.data} bytes has type {accessed}")


_ACCESS_WIDTHS: dict[Attribute, tuple[int, ...]] = {
    i32: (1, 2, 4),
    i64: (1, 2, 4, 8),
    f32: (4,),
    f64: (8,),
}


@irdl_op_definition
class LinearLoadOp(LinearAccessOp):
    """Load and extend to the result type; `signed` says how."""

    name = "wasmvm.linear_load"
    base = operand_def(eq(PTR))
    address = operand_def()
    signed = opt_prop_def(UnitAttr)
    result = result_def()
    assembly_format = (
        "(`may_fault` $may_fault^)? (`signed` $signed^)? $base `[` $address `:` type($address) `+`"
        " $offset `]` `bytes` $bytes `align` $align attr-dict `:` type($result)"
    )

    def accessed_type(self) -> Attribute:
        return self.result.type


@irdl_op_definition
class LinearStoreOp(LinearAccessOp):
    """Store the low `bytes` bytes of the value."""

    name = "wasmvm.linear_store"
    base = operand_def(eq(PTR))
    address = operand_def()
    value = operand_def()
    assembly_format = (
        "(`may_fault` $may_fault^)? $base `[` $address `:` type($address) `+` $offset `]` `,`"
        " $value `bytes` $bytes `align` $align attr-dict `:` type($value)"
    )

    def accessed_type(self) -> Attribute:
        return self.value.type


@irdl_op_definition
class LinearAddressOp(IRDLOperation):
    """The host address of a place in linear memory that is known to be in bounds."""

    name = "wasmvm.linear_address"
    base = operand_def(eq(PTR))
    address = operand_def()
    result = result_def(eq(PTR))
    traits = traits_def(Pure())
    assembly_format = "$base `[` $address `:` type($address) `]` attr-dict"


@irdl_op_definition
class BoundsCheckOp(IRDLOperation):
    """Trap unless `address + size <= bound`.

    All in unsigned 64-bit arithmetic without wrapping; an i32 address is zero-extended. Which
    comparison that takes is decided in lowering (RUNTIME_ABI "Calls, tables, bounds").
    """

    name = "wasmvm.bounds_check"
    address = operand_def()
    bound = operand_def(eq(i64))
    size = prop_def(IntegerAttr[I64])
    assembly_format = "$address `:` type($address) `,` $size `within` $bound attr-dict"


@irdl_op_definition
class RangeCheckOp(IRDLOperation):
    """Trap with `code` unless `start + length <= bound`, all i64 and without wrapping."""

    name = "wasmvm.range_check"
    start = operand_def(eq(i64))
    length = operand_def(eq(i64))
    bound = operand_def(eq(i64))
    code = prop_def(IntegerAttr[I64])
    assembly_format = "$start `,` $length `within` $bound `else` $code attr-dict"


# --- traps ---


def _verify_code(code: IntegerAttr[I64]) -> None:
    if not 0 <= code.value.data <= 0xFF:
        raise VerifyException("a trap code is one byte")


@irdl_op_definition
class TrapIfOp(IRDLOperation):
    """Trap with `code` if the condition is not zero."""

    name = "wasmvm.trap_if"
    condition = operand_def(eq(i32))
    code = prop_def(IntegerAttr[I64])
    assembly_format = "$condition `,` $code attr-dict"

    def __init__(self, condition: SSAValue, code: TrapCode):
        super().__init__(operands=[condition], properties={"code": IntegerAttr(int(code), i64)})

    def verify_(self) -> None:
        _verify_code(self.code)


@irdl_op_definition
class TrapOp(IRDLOperation):
    """Trap with `code`."""

    name = "wasmvm.trap"
    code = prop_def(IntegerAttr[I64])
    traits = traits_def(IsTerminator())
    assembly_format = "$code attr-dict"

    def verify_(self) -> None:
        _verify_code(self.code)


# --- tables and references ---


@irdl_op_definition
class ElementAddressOp(IRDLOperation):
    """The address of element `index` of a table whose elements start at `base`."""

    name = "wasmvm.element_address"
    base = operand_def(eq(PTR))
    index = operand_def(eq(i32))
    result = result_def(eq(PTR))
    traits = traits_def(Pure())
    assembly_format = "$base `[` $index `]` attr-dict"


@irdl_op_definition
class LoadElementOp(IRDLOperation):
    """Load a reference from the address of a table element. `function` elements carry the
    initialised bit; a raw 0 is computed by the lazy-init builtin first, for which the operation
    knows table and index."""

    name = "wasmvm.load_element"
    vmctx = operand_def(eq(PTR))
    address = operand_def(eq(PTR))
    table = prop_def(IntegerAttr[I64])
    index = operand_def(eq(i32))
    function = opt_prop_def(UnitAttr)
    result = result_def()
    assembly_format = (
        "(`function` $function^)? $vmctx `,` $address `table` $table `[` $index `]` attr-dict"
        " `:` type($result)"
    )


@irdl_op_definition
class StoreElementOp(IRDLOperation):
    """Store a reference to the address of a table element, with the initialised bit if it is a
    function."""

    name = "wasmvm.store_element"
    address = operand_def(eq(PTR))
    value = operand_def()
    function = opt_prop_def(UnitAttr)
    assembly_format = "(`function` $function^)? $address `,` $value attr-dict `:` type($value)"


@irdl_op_definition
class SignatureIdOp(IRDLOperation):
    """The engine's id of type `type_index` of the module: an entry of the signature id array."""

    name = "wasmvm.signature_id"
    ids = operand_def(eq(PTR))
    type_index = prop_def(IntegerAttr[I64])
    result = result_def(eq(i32))
    traits = traits_def(Pure())
    assembly_format = "$ids `[` $type_index `]` attr-dict"


# --- calls ---


class _CallOp(IRDLOperation, ABC):
    callee_vmctx = operand_def(eq(PTR))
    caller_vmctx = operand_def(eq(PTR))
    arguments = var_operand_def()
    returned = var_result_def()


@irdl_op_definition
class CallOp(_CallOp):
    """Call a function of this module in the wasm convention."""

    name = "wasmvm.call"
    callee = prop_def(FlatSymbolRefAttr)
    assembly_format = (
        "$callee `[` $callee_vmctx `,` $caller_vmctx `]` `(` $arguments `)` attr-dict"
        " `:` functional-type($arguments, $returned)"
    )


@irdl_op_definition
class CallPointerOp(IRDLOperation):
    """Call code at an address, in the convention it says."""

    name = "wasmvm.call_pointer"
    code = operand_def(eq(PTR))
    callee_vmctx = operand_def(eq(PTR))
    caller_vmctx = operand_def(eq(PTR))
    arguments = var_operand_def()
    returned = var_result_def()
    convention = prop_def(StringAttr)
    assembly_format = (
        "$convention $code `[` $callee_vmctx `,` $caller_vmctx `]` `(` $arguments `)` attr-dict"
        " `:` functional-type($arguments, $returned)"
    )

    def verify_(self) -> None:
        if self.convention.data not in {c.value for c in Convention}:
            raise VerifyException(f"unknown calling convention {self.convention.data!r}")


@irdl_op_definition
class CallBuiltinOp(IRDLOperation):
    """Call a runtime function of `wasmdialect.abi.builtins`; the VMContext is its first argument."""

    name = "wasmvm.call_builtin"
    builtin = prop_def(StringAttr)
    vmctx = operand_def(eq(PTR))
    arguments = var_operand_def()
    result = opt_result_def()
    assembly_format = (
        "$builtin `[` $vmctx `]` `(` $arguments `)` attr-dict"
        " `:` functional-type($arguments, $result)"
    )

    def verify_(self) -> None:
        row = BUILTINS.get(self.builtin.data)
        if row is None:
            return  # declared by a pass: checked when it is bound
        if len(self.arguments) != len(row.params):
            raise VerifyException(f"builtin {row.name} takes {len(row.params)} arguments")


# --- the machine state that trampolines save ---


class _MachineStateOp(IRDLOperation, ABC):
    result = result_def()


@irdl_op_definition
class StackPointerOp(_MachineStateOp):
    """The stack pointer of the running function."""

    name = "wasmvm.stack_pointer"
    assembly_format = "attr-dict `:` type($result)"


@irdl_op_definition
class ParentFramePointerOp(_MachineStateOp):
    """The frame pointer of the frame that called the running function."""

    name = "wasmvm.parent_frame_pointer"
    assembly_format = "attr-dict `:` type($result)"


@irdl_op_definition
class ReturnAddressOp(_MachineStateOp):
    """The return address of the running function."""

    name = "wasmvm.return_address"
    assembly_format = "attr-dict `:` type($result)"


@irdl_op_definition
class StackCheckOp(IRDLOperation):
    """Trap with a stack overflow if the stack pointer is below `limit`."""

    name = "wasmvm.stack_check"
    limit = operand_def(eq(i64))
    assembly_format = "$limit attr-dict"


@irdl_op_definition
class CheckPendingOp(IRDLOperation):
    """Raise the error that a host call left in the limits of `vmctx`, if there is one."""

    name = "wasmvm.check_pending"
    vmctx = operand_def(eq(PTR))
    assembly_format = "$vmctx attr-dict"


# --- what passes add ---


class _CountEffects(MemoryEffect):
    """Writes a counter, which nothing else reads or writes while Wasm runs."""

    @classmethod
    def get_effects(cls, op: Operation) -> set[EffectInstance]:
        return {EffectInstance(MemoryEffectKind.WRITE, resource=_CounterResource())}


@dataclass(frozen=True)
class _CounterResource(Resource):
    def name(self) -> str:
        return "<wasm counter>"


@irdl_op_definition
class CountOp(IRDLOperation):
    """Add `amount` (1 if it is left out) to a 64-bit counter that a pass declared with
    `add_counter`. A pass over wasmir may insert it anywhere in a function."""

    name = "wasmvm.count"
    counter = prop_def(StringAttr)
    amount = opt_prop_def(IntegerAttr[I64])
    traits = traits_def(_CountEffects())
    assembly_format = "$counter (`by` $amount^)? attr-dict"

    def __init__(self, counter: str, amount: int = 1):
        properties: dict[str, Attribute] = {"counter": StringAttr(counter)}
        if amount != 1:
            properties["amount"] = IntegerAttr(amount, i64)
        super().__init__(properties=properties)

    @property
    def amount_value(self) -> int:
        """What is added."""
        return 1 if self.amount is None else self.amount.value.data


# --- array calls ---


@irdl_op_definition
class StackSlotsOp(IRDLOperation):
    """`count` value slots of 16 bytes in the running function's frame."""

    name = "wasmvm.stack_slots"
    count = prop_def(IntegerAttr[I64])
    result = result_def(eq(PTR))
    assembly_format = "$count attr-dict"


@irdl_op_definition
class LoadSlotOp(IRDLOperation):
    """Read value slot `slot`."""

    name = "wasmvm.load_slot"
    slots = operand_def(eq(PTR))
    slot = prop_def(IntegerAttr[I64])
    result = result_def()
    assembly_format = "$slots `[` $slot `]` attr-dict `:` type($result)"


@irdl_op_definition
class StoreSlotOp(IRDLOperation):
    """Write value slot `slot`, as wide as the value."""

    name = "wasmvm.store_slot"
    slots = operand_def(eq(PTR))
    slot = prop_def(IntegerAttr[I64])
    value = operand_def()
    assembly_format = "$slots `[` $slot `]` `,` $value attr-dict `:` type($value)"


@irdl_op_definition
class FuncOp(IRDLOperation):
    """A function that is not a Wasm function: a trampoline.

    Its entry block takes the Wasm parameters, or (array convention) the slots and their number; the
    two VMContexts are `wasmvm.vmctx` and `wasmvm.caller_vmctx`.
    """

    name = "wasmvm.func"
    sym_name = prop_def(SymbolNameConstraint())
    function_type = prop_def(FunctionType)
    convention = prop_def(StringAttr)
    body = region_def()
    traits = traits_def(IsolatedFromAbove(), SymbolOpInterface())

    @property
    def entry(self) -> Block:
        """The first block."""
        block = self.body.first_block
        assert block is not None
        return block

    @property
    def symbol(self) -> SymbolRefAttr:
        """A reference to it."""
        return SymbolRefAttr(self.sym_name)

    def verify_(self) -> None:
        if self.convention.data not in {c.value for c in Convention}:
            raise VerifyException(f"unknown calling convention {self.convention.data!r}")

    def print(self, printer: Printer) -> None:
        printer.print_string(f" {self.convention.data}")
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
        convention = parser.parse_identifier("calling convention")
        name, inputs, outputs, region, extra, _, _ = parse_func_op_like(
            parser, reserved_attr_names=()
        )
        return cls.create(
            properties={
                "sym_name": StringAttr(name),
                "function_type": FunctionType.from_lists(inputs, outputs),
                "convention": StringAttr(convention),
            },
            attributes=extra.data if extra is not None else {},
            regions=[region],
        )


_OPERATIONS: Sequence[type[IRDLOperation]] = (
    VMContextOp,
    CallerVMContextOp,
    LoadFieldOp,
    StoreFieldOp,
    EntryAddressOp,
    LinearLoadOp,
    LinearStoreOp,
    LinearAddressOp,
    BoundsCheckOp,
    RangeCheckOp,
    TrapIfOp,
    TrapOp,
    ElementAddressOp,
    LoadElementOp,
    StoreElementOp,
    SignatureIdOp,
    CallOp,
    CallPointerOp,
    CallBuiltinOp,
    StackPointerOp,
    ParentFramePointerOp,
    ReturnAddressOp,
    StackCheckOp,
    CheckPendingOp,
    CountOp,
    StackSlotsOp,
    LoadSlotOp,
    StoreSlotOp,
    FuncOp,
)

WASMVM = Dialect("wasmvm", [*_OPERATIONS], [])
