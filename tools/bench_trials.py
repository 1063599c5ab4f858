"""See how often `wasmdialect bench` is right: on equal pipelines, and on one that costs a known share.

    python tools/bench_trials.py                       20 tries of each on our engine (ten minutes)
    python tools/bench_trials.py --tries 5 --engine v8 --percent 3 0 -3
    python tools/bench_trials.py --program sha256      equal pipelines only: its cost is not known

The program is a loop around a chain of operations, each of which needs the result of the one
before, and takes the processor a cycle. The pass makes the chain longer by some operations, which
no engine can remove: they use a global that is 0. (For negative percent, A has the pass.) So the share
of operations is the share of time; instructions of the compiled code are counted, too. Every try has
another seed: other layouts, another order, new processes. The exit code is 1 if fewer than 19 of 20
tries are right.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import capstone

from wasmdialect import Config, Engine, Module
from wasmdialect.object.artifact import read_artifact

ROOT = Path(__file__).parents[1]
LINKS = 100
"""Operations of the chain: one more is a percent."""
TURNS = 20_000
SHARE = 19 / 20
PASS = """
from dataclasses import dataclass
from xdsl.dialects.builtin import i32
from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import FunctionPass, WasmBuilder

@dataclass(frozen=True)
class AddWork(FunctionPass):
    name = "add-work"

    links: int = 0

    def apply_to_function(self, ctx, function):
        chain = [op for op in function.body.walk() if isinstance(op, wasmir.I32RotlOp)]
        for op in chain[: self.links]:
            builder = WasmBuilder.after(op)
            longer = builder.i32_xor(op.result, builder.global_get("zero", i32))
            op.result.replace_all_uses_with(longer)
            longer.owner.operands[0] = op.result
"""


def chain() -> str:
    """The program, as text."""
    folded = "(local.get $x)"
    for number in range(LINKS // 2):
        folded = f"(i32.rotl {folded} (i32.const {number % 30 + 1}))"
        folded = f"(i32.add {folded} (i32.const {(2 * number + 1) * 0x1234567 % 2**31}))"
    return f"""(module (global $zero (export "zero") (mut i32) (i32.const 0))
      (func (export "chain") (param $n i32) (param $x i32) (result i32)
        (loop $again
          (local.set $x {folded})
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $x)))"""


def instructions(text: str, load: Path, links: int) -> int:
    """The instructions of the loop's function in our machine code."""
    config = Config(load=(str(load),), at={"wasmir-end": f"add-work{{links={links}}}"}, jobs=0)
    config.compilation = "eager"
    artifact = read_artifact(bytes(Module(Engine(config), text).serialize()))
    (function,) = [f for f in artifact.functions if "function" in f.symbol and f.size > LINKS][:1]
    code = bytes(artifact.text)[function.offset : function.offset + function.size]
    return sum(1 for _ in capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64).disasm(code, 0))


def one_try(folder: Path, arguments: argparse.Namespace, percent: int, seed: int) -> dict[str, Any]:
    """The result of one command."""
    if arguments.program == "chain":
        workload = ["chain.wat", "--invoke", "chain", str(TURNS), "1", "--load", "add_work.py"]
    else:
        workload = [str(ROOT / "examples" / "kernels.wasm"), "--invoke", arguments.program, "4000"]
    options = [f"--seed={seed}", f"--seconds={arguments.seconds}", f"--engine={arguments.engine}"]
    if percent:
        options += ["--b" if percent > 0 else "--a", f"add-work{{links={abs(percent)}}}"]
    start = "from wasmdialect.cli.main import main; main()"
    command = [sys.executable, "-c", start, "bench", "--json", *workload, *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return next(line for line in lines if line["kind"] == "result")


def trial(folder: Path, arguments: argparse.Namespace, percent: int) -> bool:
    """Try one cost again and again; prints a row, and returns whether enough tries were right."""
    began = time.monotonic()
    found = [
        one_try(folder, arguments, percent, arguments.seed + number)
        for number in range(arguments.tries)
    ]
    right = sum(
        line["differs"] == (percent != 0)
        and (percent == 0 or (line["ratio"]["ratio"] > 1) == (percent > 0))
        for line in found
    )
    ratios = [line["ratio"]["ratio"] for line in found]
    widths = [(line["ratio"]["high"] - line["ratio"]["low"]) / 2 for line in found]
    covered = sum(
        line["ratio"]["low"]
        <= (1 + abs(percent) / LINKS) ** (1 if percent > 0 else -1)
        <= line["ratio"]["high"]
        for line in found
    )
    print(
        f"| {arguments.engine} | {arguments.program} | {percent:+d} % | {right} of {len(found)} |"
        f" {median(ratios):.4f} ({min(ratios):.4f} to {max(ratios):.4f}) | ± {median(widths):.4f} |"
        f" {covered} | {(time.monotonic() - began) / len(found):.0f} s |",
        flush=True,
    )
    return right >= SHARE * len(found)


def main() -> int:
    """Run what the command line asks for; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--engine", default="ours", choices=("ours", "wasmtime", "v8"))
    parser.add_argument("--percent", type=int, nargs="+", default=[0, 3])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1, help="of the first try")
    parser.add_argument("--program", default="chain", help="chain, or an export of kernels.wasm")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "chain.wat").write_text(chain())
        (folder / "add_work.py").write_text(PASS)
        if arguments.program == "chain":
            for percent in arguments.percent:
                count = instructions(chain(), folder / "add_work.py", abs(percent))
                print(f"{abs(percent)} more operations: {count} instructions in the function")
        print(
            "| engine | program | cost of B | right | ratio: median (range) | half interval |"
            " true ratio in the interval | a try takes |\n|---|---|---|---|---|---|---|---|"
        )
        return int(
            sum([not trial(folder, arguments, percent) for percent in arguments.percent]) > 0
        )


if __name__ == "__main__":
    sys.exit(main())
