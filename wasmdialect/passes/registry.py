"""Finding passes by name: this package's, xDSL's, other packages', and those of `--load` files."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable
from difflib import get_close_matches
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType

from xdsl.context import Context
from xdsl.ir import Dialect
from xdsl.passes import ModulePass

from wasmdialect._printable import printable
from wasmdialect.passes.builtins import Builtin, marked_in

PassFactory = Callable[[], type[ModulePass]]


class PassError(Exception):
    """A pass cannot be found, loaded or set up; the message suggests a remedy."""


def _dce() -> type[ModulePass]:
    from wasmdialect.passes.wasmir_dce import WasmIRDCE

    return WasmIRDCE


def _gvn() -> type[ModulePass]:
    from wasmdialect.passes.wasmir_gvn import WasmIRGVN

    return WasmIRGVN


def _canonicalize() -> type[ModulePass]:
    from wasmdialect.passes.wasmir_canonicalize import WasmIRCanonicalize

    return WasmIRCanonicalize


def _direct_calls() -> type[ModulePass]:
    from wasmdialect.passes.wasmir_direct_calls import WasmIRDirectCalls

    return WasmIRDirectCalls


def _inline() -> type[ModulePass]:
    from wasmdialect.passes.wasmir_inline import WasmIRInline

    return WasmIRInline


def _verify_symbols() -> type[ModulePass]:
    from wasmdialect.passes.wasmir_verify_symbols import WasmIRVerifySymbols

    return WasmIRVerifySymbols


def _verify_ssa() -> type[ModulePass]:
    from wasmdialect.passes.wasmir_verify_ssa import WasmIRVerifySSA

    return WasmIRVerifySSA


def _vmctx_loads() -> type[ModulePass]:
    from wasmdialect.passes.insert_vmctx_loads import InsertVMContextLoads

    return InsertVMContextLoads


def _trampolines() -> type[ModulePass]:
    from wasmdialect.passes.insert_trampolines import InsertTrampolines

    return InsertTrampolines


def _stack_limit_checks() -> type[ModulePass]:
    from wasmdialect.passes.insert_stack_limit_checks import InsertStackLimitChecks

    return InsertStackLimitChecks


def _canonicalize_nans() -> type[ModulePass]:
    from wasmdialect.passes.canonicalize_nans import CanonicalizeNaNs

    return CanonicalizeNaNs


def _to_llvm() -> type[ModulePass]:
    from wasmdialect.passes.wasmvm_to_llvm import WasmVMToLLVM

    return WasmVMToLLVM


def _fuel() -> type[ModulePass]:
    from wasmdialect.passes.insert_fuel import InsertFuel

    return InsertFuel


def _epoch_checks() -> type[ModulePass]:
    from wasmdialect.passes.insert_epoch_checks import InsertEpochChecks

    return InsertEpochChecks


def _tier_checks() -> type[ModulePass]:
    from wasmdialect.passes.insert_tier_checks import InsertTierChecks

    return InsertTierChecks


def _enter_loop() -> type[ModulePass]:
    from wasmdialect.passes.enter_loop import EnterLoop

    return EnterLoop


def _wide_multiply() -> type[ModulePass]:
    from wasmdialect.passes.wasmir_wide_multiply import WasmIRWideMultiply

    return WasmIRWideMultiply


def _forward_loads() -> type[ModulePass]:
    from wasmdialect.passes.wasmir_forward_loads import WasmIRForwardLoads

    return WasmIRForwardLoads


def _count_call_sites() -> type[ModulePass]:
    from wasmdialect.passes.count_call_sites import CountCallSites

    return CountCallSites


def _version_loops() -> type[ModulePass]:
    from wasmdialect.passes.wasmir_version_loops import WasmIRVersionLoops

    return WasmIRVersionLoops


OWN_PASSES: dict[str, PassFactory] = {
    "enter-loop": _enter_loop,
    "insert-tier-checks": _tier_checks,
    "insert-epoch-checks": _epoch_checks,
    "canonicalize-nans": _canonicalize_nans,
    "count-call-sites": _count_call_sites,
    "insert-fuel": _fuel,
    "insert-stack-limit-checks": _stack_limit_checks,
    "insert-trampolines": _trampolines,
    "insert-vmctx-loads": _vmctx_loads,
    "wasmir-canonicalize": _canonicalize,
    "wasmir-dce": _dce,
    "wasmir-direct-calls": _direct_calls,
    "wasmir-gvn": _gvn,
    "wasmir-inline": _inline,
    "wasmir-verify-ssa": _verify_ssa,
    "wasmir-verify-symbols": _verify_symbols,
    "wasmir-wide-multiply": _wide_multiply,
    "wasmir-version-loops": _version_loops,
    "wasmir-forward-loads": _forward_loads,
    "wasmvm-to-llvm": _to_llvm,
}
"""This package's passes, loaded on demand."""


