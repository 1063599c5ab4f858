"""Digests of passes that were given as objects. Their source need not be in a file, and a file may have
changed since it was loaded; so this looks at what is in memory: options, code, and the values of the
variables that the code uses. What can change, or cannot be told, has no digest.
"""

from __future__ import annotations

import dataclasses
import dis
import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from enum import Enum
from hashlib import sha256
from pathlib import Path
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    GenericAlias,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

from xdsl.ir import Attribute
from xdsl.passes import ModulePass

_TOOLS = frozenset(("wasmdialect", "xdsl"))
_UNKNOWABLE = frozenset(
    (
        *("__import__", "compile", "eval", "exec", "globals", "input", "locals", "open", "vars"),
        *(
            "__main__",
            "builtins",
            "ctypes",
            "gc",
            "importlib",
            "inspect",
            "pkgutil",
            "runpy",
            "sys",
        ),
    )
)
"""Builtins and modules whose users depend on more than what their code names."""
_ATOMS = (type(None), bool, int, float, complex, str, bytes, type(...), type(NotImplemented))
_CODE_ATTRIBUTES = (
    *("co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_flags"),
    *("co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_exceptiontable"),
)
_UNUSED_ATTRIBUTES = frozenset(
    (
        *("__dict__", "__weakref__", "__doc__", "__module__", "__qualname__", "__annotations__"),
        *("__abstractmethods__", "_abc_impl", "__firstlineno__", "__static_attributes__"),
        *("__dataclass_fields__", "__dataclass_params__", "__parameters__", "__orig_bases__"),
        *("__annotate__", "__annotate_func__", "__annotations_cache__", "__match_args__"),
        "__slotnames__",  # of `copy`
    )
)
"""Attributes of classes that say nothing about what methods do."""
_DESCRIPTORS = (
    *(BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType),
    *(GetSetDescriptorType, MemberDescriptorType),
)


def object_digest(p: ModulePass) -> str:
    """The digest of a pass object. Raises LookupError if it cannot be told what the pass does: it uses
    values that can change, or code that is not here."""
    state = _Digest()
    state.add(type(p))
    for name, value in _attributes(p):
        if name not in ("declared", "unwanted"):  # which depend on the module and all this
            state.add(name)
            state.add(value)
    return state.text()


def source_file(cls: type) -> str | None:
    """The file that a class was defined in, None if there is none, or it comes with the tools."""
    if _is_of_tools(cls.__module__):
        return None
    try:
        file = Path(inspect.getfile(cls))
    except (OSError, TypeError):
        return None
    return str(file.resolve()) if file.suffix == ".py" and file.is_file() else None


class _Digest:
    """Everything that a value depends on, followed to its end. Nothing is followed twice: a value that
    was met before counts by its number."""

    def __init__(self) -> None:
        self._hash = sha256()
        self._met: dict[int, int] = {}
        self._alive: list[object] = []
        """What has been met, so that nothing else gets its id."""
        self._todo: list[Any] = []

    def add(self, value: Any) -> None:
        """Add a value. Raises LookupError."""
        self._todo.append(value)
        while self._todo:
            self._add_one(self._todo.pop())

    def text(self) -> str:
        """The digest, in hexadecimal."""
        return self._hash.hexdigest()

    def _say(self, *words: object) -> None:
        for word in words:
            data = str(word).encode("utf-8", "surrogatepass")
            self._hash.update(len(data).to_bytes(8, "little") + data)

    def _add_one(self, value: Any) -> None:
        kind: type[Any] = type(value)  # pyright: ignore[reportUnknownVariableType]
        if kind in _ATOMS:
            self._say(kind.__name__, repr(value))
            return
        number = self._met.setdefault(id(value), len(self._met))
        if number != len(self._met) - 1:
            self._say("met", number)
            return
        self._alive.append(value)
        self._say(f"{kind.__module__}.{kind.__qualname__}")
        self._follow(value, kind)

    def _follow(self, value: Any, kind: type) -> None:
        if kind is tuple:
            self._follow_all(value)
        elif kind is CodeType:
            self._follow_code(value)
        elif kind is FunctionType:
            self._follow_function(value)
        elif kind is ModuleType:
            _check_module(value.__name__)
            self._say(value.__name__)
        elif kind in (classmethod, staticmethod):
            self._follow_all([value.__func__])
        elif kind is property:
            self._follow_all([value.fget, value.fset, value.fdel])
        elif kind in _DESCRIPTORS:
            self._say(value.__qualname__)
        elif isinstance(value, type):
            self._follow_class(value)
        elif isinstance(value, Enum):
            self._say(value.name)
            self._follow_all([kind])
        elif isinstance(value, GenericAlias):
            self._follow_all([value.__origin__, *value.__args__])
        elif isinstance(value, Attribute) and _is_of_tools(kind.__module__):
            self._say(value)
        else:
            self._follow_frozen(value, kind)

    def _follow_all(self, values: Any) -> None:
        self._say(len(values))
        self._todo.extend(values)

    def _follow_frozen(self, value: Any, kind: type) -> None:
        """An object of a frozen data class."""
        parameters = getattr(kind, "__dataclass_params__", None)
        if parameters is None or not parameters.frozen:
            raise LookupError(f"a {kind.__name__} can change")
        self._follow_all([kind, *(part for pair in _attributes(value) for part in pair)])

    def _follow_code(self, code: CodeType) -> None:
        self._say(*(getattr(code, name) for name in _CODE_ATTRIBUTES))
        self._follow_all([*map(_in_order, code.co_consts)])

    def _follow_function(self, function: FunctionType) -> None:
        if _is_in_library(function):
            self._say(function.__module__, function.__qualname__)
            return
        try:
            cells = [cell.cell_contents for cell in function.__closure__ or ()]
        except ValueError:  # an empty one
            raise LookupError(f"{function.__qualname__} has a variable without a value") from None
        self._follow_all([function.__code__, function.__defaults__, *cells])
        for name, value in sorted((function.__kwdefaults__ or {}).items()):
            self._follow_all([name, value])
        if "__wrapped__" in function.__dict__:
            self._follow_all([function.__dict__["__wrapped__"]])
        for name in sorted({*_global_names(function.__code__)}):
            self._say(name)
            self._follow_all([_global_value(name, function.__globals__)])

    def _follow_class(self, cls: type) -> None:
        self._say(cls.__module__, cls.__qualname__)
        if _is_in_library(cls):
            return
        self._follow_all([*cls.__bases__])
        if "__dataclass_params__" in vars(cls):
            self._say(vars(cls)["__dataclass_params__"])
            for field in fields(cls):
                defaults = [_or_missing(each) for each in (field.default, field.default_factory)]
                self._follow_all([field.name, *defaults])
                self._say(field.init, field.compare, field.hash, field.kw_only)
        for name, value in vars(cls).items():
            if name not in _UNUSED_ATTRIBUTES and not _is_generated(cls, name, value):
                self._follow_all([name, value])


