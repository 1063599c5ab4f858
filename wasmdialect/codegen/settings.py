"""The settings of a compilation, as they were at its start, and the target machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from wasmdialect._address_space import has_room_for_guards
from wasmdialect._settings import ARTIFACT_GROUPS, KEY_GROUPS, Config, in_groups, snapshot
from wasmdialect.codegen.target import Target, parse_target

if TYPE_CHECKING:
    import logging

Level = Literal[0, 1, 2, 3]


@dataclass(frozen=True)
class CompileSettings:
    """The immutable settings of one compilation, and the target they select."""

    target: Target
    config: Config = field(default_factory=Config)

    @property
    def level(self) -> Level:
        """LLVM's level. Of lazily compiled functions that run often, if there are tiers."""
        return self.config.level

    @staticmethod
    def of(config: Config) -> CompileSettings:
        """A snapshot of the settings of a Config. Code for this machine has explicit checks if this
        process has no room for guard pages. Raises WasmtimeError for a bad value."""
        settings = CompileSettings(parse_target(config.target, config.cpu), snapshot(config))
        if config.target is None and config.bounds == "guard" and not has_room_for_guards():
            _log().warning(
                "no address space for guard pages (8 GiB for each memory):"
                " code has explicit bounds checks"
            )
            settings.config.bounds = "explicit"
        return settings

    def to_plain(self) -> dict[str, Any]:
        """The settings that import and passes depend on, for workers and for cache keys: a dictionary
        that `marshal` and JSON can write."""
        values = {row.name: getattr(self.config, row.name) for row in in_groups(*KEY_GROUPS)}
        return values | {"target": self.target.to_plain(), "opt_level": self.level}

    @staticmethod
    def from_plain(plain: dict[str, Any]) -> CompileSettings:
        """The inverse of `to_plain`; other settings have their defaults."""
        values = dict(plain)
        target = Target(**values["target"])
        values["target"] = target.triple
        return CompileSettings(target, Config(**values))

    def for_artifact(self) -> dict[str, Any]:
        """The settings that are written into an artifact."""
        values = {row.name: getattr(self.config, row.name) for row in in_groups(*ARTIFACT_GROUPS)}
        return values | {"opt_level": self.level}


def _log() -> logging.Logger:
    import logging  # not while a program starts

    return logging.getLogger("wasmdialect")