@cache
def installed_passes() -> dict[str, PassFactory]:
    """The passes of every installed package that has an `xdsl.universe`, this one included."""
    from xdsl.universe import Universe

    return {**Universe.get_multiverse().all_passes, **OWN_PASSES}


@cache
def installed_dialects() -> dict[str, Callable[[], Dialect]]:
    """The dialects of every installed package that has an `xdsl.universe`, by name."""
    from xdsl.universe import Universe

    return {**Universe.get_multiverse().all_dialects}


class _SourceLoader(SourceFileLoader):
    """Loads the source that is there. Python would take bytecode that was made in the same second
    from a file of the same size."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


class PassRegistry:
    """The passes known to a command or an Engine."""

    def __init__(self) -> None:
        self._loaded: dict[str, PassFactory] = {}
        self.files: list[str] = []
        """The files given with `--load`, in order, as absolute paths."""
        self.dialects: dict[str, Dialect] = {}
        """The dialects of these files."""
        self.builtins: dict[str, Builtin] = {}
        """The functions that they mark with `@builtin`."""

    def load_file(self, path: str) -> None:
        """Register every pass that a Python file defines, every `Dialect` that is a variable of it, and
        its functions for builtins. Raises PassError, also for exceptions of the file itself."""
        file, path = Path(path).resolve(), printable(path)
        if str(file) in self.files:
            return
        if not file.is_file():
            raise PassError(f"cannot load passes from {path}: there is no such file")
        module_name = f"wasmdialect_loaded_{file.stem}"
        spec = importlib.util.spec_from_file_location(module_name, file)
        if spec is None or spec.loader is None:
            raise PassError(f"cannot load passes from {path}: it is not a Python file")
        if isinstance(spec.loader, SourceFileLoader):
            spec.loader = _SourceLoader(module_name, str(file))
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module  # dataclasses look up their module
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[module_name]
            raise PassError(f"cannot load passes from {path}: {_describe(error, file)}") from error
        found = [
            value
            for value in vars(module).values()
            if inspect.isclass(value)
            and issubclass(value, ModulePass)
            and value.__module__ == module_name
            and not inspect.isabstract(value)
            and isinstance(getattr(value, "name", None), str)  # else a base of passes
        ]
        dialects = [value for value in vars(module).values() if isinstance(value, Dialect)]
        builtins = [*marked_in(vars(module).values())]
        if not found and not dialects and not builtins:
            raise PassError(
                f"{path} defines no pass and no dialect: a class derived from ModulePass with a name,"
                " or a variable that is a Dialect"
            )
        for each in builtins:
            if self.builtins.setdefault(each.name, each).function is not each.function:
                raise PassError(f"{path}: there are two functions for builtin {each.name!r}")
        for dialect in dialects:
            self._add_dialect(path, dialect)
        for cls in found:
            if cls.name in OWN_PASSES:
                raise PassError(f"{path}: pass {cls.name!r} has the name of a built-in pass")
            self._loaded[cls.name] = lambda cls=cls: cls
        self.files.append(str(file))

    def _add_dialect(self, path: str, dialect: Dialect) -> None:
        """Register a dialect. Importing one that is already registered is fine."""
        known = self.dialects.get(dialect.name)
        installed = installed_dialects().get(dialect.name)
        if known is None and installed is not None:
            known = installed()
        if known is None:
            self.dialects[dialect.name] = dialect
        elif known is not dialect:
            where = "another --load file" if installed is None else "an installed package"
            raise PassError(
                f"{path}: there is a dialect {dialect.name!r} in {where}; give this one another name"
            )

    def make_context(self) -> Context:
        """A context in which every installed dialect and those of the files can be found."""
        context = Context()
        for name, factory in installed_dialects().items():
            context.register_dialect(name, factory)
        self.register_dialects(context)
        return context

    def register_dialects(self, context: Context) -> None:
        """Add the dialects of the files to a context that has the installed ones."""
        for name, dialect in self.dialects.items():
            context.register_dialect(name, lambda dialect=dialect: dialect)

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted({**installed_passes(), **self._loaded})

    def find(self, name: str) -> type[ModulePass]:
        """The pass of that name. Raises PassError with the nearest names."""
        factory = self._loaded.get(name) or OWN_PASSES.get(name)
        if factory is None:
            factory = installed_passes().get(name)
        if factory is None:
            near = get_close_matches(name, self.names(), n=3, cutoff=0.5)
            hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise PassError(f"there is no pass {name!r}{hint}")
        return factory()


def _describe(error: Exception, file: Path) -> str:
    """An error in one line, with the line of the user's file that it came through last."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(file)]
    where = f" (line {lines[-1]})" if lines else ""
    return f"{type(error).__name__}: {error}{where}"
