"""Engine: compiles and runs modules according to its Config. (Config is the list of settings.)"""

from __future__ import annotations

from wasmdialect._closable import Closable
from wasmdialect._locks import lock_across_forks
from wasmdialect._settings import Config
from wasmdialect._static import final
from wasmdialect.runtime.store import Epoch

_epoch_lock = lock_across_forks()


@final
class Engine(Closable):
    """Compiles modules according to its Config, and owns the epoch of the programs it compiled."""

    def __init__(self, config: Config | None = None):
        if config is not None and not isinstance(config, Config):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected Config")
        self.config = Config() if config is None else config
        self.epoch = Epoch()

    def is_pulley(self) -> bool:
        """Whether code is interpreted by Wasmtime's Pulley: never."""
        return False

    def increment_epoch(self) -> None:
        """Advance to the next epoch: programs that reach their deadline stop. Any thread may call
        this."""
        with _epoch_lock:
            self.epoch.current.value += 1
