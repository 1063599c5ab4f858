"""insert-trampolines: the functions between the three calling conventions.

Each escaping function gets an array-to-wasm and a native-to-wasm trampoline, so that the host can
call it; each function type gets wasm-to-native, wasm-to-array and native-to-array ones, so that Wasm
and the host can call host functions. Their steps and order are those of docs/abi.md, "Trampolines".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from xdsl.context import Context
from xdsl.dialects.builtin import (
    FunctionType,
    ModuleOp,
    StringAttr,
    SymbolRefAttr,
    UnknownLoc,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from wasmdialect.abi.conventions import Convention
from wasmdialect.abi.layout import VMCONTEXT_MAGIC
from wasmdialect.abi.symbols import (
    FUNCTION_TRAMPOLINES,
    TYPE_TRAMPOLINES,
    function_trampoline_symbol,
    type_trampoline_symbol,
)
from wasmdialect.abi.traps import DEBUG_ASSERTION
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.fast import append_op, append_value, append_values, integer_attr

ALL_KINDS = (*FUNCTION_TRAMPOLINES, *TYPE_TRAMPOLINES)


@dataclass(frozen=True)
class InsertTrampolines(ModulePass):
    """Add the functions between the calling conventions."""

    name = "insert-trampolines"
    scope: ClassVar[Literal["function", "module"]] = "function"

    kinds: tuple[str, ...] = ALL_KINDS
    """Which trampolines: any of the five kinds, in any order."""
    debug_checks: bool = False
    """Check the VMContext's magic number and the capacity of the value array."""

    def __post_init__(self) -> None:
        for kind in self.kinds:
            if kind not in ALL_KINDS:
                raise ValueError(f"unknown kind {kind!r}; the kinds are {', '.join(ALL_KINDS)}")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        block = op.body.block
        for declaration in [*op.ops]:
            if isinstance(declaration, wasmir.FuncOp) and _escapes(declaration):
                for kind in FUNCTION_TRAMPOLINES:
                    if kind in self.kinds:
                        block.add_op(self._function_trampoline(kind, declaration))
            elif isinstance(declaration, wasmir.TypeOp) and declaration.signature is not None:
                for kind in TYPE_TRAMPOLINES:
                    if kind in self.kinds:
                        block.add_op(self._type_trampoline(kind, declaration))

    def _function_trampoline(self, kind: str, function: wasmir.FuncOp) -> wasmvm.FuncOp:
        symbol = function_trampoline_symbol(kind, function.index_value)
        body = _Body(function.function_type, _CONVENTIONS[kind], self.debug_checks)
        _FUNCTION_BODIES[kind](body, function.symbol)
        return body.function(symbol)

    def _type_trampoline(self, kind: str, declaration: wasmir.TypeOp) -> wasmvm.FuncOp:
        assert declaration.signature is not None
        symbol = type_trampoline_symbol(kind, declaration.signature.value.data)
        body = _Body(declaration.function_type, _CONVENTIONS[kind], self.debug_checks)
        _TYPE_BODIES[kind](body)
        return body.function(symbol)


def _escapes(function: wasmir.FuncOp) -> bool:
    return function.func_ref is not None and not function.is_declaration


