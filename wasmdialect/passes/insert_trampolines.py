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
from xdsl.dialects.builtin import FunctionType, ModuleOp, SymbolRefAttr, i64
from xdsl.ir import Attribute, Block, Region, SSAValue
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
from wasmdialect.dialects.counts import has_exceptions
from wasmdialect.dialects.wasm_builder import WasmBuilder

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
        tests_exceptions = has_exceptions(op)
        for kind, declaration in self.needed(op):
            if isinstance(declaration, wasmir.FuncOp):
                trampoline = self.function_trampoline(kind, declaration, tests_exceptions)
            else:
                trampoline = self.type_trampoline(kind, declaration)
            op.body.block.add_op(trampoline)

    def needed(self, module: ModuleOp) -> list[tuple[str, wasmir.FuncOp | wasmir.TypeOp]]:
        """The kinds of the trampolines that a module needs, in order, each with what it is for."""
        found: list[tuple[str, wasmir.FuncOp | wasmir.TypeOp]] = []
        for op in module.ops:
            if isinstance(op, wasmir.FuncOp) and _escapes(op):
                found += ((kind, op) for kind in FUNCTION_TRAMPOLINES if kind in self.kinds)
            elif isinstance(op, wasmir.TypeOp) and op.signature is not None:
                found += ((kind, op) for kind in TYPE_TRAMPOLINES if kind in self.kinds)
        return found

    def function_trampoline(
        self, kind: str, function: wasmir.FuncOp, has_exceptions: bool
    ) -> wasmvm.FuncOp:
        """A trampoline of a function."""
        symbol = function_trampoline_symbol(kind, function.index_value)
        body = _Body(function.function_type, CONVENTIONS[kind], self.debug_checks, has_exceptions)
        _FUNCTION_BODIES[kind](body, function.symbol)
        return body.function(symbol)

    def type_trampoline(self, kind: str, declaration: wasmir.TypeOp) -> wasmvm.FuncOp:
        """A trampoline of a function type."""
        assert declaration.signature is not None
        assert declaration.function_type is not None
        symbol = type_trampoline_symbol(kind, declaration.signature.value.data)
        body = _Body(declaration.function_type, CONVENTIONS[kind], self.debug_checks)
        _TYPE_BODIES[kind](body)
        return body.function(symbol)


def _escapes(function: wasmir.FuncOp) -> bool:
    return function.func_ref is not None and not function.is_declaration


