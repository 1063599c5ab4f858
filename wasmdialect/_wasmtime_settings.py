"""The attributes of wasmtime-py's Config that are not settings of their own: switches of features,
other names of settings, and what has one value here.

Each is honoured or refused with the reason; docs/api.md lists them.
"""

from __future__ import annotations

from wasmdialect._errors import SettingError
from wasmdialect._static import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, NoReturn


class FeatureSwitch:
    """Whether the `features` of a Config include one."""

    def __init__(self, feature: str):
        self.feature = feature

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, config: Any, owner: type | None = None) -> Any:
        if config is None:
            return self
        from wasmdialect.wasm.features import Feature, parse_features

        return Feature(self.feature) in parse_features(config.features)

    def __set__(self, config: Any, enable: bool) -> None:
        sign = "" if _boolean(self.name, enable) else "-"
        config.features += f",{sign}{self.feature}"


class Renamed:
    """A setting that is true or false, by Wasmtime's name."""

    def __init__(self, setting: str):
        self.setting = setting

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, config: Any, owner: type | None = None) -> Any:
        return self if config is None else getattr(config, self.setting)

    def __set__(self, config: Any, enable: bool) -> None:
        setattr(config, self.setting, _boolean(self.name, enable))


class Fixed:
    """What Wasmtime can change and this package cannot: values but the accepted ones are refused."""

    def __init__(self, *accepted: Any, reason: str):
        """The first accepted value is the one that is read."""
        self.accepted, self.reason = accepted, reason

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, config: Any, owner: type | None = None) -> Any:
        return self.accepted[0] if self.accepted else None

    def __set__(self, config: Any, value: Any) -> None:
        if not any(type(value) is type(known) and value == known for known in self.accepted):
            raise SettingError(f"{self.name} cannot be {value!r}: {self.reason}")


_LEVELS = {"none": 0, "speed": 2, "speed_and_size": 2}


class WasmtimeSettings:
    """wasmtime-py's names, for a Config to inherit."""

    if TYPE_CHECKING:
        opt_level: Any
        jobs: Any
        verify: Any

    wasm_threads = FeatureSwitch("threads")
    wasm_tail_call = FeatureSwitch("tail-call")
    wasm_reference_types = FeatureSwitch("reference-types")
    wasm_simd = FeatureSwitch("simd")
    wasm_bulk_memory = FeatureSwitch("bulk-memory")
    wasm_multi_value = FeatureSwitch("multivalue")
    wasm_multi_memory = FeatureSwitch("multi-memory")
    wasm_memory64 = FeatureSwitch("memory64")
    wasm_relaxed_simd = FeatureSwitch("relaxed-simd")
    wasm_exceptions = FeatureSwitch("exceptions")
    wasm_function_references = FeatureSwitch("function-references")
    wasm_gc = FeatureSwitch("gc")
    wasm_wide_arithmetic = FeatureSwitch("wide-arithmetic")
    wasm_custom_page_sizes = FeatureSwitch("custom-page-sizes")

    wasm_relaxed_simd_deterministic = Renamed("relaxed_simd_deterministic")
    cranelift_nan_canonicalization = Renamed("canonicalize_nans")
    native_unwind_info = Renamed("unwind_info")

    wasm_component_model = Fixed(False, reason="components are not supported")
    wasm_component_model_map = Fixed(False, reason="components are not supported")
    wasm_component_model_implements = Fixed(False, reason="components are not supported")
    wasm_stack_switching = Fixed(False, reason="stack switching is not supported")
    shared_memory = Fixed(
        True, reason="with `wasm_threads` there are shared memories; without it, none can be used"
    )
    strategy = Fixed(
        "auto", "cranelift", reason='use "auto" or "cranelift"; LLVM compiles for both'
    )
    gc_support = Fixed(True, reason="references to Python objects need it")
    signals_based_traps = Fixed(
        True, reason='traps are signals; bounds="explicit" compares addresses instead'
    )
    macos_use_mach_ports = Fixed(True, False, reason="it is True or False, and only for macOS")
    memory_may_move = Fixed(True, False, reason="it is True or False; memories never move")
    memory_init_cow = Fixed(False, reason="data segments are copied into memories")
    memory_reservation = Fixed(reason="the setting `bounds` decides what memories reserve")
    memory_reservation_for_growth = Fixed(
        reason="the setting `bounds` decides what memories reserve"
    )
    memory_guard_size = Fixed(reason="the setting `bounds` decides what memories reserve")

    @property
    def cranelift_opt_level(self) -> str:
        """`opt_level` as "none", "speed" or "speed_and_size"."""
        return "none" if self.opt_level == 0 else "speed"

    @cranelift_opt_level.setter
    def cranelift_opt_level(self, level: str) -> None:
        if level not in _LEVELS:
            raise SettingError(f"cranelift_opt_level: {level!r} is not one of {', '.join(_LEVELS)}")
        self.opt_level = _LEVELS[level]

    @property
    def cranelift_debug_verifier(self) -> bool:
        """Whether `verify` is "each"."""
        return self.verify == "each"

    @cranelift_debug_verifier.setter
    def cranelift_debug_verifier(self, enable: bool) -> None:
        self.verify = "each" if _boolean("cranelift_debug_verifier", enable) else "none"

    @property
    def parallel_compilation(self) -> bool:
        """Whether several workers compile."""
        return self.jobs != 1

    @parallel_compilation.setter
    def parallel_compilation(self, enable: bool) -> None:
        self.jobs = None if _boolean("parallel_compilation", enable) else 1

    def cranelift_flag_enable(self, flag: str) -> NoReturn:
        """Raises WasmtimeError: Cranelift's flags mean nothing to LLVM."""
        raise SettingError(f"cranelift_flag_enable: {flag!r} is a flag of Cranelift; LLVM compiles")

    def cranelift_flag_set(self, key: str, value: str) -> NoReturn:
        """Raises WasmtimeError, as `cranelift_flag_enable` does."""
        raise SettingError(f"cranelift_flag_set: {key!r} is a flag of Cranelift; LLVM compiles")


def _boolean(name: str, value: Any) -> bool:
    if type(value) is not bool:
        raise SettingError(f"{name}: expected a bool, got {value!r}")
    return value