class _Body:
    """The body of a trampoline for one Wasm signature, under construction."""

    def __init__(self, signature: FunctionType, convention: Convention, debug_checks: bool):
        self.signature = signature
        self.convention = convention
        self.debug_checks = debug_checks
        self.params = signature.inputs.data
        self.results = signature.outputs.data
        entry_types = _ARRAY_PARAMETERS if convention is Convention.ARRAY else self.params
        self.block = Block(arg_types=entry_types)
        self.vmctx = self.value(wasmvm.VMContextOp, (), wasmvm.PTR)
        self.caller_vmctx = self.value(wasmvm.CallerVMContextOp, (), wasmvm.PTR)

    def function(self, symbol: str) -> wasmvm.FuncOp:
        """The finished function."""
        signature = self.signature
        if self.convention is Convention.ARRAY:
            signature = FunctionType.from_lists(_ARRAY_PARAMETERS, ())
        return wasmvm.FuncOp.create(
            properties={
                "sym_name": StringAttr(symbol),
                "function_type": signature,
                "convention": StringAttr(self.convention.value),
            },
            regions=[Region(self.block)],
        )

    # --- building ---

    def value(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        result_type: Attribute,
        properties: dict[str, Attribute] | None = None,
    ) -> SSAValue:
        """Append an operation with one result."""
        return append_value(self.block, cls, operands, result_type, properties or {}, _NOWHERE)

    def step(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        properties: dict[str, Attribute] | None = None,
    ) -> None:
        """Append an operation without results."""
        append_op(self.block, cls, operands, properties or {}, _NOWHERE)

    def call(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        properties: dict[str, Attribute],
        results: Sequence[Attribute],
    ) -> Sequence[SSAValue]:
        """Append a call."""
        return append_values(self.block, cls, operands, results, properties, _NOWHERE)

    def load(
        self, base: SSAValue, struct: str, field: str, result_type: Attribute = wasmvm.PTR
    ) -> SSAValue:
        """Read a field of a structure."""
        properties = wasmvm.path_properties(wasmvm.Path(struct, None, field))
        return self.value(wasmvm.LoadFieldOp, (base,), result_type, properties)

    def store(self, base: SSAValue, struct: str, field: str, value: SSAValue) -> None:
        """Write a field of a structure."""
        properties = wasmvm.path_properties(wasmvm.Path(struct, None, field))
        self.step(wasmvm.StoreFieldOp, (base, value), properties)

    def constant(self, value: int, bits: Literal[32, 64]) -> SSAValue:
        """An integer constant."""
        cls = wasmir.CONST_OPS[f"i{bits}.const"]
        return self.value(cls, (), cls.RESULT_TYPE, {"value": integer_attr(value, bits)})

    # --- the steps that trampolines are made of ---

    def refuse(self, mnemonic: str, actual: SSAValue, expected: SSAValue) -> None:
        """Debug assertion: trap if the comparison `mnemonic` holds."""
        wrong = self.value(wasmir.NUMERIC_OPS[mnemonic], (actual, expected), i32)
        self.step(wasmvm.TrapIfOp, (wrong,), {"code": integer_attr(DEBUG_ASSERTION, 64)})

    def check_magic(self, vmctx: SSAValue) -> None:
        """Debug: what is called a VMContext is one."""
        if self.debug_checks:
            magic = self.load(vmctx, "vmctx", "magic", i32)
            self.refuse("i32.ne", magic, self.constant(VMCONTEXT_MAGIC, 32))

    def check_capacity(self, count: SSAValue) -> None:
        """Debug: the value array has a slot for every parameter and result."""
        if self.debug_checks:
            self.refuse("i64.lt_u", count, self.constant(self.slot_count, 64))

    @property
    def slot_count(self) -> int:
        """Slots that an array call of this signature takes."""
        return max(len(self.params), len(self.results))

    def save_entry_sp(self) -> None:
        """Note where the stack was when the host entered Wasm."""
        limits = self.load(self.vmctx, "vmctx", "limits")
        sp = self.value(wasmvm.StackPointerOp, (), wasmvm.PTR)
        self.store(limits, "limits", "last_wasm_entry_sp", sp)

    def save_exit(self) -> None:
        """Note which Wasm frame calls out, for backtraces."""
        limits = self.load(self.caller_vmctx, "vmctx", "limits")
        fp = self.value(wasmvm.ParentFramePointerOp, (), wasmvm.PTR)
        self.store(limits, "limits", "last_wasm_exit_fp", fp)
        pc = self.value(wasmvm.ReturnAddressOp, (), wasmvm.PTR)
        self.store(limits, "limits", "last_wasm_exit_pc", pc)

    def load_slots(self, slots: SSAValue, types: Sequence[Attribute]) -> list[SSAValue]:
        """The values in the first slots."""
        return [
            self.value(wasmvm.LoadSlotOp, (slots,), t, {"slot": integer_attr(i, 64)})
            for i, t in enumerate(types)
        ]

    def store_slots(self, slots: SSAValue, values: Sequence[SSAValue]) -> None:
        """Put values into the first slots."""
        for i, value in enumerate(values):
            self.step(wasmvm.StoreSlotOp, (slots, value), {"slot": integer_attr(i, 64)})

    def call_wasm(self, callee: SymbolRefAttr, arguments: Sequence[SSAValue]) -> Sequence[SSAValue]:
        """Call the Wasm function that the trampoline is for."""
        operands = (self.vmctx, self.caller_vmctx, *arguments)
        return self.call(wasmvm.CallOp, operands, {"callee": callee}, self.results)

    def call_host_array(self) -> SSAValue:
        """Call the host function of the callee context with an array; returns the slots."""
        slots = self.value(
            wasmvm.StackSlotsOp, (), wasmvm.PTR, {"count": integer_attr(self.slot_count, 64)}
        )
        self.store_slots(slots, self.block.args)
        func_ref = self.load(self.vmctx, "host_context", "func_ref")
        code = self.load(func_ref, "func_ref", "array_call")
        count = self.constant(self.slot_count, 64)
        operands = (code, self.vmctx, self.caller_vmctx, slots, count)
        self.call(wasmvm.CallPointerOp, operands, {"convention": StringAttr("array")}, ())
        return slots

    def check_pending(self) -> None:
        """Raise what the host function left as its error."""
        self.step(wasmvm.CheckPendingOp, (self.caller_vmctx,))

    def finish(self, values: Sequence[SSAValue]) -> None:
        """Return."""
        self.step(wasmir.ReturnOp, values)


