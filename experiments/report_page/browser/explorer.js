// Score by size: choose task, metric and distribution, show or hide methods.

/** Fill the part of a study that has the chart; gives a function that shows a {task, metric, distribution}. */
function explorer(part, data, wanted) {
  const state = { task: "", metric: "", distribution: "", isLog: null };
  const controls = make("div", { className: "controls" });
  const methods = new Methods(() => show());
  const holder = make("div", { className: "chart" });
  const note = make("p", { className: "note" });
  part.append(controls, methods.element, holder, note);

  const cells = (filter) => data.cells.filter((cell) =>
    Object.entries(filter).every(([name, value]) => cell[name] === value));
  const options = (name, filter) => different(cells(filter).map((cell) => cell[name]));
  const kept = (value, among, otherwise) => (among.includes(value) ? value : otherwise);

  function set(next) {
    const isNew = next.task !== undefined && next.task !== state.task;
    Object.assign(state, next);
    const { task } = state;
    const metrics = options("metric", { task });
    state.metric = kept(state.metric, metrics, data.firstMetric.get(task));
    const distributions = options("distribution", { task, metric: state.metric });
    state.distribution = kept(state.distribution, distributions, home(cells({ task })));
    if (isNew) methods.choose(firstMethods());
    show();
  }

  /** The distribution trained on, by the table's own word. */
  function home(of) {
    return (of.find((cell) => ["none", "size"].includes(cell.shift)) ?? of[0]).distribution;
  }

  /**
   * All if few; else those that score best at the largest size that most models have an answer for:
   * of each model the best rule first, then the second.
   */
  function firstMethods() {
    const all = options("method", { task: state.task });
    if (all.length <= SHOWN_FIRST + 1) return all;
    const { task, metric, distribution } = state;
    const here = cells({ task, metric, distribution }).filter((cell) => cell.mean !== null);
    const models = (size) => different(here.filter((cell) => cell.size === size).map((cell) => cell.model));
    const sizes = different(here.map((cell) => cell.size)).sort((a, b) => models(b).length - models(a).length || b - a);
    const sign = data.shares.includes(metric) ? -1 : 1;
    const ranked = here.filter((cell) => cell.size === sizes[0]).sort((a, b) => sign * (a.mean - b.mean));
    const rank = (cell) => ranked.filter((other) => other.model === cell.model).indexOf(cell);
    const chosen = [...ranked].sort((a, b) => rank(a) - rank(b)).slice(0, SHOWN_FIRST).map((cell) => cell.method);
    return all.filter((method, k) => (chosen.length ? chosen.includes(method) : k < SHOWN_FIRST));
  }

  function show() {
    const { task, metric } = state;
    const [metrics, distributions] = [options("metric", { task }), options("distribution", { task, metric })];
    const remember = (next) => { set(next); keepRoute(data.name, place()); };
    const tasks = different(data.cells.map((cell) => cell.task));
    const fields = [
      ["Task", "task", tasks], ["Metric", "metric", metrics], ["Distribution", "distribution", distributions],
    ].map(([label, name, among]) => {
      const { field, select } = choice(label, among, (value) => remember({ [name]: value }));
      select.value = state[name];
      select.dataset.key = name;
      return field;
    });
    const focused = document.activeElement?.dataset?.key;
    controls.replaceChildren(...fields, logSwitch());
    if (focused) controls.querySelector(`[data-key="${focused}"]`)?.focus();
    const all = options("method", { task });
    methods.draw(all);
    draw(all);
  }

  function logSwitch() {
    const box = make("input", { type: "checkbox", checked: isLog(), onchange: () => set({ isLog: box.checked }) });
    box.dataset.key = "log";
    return make("label", {}, box, " log scale");
  }

  function isLog() {
    const found = chosen();
    const canBe = found.some((cell) => cell.mean > 0);
    return canBe && (state.isLog ?? !data.shares.includes(state.metric));
  }

  function chosen() {
    const { task, metric, distribution } = state;
    return cells({ task, metric, distribution }).filter((cell) => methods.slots.has(cell.method));
  }

  function draw(all) {
    const found = chosen();
    const isLogY = isLog();
    const lines = methods.shown().map(([name, look]) => {
      const mine = found.filter((cell) => cell.method === name && cell.mean !== null);
      const positive = isLogY ? mine.filter((cell) => cell.mean > 0) : mine;
      return { name, look, points: positive.map((cell) => point(cell, isLogY)) };
    }).filter((line) => line.points.length);
    drawLines(holder, lines, {
      xLabel: "size", yLabel: state.metric, isLogX: true, isLogY,
      isShare: data.shares.includes(state.metric) && found.every((c) => c.low >= 0 && c.high <= 1),
      pick: (line, x) => openCell(data, found.find((c) => c.method === line.name && c.size === x)),
    });
    note.textContent = `Mean over seeds and its 95 % interval.${methods.note(all)}`;
  }

  /** An interval that reaches 0 ends at the least seed on a logarithmic axis, as in the figures. */
  function point(cell, isLogY) {
    const least = Math.min(...cell.rows.map((row) => row.mean).filter((mean) => mean > 0));
    const low = isLogY && !(cell.low > 0) ? least : cell.low;
    return { x: cell.size, mean: cell.mean, low, high: cell.high };
  }

  function place() {
    const { task, metric, distribution } = state;
    return { task, metric, distribution };
  }

  const redraw = () => { if (holder.clientWidth) show(); };
  document.addEventListener("themechange", redraw);
  whenWidthChanges(holder, redraw);
  const tasks = different(data.cells.map((cell) => cell.task));
  const go = ({ task, metric, distribution }) =>
    set({ task: kept(task, tasks, tasks[0]), metric: metric ?? "", distribution: distribution ?? "" });
  go(wanted);
  return go;
}

/** Call a function when an element gets wider or narrower. */
function whenWidthChanges(element, change) {
  let before = element.clientWidth;
  new ResizeObserver(() => {
    if (element.clientWidth !== before) {
      before = element.clientWidth;
      change();
    }
  }).observe(element);
}
