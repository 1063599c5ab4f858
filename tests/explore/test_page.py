"""The page in a browser: links, changes, search, graphs, keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from explore.browser import Browser
from explore.pages import PIPELINE, explore, write_inputs

from wasmdialect.explore.page import page


@pytest.fixture(scope="module")
def fib(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explore")
    write_inputs(folder)
    (folder / "counts.json").write_text('{"calls": 1234}')
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        functions = ("--func", "fib", "--func", "sha256", "--func", "init", "-o", "fib.html")
        assert explore("m.wat", *functions, *PIPELINE, "--counters", "counts.json") == 0
    return folder / "fib.html"


@pytest.fixture
def shown(browser: Browser, fib: Path) -> Browser:
    browser.open(fib)
    return browser


def lines(browser: Browser, what: str) -> dict[str, list[str]]:
    """The text of the rows that a selector finds, by column."""
    return browser.js(
        "Object.fromEntries(view.shown().map((column) => [column.stage.title,"
        f" [...column.lines.querySelectorAll({what!r})]"
        ".map((row) => row.querySelector('code').textContent.trim())]))"
    )


def row(browser: Browser, column: str, text: str) -> str:
    """An expression for the row of a column that holds a text."""
    return (
        f"view.shown().find((c) => c.stage.title === {column!r}).lines.querySelectorAll('.row')"
        f".values().find((row) => row.textContent.includes({text!r}))"
    )


def test_the_mouse_links_lines_of_one_instruction(shown: Browser):
    shown.move_to(row(shown, "wasmir", "wasmir.i32.add"))
    linked = lines(shown, ".row.linked")
    assert linked["WebAssembly"] == ["i32.add"]
    assert linked["wasmir"] == ["%10 = wasmir.i32.add %6, %9"]
    assert linked["wasmir-gvn"] == ["%9 = wasmir.i32.add %6, %8"]
    assert [text.split()[0] for text in linked["assembly"]] == ["addl"]
    assert lines(shown, ".row.pinned")["wasmir"] == []
    assert shown.problems == []


def test_a_click_scrolls_all_columns_to_the_line(shown: Browser):
    shown.js("view.shown().forEach((column) => { column.lines.style.flex = '0 0 90px'; })")
    # The rows are made anew in the next frame; a click on one of the old ones would be lost.
    shown.js("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    shown.click(row(shown, "WebAssembly", "i32.lt_u"))
    shown.wait("document.querySelectorAll('.row.pinned').length > 1")
    shown.js("view.columns[0].lines.scrollTop = 1e4, view.columns[0].list.refresh()")
    shown.click(row(shown, "WebAssembly", "i32.add"))
    shown.wait("document.querySelectorAll('.row.pinned').length > 1")
    assert lines(shown, ".row.pinned")["wasmir"] == ["%10 = wasmir.i32.add %6, %9"]
    visible = shown.js(
        "view.shown().map((column) => { const row = column.lines.querySelector('.pinned');"
        " if (row === null) return true; const a = row.getBoundingClientRect(),"
        " b = column.lines.getBoundingClientRect(); return a.top >= b.top && a.bottom <= b.bottom; })"
    )
    assert visible == [True] * 5
    assert "at=0x" in shown.js("location.hash")


def test_changes_of_a_pass_are_operations(shown: Browser):
    assert lines(shown, ".row.added")["count-calls"] == ['wasmvm.count "calls"'] * 2
    assert lines(shown, ".row.removed")["wasmir-gvn"] == ["%7 = wasmir.i32.const 2"]
    assert lines(shown, ".row.changed")["wasmir-gvn"] == ["%7 = wasmir.i32.sub %0, %1"]
    was = shown.js(f"({row(shown, 'wasmir-gvn', '~')}).title")
    assert was == "was: %8 = wasmir.i32.sub %0, %7"
    chips = shown.js("[...document.querySelectorAll('#stages button')].map((b) => b.textContent)")
    assert chips[2:4] == ["count-calls +2", "wasmir-gvn −1 ~1"]


def test_reports_and_counts_are_beside_their_operations(shown: Browser):
    column = "view.shown().find((c) => c.stage.title === 'count-calls')"
    after = shown.js(
        f"[...{column}.lines.querySelectorAll('.note')].map((note) =>"
        " [note.previousElementSibling.textContent, note.textContent])"
    )
    assert len(after) == 2
    assert all("wasmvm.count" in before for before, _ in after)
    assert all(note.endswith("call callee=fib") for _, note in after)
    assert shown.js(f"{column}.lines.querySelector('.inlay').textContent") == "1,234"


def test_only_changes(shown: Browser):
    shown.click("document.getElementById('show-changes')")
    folded = lines(shown, ".row")["wasmir-gvn"]
    assert any(text.startswith("⋯") for text in folded)
    assert len(folded) < 20
    shown.click("document.getElementById('show-changes')")
    assert len(lines(shown, ".row")["wasmir-gvn"]) > 20


def test_search_finds_the_function_of_that_name_first(shown: Browser):
    shown.js("document.getElementById('search').focus()")
    shown.send("Input.insertText", text="sha256")
    names = shown.js(
        "[...document.querySelectorAll('.function .symbol')].map((s) => s.textContent)"
    )
    # The export, the name, names that begin with it; the last one is not in the page.
    assert names[:3] == ["inner · sha256", "sha256", "sha256_init · init"]
    assert shown.js("document.querySelectorAll('.function.away').length") == 1
    shown.key("Enter", 13)
    shown.wait("view.content !== null && view.index === 2")
    assert shown.js("byId('name').textContent") == "inner"


def test_search_by_text(shown: Browser):
    shown.js("document.getElementById('search').focus()")
    shown.send("Input.insertText", text="I32.Rotl")
    shown.wait("byId('found').textContent.includes('text in')")
    assert "text in 1 of 3 functions" in shown.js("byId('found').textContent")
    shown.click("document.querySelector('.heading + .function')")
    shown.wait("view.index === 2 && document.querySelector('mark') !== null")
    assert shown.js("document.querySelector('mark').textContent") == "i32.rotl"


def test_a_function_that_is_not_in_the_page_says_how_to_get_it(shown: Browser):
    shown.js("view.open(3)")
    notice = shown.js("byId('notice').textContent")
    assert "holds 3 of 4 functions" in notice
    assert "wasmdialect explore m.wat --func 3" in notice


def test_the_graph_has_the_blocks_and_their_order(shown: Browser):
    shown.js("view.open(2)")
    shown.wait("view.index === 2 && view.content !== null")
    shown.click("document.getElementById('show-graph')")
    blocks = shown.js(
        "[...document.querySelectorAll('.block')].map((b) => [b.getAttribute('aria-label'),"
        " b.querySelector('rect').y.baseVal.value])"
    )
    names = [name for name, _ in blocks]
    assert names[0] == "entry"
    assert sum(name.endswith("(loop)") for name in names) == 1
    assert min(blocks, key=lambda block: block[1])[0] == "entry"
    boxes = shown.js(
        "[...document.querySelectorAll('.block > rect:first-child')].map((r) =>"
        " [r.x.baseVal.value, r.y.baseVal.value, r.width.baseVal.value, r.height.baseVal.value])"
    )
    for n, (x, y, width, height) in enumerate(boxes):
        for x2, y2, width2, height2 in boxes[:n]:
            assert x >= x2 + width2 or x2 >= x + width or y >= y2 + height2 or y2 >= y + height
    assert shown.js("document.querySelectorAll('.edge.back').length") == 1
    shown.click("document.getElementById('show-graph')")


def test_any_graph_is_drawn_without_overlaps(shown: Browser):
    """Layouts of graphs with loops, unreachable nodes and edges over many layers."""
    overlaps = shown.js("""
      (() => {
        let seed = 7, wrong = 0;
        const random = (most) => (seed = (seed * 1103515245 + 12345) % 2147483648) % most;
        for (let round = 0; round < 60; round++) {
          const count = 1 + random(30);
          const node = () => ({ width: 40 + random(200), height: 20 + random(90) });
          const edge = () => [random(count), random(count)];
          const nodes = Array.from({ length: count }, node);
          const edges = Array.from({ length: random(2 * count) }, edge);
          const { corners, routes } = layOut(nodes, edges);
          nodes.forEach((a, n) => nodes.slice(0, n).forEach((b, m) => {
            const [p, q] = [corners[n], corners[m]];
            const isBeside = p.x >= q.x + b.width || q.x >= p.x + a.width;
            const isAbove = p.y >= q.y + b.height || q.y >= p.y + a.height;
            if (!isBeside && !isAbove) wrong++;
          }));
          const finite = [...corners.flatMap(({ x, y }) => [x, y]), ...routes.flat(2)];
          if (routes.length !== edges.length || !finite.every(Number.isFinite)) wrong++;
        }
        return wrong;
      })()""")
    assert overlaps == 0


def test_keys(shown: Browser):
    shown.js("view.columns[1].lines.focus()")
    for _ in range(3):
        shown.key("ArrowDown", 40)
    assert lines(shown, ".row.at")["wasmir"] == [lines(shown, ".row")["wasmir"][3]]
    shown.key("ArrowRight", 39)
    assert shown.js("document.activeElement === view.shown()[2].lines")
    shown.js("view.shown()[3].lines.focus()")
    shown.key("n")
    assert lines(shown, ".row.at")["wasmir-gvn"] == ["%7 = wasmir.i32.const 2"]
    shown.key("]")
    shown.wait("view.index === 2")
    shown.key("/")
    assert shown.js("document.activeElement.id") == "search"
    assert shown.problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(shown: Browser, scheme: str):
    """The contrast of code with each ground it is on is at least 4.5 (WCAG 2, level AA)."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    shown.send("Emulation.setEmulatedMedia", features=features)
    worst = shown.js("""
      (() => {
        const probe = document.body.appendChild(document.createElement("i"));
        const light = (variable) => {
          probe.style.color = `var(--${variable})`;
          const parts = getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3);
          const [r, g, b] = parts
            .map((part) => part / 255)
            .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        const pair = (ground, text) => [contrast(light(ground), light(text)), text, ground];
        const grounds = "ground panel added removed changed moved note hover pinned".split(" ");
        const texts = "text value operation symbol number string label".split(" ");
        const found = grounds.flatMap((ground) => texts.map((text) => pair(ground, text)));
        found.push(...["ground", "panel"].map((ground) => pair(ground, "quiet")));
        probe.remove();
        return found.filter(([ratio]) => ratio < 4.5);
      })()""")
    shown.send("Emulation.setEmulatedMedia", features=[])
    assert worst == []


def test_names_cannot_leave_their_place(browser: Browser, tmp_path: Path):
    evil = '</script><script>document.title="got"</script><img src=x onerror="document.title=1">'
    module = {
        "file": evil, "size": 1, "pipeline": evil, "level": 2, "target": "t", "versions": {},
        "mandatory": [], "asked": [], "counters": None,
        "functions": [{"name": evil, "exports": [evil], "size": 3, "seconds": 0.1}],
    }  # fmt: skip
    stage = {
        "title": evil, "kind": "ir", "pass": False, "seconds": 0, "lines": [0], "offsets": [1],
        "changes": None, "counts": None,
    }  # fmt: skip
    (tmp_path / "evil.html").write_text(
        page(module, {0: {"texts": [evil], "stages": [stage], "reports": []}})
    )
    browser.open(tmp_path / "evil.html")
    assert browser.js("document.title") == evil
    assert browser.js("document.querySelectorAll('img').length") == 0
    assert browser.problems == []
