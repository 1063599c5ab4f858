"use strict";
// The blocks of a stage, drawn.

const MOST_BLOCKS = 700;
const SHOWN_LINES = 7; // of a block
const SHOWN_COLUMNS = 46;
const LINE = 15;
const CHARACTER = 6.7;
const SVG = "http://www.w3.org/2000/svg";

// The blocks of the first function of a stage: label, lines, and the numbers of the blocks that follow.
function blocksOf(rows) {
  const lines = rows.filter((row) => row.line >= 0);
  const blocks = [];
  for (const row of lines) {
    const text = row.text;
    const label = /^\s*\^([\w.$-]+)[:(]/.exec(text) ?? /^([\w.$-]+):$/.exec(text);
    if (blocks.length === 0) {
      if (/^(define |[\w.]*func\b)/.test(text)) blocks.push({ label: "entry", lines: [], offset: row.offset });
      continue;
    }
    if (text === "}") break;
    const block = blocks[blocks.length - 1];
    if (label === null) block.lines.push(row);
    else if (block.lines.length === 0 && block.label === "entry") block.label = label[1];
    else blocks.push({ label: label[1], lines: [], offset: row.offset });
  }
  const numbers = new Map(blocks.map((block, n) => [block.label, n]));
  for (const block of blocks) {
    const text = block.lines.slice(-1)[0]?.text ?? "";
    const targets = text.includes("label %")
      ? [...text.matchAll(/label %([\w.$-]+)/g)]
      : [...text.matchAll(/\^([\w.$-]+)/g)];
    block.next = [...new Set(targets.map(([, label]) => numbers.get(label)).filter((n) => n !== undefined))];
    if (block.offset < 0) block.offset = block.lines.find((row) => row.offset >= 0)?.offset ?? -1;
  }
  return blocks;
}

const shortened = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function shownLines(block) {
  const texts = block.lines.map((row) => shortened(row.text.trim(), SHOWN_COLUMNS));
  if (texts.length <= SHOWN_LINES) return texts;
  const hidden = texts.length - SHOWN_LINES + 1;
  return [...texts.slice(0, SHOWN_LINES - 2), `… ${hidden} more`, texts[texts.length - 1]];
}

function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

class Graph {
  constructor(view) {
    this.view = view;
    this.section = document.getElementById("graph");
    this.drawing = document.getElementById("drawing");
    this.select = document.getElementById("graph-stage");
    this.zoom = 0; // 0: fit
    this.select.addEventListener("change", () => this.draw());
    document.getElementById("zoom-in").addEventListener("click", () => this.setZoom(this.scale() * 1.25));
    document.getElementById("zoom-out").addEventListener("click", () => this.setZoom(this.scale() / 1.25));
    document.getElementById("zoom-fit").addEventListener("click", () => this.setZoom(0));
    this.drawing.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      this.setZoom(this.scale() * (event.deltaY < 0 ? 1.15 : 1 / 1.15));
    });
    new ResizeObserver(() => this.resize()).observe(this.drawing);
  }

  setContent(content) {
    this.content = content;
    const before = this.select.value;
    const stages = content.stages.flatMap((stage, n) => (["ir", "llvm"].includes(stage.kind) ? [[stage, n]] : []));
    this.select.replaceChildren(...stages.map(([stage, n]) => new Option(stage.title, n)));
    const shown = this.view.shown().filter((column) => column.stage.kind === "ir").slice(-1)[0]?.number;
    if (stages.some(([, n]) => String(n) === before)) this.select.value = before;
    else if (shown !== undefined) this.select.value = shown;
    this.draw();
  }

  draw() {
    if (this.section.hidden) return;
    this.picture = null;
    const number = Number(this.select.value);
    const stage = this.content.stages[number];
    const rows = stage === undefined ? [] : stage.lines.map((_, line) => lineOf(this.content, stage, line));
    const blocks = blocksOf(rows);
    if (blocks.length === 0) {
      this.drawing.replaceChildren(span("p", "There are no blocks at this stage.", ""));
      return;
    }
    const nodes = blocks.map((block) => {
      const lines = shownLines(block);
      const columns = Math.max(block.label.length + 4, ...lines.map((line) => line.length));
      return { lines, width: columns * CHARACTER + 18, height: (lines.length + 1) * LINE + 12 };
    });
    const edges = blocks.flatMap((block, from) => block.next.map((to) => [from, to]));
    const layout = blocks.length > MOST_BLOCKS ? null : layOut(nodes, edges);
    if (layout === null) {
      const words = `${blocks.length} blocks with ${edges.length} edges are too many to draw.`;
      this.drawing.replaceChildren(span("p", words, ""));
      return;
    }
    const heads = new Set([...layout.back].map((n) => edges[n][1]));
    this.blocks = blocks;
    this.size = [layout.width, layout.height];
    this.picture = svg("svg", { viewBox: `0 0 ${layout.width} ${layout.height}`, role: "group" },
      svg("defs", {}, svg("marker", {
        id: "arrow", viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 8, markerHeight: 8,
        markerUnits: "userSpaceOnUse", orient: "auto",
      }, svg("path", { d: "M0 1 L10 5 L0 9 z" }))),
      ...edges.map((edge, n) => this.edge(edge, layout.routes[n], layout.back.has(n))),
      ...nodes.map((node, n) => this.node(n, node, layout.corners[n], heads.has(n))),
    );
    this.drawing.replaceChildren(this.picture);
    this.resize();
    this.paint();
  }

  edge([from, to], points, isBack) {
    const { next } = this.blocks[from];
    const kind = next.length !== 2 ? "" : next[0] === to ? "taken" : "not-taken";
    let path = `M${points[0]}`;
    for (let n = 1; n < points.length; n++) {
      const [x1, y1] = points[n - 1];
      const [x2, y2] = points[n];
      const middle = (y1 + y2) / 2;
      path += x1 === x2 ? ` L${x2},${y2}` : ` C${x1},${middle} ${x2},${middle} ${x2},${y2}`;
    }
    return svg("path", { class: `edge ${kind} ${isBack ? "back" : ""}`, d: path, "marker-end": "url(#arrow)" });
  }

  node(number, { lines, width, height }, { x, y }, isHead) {
    const block = this.blocks[number];
    const lineAt = (text, n, name) =>
      svg("tspan", { x: x + 9, y: y + 16 + n * LINE, ...(name ? { class: name } : {}) }, text);
    const name = `${block.label}${isHead ? " (loop)" : ""}`;
    const group = svg("g", {
      class: `block ${isHead ? "loop" : ""}`, tabindex: 0, role: "button", "aria-label": name, "data-block": number,
    },
      svg("rect", { x, y, width, height, rx: 6 }),
      svg("rect", { class: "head", x: x + 1, y: y + 1, width: width - 2, height: LINE + 6, rx: 5 }),
      svg("text", {}, lineAt(name, 0), ...lines.map((line, n) => lineAt(line, n + 1.3, line.startsWith("…") ? "quiet" : ""))),
    );
    const show = () => this.view.pin(block.offset, null);
    group.addEventListener("click", show);
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        event.stopPropagation();
        show();
      }
    });
    return group;
  }

  paint() {
    if (!this.picture) return;
    const { linked, pinned } = this.view;
    const offset = linked >= 0 ? linked : pinned;
    for (const element of this.picture.querySelectorAll(".block")) {
      const block = this.blocks[Number(element.dataset.block)];
      element.classList.toggle("linked", offset >= 0 && block.lines.some((row) => row.offset === offset));
    }
  }

  scale() {
    const [width, height] = this.size;
    const { clientWidth, clientHeight } = this.drawing;
    return this.zoom || Math.min(1, clientWidth / width, Math.max(clientHeight / height, 0.5));
  }

  setZoom(zoom) {
    this.zoom = zoom === 0 ? 0 : Math.max(0.1, Math.min(3, zoom));
    this.resize();
  }

  resize() {
    if (!this.picture) return;
    this.picture.setAttribute("width", this.size[0] * this.scale());
    this.picture.setAttribute("height", this.size[1] * this.scale());
  }
}
