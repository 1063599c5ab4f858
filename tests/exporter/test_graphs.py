"""Random graphs of blocks: the module exported from the IR behaves as the IR does natively."""

from __future__ import annotations

from pathlib import Path

import wasmtime
from exporter.locals_checker import wrong_locals
from hypothesis import given, settings
from hypothesis import strategies as st

import wasmdialect
from wasmdialect.codegen.exported import to_wasm
from wasmdialect.codegen.input import WasmInput
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.source import IRSource, WasmSource
from wasmdialect.dialects.declared import ModuleDeclarations
from wasmdialect.exporter.entities import Entities
from wasmdialect.exporter.graph import Dominators, loops_in
from wasmdialect.exporter.operators import Encoder
from wasmdialect.importer.markers import Markers
from wasmdialect.passes.registry import PassRegistry
from wasmdialect.wasm.features import parse_features

FUEL = 60
"""Blocks that run before a function returns."""
LAST = "^last"


@st.composite
def functions(draw: st.DrawFn) -> str:
    """A function of some blocks with arguments. Each computes values from its own and those of the
    blocks that dominate it, and passes some on; which block is next depends on a number that changes
    from block to block."""
    count = draw(st.integers(1, 7))
    numbers = st.integers(0, count - 1)
    arity = [draw(st.integers(0, 3)) for _ in range(count)]
    targets = [draw(st.lists(numbers, min_size=1, max_size=4)) for _ in range(count)]
    dominators = Dominators(targets)
    values: list[list[str]] = []
    lines = ["  wasmir.br ^b0(%fuel, %seed" + ", %seed" * arity[0] + _types(2 + arity[0]) + ")"]
    for block in range(count):
        own = [f"%x{block}_{k}" for k in range(arity[block])]
        lines.append(
            f"^b{block}(%f{block} : i32, %s{block} : i32{''.join(f', {v} : i32' for v in own)}):"
        )
        lines += [
            f"  %one{block} = wasmir.i32.const 1",
            f"  %k{block} = wasmir.i32.const {draw(st.integers(1, 1000))}",
            f"  %left{block} = wasmir.i32.sub %f{block}, %one{block}",
            f"  %m{block} = wasmir.i32.mul %s{block}, %k{block}",
            f"  %t{block} = wasmir.i32.add %m{block}, %k{block}",
        ]
        own += [f"%s{block}", f"%t{block}", f"%k{block}"]
        before = [
            value
            for other in range(block)
            if {block, other} <= dominators.position.keys() and dominators.dominates(other, block)
            for value in values[other]
        ]
        sources = st.deferred(
            lambda own=own, before=before: st.sampled_from([*own, *before, "%seed"])
        )
        for number in range(draw(st.integers(0, 4))):
            a, b = draw(sources), draw(sources)
            name = f"%y{block}_{number}"
            match draw(st.sampled_from(("add", "xor", "sub", "load", "store"))):
                case "load":
                    lines.append(f"  {name} = wasmir.i32.load @memory[%one{block} + {8 * number}]")
                case "store":
                    lines.append(f"  wasmir.i32.store @memory[%one{block} + {8 * number}], {a}")
                    continue
                case operation:
                    lines.append(f"  {name} = wasmir.i32.{operation} {a}, {b}")
            own.append(name)
        values.append(own)
        lines += [
            f"  wasmir.br_if %left{block}, ^go{block}, ^end{block}",
            f"^end{block}:",
            f"  wasmir.br {LAST}({draw(sources)} : i32)",
            f"^go{block}:",
        ]
        edges: list[str] = []
        for target in targets[block]:
            passed = [f"%left{block}", f"%t{block}", *(draw(sources) for _ in range(arity[target]))]
            edges.append(f"^b{target}({', '.join(passed)}{_types(len(passed))})")
        if len(edges) == 1:
            lines.append(f"  wasmir.br {edges[0]}")
        elif len(edges) == 2:
            lines.append(f"  %c{block} = wasmir.i32.and %t{block}, %one{block}")
            lines.append(f"  wasmir.br_if %c{block}, {edges[0]}, {edges[1]}")
        else:
            lines.append(f"  %c{block} = wasmir.i32.and %t{block}, %three")
            lines.append(f"  wasmir.br_table %c{block}, [{', '.join(edges[1:])}], {edges[0]}")
    body = "\n".join(lines)
    return f"""builtin.module {{
wasmir.memory @memory i32 min 1 page 16
wasmir.export "memory" @memory
wasmir.export "f" @f
wasmir.func @f(%seed : i32) -> i32 {{
  %fuel = wasmir.i32.const {FUEL}
  %three = wasmir.i32.const 3
{body}
{LAST}(%r : i32):
  wasmir.return %r : i32
}}
}}
"""


