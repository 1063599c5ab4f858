"""The module before and after each pass of a pipeline, as long as it is wasmir."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xdsl.passes import ModulePass

from wasmdialect._settings import SETTINGS, Config
from wasmdialect.codegen.input import is_ir
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.interpreter import NotInterpreted
from wasmdialect.passes.pipeline import LOWERING_PASSES, run_passes

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp


@dataclass(frozen=True)
class Stage:
    """A pass that has run."""

    number: int
    """Among all passes of the pipeline."""
    ran: ModulePass
    before: ModuleOp
    after: ModuleOp

    @property
    def name(self) -> str:
        """The pass with its options."""
        return str(self.ran)


class Pipeline:
    """A module and the passes it goes through: the user's, and the mandatory ones."""

    def __init__(self, binary: bytes, file: str, config: Config):
        """NaNs are made canonical, which the interpreter and machine code would choose differently.
        Raises NotInterpreted for a lowered module, and what CompileSession raises."""
        if is_ir(binary) and CompileSession(binary, file, CompileSettings.of(config), "").done:
            raise NotInterpreted("the module has been lowered already: give it as wasmir")
        self.binary, self.file = binary, file
        self.config = _copy(config, canonicalize_nans=True, compilation="eager")
        self.session = CompileSession(binary, file, CompileSettings.of(self.config))
        self.passes = self.session.passes
        own = [i for i, p in enumerate(self.passes) if p.name not in LOWERING_PASSES]
        lowering = [i for i, p in enumerate(self.passes) if p.name in LOWERING_PASSES]
        first = min(lowering, default=len(self.passes))
        self.interpreted = [i for i in own if i < first]
        """The numbers of the user's passes that give wasmir."""
        self.lowered = [i for i in own if i >= first]
        """The numbers of the user's passes over later stages."""

    def imported(self) -> ModuleOp:
        """The module before all passes, with what they declare."""
        return self.session.import_everything()

    def stages(self) -> Iterator[Stage]:
        """The user's passes over wasmir, each once it has run. Raises PassFailure."""
        module = self.imported()
        for number in self.interpreted:
            before = module.clone()
            self.apply(self.passes[number], module)
            yield Stage(number, self.passes[number], before, module.clone())

    def apply(self, p: ModulePass, module: ModuleOp) -> None:
        """Run a pass over the whole module, and verify what it leaves. Raises PassFailure."""
        session = self.session
        run_passes((p,), session.context, module, "ends", None, session.declare_missing)

    def native_config(self, last: int | None) -> Config:
        """The settings that compile with the user's passes up to a number, None for none of them."""
        kept = [
            str(p)
            for i, p in enumerate(self.passes)
            if p.name in LOWERING_PASSES or (last is not None and i <= last)
        ]
        return _copy(self.config, pipeline=",".join(kept), at={})


def _copy(config: Config, **changes: Any) -> Config:
    values = {row.name: getattr(config, row.name) for row in SETTINGS}
    return Config(**{**values, **changes})
