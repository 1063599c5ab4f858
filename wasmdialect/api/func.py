"""Func, Caller and Val: calling Wasm from Python, Python from Wasm, and values with a type."""

from __future__ import annotations

from _weakref import ref  # `weakref.ref`, without the rest of `weakref`
from ctypes import c_float

from wasmdialect import types as wt
from wasmdialect._static import TYPE_CHECKING, final
from wasmdialect.api.store import Store, state_of, store_of
from wasmdialect.api.types import FuncType, ValType
from wasmdialect.runtime.errors import WasmtimeError
from wasmdialect.runtime.exceptions import Thrown
from wasmdialect.runtime.values import new_slots, pack, unpack, vector_bytes, vector_value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from wasmdialect.api.extern import Extern
    from wasmdialect.api.store import Storelike
    from wasmdialect.runtime.instance import ModuleInstance
    from wasmdialect.runtime.store import FunctionReference, HostCall, PutResults, StoreState


@final
class Val:
    """A value with its type."""

    def __init__(self, type: ValType, value: Any):
        self._type = type
        self._value = value

    @classmethod
    def i32(cls, val: int) -> Val:
        """A 32-bit integer, of the low bits of any integer; it is read back as a signed one."""
        return cls(ValType.i32(), _wrap(_expect(val, int, "an integer"), 32))

    @classmethod
    def i64(cls, val: int) -> Val:
        """A 64-bit integer, of the low bits of any integer; it is read back as a signed one."""
        return cls(ValType.i64(), _wrap(_expect(val, int, "an integer"), 64))

    @classmethod
    def f32(cls, val: float) -> Val:
        """A 32-bit float, the nearest to any float."""
        return cls(ValType.f32(), c_float(_expect(val, float, "a float")).value)

    @classmethod
    def f64(cls, val: float) -> Val:
        """A 64-bit float."""
        return cls(ValType.f64(), _expect(val, float, "a float"))

    @classmethod
    def v128(cls, val: int | bytes) -> Val:
        """A vector: its 16 bytes, or the integer that they are in little-endian order."""
        return cls(ValType.v128(), vector_value(vector_bytes(val)))

    @classmethod
    def externref(cls, extern: Any) -> Val:
        """A reference to a Python object; None is null."""
        return cls(ValType.externref(), extern)

    @classmethod
    def funcref(cls, f: Func | None) -> Val:
        """A reference to a function; None is null."""
        return cls(ValType.funcref(), f)

    @classmethod
    def ref_null(cls, ty: ValType) -> Val:
        """The null of a reference type."""
        if not isinstance(ty.value_type, wt.RefType) or not ty.value_type.nullable:
            raise WasmtimeError(f"Invalid reference type for `ref_null`: {ty}")
        return cls(ty, None)

    @property
    def value(self) -> Any:
        """The Python value."""
        return self._value

    @property
    def type(self) -> ValType:
        """The type."""
        return self._type

    def as_i32(self) -> int | None:
        """The value if it is an i32."""
        return self._as("i32")

    def as_i64(self) -> int | None:
        """The value if it is an i64."""
        return self._as("i64")

    def as_f32(self) -> float | None:
        """The value if it is an f32."""
        return self._as("f32")

    def as_f64(self) -> float | None:
        """The value if it is an f64."""
        return self._as("f64")

    def as_v128(self) -> int | None:
        """The value if it is a v128."""
        return self._as("v128")

    def as_externref(self) -> Any:
        """The object if it is an externref."""
        return self._as("externref")

    def as_funcref(self) -> Func | None:
        """The function if it is a funcref."""
        return self._as("funcref")

    def _as(self, name: str) -> Any:
        return self._value if self._type.name == name else None

    def __eq__(self, rhs: object) -> bool:
        if isinstance(rhs, Val):
            return self._type == rhs._type and self._value == rhs._value
        return self._value == rhs

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"Val({self._type}, {self._value!r})"


def _expect(value: Any, cls: type[Any], what: str) -> Any:
    if not isinstance(value, cls):
        raise TypeError(f"expected {what}")
    return value


def _wrap(value: int, width: int) -> int:
    """The signed integer of the low bits of an integer."""
    half = 1 << width - 1
    return (value + half) % (2 * half) - half


# --- references: Python objects to pointers and back ---


def reference_to_bits(store: StoreState, value: Any, t: wt.RefType) -> int:
    """The pointer of a reference value. Raises TypeError; WasmtimeError for a function of another
    store."""
    if value is None and t.nullable:
        return 0
    if value is not None and wt.is_extern(t):
        return store.externs.handle(value)
    if isinstance(value, Func) and wt.heap_matches(value.reference.type, t.heap):
        store.check(value.reference)
        return value.reference.address
    if wt.is_exception(t) and isinstance(value, Thrown) and t.heap is not wt.NOEXN:
        return value.address_in(store)
    raise TypeError(f"don't know how to convert {value!r} to {t}")


def reference_from_bits(store: StoreState, bits: int, t: wt.RefType) -> Any:
    """The Python object of a pointer."""
    if wt.is_extern(t):
        return store.externs.value(bits)
    if wt.is_exception(t):
        return None if bits == 0 else store.thrown_as(store, bits)
    return None if bits == 0 else Func.from_reference(store.function_at(bits))


def _unwrap(value: Any, t: wt.ValType) -> Any:
    """The Python value of a Val of the right type, or the value itself."""
    if isinstance(value, Val):
        if not wt.matches(value.type.value_type, t):
            raise TypeError("wrong type of `Val` provided")
        return value.value
    return value