_SETS = (frozenset,)


def _in_order(constant: Any) -> Any:
    """A constant of code; the elements of a set, which are constants too, in a fixed order."""
    return ("set", *sorted(map(repr, constant))) if type(constant) in _SETS else constant


def _or_missing(value: Any) -> Any:
    return "missing" if value is MISSING else value


_GENERATED = frozenset(
    (
        *(
            "__init__",
            "__repr__",
            "__eq__",
            "__hash__",
            "__setattr__",
            "__delattr__",
            "__replace__",
        ),
        *("__lt__", "__le__", "__gt__", "__ge__", "__getstate__", "__setstate__"),
    )
)


def _is_generated(cls: type, name: str, value: Any) -> bool:
    """Whether `dataclass` made a method, from the fields."""
    if name not in _GENERATED or "__dataclass_params__" not in vars(cls):
        return False
    code = getattr(inspect.unwrap(value), "__code__", None)
    return code is not None and code.co_filename in ("<string>", dataclasses.__file__)


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    """The attributes of an object, wherever they are, in a fixed order."""
    yield from sorted(getattr(value, "__dict__", {}).items())
    for cls in type(value).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                yield name, getattr(value, name)


def _global_names(code: CodeType) -> Iterator[str]:
    """The global variables that code uses, also in the functions and classes inside of it. Raises
    LookupError for imports, as `_check_module`."""
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield step.argval
        elif step.opname == "IMPORT_NAME":
            _check_module(step.argval)
        elif step.opname in ("STORE_GLOBAL", "DELETE_GLOBAL"):
            raise LookupError(f"it changes the variable {step.argval}")
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _global_names(constant)


def _global_value(name: str, variables: Mapping[str, Any]) -> Any:
    if name in variables:
        return variables[name]
    builtins: Any = variables.get("__builtins__", {})
    found: Any = vars(builtins) if isinstance(builtins, ModuleType) else builtins
    if name in _UNKNOWABLE:
        raise LookupError(f"it uses {name}")
    if name not in found and name not in ("__module__", "__qualname__"):  # of a class inside
        raise LookupError(f"nothing is called {name}")
    return found.get(name)


def _check_module(name: str) -> None:
    """Raise LookupError unless the source of a module is known by the versions of the tools."""
    if not _is_library(name) or name.partition(".")[0] in _UNKNOWABLE:
        raise LookupError(f"it imports {name}")


def _is_in_library(value: FunctionType | type) -> bool:
    """Whether a function or class is found where it says, and that is a library."""
    if not _is_library(value.__module__):
        return False
    found: Any = sys.modules.get(value.__module__)
    for name in value.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is value


def _is_library(module: str) -> bool:
    """Whether a module belongs to the tools or to Python."""
    return _is_of_tools(module) or module.partition(".")[0] in sys.stdlib_module_names


def _is_of_tools(module: str) -> bool:
    return module.partition(".")[0] in _TOOLS
