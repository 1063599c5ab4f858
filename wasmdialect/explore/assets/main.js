"use strict";
// The function that is shown, and what happens to all its columns together.

const byId = (id) => document.getElementById(id);

const view = {
  module: null,
  index: -1,
  content: null,
  columns: [],
  hidden: null, // titles of the stages without a column; null until a function was shown
  linked: -1, // the offset under the mouse or the cursor
  pinned: -1, // the one that was clicked
  query: "",
  found: -1,
  onlyChanges: false,

  // --- the function

  async open(index, offset = -1) {
    const f = this.module.functions[index];
    if (f === undefined) {
      this.show(null, "There is no such function.");
      return;
    }
    const isOther = index !== this.index;
    this.index = index;
    byId("name").textContent = f.name;
    byId("about").textContent = this.aboutFunction(f);
    this.list.reveal(index);
    this.remember();
    if (f.size === null) {
      this.show(null, "This function is imported: it has no body.");
      return;
    }
    if (!isHere(index)) {
      this.show(null, ...this.notHere(index));
      return;
    }
    if (isServed && isOther && !contents.has(index)) this.show(null, "Compiling …");
    try {
      const content = await loadFunction(index);
      if (index !== this.index) return;
      if (content.error !== undefined) {
        this.fail(content.error);
        return;
      }
      if (content.summary !== undefined) {
        Object.assign(f, content.summary);
        this.list.setModule(this.module);
        byId("about").textContent = this.aboutFunction(f);
      }
      this.show(content);
      if (isOther || offset >= 0) this.pin(offset, null);
    } catch (error) {
      this.fail(`Function ${index} cannot be shown: ${error.message}`);
    }
  },

  aboutFunction(f) {
    const parts = [`function ${this.index}`];
    if (f.exports.length > 0) parts.push(`exported as ${f.exports.map((name) => `“${name}”`).join(", ")}`);
    if (f.size !== null) parts.push(`${thousands(f.size)} bytes`);
    if (f.seconds !== undefined) parts.push(`${duration(f.seconds)} to compile`);
    const counters = (f.counters ?? []).map((name) => {
      const count = this.module.counters?.[name];
      return count === undefined ? name : `${name} = ${thousands(count)}`;
    });
    if (counters.length > 0) parts.push(`counters: ${counters.join(", ")}`);
    return parts.join(" · ");
  },

  notHere(index) {
    const command = document.createElement("code");
    command.textContent = `wasmdialect explore ${this.module.file} --func ${index}`;
    return [
      `This function is not in this page, which holds ${this.inPage()}. To see it: `, command,
      ". All functions: --all. Or --serve, which compiles a function when you open it.",
    ];
  },

  inPage() {
    const here = this.list.functions.filter((f) => f.here).length;
    const defined = this.module.functions.filter((f) => f.size !== null).length;
    return `${thousands(here)} of ${thousands(defined)} functions`;
  },

  // Show stages, or else a notice.
  show(content, ...notice) {
    const places = new Map(this.columns.map((column) => [column.stage.title, column.lines.scrollTop]));
    this.content = content;
    const note = byId("notice");
    note.hidden = notice.length === 0;
    note.className = "quiet";
    note.replaceChildren(...notice);
    byId("work").hidden = content === null;
    byId("stages").hidden = content === null;
    if (content === null) {
      this.columns = [];
      return;
    }
    this.hidden ??= this.hiddenAtFirst(content);
    this.columns = content.stages.map((_, number) => new Column(this, content, number));
    this.arrange();
    for (const column of this.shown()) column.lines.scrollTop = places.get(column.stage.title) ?? 0;
    this.graph.setContent(content);
    this.setQuery(this.query);
  },

  fail(message) {
    const note = byId("notice");
    note.hidden = false;
    note.className = "";
    note.textContent = message;
    if (this.content === null) byId("work").hidden = true;
  },

  // At first there are columns for text, IR, assembly, and between these each of the user's passes that
  // changed something, or else what LLVM's passes made.
  hiddenAtFirst(content) {
    const changed = content.stages.filter(
      (stage) =>
        stage.pass &&
        !this.module.mandatory.includes(stage.title.replace(/\{.*/, "")) &&
        Object.values(stage.counts ?? {}).some((count) => count > 0),
    );
    const llvm = content.stages.filter((stage) => stage.kind === "llvm");
    const shown = new Set(changed.length > 0 ? changed : llvm.slice(-1));
    return new Set(
      content.stages
        .filter((stage) => (stage.pass || stage.kind === "llvm") && !shown.has(stage))
        .map((stage) => stage.title),
    );
  },

  // --- the columns

  arrange() {
    const chips = this.columns.map((column) => {
      const { title } = column.stage;
      const chip = document.createElement("button");
      chip.append(title, countsOf(column.stage));
      chip.setAttribute("aria-pressed", String(!this.hidden.has(title)));
      chip.addEventListener("click", () => {
        if (!this.hidden.delete(title)) this.hidden.add(title);
        this.arrange();
        byId("stages").querySelectorAll("button")[column.number].focus();
      });
      return chip;
    });
    byId("stages").replaceChildren(...chips);
    const shown = this.columns.filter((column) => !this.hidden.has(column.stage.title));
    const places = shown.map((column) => column.lines.scrollTop);
    for (const column of shown) column.prepare();
    byId("columns").replaceChildren(...shown.map((column) => column.element));
    shown.forEach((column, n) => {
      column.lines.scrollTop = places[n];
      column.list.refresh();
      if (this.pinned >= 0 && places[n] === 0) column.show(this.pinned);
    });
  },

  shown() {
    return this.columns.filter((column) => column.element.isConnected);
  },

  setOnlyChanges(on) {
    this.onlyChanges = on;
    byId("show-changes").setAttribute("aria-pressed", String(on));
    for (const column of this.columns) column.rows = null;
    this.arrange();
    this.pin(this.pinned, null);
  },

  // --- links

  link(offset, value) {
    this.linked = offset;
    for (const column of this.shown()) {
      if (value !== undefined) column.value = value;
      column.paint();
    }
    this.graph.paint();
  },

  pin(offset, from) {
    this.pinned = offset;
    for (const column of this.shown()) if (column !== from && offset >= 0) column.show(offset);
    this.link(offset);
    this.remember();
  },

  step(from, by) {
    const shown = this.shown();
    const offset = from.rows[from.at]?.offset ?? -1;
    const next = shown[shown.indexOf(from) + by];
    if (next === undefined) return;
    next.show(offset);
    next.element.scrollIntoView({ inline: "nearest", block: "nearest" });
    next.lines.focus();
  },

  // --- search

  setQuery(query) {
    this.query = query;
    this.found = -1;
    for (const column of this.shown()) column.list.renew();
  },

  places() {
    if (this.query === "") return [];
    return this.shown().flatMap((column) =>
      column.rows.flatMap((row, at) => (row.text.toLowerCase().includes(this.query) ? [[column, at]] : [])),
    );
  },

  goToFound(step) {
    const places = this.places();
    if (places.length === 0) return;
    this.found = (this.found + step + places.length) % places.length;
    const [column, at] = places[this.found];
    column.element.scrollIntoView({ inline: "nearest", block: "nearest" });
    column.at = at;
    column.list.reveal(at, true);
    this.link(column.rows[at].offset);
  },

  whereFound() {
    const { length } = this.places();
    if (length === 0) return "";
    return this.found < 0 ? `${thousands(length)} lines here` : `${this.found + 1} of ${thousands(length)} lines here`;
  },

  // The count of a counter, beside where it is incremented.
  counted(text) {
    const name = /wasmvm\.count "((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
    const count = name === undefined ? undefined : this.module.counters?.[name];
    return count === undefined ? "" : thousands(count);
  },

  // --- the address

  remember() {
    const at = this.pinned >= 0 ? `&at=${hex(this.pinned)}` : "";
    history.replaceState(null, "", `#f=${this.index}${at}`);
  },

  async goToAddress() {
    const words = new URLSearchParams(location.hash.slice(1));
    const offset = words.has("at") ? Number(words.get("at")) : -1;
    const first = this.module.asked[0] ?? this.list.functions.find((f) => f.here)?.index ?? 0;
    await this.open(words.has("f") ? Number(words.get("f")) : first, offset);
  },
};

function showModule(module) {
  view.module = module;
  const defined = module.functions.filter((f) => f.size !== null).length;
  byId("facts").textContent = `${thousands(module.size)} bytes · ${thousands(defined)} function${defined === 1 ? "" : "s"} · -O${module.level}`;
  byId("facts").title = `${module.pipeline}\n${module.target}`;
  if (view.list === undefined) view.list = new Functions(view, module);
  else view.list.setModule(module);
  const versions = Object.entries(module.versions).map(([name, version]) => `${name} ${version}`);
  byId("how").textContent =
    `${isServed ? "Functions are compiled when you open them." : `This page holds ${view.inPage()}.`}` +
    ` Pipeline: ${module.pipeline}. Target: ${module.target}. ${versions.join(", ")}.`;
}

// The server says when it has built the module again, or why it cannot.
function listen() {
  let { generation } = view.module;
  new EventSource("events").addEventListener("message", async ({ data }) => {
    const state = JSON.parse(data);
    if (state.error !== null) {
      view.fail(state.error);
      return;
    }
    if (generation !== state.generation) {
      contents.clear();
      const { pinned, index } = view;
      showModule(await loadModule());
      await view.open(index < view.module.functions.length ? index : 0, pinned);
    }
    generation = state.generation;
  });
}

function toggleGraph() {
  const section = byId("graph");
  section.hidden = !section.hidden;
  byId("show-graph").setAttribute("aria-pressed", String(!section.hidden));
  view.graph.draw();
}

function toggleTheme() {
  const isDark = getComputedStyle(document.documentElement).colorScheme === "light dark"
    ? matchMedia("(prefers-color-scheme: dark)").matches
    : document.documentElement.style.colorScheme === "dark";
  document.documentElement.style.colorScheme = isDark ? "light" : "dark";
}

const KEYS = {
  "/": () => byId("search").select(),
  "[": () => view.list.step(-1),
  "]": () => view.list.step(1),
  "?": () => byId("help").showModal(),
  c: () => view.setOnlyChanges(!view.onlyChanges),
  g: toggleGraph,
  t: toggleTheme,
  Escape: () => view.pin(-1, null),
};

function start(module) {
  view.graph = new Graph(view);
  showModule(module);
  byId("show-changes").addEventListener("click", KEYS.c);
  byId("show-graph").addEventListener("click", toggleGraph);
  byId("theme").addEventListener("click", toggleTheme);
  byId("show-help").addEventListener("click", KEYS["?"]);
  addEventListener("hashchange", () => view.goToAddress());
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input, select, dialog");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS)) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  if (isServed) listen();
  return view.goToAddress();
}

loadModule().then(start).catch((error) => view.fail(`The page cannot be shown: ${error.message}`));
