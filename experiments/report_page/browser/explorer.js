// Score by size: choose task, metric and distribution, show or hide methods.

/** The chart of a study, in its part of the page. */
class Explorer {
  constructor(part, data) {
    this.data = data;
    this.place = { task: "", metric: "", distribution: "" }; // what is shown
    this.isLogChosen = null; // by the reader; null: as fits the metric
    this.controls = make("div", { className: "controls" });
    this.methods = new Methods(() => this.show());
    this.holder = make("div", { className: "chart" });
    this.note = make("p", { className: "note" });
    part.append(this.controls, this.methods.element, this.holder, this.note);
    const redraw = () => { if (this.holder.clientWidth) this.show(); };
    document.addEventListener("themechange", redraw);
    whenWidthChanges(this.holder, redraw);
  }

  /** Cells that have the given values. */
  cells(filter) {
    const wanted = Object.entries(filter);
    return this.data.cells.filter((cell) => wanted.every(([name, value]) => cell[name] === value));
  }

  options(name, filter) {
    return different(this.cells(filter).map((cell) => cell[name]));
  }

  /** Show a place; what is not given, or is in no cell, is as usual for the task. */
  go({ task, metric, distribution }) {
    const before = this.place.task;
    const kept = (value, among, usual) => (among.includes(value) ? value : usual);
    const tasks = this.options("task", {});
    task = kept(task, tasks, tasks[0]);
    metric = kept(metric, this.options("metric", { task }), this.data.firstMetric.get(task));
    distribution = kept(distribution, this.options("distribution", { task, metric }), this.home(task));
    this.place = { task, metric, distribution };
    if (task !== before) this.methods.choose(this.firstMethods());
    this.show();
  }

  /** The distribution trained on, by the table's own word; of several that with most sizes. */
  home(task) {
    const cells = this.cells({ task });
    const home = cells.filter((cell) => ["none", "size"].includes(cell.shift));
    const names = different((home.length ? home : cells).map((cell) => cell.distribution));
    const count = (distribution) => this.options("size", { task, distribution }).length;
    return names.sort((a, b) => count(b) - count(a))[0];
  }

  /** The methods of the task, the best first. */
  methodsInOrder() {
    const { task, metric } = this.place;
    return bestFirst(this.data, task, metric, this.options("method", { task }));
  }

  /**
   * All if few; else the best that have an answer at the largest size that most models have one for:
   * of each model the best rule first, then the second; and the worst of all, to see what is little.
   */
  firstMethods() {
    const all = this.methodsInOrder();
    if (all.length <= SHOWN_FIRST + 1) return all;
    const here = this.cells(this.place).filter((cell) => cell.mean !== null);
    const models = (size) => different(here.filter((cell) => cell.size === size).map((cell) => cell.model));
    const sizes = different(here.map((cell) => cell.size));
    const [common] = sizes.sort((a, b) => models(b).length - models(a).length || b - a);
    const answered = here.filter((cell) => cell.size === common).map((cell) => cell.method);
    const ranked = all.filter((method) => answered.includes(method));
    const rank = (method) => ranked.filter((other) => modelOf(other) === modelOf(method)).indexOf(method);
    const best = [...ranked].sort((a, b) => rank(a) - rank(b)).slice(0, SHOWN_FIRST);
    const chosen = best.length ? [...best, ranked.at(-1)] : all.slice(0, SHOWN_FIRST);
    return all.filter((method) => chosen.includes(method));
  }

  isShare() {
    return this.data.shares.includes(this.place.metric);
  }

  /** Draw all anew; the control that was used keeps the focus. */
  show() {
    const { task, metric } = this.place;
    const fields = [
      this.field("Task", "task", this.options("task", {})),
      this.field("Metric", "metric", this.options("metric", { task })),
      this.field("Distribution", "distribution", this.options("distribution", { task, metric })),
    ];
    const focused = document.activeElement?.dataset?.key;
    this.controls.replaceChildren(...fields, this.logSwitch());
    if (focused) this.controls.querySelector(`[data-key="${focused}"]`)?.focus();
    const all = this.methodsInOrder();
    this.methods.draw(all);
    this.draw();
    this.note.textContent = `Mean over seeds and its 95 % interval, over seeds and instances.${this.methods.note(all)}`;
  }

  field(label, name, among) {
    const { field, select } = choice(label, among, (value) => {
      this.go({ ...this.place, [name]: value });
      keepRoute(this.data.name, this.place);
    });
    select.value = this.place[name];
    select.dataset.key = name;
    return field;
  }

  logSwitch() {
    const box = make("input", { type: "checkbox", checked: this.isLog() });
    box.dataset.key = "log";
    box.addEventListener("change", () => { this.isLogChosen = box.checked; this.show(); });
    return make("label", {}, box, " log scale");
  }

  isLog() {
    const canBe = this.shownCells().some((cell) => cell.mean > 0);
    return canBe && (this.isLogChosen ?? !this.isShare());
  }

  shownCells() {
    return this.cells(this.place).filter((cell) => this.methods.slots.has(cell.method) && cell.mean !== null);
  }

  draw() {
    const cells = this.shownCells();
    const isLogY = this.isLog();
    const lines = this.methods.shown().map(([name, look]) => {
      const mine = cells.filter((cell) => cell.method === name && (!isLogY || cell.mean > 0));
      return { name, look, points: mine.map((cell) => sizePoint(cell, isLogY)) };
    }).filter((line) => line.points.length);
    drawLines(this.holder, lines, {
      xLabel: "size", yLabel: this.place.metric, isLogX: true, isLogY,
      isShare: this.isShare() && cells.every((cell) => (cell.low ?? 0) >= 0 && (cell.high ?? 1) <= 1),
      pick: (line, x) => openCell(this.data, cells.find((c) => c.method === line.name && c.size === x)),
    });
  }
}

/** An interval that reaches 0 ends at the least seed on a logarithmic axis, as in the figures. */
function sizePoint(cell, isLogY) {
  const least = Math.min(...cell.rows.map((row) => row.mean).filter((mean) => mean > 0));
  const low = isLogY && cell.low !== null && cell.low <= 0 ? least : cell.low;
  return { x: cell.size, mean: cell.mean, low, high: cell.high };
}
