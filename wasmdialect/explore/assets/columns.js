"use strict";
// A column: a stage of the function, line by line.

const TOKEN = new RegExp(
  [
    /(?<s>"(?:[^"\\]|\\.)*")/,
    /(?<c>;;.*|;.*)/,
    /(?<l>\^[\w.$-]+|\.L\w+|^[\w.$-]+:$|\blabel %[\w.$-]+)/,
    /(?<v>%[\w.$-]+(?:#\d+)?|(?<![\w.])\$[A-Za-z_][\w.$!#%&'*+\-\/:<=>?@\\^`|~]*)/,
    /(?<y>@(?:"[^"]*"|[\w.$-]+))/,
    /(?<o>\b(?:wasmir|wasmvm|llvm|llvm_ext|cf|arith|func)\.[\w.]+|\b[ifv](?:32|64|128|8x16|16x8|32x4|64x2)\.[\w.]+|\b(?:local|global|memory|table|ref|data|elem)\.[\w.]+)/,
    /(?<n>(?<![\w.])-?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?)\b)/,
  ].map((part) => part.source).join("|"),
  "g",
);
const INSTRUCTION = /^(\s+)([a-z][\w.]*)/; // of assembly and of LLVM IR without a result

const hex = (offset) => (offset < 0 ? "" : `0x${offset.toString(16)}`);

// Text as spans: a class for each token, and marks where the searched text is.
function highlighted(text, kind, query) {
  const tokens = [];
  let end = 0;
  const add = (start, stop, name) => {
    if (start > end) tokens.push([end, start, ""]);
    if (stop > start) tokens.push([start, stop, name]);
    end = Math.max(end, stop);
  };
  const first = kind === "ir" ? null : INSTRUCTION.exec(text);
  if (first !== null) add(first[1].length, first[0].length, "o");
  TOKEN.lastIndex = end;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const name = Object.keys(match.groups).find((group) => match.groups[group] !== undefined);
    add(match.index, TOKEN.lastIndex, name);
  }
  add(text.length, text.length, "");
  const code = document.createElement("code");
  for (const [start, stop, name] of tokens) code.append(...spans(text.slice(start, stop), name, query));
  return code;
}

function* spans(text, name, query) {
  const lower = text.toLowerCase();
  let end = 0;
  for (let at = query ? lower.indexOf(query) : -1; at >= 0; at = lower.indexOf(query, end)) {
    if (at > end) yield span("span", text.slice(end, at), name);
    end = at + query.length;
    yield span("mark", text.slice(at, end), name);
  }
  if (end < text.length) yield span("span", text.slice(end), name);
}

function span(tag, text, name) {
  const element = document.createElement(tag);
  element.textContent = text;
  if (name) element.className = name;
  return element;
}

function countsOf(stage) {
  const parts = [];
  const { added = 0, removed = 0, changed = 0, moved = 0 } = stage.counts ?? {};
  if (added) parts.push(span("span", ` +${added}`, "plus"));
  if (removed) parts.push(span("span", ` −${removed}`, "minus"));
  if (changed) parts.push(span("span", ` ~${changed}`, "tilde"));
  if (moved) parts.push(span("span", ` →${moved}`, "arrow"));
  const counts = span("span", "", "counts");
  counts.append(...parts);
  return counts;
}

class Column {
  constructor(view, content, number) {
    this.view = view;
    this.content = content;
    this.number = number;
    this.stage = content.stages[number];
    this.rows = null; // until it is shown
    this.at = 0;
    this.value = "";

    this.element = document.createElement("section");
    this.element.className = this.stage.changes === null ? "column plain" : "column";
    this.element.dataset.kind = this.stage.kind;
    const header = this.element.appendChild(document.createElement("header"));
    header.title = this.stage.title;
    header.append(span("b", this.stage.title), this.facts());
    const digits = hex(largest(this.stage.offsets)).length;
    this.element.style.setProperty("--digits", Math.max(digits, 4));
    this.lines = this.element.appendChild(document.createElement("div"));
    this.lines.className = "list";
    this.lines.tabIndex = 0;
    this.lines.setAttribute("role", "listbox");
    this.lines.setAttribute("aria-label", this.stage.title);
    this.list = new VirtualList(this.lines, 20, (at) => this.makeRow(at));

    this.lines.addEventListener("mousemove", (event) => this.hover(event));
    this.lines.addEventListener("mouseleave", () => view.link(-1, ""));
    this.lines.addEventListener("click", (event) => this.click(event));
    this.lines.addEventListener("keydown", (event) => this.key(event));
    this.lines.addEventListener("focus", () => this.paint());
  }

