"""LLVM through llvmlite: textual IR to an object, at four levels.

Up to `-O2` every function is compiled as if it were alone, so the result does not depend on other
functions and can be cached. LLVM aborts the process on some bad input; hence everything here runs in a
worker (see `codegen.worker`), and IR is verified first.
"""

from __future__ import annotations

import marshal
import os
import threading
from collections.abc import Callable
from functools import cache
from typing import Any, Literal, TypeAlias

import llvmlite.binding as _binding

from wasmdialect.abi.attributes import HAS_TRAP_FREE_LOOPS
from wasmdialect.codegen.guarded import ChildError, is_risky, run_guarded
from wasmdialect.codegen.target import HOST_TRIPLE, Target

llvm: Any = _binding  # llvmlite has no type information

Level: TypeAlias = Literal[0, 1, 2, 3]

PASSES: dict[Level, tuple[str, ...]] = {
    1: ("sroa", "simplify_cfg"),
    2: ("sroa", "reassociate", "simplify_cfg"),
}
"""The function passes of each level below 3; `tools/sweep_passes.py` measures what each is worth, and
docs/performance.md, "LLVM's passes", has the figures."""

CODEGEN_LEVEL: dict[Level, int] = {0: 0, 1: 1, 2: 2, 3: 3}
"""The level of LLVM's code generator."""

OPTIONS = [
    # A fault before the frame is set up would lose the caller's frame (docs/llvm.md, "Frames").
    "-enable-shrink-wrap=false",
    # The compiler to Wasm chose each `select` on purpose; turning it back into a branch in loops loses
    # more than it gains (docs/performance.md: heap sort 0.78 -> 1.07 of Wasmtime's speed).
    "-x86-cmov-converter=false",
    # A loop does not start in the second half of a line of the cache, from which processors fetch code:
    # an interpreter whose dispatch crosses two lines takes 1.2 times as long (docs/performance.md,
    # "Places of loops"). The linker puts functions that have loops at the start of a line.
    "-x86-experimental-pref-innermost-loop-alignment=6",
    "-max-bytes-for-alignment=31",
    # A loop in a loop whose guard says the same each time gets a loop around it without the guard (LLVM
    # does that only in its `-O3`; docs/performance.md, "LLVM's own pipelines": FFT 1.05 -> 0.98).
    "-enable-nontrivial-unswitch",
    # An instruction without a location says so, and does not inherit that of the previous one.
    "-use-unknown-locations=Enable",
    # There are no variables in the debug information, only places. Following where variables are takes
    # 4 % of the time by instruction references, which LLVM does otherwise; the code is the same.
    "-experimental-debug-variable-locations=false",
    # A call with hundreds of arguments has as many stores; combining them takes time with their cube
    # (600 arguments: 3.9 s). The limit is 2048 otherwise; the code of QuickJS is the same.
    "-combiner-tokenfactor-inline-limit=64",
    # The parser verifies modules with debug information, and aborts the process if they are not valid.
    # Here every module is verified once, after it has been parsed.
    "-disable-auto-upgrade-debug-info",
    # aarch64's instruction selector at -O0 hangs or crashes after some modules in one process.
    "-global-isel=0",
]
"""Options of LLVM, which are set once in a process."""

SHORTCUTS: dict[str, tuple[str, ...]] = {
    "x86_64": (
        "-enable-misched=false",
        "-disable-copyprop=true",
        "-disable-constant-hoisting=true",
    )
}
"""Options by architecture that leave out steps of the code generator below `-O3`: processors schedule
and rename by themselves, and constants come from compilers that have put them where they should be
(docs/performance.md, "LLVM's passes", has what each costs and gains)."""


_lock = threading.RLock()
# A fork waits for LLVM: the child would find llvmlite's own lock held, and LLVM mid-compilation.
os.register_at_fork(
    before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
)


class CodegenError(Exception):
    """LLVM does not accept the IR."""


REFUSES = "LLVM refuses the IR: "
"""The start of its message."""


@cache
def _initialize() -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    llvm.initialize_native_asmparser()  # for inline assembly
    for option in OPTIONS:
        llvm.set_option("wasmdialect", option)


_shortcuts: tuple[str, ...] = ()
"""Those that are taken."""


def _take_shortcuts(target: Target, level: Level) -> None:
    """Set the options for the next module. The others are as LLVM has them for the targets here."""
    global _shortcuts
    wanted = SHORTCUTS.get(target.triple.partition("-")[0], ()) if level < 3 else ()
    if wanted == _shortcuts:
        return
    for option in (*map(_opposite, _shortcuts), *wanted):
        llvm.set_option("wasmdialect", option)
    _shortcuts = wanted


def _opposite(option: str) -> str:
    name, _, value = option.partition("=")
    return f"{name}={'false' if value == 'true' else 'true'}"


_TUNING = {
    # Vectors of 64 bytes in the vectoriser too. The code generator has them in any case, and makes
    # them of two of 32 that are next to each other (docs/performance.md, "LLVM's own pipelines").
    "x86_64": "-prefer-256-bit",
}
"""Features in LLVM's notation that change what code is chosen, but not what it needs."""


