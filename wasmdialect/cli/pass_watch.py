"""What `wasm-opt-py` shows of passes while they run: their times, and the IR before and after each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from wasmdialect.cli.errors import UsageError
from wasmdialect.cli.output import write_output
from wasmdialect.cli.streams import say
from wasmdialect.passes.pipeline import pass_text


class PassWatch:
    """Observes a pipeline (`passes.pipeline.Observer`). `args` are the options of the command."""

    def __init__(self, args: Any, passes: Sequence[ModulePass], to_text: Callable[[ModuleOp], str]):
        """Raises UsageError for a name that is not in the pipeline."""
        self._args, self._to_text = args, to_text
        self._texts = [pass_text(p) for p in passes]
        self._before = self._chosen(args.mlir_print_ir_before, args.mlir_print_ir_before_all)
        after_all = args.mlir_print_ir_after_all or args.print_between_passes
        only_changes = args.mlir_print_ir_after_change
        self._after = self._chosen(
            args.mlir_print_ir_after,
            after_all or (only_changes and not args.mlir_print_ir_after),
        )
        self._done = 0
        self._last: str | None = None
        """The IR after the last pass, if changes are asked for."""

    def _chosen(self, names: Sequence[str], every: bool) -> frozenset[int]:
        """The numbers of these passes, or of all."""
        wanted = {name for each in names for name in each.split(",")}
        known = [text.partition("{")[0] for text in self._texts]
        for name in sorted(wanted - {*known, *self._texts}):
            raise UsageError(
                f"{name!r} is not in the pipeline, which is {','.join(known) or 'empty'}"
            )
        return frozenset(
            number
            for number, text in enumerate(self._texts)
            if every or wanted & {text, known[number]}
        )

    def __call__(self, text: str, module: ModuleOp, seconds: float) -> None:
        """After each pass, and before the first one with an empty text."""
        if text:
            self._done += 1
            if self._args.time_passes:
                say(f"{seconds:9.4f} s  {text}")
            if self._done - 1 in self._after:
                self._print_after(text, module)
        if self._args.mlir_print_ir_after_change and self._done in self._after:
            self._last = self._to_text(module)
        if self._done in self._before:
            say(f"// ----- IR before {self._texts[self._done]} -----\n{self._to_text(module)}")
        if self._args.mlir_print_ir_tree_dir is not None:
            self._write_file(Path(self._args.mlir_print_ir_tree_dir), text, module)

    def _print_after(self, text: str, module: ModuleOp) -> None:
        ir = self._to_text(module)
        if self._last is None or self._last != ir:
            say(f"// ----- IR after {text} -----\n{ir}")

    def _write_file(self, folder: Path, text: str, module: ModuleOp) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        number = sum(1 for _ in folder.glob("*.mlir"))
        name = text.partition("{")[0] or "import"
        ir = f"{self._to_text(module)}\n"
        write_output(str(folder / f"{number:02}-{name}.mlir"), ir.encode())


def timing_report(rows: Sequence[tuple[float, str]]) -> str:
    """A table in the form of `--mlir-timing`: seconds, and parts of the whole."""
    total = sum(seconds for seconds, _ in rows)
    rule = f"===-{'-' * 73}-==="
    lines = [
        rule,
        f"{'... Execution time report ...':^80}".rstrip(),
        rule,
        f"  Total Execution Time: {total:.4f} seconds",
        "",
        "  ----Wall Time----  ----Name----",
    ]
    for seconds, name in (*rows, (total, "Total")):
        part = 100 * seconds / total if total else 100
        lines.append(f"  {seconds:9.4f} ({part:5.1f}%)  {name}")
    return "\n".join(lines)
