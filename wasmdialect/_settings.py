"""The settings: one list, the fields of Config, from which all other uses of settings are derived.

A row has the type, default and description of a setting, its valid values, what it decides, and how
commands spell it. The row is the source of the checks of a Config and of an artifact, the options
of commands, the keys of the cache, the options of the passes from wasmir to LLVM, `wasmdialect
settings`, and docs/settings.md.
"""

from __future__ import annotations

import os

from wasmdialect._errors import SettingError
from wasmdialect._forms import (
    U64,
    FormError,
    Integer,
    OneOf,
    OrNone,
    PowerOfTwo,
    Seconds,
    boolean,
    path,
    paths,
    refuse,
    text,
    texts,
)
from wasmdialect._records import Default, Record, field_names
from wasmdialect._static import TYPE_CHECKING, Mapping, final
from wasmdialect._wasmtime_settings import WasmtimeSettings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Literal

    from xdsl.passes import ModulePass

    from wasmdialect._forms import Form
    from wasmdialect.codegen.store import Store

CODE, PASSES, LAYOUT, COMPILER, RUNTIME = "code", "passes", "layout", "compiler", "runtime"
OBJECTS = "objects"
GROUPS = {
    CODE: "decide the code of functions",
    PASSES: "decide which passes run, and for which target",
    OBJECTS: "are objects of a Python program",
    LAYOUT: "decide how an artifact is laid out",
    COMPILER: "decide how the compiler goes about its work",
    RUNTIME: "decide how modules are run",
}
"""What settings decide. The same parts of the package see all settings of a group."""
ARTIFACT_GROUPS = (CODE, LAYOUT)
"""Written into artifacts. Of passes and target, artifacts hold the resolved form."""
KEY_GROUPS = (CODE, PASSES)
"""Part of the keys under which the cache keeps the result of import and passes for a function."""

COMPILING = "compiling"
COMPILE, RUN, WAST, OPT = "compile", "run", "wast", "wasm-opt-py"
"""Which commands have an option: all compiling ones, some of them, or wasm-opt-py."""


class Setting(Default):
    """A setting: a field of Config whose values are checked when they are assigned."""

    name: str

    def __init__(
        self,
        group: str,
        default: Any,
        form: Form,
        meaning: str,
        *,
        none: str = "",
        option: str = "",
        commands: tuple[str, ...] = (COMPILING,),
        metavar: str = "",
        option_of: str = "",
        enables: str = "",
        optimizes: str = "",
    ):
        """`none` says what None means. `option` is how commands spell it, if it is not the name.
        `option_of` is the pass that has it as an option, `enables` the one that runs if it is on, and
        `optimizes` the one that runs at levels 2 and 3 if it is on."""
        super().__init__(lambda: form(default))
        self.group, self.default, self.form, self.meaning = group, default, form, meaning
        self.none, self.commands, self.metavar = none, commands, metavar
        self.option, self.option_of = option, option_of
        self.enables, self.optimizes = enables, optimizes

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.option = self.option or "--" + name.replace("_", "-")

    def __set__(self, record: Config, value: Any) -> None:
        record.__dict__[self.name] = self.checked(value)

    def checked(self, value: Any) -> Any:
        """The value as stored. Raises WasmtimeError if it is invalid."""
        try:
            return self.form(value)
        except FormError as error:
            none = f"; None means {self.none}" if self.none else ""
            raise SettingError(f"{self.name}: {error}{none}") from None


def setting(*columns: Any, **more: Any) -> Any:
    """A row of the list; type checkers take it as a default."""
    return Setting(*columns, **more)


def cache_place(value: Any) -> Any:
    """The form of a cache: the user's own, none, a directory, or a store."""
    place: Any = value
    is_store = hasattr(value, "get") and hasattr(value, "insert")
    if not is_store and not isinstance(value, bool | str | os.PathLike):
        refuse(value, "true, false, a directory or a store with `get` and `insert`")
    if isinstance(value, str | os.PathLike) and not _may_be_directory(place):
        refuse(place, "a directory")
    return place