class _Body(WasmBuilder):
    """The body of a trampoline for one Wasm signature, under construction."""

    def __init__(
        self,
        signature: FunctionType,
        convention: Convention,
        debug_checks: bool,
        has_exceptions: bool = False,
    ):
        """`has_exceptions` says whether the Wasm function that it calls may return with one."""
        self.signature = signature
        self.convention = convention
        self.debug_checks = debug_checks
        self.params = signature.inputs.data
        self.result_types = signature.outputs.data
        entry_types = _ARRAY_PARAMETERS if convention is Convention.ARRAY else self.params
        super().__init__(Block(arg_types=entry_types))
        self.has_exceptions = has_exceptions
        self.callee = self.vmctx()
        """The VMContext of the callee, the function itself."""
        self.caller = self.caller_vmctx()
        """The VMContext of the caller."""

    def function(self, symbol: str) -> wasmvm.FuncOp:
        """The finished function."""
        signature = self.signature
        if self.convention is Convention.ARRAY:
            signature = FunctionType.from_lists(_ARRAY_PARAMETERS, ())
        return wasmvm.FuncOp(symbol, signature, self.convention.value, Region(self.block))

    # --- the steps of trampolines ---

    def refuse(self, mnemonic: str, actual: SSAValue, expected: SSAValue) -> None:
        """Debug assertion: trap if the comparison `mnemonic` holds."""
        self.trap_if(self.numeric(mnemonic, actual, expected), DEBUG_ASSERTION)

    def check_magic(self, vmctx: SSAValue) -> None:
        """Debug assertion: the alleged VMContext is one."""
        if self.debug_checks:
            magic = self.load_field(vmctx, "vmctx.magic")
            self.refuse("i32.ne", magic, self.i32_const(VMCONTEXT_MAGIC))

    def check_capacity(self, count: SSAValue) -> None:
        """Debug assertion: the value array has a slot for every parameter and result."""
        if self.debug_checks:
            self.refuse("i64.lt_u", count, self.i64_const(self.slot_count))

    @property
    def slot_count(self) -> int:
        """Slots that an array call of this signature takes."""
        return max(len(self.params), len(self.result_types))

    def save_entry_sp(self) -> None:
        """Record the stack pointer at the host's entry into Wasm."""
        limits = self.load_field(self.callee, "vmctx.limits")
        self.store_field(limits, "limits.last_wasm_entry_sp", self.stack_pointer())

    def save_exit(self) -> None:
        """Record which Wasm frame calls out, for backtraces."""
        limits = self.load_field(self.caller, "vmctx.limits")
        self.store_field(limits, "limits.last_wasm_exit_fp", self.parent_frame_pointer())
        self.store_field(limits, "limits.last_wasm_exit_pc", self.return_address())

    def load_slots(self, slots: SSAValue, types: Sequence[Attribute]) -> list[SSAValue]:
        """The values in the first slots."""
        return [self.load_slot(slots, i, t) for i, t in enumerate(types)]

    def store_slots(self, slots: SSAValue, values: Sequence[SSAValue]) -> None:
        """Put values into the first slots."""
        for i, value in enumerate(values):
            self.store_slot(slots, i, value)

    def call_wasm(self, callee: SymbolRefAttr, arguments: Sequence[SSAValue]) -> Sequence[SSAValue]:
        """Call the Wasm function that the trampoline is for."""
        results = self.call_function(callee, self.callee, self.caller, arguments, self.result_types)
        if self.has_exceptions:
            self.unwind_if_thrown(self.callee)
        return results

    def call_host_array(self) -> SSAValue:
        """Call the host function of the callee context with an array; returns the slots."""
        slots = self.stack_slots(self.slot_count)
        self.store_slots(slots, self.block.args)
        func_ref = self.load_field(self.callee, "host_context.func_ref")
        code = self.load_field(func_ref, "func_ref.array_call")
        arguments = (slots, self.i64_const(self.slot_count))
        self.call_pointer("array", code, self.callee, self.caller, arguments, ())
        return slots


def _array_to_wasm(body: _Body, callee: SymbolRefAttr) -> None:
    slots, count = body.block.args
    arguments = body.load_slots(slots, body.params)
    body.check_magic(body.callee)
    body.check_capacity(count)
    body.save_entry_sp()
    body.store_slots(slots, body.call_wasm(callee, arguments))
    body.return_()


def _native_to_wasm(body: _Body, callee: SymbolRefAttr) -> None:
    body.check_magic(body.callee)
    body.save_entry_sp()
    body.return_(body.call_wasm(callee, body.block.args))


def _wasm_to_native(body: _Body) -> None:
    body.check_magic(body.caller)
    body.save_exit()
    func_ref = body.load_field(body.callee, "host_context.func_ref")
    code = body.load_field(func_ref, "func_ref.native_call")
    results = body.call_pointer(
        "native", code, body.callee, body.caller, body.block.args, body.result_types
    )
    body.check_pending(body.caller)
    body.return_(results)


def _wasm_to_array(body: _Body) -> None:
    body.check_magic(body.caller)
    body.save_exit()
    slots = body.call_host_array()
    body.check_pending(body.caller)
    body.return_(body.load_slots(slots, body.result_types))


def _native_to_array(body: _Body) -> None:
    slots = body.call_host_array()
    body.return_(body.load_slots(slots, body.result_types))


_ARRAY_PARAMETERS: tuple[Attribute, ...] = (wasmvm.PTR, i64)

CONVENTIONS = {
    "array-to-wasm": Convention.ARRAY,
    "native-to-wasm": Convention.NATIVE,
    "wasm-to-native": Convention.WASM,
    "wasm-to-array": Convention.WASM,
    "native-to-array": Convention.NATIVE,
}
"""The calling convention of each kind."""

_FUNCTION_BODIES: dict[str, Callable[[_Body, SymbolRefAttr], None]] = {
    "array-to-wasm": _array_to_wasm,
    "native-to-wasm": _native_to_wasm,
}
_TYPE_BODIES: dict[str, Callable[[_Body], None]] = {
    "wasm-to-native": _wasm_to_native,
    "wasm-to-array": _wasm_to_array,
    "native-to-array": _native_to_array,
}