def store_values(
    store: StoreState, slots: Any, types: Sequence[wt.ValType], values: Sequence[Any]
) -> None:
    """Write Python values into slots. Raises TypeError, OverflowError."""
    plain = [_unwrap(value, t) for value, t in zip(values, types, strict=True)]
    pack(slots, types, plain, lambda value, t: reference_to_bits(store, value, t))


def load_values(store: StoreState, slots: Any, types: Sequence[wt.ValType]) -> tuple[Any, ...]:
    """Read Python values from slots."""
    return unpack(slots, types, lambda bits, t: reference_from_bits(store, bits, t))


# --- functions ---


class _Callable:
    """Calls what is in the slot `__call__` of the object: Python looks `__call__` up in the type, where
    it finds the slot."""

    __slots__ = ("__call__",)

    __call__: Callable[..., Any]


@final
class Func(_Callable):
    """A function of a store: of an instance, or a Python function.

    `func(store, *params)` calls it and returns None, the result, or a list of results. It raises Trap,
    or the exception of a host function; WasmtimeError for a wrong number of parameters, TypeError or
    OverflowError for one that does not fit its type.
    """

    reference: FunctionReference

    def __init__(
        self,
        store: Storelike,
        ty: FuncType,
        func: Callable[..., Any],
        access_caller: bool = False,
    ):
        """Make a Python function callable from Wasm. With `access_caller` its first argument is a
        Caller."""
        if not isinstance(store, Store):
            raise TypeError("expected a Store")
        if not isinstance(ty, FuncType):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected a FuncType")
        host = _host_function(store, ty.signature, func, access_caller)
        plain = None if access_caller else (func, _result_putter(ty.signature))
        self.reference = state_of(store).add_host_function(ty.definition, host, plain)
        self.__call__ = self.reference.callable(_call)

    @classmethod
    def from_reference(cls, reference: FunctionReference) -> Func:
        """The Func of a function."""
        self = cls.__new__(cls)
        self.reference = reference
        self.__call__ = reference.callable(_call)
        return self

    def type(self, store: Storelike) -> FuncType:
        """Its type."""
        state_of(store, self.reference)
        return FuncType.from_definition(self.reference.type)


def _call(reference: FunctionReference, store: Storelike, *params: Any) -> Any:
    """A call with any arguments, for those that the glue does not convert."""
    state = store_of(store).state
    signature = reference.signature
    types = signature.params
    if len(params) != len(types):
        amount = "many" if len(params) > len(types) else "few"
        raise WasmtimeError(
            f"too {amount} parameters provided: given {len(params)}, expected {len(types)}"
        )
    if reference.store_id is not state.id:
        state.check(reference)
    if state.externs.is_large:
        state.collect_externs()
    slots = new_slots(signature)
    store_values(state, slots, types, params)
    state.call(reference, slots)
    results = load_values(state, slots, signature.results)
    if not results:
        return None
    return results[0] if len(results) == 1 else list(results)


@final
class Caller:
    """A host function's view of its caller; valid only during the call."""

    def __init__(self, store: Store, instance: ModuleInstance | None):
        self._store: Store | None = store
        self._instance = instance

    @property
    def store(self) -> Store:
        """The store of the caller."""
        if self._store is None:
            raise ValueError("caller is no longer valid")
        return self._store

    @property
    def state(self) -> StoreState:
        """The state of the store."""
        return self.store.state

    @property
    def _id(self) -> object:
        return self.store.state.id

    def __getitem__(self, name: str) -> Extern:
        """An export of the calling instance; KeyError if there is none."""
        item = self.get(name)
        if item is None:
            raise KeyError(f"failed to find export {name}")
        return item

    def get(self, name: str) -> Extern | None:
        """An export of the calling instance, None if there is none."""
        from wasmdialect.api.extern import wrap_extern

        if self._store is None or self._instance is None:
            return None
        try:
            return wrap_extern(self._instance.exported(name))
        except KeyError:
            return None

    def invalidate(self) -> None:
        """The call is over."""
        self._store = self._instance = None


def _host_function(
    store: Store, signature: wt.FuncType, func: Callable[..., Any], access_caller: bool
) -> HostCall:
    params, put_results = signature.params, _result_putter(signature)
    weak_store = ref(store)  # which refers to this function

    def host(state: StoreState, caller_vmctx: int, slots: Any) -> None:
        arguments: Sequence[Any] = load_values(state, slots, params) if params else ()
        if access_caller:
            caller = Caller(_alive(weak_store), state.instances.get(caller_vmctx))
            try:
                returned = func(caller, *arguments)
            finally:
                caller.invalidate()
        else:
            returned = func(*arguments)
        put_results(state, slots, returned)

    return host


def _result_putter(signature: wt.FuncType) -> PutResults:
    results = signature.results

    def put(state: StoreState, slots: Any, returned: Any) -> None:
        if results or returned is not None:
            store_values(state, slots, results, _result_values(returned, len(results)))

    return put


def _alive(weak_store: ref[Store]) -> Store:
    """The store of a running function. It is gone only for a finalizer that the garbage collector calls
    for the store's own cycle."""
    store = weak_store()
    if store is None:
        raise WasmtimeError("the store is being freed")
    return store


def _result_values(returned: Any, count: int) -> Sequence[Any]:
    if count == 0:
        raise WasmtimeError("callback produced results when it shouldn't")
    if count == 1:
        return (returned,)
    if len(returned) != count:
        raise WasmtimeError("callback produced wrong number of results")
    return returned
