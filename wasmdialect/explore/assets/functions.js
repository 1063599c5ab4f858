"use strict";
// The list of functions: sorting, and search by name, index and text.

const PATIENCE = 200; // ms after the last key before texts are searched

const thousands = (number) => number.toLocaleString("en");

function duration(seconds) {
  if (seconds >= 1) return `${seconds.toFixed(1)} s`;
  return `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
}

class Functions {
  constructor(view, module) {
    this.view = view;
    this.element = document.getElementById("functions");
    this.search = document.getElementById("search");
    this.found = document.getElementById("found");
    this.sort = document.getElementById("sort");
    this.list = new VirtualList(this.element, 38, (at) => this.makeRow(at));
    this.withText = [];
    this.searched = "";
    this.setModule(module);

    this.sort.addEventListener("change", () => this.update());
    this.search.addEventListener("input", () => this.typed());
    this.search.addEventListener("keydown", (event) => this.searchKey(event));
    this.element.addEventListener("click", (event) => {
      const index = event.target.closest(".function")?.dataset.index;
      if (index !== undefined) view.open(Number(index));
    });
    this.element.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      this.step(step);
    });
  }

  setModule(module) {
    this.functions = module.functions.map((f, index) => ({ ...f, index, here: isHere(index) && f.size !== null }));
    const counters = module.counters ?? {};
    for (const f of this.functions) {
      f.presence = f.here ? 2 : f.size === null ? 0 : 1;
      f.changed = Object.values(f.changes ?? {}).reduce((a, b) => a + b, 0);
      f.counted = (f.counters ?? []).reduce((sum, name) => sum + (counters[name] ?? 0), 0);
    }
    this.update();
  }

  // --- the rows

  update() {
    const by = this.sort.value;
    const order = [...this.functions];
    if (by === "name") order.sort((a, b) => a.name.localeCompare(b.name));
    else if (by !== "index") order.sort((a, b) => (b[by] ?? -1) - (a[by] ?? -1) || a.index - b.index);
    const query = this.query();
    const named = order.map((f) => [this.rank(f, query), f]).filter(([rank]) => rank < Infinity);
    if (query !== "") named.sort(([a], [b]) => a - b);
    this.rows = named.map(([, f]) => f);
    this.best = query === "" ? undefined : this.rows[0];
    if (this.withText.length > 0) this.rows.push(`Text in ${this.withText.length} functions`, ...this.withText);
    this.list.setCount(this.rows.length);
  }

  query() {
    return this.search.value.trim().toLowerCase();
  }

  // 0 for the function itself, more the farther from it, Infinity for no match.
  rank(f, query) {
    if (query === "" || `#${f.index}` === query) return 0;
    const names = [...f.exports, f.name].map((name) => name.toLowerCase());
    if (names.includes(query)) return f.exports.some((name) => name.toLowerCase() === query) ? 0 : 1;
    if (String(f.index) === query) return 2;
    if (names.some((name) => name.startsWith(query))) return 3;
    return names.some((name) => name.includes(query)) ? 4 : Infinity;
  }

  makeRow(at) {
    const f = this.rows[at];
    if (typeof f === "string") return span("div", f, "heading");
    const element = span("div", "", `function ${f.size === null ? "imported" : f.here ? "" : "away"}`);
    element.dataset.index = f.index;
    element.setAttribute("role", "option");
    element.setAttribute("aria-selected", String(f.index === this.view.index));
    const exported = f.exports.filter((name) => name !== f.name);
    const symbol = span("div", [f.name, ...exported].join(" · "), "symbol");
    symbol.title = `${symbol.textContent} (function ${f.index})`;
    const numbers = span("div", "", "numbers");
    numbers.append(span("span", `#${f.index}`, ""));
    numbers.append(span("span", f.size === null ? "imported" : `${thousands(f.size)} bytes`, ""));
    if (f.seconds !== undefined) numbers.append(span("span", duration(f.seconds), ""));
    else if (!f.here && f.size !== null) numbers.append(span("span", "not in this page", ""));
    if (f.changed > 0) {
      const delta = span("span", `Δ ${thousands(f.changed)}`, "delta");
      delta.title = Object.entries(f.changes).map(([name, count]) => `${name}: ${count}`).join("\n");
      numbers.append(delta);
    }
    if (f.reports > 0) numbers.append(span("span", `▸ ${f.reports}`, ""));
    if (f.counted > 0) numbers.append(span("span", `∑ ${thousands(f.counted)}`, ""));
    element.append(symbol, numbers);
    return element;
  }

  step(step) {
    const rows = this.rows.filter((f) => typeof f !== "string" && f.size !== null);
    const at = rows.findIndex((f) => f.index === this.view.index);
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
    if (next !== undefined) this.view.open(next.index);
  }

  reveal(index) {
    const at = this.rows.findIndex((f) => f.index === index);
    this.list.renew();
    if (at >= 0) this.list.reveal(at);
  }

  // --- search

  typed() {
    this.withText = [];
    this.update();
    this.element.scrollTop = 0;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.searchTexts(this.query()), PATIENCE);
    this.say();
    this.view.setQuery(this.query());
  }

  async searchTexts(query) {
    this.searched = "";
    if (query.length < 2) return;
    const indices = this.functions.filter((f) => (isServed ? contents.has(f.index) : f.here)).map((f) => f.index);
    let done = 0;
    for (const index of indices) {
      // They are many, and are not kept.
      const content = await (contents.get(index) ?? unpack(`function-${index}`));
      if (query !== this.query()) return;
      if (content.texts?.some((text) => text.toLowerCase().includes(query))) {
        this.withText.push(this.functions[index]);
      }
      if (++done % 50 === 0) this.update();
    }
    this.searched = `text in ${this.withText.length} of ${indices.length} functions`;
    this.update();
    this.say();
  }

  say() {
    const query = this.query();
    const names = this.rows.filter((f) => typeof f !== "string").length - this.withText.length;
    const parts = query === "" ? [] : [`${thousands(names)} by name`, this.searched, this.view.whereFound()];
    this.found.textContent = parts.filter((part) => part !== "").join(" · ");
  }

  searchKey(event) {
    if (event.key === "Enter") {
      if (this.best !== undefined && this.best.index !== this.view.index) this.view.open(this.best.index);
      else this.view.goToFound(event.shiftKey ? -1 : 1);
      this.say();
    } else if (event.key === "ArrowDown") {
      this.element.focus();
    } else if (event.key === "Escape") {
      this.search.value = "";
      this.typed();
      this.search.blur();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}