def _array_to_wasm(body: _Body, callee: SymbolRefAttr) -> None:
    slots, count = body.block.args
    arguments = body.load_slots(slots, body.params)
    body.check_magic(body.vmctx)
    body.check_capacity(count)
    body.save_entry_sp()
    body.store_slots(slots, body.call_wasm(callee, arguments))
    body.finish(())


def _native_to_wasm(body: _Body, callee: SymbolRefAttr) -> None:
    body.check_magic(body.vmctx)
    body.save_entry_sp()
    body.finish(body.call_wasm(callee, body.block.args))


def _wasm_to_native(body: _Body) -> None:
    body.check_magic(body.caller_vmctx)
    body.save_exit()
    func_ref = body.load(body.vmctx, "host_context", "func_ref")
    code = body.load(func_ref, "func_ref", "native_call")
    operands = (code, body.vmctx, body.caller_vmctx, *body.block.args)
    properties: dict[str, Attribute] = {"convention": StringAttr("native")}
    results = body.call(wasmvm.CallPointerOp, operands, properties, body.results)
    body.check_pending()
    body.finish(results)


def _wasm_to_array(body: _Body) -> None:
    body.check_magic(body.caller_vmctx)
    body.save_exit()
    slots = body.call_host_array()
    body.check_pending()
    body.finish(body.load_slots(slots, body.results))


def _native_to_array(body: _Body) -> None:
    slots = body.call_host_array()
    body.finish(body.load_slots(slots, body.results))


_NOWHERE = UnknownLoc()
_ARRAY_PARAMETERS: tuple[Attribute, ...] = (wasmvm.PTR, i64)

_CONVENTIONS = {
    "array-to-wasm": Convention.ARRAY,
    "native-to-wasm": Convention.NATIVE,
    "wasm-to-native": Convention.WASM,
    "wasm-to-array": Convention.WASM,
    "native-to-array": Convention.NATIVE,
}
"""How each kind is called."""

_FUNCTION_BODIES: dict[str, Callable[[_Body, SymbolRefAttr], None]] = {
    "array-to-wasm": _array_to_wasm,
    "native-to-wasm": _native_to_wasm,
}
_TYPE_BODIES: dict[str, Callable[[_Body], None]] = {
    "wasm-to-native": _wasm_to_native,
    "wasm-to-array": _wasm_to_array,
    "native-to-array": _native_to_array,
}