@cache
def _target_machine(target: Target, level: Level) -> Any:
    _initialize()
    tuning = _TUNING.get(target.triple.partition("-")[0])
    return llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu,
        features=",".join(filter(None, (target.features, tuning))),
        opt=CODEGEN_LEVEL[level],
        reloc="pic",
        codemodel="small",
    )


@cache
def _data_layout(target: Target, level: Level) -> str:
    return str(_target_machine(target, level).target_data)


def verify_text(text: str) -> None:
    """Raise CodegenError if LLVM refuses IR text, as far as it verifies it."""
    with _lock:
        _verified(text)


def _verified(text: str) -> Any:
    """The module of IR text. Raises CodegenError."""
    _initialize()
    try:
        module = llvm.parse_assembly(text, llvm.create_context())
        module.verify()
    except RuntimeError as error:
        raise CodegenError(f"{REFUSES}{error}") from None
    return module


_WITH_TAIL_CALLS = ("x86_64", "aarch64")
"""Elsewhere arguments of `lowering.tail_calls.PROTOTYPE` are not in the registers of ordinary ones."""


def _optimized(text: str, target: Target, level: Level) -> tuple[Any, Any]:
    architecture = target.triple.partition("-")[0]
    if architecture not in _WITH_TAIL_CALLS and " musttail call " in text:
        raise CodegenError(
            f"tail calls (return_call) cannot be compiled for {architecture}, only for"
            f" {' and '.join(_WITH_TAIL_CALLS)}"
        )
    machine = _target_machine(target, level)
    module = _verified(text)
    module.triple = target.triple
    module.data_layout = _data_layout(target, level)
    _take_shortcuts(target, level)
    if level > 0:
        _run_passes(module, machine, level, for_loops=HAS_TRAP_FREE_LOOPS in text)
    return module, machine


def _run_passes(module: Any, machine: Any, level: Level, *, for_loops: bool) -> None:
    """Run the passes of a level. At level 3, and for functions with loops in which nothing can trap,
    these are LLVM's own at its `-O1`, which vectorise loops and unroll them: those of its `-O2` and
    `-O3`, and vectors of what is in no loop, lose more here than they gain
    (docs/performance.md, "LLVM's own pipelines")."""
    is_llvms = level == 3 or (level == 2 and for_loops)
    options = llvm.create_pipeline_tuning_options(speed_level=1 if is_llvms else level)
    options.slp_vectorization = False
    builder = llvm.create_pass_builder(machine, options)
    if is_llvms:
        _keep_calls(module)
        builder.getModulePassManager().run(module, builder)
        return
    manager = llvm.create_new_module_pass_manager()
    for name in PASSES[level]:
        getattr(manager, f"add_{name}_pass")()
    manager.run(module, builder)


def _keep_calls(module: Any) -> None:
    """Let LLVM inline nothing: objects do not say which calls code was inlined at, so backtraces would
    lack frames. `wasmir-inline` says it."""
    for function in module.functions:
        if not function.is_declaration and b"alwaysinline" not in b" ".join(function.attributes):
            function.add_function_attribute("noinline")


def code_attributes(target: Target, *, branch_protection: bool) -> str:
    """The attributes of every function besides its own: unwind tables, and on aarch64 the
    protection of branches (signed return addresses and landing instructions)."""
    if branch_protection and target.triple.startswith("aarch64"):
        return (
            'uwtable "branch-target-enforcement" "sign-return-address"="non-leaf"'
            ' "sign-return-address-key"="a_key"'
        )
    return "uwtable"


def compile_object(text: str, target: Target, level: Level) -> bytes:
    """The relocatable object of IR text. Raises CodegenError; may abort the process."""

    def compile_() -> bytes:
        with _lock:
            module, machine = _optimized(text, target, level)
            return machine.emit_object(module)

    return _guarded(text, compile_)


def compile_assembly(text: str, target: Target, level: Level) -> str:
    """The assembly of IR text, for reading."""

    def compile_() -> bytes:
        with _lock:
            module, machine = _optimized(text, target, level)
            return machine.emit_assembly(module).encode()

    return _guarded(text, compile_).decode()


def _guarded(text: str, compile_: Callable[[], bytes]) -> bytes:
    """Compile, in a fork if what passes wrote into the text may end the process."""
    if not is_risky(text):
        return compile_()
    try:
        return run_guarded(compile_)
    except ChildError as error:
        raise CodegenError(f"{REFUSES}{str(error).removeprefix(REFUSES)}") from None


def optimized_ir(text: str, target: Target, level: Level) -> str:
    """The IR text after LLVM's passes, for reading."""
    with _lock:
        return str(_optimized(text, target, level)[0])


def optimized_forms(text: str, target: Target, level: Level) -> tuple[str, str]:
    """The IR text after LLVM's passes, and the assembly of it, for reading."""

    def compile_() -> bytes:
        with _lock:
            module, machine = _optimized(text, target, level)
            return marshal.dumps((str(module), machine.emit_assembly(module)))

    return marshal.loads(_guarded(text, compile_))


__all__ = [
    "HOST_TRIPLE",
    "REFUSES",
    "CodegenError",
    "Level",
    "code_attributes",
    "compile_assembly",
    "compile_object",
    "optimized_forms",
    "optimized_ir",
    "verify_text",
]