  facts() {
    const { kind, seconds } = this.stage;
    const words = [`${thousands(this.stage.lines.length)} lines`];
    if (kind !== "wasm" && seconds > 0) words.push(duration(seconds));
    return span("span", words.join(" · "));
  }

  prepare() {
    if (this.rows !== null) return;
    this.all ??= withReports(stageRows(this.content, this.number), this.content, this.stage);
    const folds = this.view.onlyChanges && this.stage.changes !== null;
    this.rows = folds ? folded(this.all) : this.all;
    this.places = new Map();
    this.rows.forEach((row, at) => {
      if (row.offset >= 0 && row.line >= 0 && !this.places.has(row.offset)) this.places.set(row.offset, at);
    });
    this.at = Math.min(this.at, Math.max(0, this.rows.length - 1));
    this.list.setCount(this.rows.length, Math.min(500, largest(this.rows.map((row) => row.text.length))));
  }

  makeRow(at) {
    const row = this.rows[at];
    const element = document.createElement("div");
    element.dataset.at = at;
    element.id = `c${this.number}r${at}`;
    element.setAttribute("role", "option");
    const name = row.status === "note" || row.status === "fold" ? row.status : CLASS_OF[row.status];
    element.className = `row ${name}`;
    if (row.was !== undefined) element.title = `was: ${row.was.trim()}`;
    const sign = row.status === "note" ? "▸" : SIGN_OF[row.status] ?? "";
    element.append(span("span", hex(row.offset), "offset"));
    element.append(span("span", sign, "sign"));
    element.append(
      row.line >= 0 || name === "removed" || name === "left"
        ? highlighted(row.text, this.stage.kind, this.view.query)
        : span("code", row.text, ""),
    );
    const counted = this.view.counted(row.text);
    if (counted !== "") element.append(span("span", counted, "inlay"));
    this.paintRow(element, row, at);
    return element;
  }

  paintRow(element, row, at) {
    const { linked, pinned } = this.view;
    element.classList.toggle("linked", row.offset >= 0 && row.offset === linked);
    element.classList.toggle("pinned", row.offset >= 0 && row.offset === pinned);
    element.classList.toggle("at", at === this.at && document.activeElement === this.lines);
    element.setAttribute("aria-selected", String(row.offset >= 0 && row.offset === pinned));
    for (const token of element.querySelectorAll(".v, .l")) {
      token.classList.toggle("same", this.value !== "" && token.textContent === this.value);
    }
  }

  paint() {
    for (const element of this.list.shown.children) {
      const at = Number(element.dataset.at);
      this.paintRow(element, this.rows[at], at);
    }
    this.lines.setAttribute("aria-activedescendant", `c${this.number}r${this.at}`);
  }

  rowAt(event) {
    const element = event.target.closest?.(".row");
    return element ? Number(element.dataset.at) : -1;
  }

  hover(event) {
    const at = this.rowAt(event);
    if (at < 0) return;
    const token = event.target.closest(".v, .l");
    const value = token ? token.textContent : "";
    if (value === this.value && this.rows[at].offset === this.view.linked) return;
    this.value = value;
    this.view.link(this.rows[at].offset);
  }

  click(event) {
    const at = this.rowAt(event);
    if (at < 0) return;
    if (this.rows[at].status === "fold") {
      this.view.setOnlyChanges(false);
      return;
    }
    this.goTo(at);
    this.view.pin(this.rows[at].offset, this);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.lines.clientHeight / this.list.height) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in steps) this.goTo(this.at + steps[event.key]);
    else if (event.key === "ArrowRight") this.view.step(this, 1);
    else if (event.key === "ArrowLeft") this.view.step(this, -1);
    else if (event.key === "Enter" || event.key === " ") this.view.pin(this.rows[this.at]?.offset ?? -1, this);
    else if (event.key === "n") this.goToChange(1);
    else if (event.key === "p") this.goToChange(-1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  goTo(at) {
    this.at = Math.max(0, Math.min(this.rows.length - 1, at));
    this.list.reveal(this.at);
    this.view.link(this.rows[this.at]?.offset ?? -1);
  }

  // To the first line of the next group of changed ones.
  goToChange(step) {
    const begins = (at) => isChange(this.rows[at]) && !(at > 0 && isChange(this.rows[at - 1]));
    for (let at = this.at + step; at >= 0 && at < this.rows.length; at += step) {
      if (begins(at)) {
        this.goTo(at);
        this.list.reveal(at, true);
        return;
      }
    }
  }

  show(offset) {
    const at = this.places.get(offset);
    if (at === undefined) return false;
    this.at = at;
    this.list.reveal(at, true);
    return true;
  }
}