def _types(count: int) -> str:
    return " : " + ", ".join(["i32"] * count)


def results(api: object, source: str | bytes) -> list[object]:
    """What a function returns and stores for some arguments."""
    engine = api.Engine()  # pyright: ignore
    found: list[object] = []
    module = api.Module(engine, source)  # pyright: ignore
    for seed in (0, 1, 7, -3):
        store = api.Store(engine)  # pyright: ignore
        exports = api.Instance(store, module, []).exports(store)  # pyright: ignore
        found.append(exports["f"](store, seed))
        found.append(bytes(exports["memory"].read(store, 0, 128)))
    return found


@settings(max_examples=60)
@given(functions())
def test_random_graphs_behave_as_before(text: str):
    exported = to_wasm(text.encode(), "f.mlir", CompileSettings.of(wasmdialect.Config(pipeline="")))
    config = wasmdialect.Config(opt_level=0, jobs=0, cache=False)
    mine = results(_With(config), text)
    assert results(wasmtime, bytes(exported.binary)) == mine


@settings(max_examples=150)
@given(functions())
def test_every_local_holds_the_value_that_is_read(text: str):
    source = IRSource(text.encode(), "f.mlir", PassRegistry().make_context())
    assert wrong_in(source.declared) == []


def test_locals_of_a_compiled_program():
    """Of functions that a compiler wrote."""
    binary = (Path(__file__).parents[2] / "examples" / "kernels.wasm").read_bytes()
    features = parse_features("all")
    source = WasmSource(WasmInput(binary, features), "kernels.wasm", Markers())
    assert wrong_in(ModuleDeclarations(source.everything())) == []


def wrong_in(declared: ModuleDeclarations) -> list[str]:
    """What functions would read from wrong locals."""
    encoder = Encoder(Entities(declared))
    defined = [f for f in declared.functions if not f.is_declaration]
    assert defined
    return [line for function in defined for line in wrong_locals(function, encoder)]


class _With:
    """The package with a Config for its engines."""

    def __init__(self, config: wasmdialect.Config):
        self._config = config
        self.Module, self.Store = wasmdialect.Module, wasmdialect.Store
        self.Instance = wasmdialect.Instance

    def Engine(self) -> wasmdialect.Engine:
        """An engine."""
        return wasmdialect.Engine(self._config)


# --- the algorithms on graphs, against their definitions

graphs = st.integers(1, 8).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, n - 1), max_size=3), min_size=n, max_size=n)
)


def _reached(successors: list[list[int]], start: int, without: int = -1) -> set[int]:
    """The nodes that can be reached without going through one."""
    found: set[int] = set()
    work = [start] if start != without else []
    while work:
        node = work.pop()
        if node not in found:
            found.add(node)
            work += [n for n in successors[node] if n != without]
    return found


@given(graphs)
def test_a_dominator_is_on_every_path(successors: list[list[int]]):
    dominators = Dominators(successors)
    assert {*dominators.order} == _reached(successors, 0)
    for node in dominators.order:
        for other in dominators.order:
            expected = node == other or other not in _reached(successors, 0, node)
            assert dominators.dominates(node, other) == expected


@given(graphs)
def test_components_are_the_nodes_that_reach_each_other(successors: list[list[int]]):
    found = {frozenset(loop) for loop in loops_in(successors, range(len(successors)))}
    reach = [
        {n for s in successors[node] for n in _reached(successors, s)}
        for node in range(len(successors))
    ]
    expected = {
        frozenset(other for other in reach[node] if node in reach[other])
        for node in range(len(successors))
        if node in reach[node]
    }
    assert found == expected
