"use strict";
// The rows of a column: the lines of a stage, with what the step removed and what passes reported.

const CLASS_OF = { "=": "", "+": "added", "-": "removed", "~": "changed", ">": "moved", "<": "left" };
const SIGN_OF = { "=": "", "+": "+", "-": "−", "~": "~", ">": "→", "<": "←" };
const CONTEXT = 3; // lines around a change that stay when the others are folded

function lineOf(content, stage, number) {
  return { text: content.texts[stage.lines[number]], offset: stage.offsets[number], line: number };
}

// The comparison comes as runs of statuses; old and new lines are counted along.
function stageRows(content, number) {
  const stage = content.stages[number];
  if (stage.changes === null) {
    return stage.lines.map((_, line) => ({ status: "=", ...lineOf(content, stage, line) }));
  }
  const before = content.stages[number - 1];
  const rows = [];
  let old = 0;
  let line = 0;
  for (const [, status, length] of stage.changes.matchAll(/([-+=~<>])(\d+)/g)) {
    for (let count = Number(length); count > 0; count--) {
      if (status === "-" || status === "<") {
        rows.push({ status, ...lineOf(content, before, old++), line: -1 });
        continue;
      }
      const row = { status, ...lineOf(content, stage, line++) };
      if (status === "~") row.was = lineOf(content, before, old).text;
      if (status === "=" || status === "~") old++;
      rows.push(row);
    }
  }
  return rows;
}

function withReports(rows, content, stage) {
  const reports = content.reports.filter(
    (report) => stage.title === report.pass || stage.title.startsWith(`${report.pass}{`),
  );
  if (reports.length === 0) return rows;
  const waiting = new Map();
  for (const report of reports) {
    waiting.set(report.offset, [...(waiting.get(report.offset) ?? []), report]);
  }
  const out = [];
  const place = (offset) => {
    for (const { text } of waiting.get(offset) ?? []) out.push({ status: "note", text, offset, line: -1 });
    waiting.delete(offset);
  };
  for (const row of rows) {
    out.push(row);
    if (row.line >= 0 || row.status === "-") place(row.offset);
  }
  const lost = out.length;
  for (const offset of [...waiting.keys()]) place(offset);
  return [...out.slice(lost), ...out.slice(0, lost)];
}

function folded(rows) {
  const near = new Uint8Array(rows.length);
  rows.forEach((row, at) => {
    if (row.status === "=") return;
    near.fill(1, Math.max(0, at - CONTEXT), at + CONTEXT + 1);
  });
  const out = [];
  let hidden = 0;
  rows.forEach((row, at) => {
    if (!near[at]) {
      hidden++;
      return;
    }
    if (hidden > 0) out.push(foldRow(hidden));
    hidden = 0;
    out.push(row);
  });
  if (hidden > 0) out.push(foldRow(hidden));
  return out;
}

const foldRow = (count) => ({ status: "fold", text: `⋯ ${count} lines`, offset: -1, line: -1 });

const isChange = (row) => row.status !== "=" && row.status !== "fold";

// `Math.max(...numbers)` cannot take very many.
const largest = (numbers) => numbers.reduce((a, b) => Math.max(a, b), 0);

// The lists of functions and of lines may be long: only the rows that can be seen exist.
class VirtualList {
  constructor(element, height, makeRow) {
    this.element = element;
    this.height = height;
    this.makeRow = makeRow;
    element.style.setProperty("--row", `${height}px`);
    this.count = 0;
    this.made = new Map(); // the rows that exist, by number: an element that is clicked must stay
    this.space = element.appendChild(document.createElement("div"));
    this.space.className = "space";
    this.shown = this.space.appendChild(document.createElement("div"));
    this.shown.className = "shown";
    element.addEventListener("scroll", () => this.refresh(), { passive: true });
    new ResizeObserver(() => this.refresh()).observe(element);
  }

  setCount(count, columns = 0) {
    this.count = count;
    this.space.style.height = `${count * this.height}px`;
    if (columns > 0) this.space.style.minWidth = `max(100%, ${columns + 14}ch)`;
    this.renew();
  }

  renew() {
    this.made.clear();
    this.refresh();
  }

  refresh() {
    const first = Math.max(0, Math.floor(this.element.scrollTop / this.height) - 4);
    const last = Math.min(this.count, first + Math.ceil(this.element.clientHeight / this.height) + 9);
    if (this.made.size === last - first && this.made.has(first) && this.made.has(last - 1)) return;
    const rows = [];
    for (let at = first; at < last; at++) rows.push(this.made.get(at) ?? this.makeRow(at));
    this.made = new Map(rows.map((row, n) => [first + n, row]));
    this.shown.style.transform = `translateY(${first * this.height}px)`;
    this.shown.replaceChildren(...rows);
  }

  reveal(at, centre = false) {
    const { scrollTop, clientHeight } = this.element;
    const top = at * this.height;
    if (top >= scrollTop + this.height && top < scrollTop + clientHeight - 2 * this.height) return;
    this.element.scrollTop = centre
      ? top - clientHeight / 2
      : top < scrollTop + this.height ? top - this.height : top - clientHeight + 2 * this.height;
    if (this.element.scrollTop !== scrollTop) this.refresh();
  }
}