def _may_be_directory(place: str | os.PathLike[str]) -> bool:
    """Whether a path is free or a directory. Wasmtime's caches are files of settings, in TOML."""
    path = os.fspath(place)
    return not path.endswith(".toml") and (os.path.isdir(path) or not os.path.exists(path))


def pass_objects(value: Any) -> dict[str, tuple[Any, ...]]:
    """The form of passes by point: lists of objects and classes, kept as objects."""
    points: Any = value
    if not isinstance(value, Mapping):
        refuse(value, "a map of points to lists of passes")
    if not points:
        return {}
    from wasmdialect.passes.objects import pass_object  # which loads xDSL

    found: dict[str, tuple[Any, ...]] = {}
    for point, passes in points.items():
        items: Any = passes
        if not isinstance(passes, list | tuple):
            refuse(items, f"a list of passes (at {text(point)})")
        found[text(point)] = tuple(map(pass_object, items))
    return found


def target_triple(value: Any) -> str:
    """The form of a target: the triple of a machine that code can be compiled for."""
    from wasmdialect.codegen.target import TargetError, parse_target

    try:
        return parse_target(text(value)).triple
    except TargetError as error:
        raise FormError(str(error)) from None


DEFAULT_FEATURES = "wasm-3.0"


def feature_list(value: Any) -> str:
    """The form of a list of features: one text for each set of them."""
    if value == DEFAULT_FEATURES:
        return DEFAULT_FEATURES  # nothing is loaded for it when a program starts
    from wasmdialect.wasm.features import parse_features, print_features

    try:
        return print_features(parse_features(text(value)))
    except ValueError as error:
        raise FormError(str(error)) from None


@final
class Config(WasmtimeSettings, Record):
    """How an Engine compiles: the settings, and wasmtime-py's names for them.

    Attributes can be set after construction, and settings given to it. Raises WasmtimeError for an
    invalid value, AttributeError for an attribute that there is not.
    """

    # fmt: off
    opt_level: Literal[0, 1, 2, 3] | None = setting(
        CODE, None, OrNone(Integer(0, 3)),
        "LLVM's effort: 0 compiles fast, 2 optimises functions, 3 also works across functions.",
        none="2; but functions that are compiled lazily are compiled at 0 first, and again at 2 when"
        " they run often",
        option="-O", commands=(COMPILING, OPT), metavar="LEVEL",
    )
    bounds: Literal["guard", "explicit"] = setting(
        CODE, "guard", OneOf("guard", "explicit"),
        "Whether 32-bit memories are bounded by guard pages or by comparisons.",
        commands=(COMPILING, OPT), option_of="insert-vmctx-loads",
    )
    traps: Literal["exact", "relaxed"] = setting(
        CODE, "exact", OneOf("exact", "relaxed"),
        "Whether accesses that fault keep their order with everything else that can be observed.",
        commands=(COMPILING, OPT), option_of="insert-vmctx-loads",
    )
    pipeline: str | None = setting(
        PASSES, None, OrNone(text),
        "A pass pipeline that replaces the default one.",
        none="the default pipeline", option="-p,--pipeline", metavar="PIPELINE",
    )
    at: Mapping[str, str] = setting(
        PASSES, {}, texts,
        "Passes added to the default pipeline at its points wasmir-start, wasmir-end, wasmvm-end"
        " and llvm-end.",
        commands=(COMPILING, OPT), metavar="POINT=PIPELINE",
    )
    passes: Mapping[str, Sequence[ModulePass | type[ModulePass]]] = setting(
        OBJECTS, {}, pass_objects,
        "Passes, as objects or classes, added at the points of `at`, after what it adds. They run in"
        " the program's process.",
        commands=(),
    )
    load: tuple[str, ...] = setting(
        PASSES, (), paths,
        "Python files that define passes.",
        commands=(COMPILING, OPT), metavar="FILE",
    )
    verify: Literal["each", "ends", "none"] = setting(
        PASSES, "none", OneOf("each", "ends", "none"),
        "Verify the IR after each pass, before the first and after the last one, or not at all.",
        commands=(COMPILING, OPT),
    )
    function_budget: int = setting(
        CODE, 2_000_000, Integer(0, U64),
        "Characters of LLVM IR above which a function is compiled at level 0, and reported.",
        metavar="CHARACTERS",
    )
    compile_timeout: float | None = setting(
        COMPILER, 300.0, OrNone(Seconds()),
        "Seconds that a worker may take for import and passes of a few functions, or for LLVM on one."
        " After that it is ended, and the function compiled at a lower level or named in an error.",
        none="no limit", metavar="SECONDS",
    )
    debug_checks: bool = setting(
        CODE, False, boolean,
        "Check in trampolines the assumptions that compiled code and the runtime share.",
        commands=(COMPILING, OPT), option_of="insert-trampolines",
    )
    relaxed_simd_deterministic: bool = setting(
        CODE, False, boolean,
        "Whether relaxed vector instructions give the same results on all processors.",
        commands=(COMPILING, OPT), option_of="wasmvm-to-llvm",
    )
    consume_fuel: bool = setting(
        CODE, False, boolean,
        "Count operators, so that a store's programs stop when its fuel is used up.",
        commands=(COMPILING, OPT), enables="insert-fuel",
    )
    epoch_interruption: bool = setting(
        CODE, False, boolean,
        "Stop programs at the deadline of their store, counted in epochs of the Engine.",
        commands=(COMPILING, OPT), enables="insert-epoch-checks",
    )
    canonicalize_nans: bool = setting(
        CODE, False, boolean,
        "Let float arithmetic give no NaN but the canonical one, as on every other machine.",
        commands=(COMPILING, OPT), enables="canonicalize-nans",
    )
    wide_multiply: bool = setting(
        CODE, True, boolean,
        "At levels 2 and 3, multiply 64 by 64 bits in one operation where a program does it in halves.",
        option="--wide-multiply/--no-wide-multiply", commands=(COMPILING, OPT),
        optimizes="wasmir-wide-multiply",
    )
    direct_calls: bool = setting(
        CODE, True, boolean,
        "At levels 2 and 3, call functions directly through tables that nothing writes.",
        option="--direct-calls/--no-direct-calls", commands=(COMPILING, OPT),
        optimizes="wasmir-direct-calls",
    )
    inlining: bool = setting(
        CODE, True, boolean,
        "Inline functions at levels 2 and 3, unless a pipeline is given.",
        option="--inlining/--no-inlining", commands=(COMPILING, OPT), optimizes="wasmir-inline",
    )
    call_counts: str | None = setting(
        COMPILER, None, OrNone(path),
        "A file that `run --count-calls` wrote: how often calls ran, for inlining.",
        none="how often calls run is guessed", commands=(COMPILING,), metavar="FILE",
    )
    forward_loads: bool = setting(
        CODE, True, boolean,
        "At levels 2 and 3, let loads give what was stored at their place, or loaded from it before.",
        option="--forward-loads/--no-forward-loads", commands=(COMPILING, OPT),
        optimizes="wasmir-forward-loads",
    )
    version_loops: bool = setting(
        CODE, True, boolean,
        "At levels 2 and 3, let loops run without checks where one check before them says that no"
        " access can trap.",
        option="--version-loops/--no-version-loops", commands=(COMPILING, OPT),
        optimizes="wasmir-version-loops",
    )
    generate_address_map: bool = setting(
        LAYOUT, True, boolean,
        "Write the Wasm byte offset of each piece of code; without it backtraces have no offsets.",
        option="--address-map/--no-address-map",
    )
    unwind_info: bool = setting(
        LAYOUT, True, boolean,
        "Write `.eh_frame`, so that debuggers and C++ can unwind through compiled code.",
        option="--unwind-info/--no-unwind-info",
    )
    branch_protection: bool = setting(
        CODE, False, boolean,
        "On aarch64: sign return addresses, and allow jumps to landing instructions only.",
    )
    padding: int = setting(
        LAYOUT, 0, Integer(0, 1 << 20),
        "Zero bytes after each function, for experiments; with `shuffle_layout` before the first too.",
        metavar="BYTES",
    )
    force_veneers: bool = setting(
        LAYOUT, False, boolean,
        "Route every call between functions through a veneer, for tests.",
    )
    function_alignment: int | None = setting(
        LAYOUT, None, OrNone(PowerOfTwo(4096)),
        "Alignment of functions in bytes, a power of 2.",
        none="the machine's usual one", metavar="BYTES",
    )
    shuffle_layout: int | None = setting(
        LAYOUT, None, OrNone(Integer(0, U64)),
        "Put functions into a random order with this seed, for measurements that do not depend on one"
        " layout.",
        none="the order of the module", metavar="SEED",
    )
    cache: bool | str | os.PathLike[str] | Store = setting(
        COMPILER, False, cache_place,
        "Whether unchanged functions are taken from the incremental cache: the user's own, or one in a"
        " directory or a store.",
        option="--cache/--no-cache",
    )
    debug_info: bool = setting(
        RUNTIME, False, boolean,
        "Tell gdb the names and frames of loaded code.",
        option="--gdb", commands=(RUN,),
    )
    profiler: Literal["none", "perfmap", "jitdump"] = setting(
        RUNTIME, "none", OneOf("none", "perfmap", "jitdump"),
        "Tell perf the names of loaded code, in /tmp/perf-PID.map or jit-PID.dump.",
        option="--profile", commands=(RUN,),
    )
    compilation: Literal["lazy", "eager"] | None = setting(
        COMPILER, None, OrNone(OneOf("lazy", "eager")),
        "Whether functions are compiled when they are first called, or all before the module runs.",
        none="lazy for what is run at once, unless it is small", commands=(RUN, WAST),
    )
    jobs: int | None = setting(
        COMPILER, None, OrNone(Integer(0, 1024)),
        "Worker processes; 0 compiles in this process, for debuggers.",
        none="one per processor", metavar="N",
    )
    max_wasm_stack: int | None = setting(
        RUNTIME, None, OrNone(Integer(1, 1 << 40)),
        "Bytes of stack that Wasm may use.",
        none="512 KiB, and 4 MiB with `opt_level` 0 or None, as frames are larger at level 0",
        commands=(RUN,), metavar="BYTES",
    )
    features: str = setting(
        PASSES, DEFAULT_FEATURES, feature_list,
        "What modules may use: a version (wasm-1.0, wasm-2.0, wasm-3.0) or all, features to add"
        " (threads, wide-arithmetic, ...), and with a - features to take away (-simd).",
        commands=(COMPILING, OPT), metavar="LIST",
    )
    target: str | None = setting(
        PASSES, None, OrNone(target_triple),
        "A target triple to compile for; there are artifacts for x86_64 and aarch64, objects (.o) for"
        " riscv64 and s390x.",
        none="this machine", commands=(COMPILE,), metavar="TRIPLE",
    )
    cpu: str | None = setting(
        PASSES, None, OrNone(OneOf(
            "native", "base", "x86-64-v2", "x86-64-v3", "x86-64-v4", "armv8.1-a", "armv8.4-a"
        )),
        "The processor that code may use the instructions of: this machine's, the oldest one of the"
        " target, a level of x86-64, or a version of Arm's architecture.",
        none="native for code that runs here; base for `compile`, and for another target",
        commands=(COMPILING, OPT), metavar="NAME",
    )
    # fmt: on

    @property
    def level(self) -> Literal[0, 1, 2, 3]:
        """`opt_level`, or what None stands for where all functions are compiled once."""
        return 2 if self.opt_level is None else self.opt_level

    def __post_init__(self) -> None:
        for row in SETTINGS:
            setattr(self, row.name, getattr(self, row.name))

    def __setattr__(self, name: str, value: Any) -> None:
        if not hasattr(type(self), name):
            raise AttributeError(f"Config has no setting {name!r}")
        super().__setattr__(name, value)


SETTINGS: tuple[Setting, ...] = tuple(Config.__dict__[name] for name in field_names(Config))

SETTING_OF = {row.name: row for row in SETTINGS}


def in_groups(*groups: str) -> tuple[Setting, ...]:
    """The settings of some groups, in the order of the list."""
    return tuple(row for row in SETTINGS if row.group in groups)


def snapshot(config: Config) -> Config:
    """A Config with the same settings, which later changes of the first one do not reach. Raises
    WasmtimeError for a bad value in a list or map."""
    return Config(**{row.name: getattr(config, row.name) for row in SETTINGS})
