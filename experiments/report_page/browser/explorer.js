// Score by size: choose task, metric and distribution, show or hide methods.

const SHOWN_FIRST = 7; // lines that can be told apart at a glance

/** Fill the part of a study that has the chart; gives a function that sets what is shown. */
function explorer(part, data, wanted) {
  const state = { task: "", metric: "", distribution: "", slots: new Map(), isLog: null };
  const controls = make("div", { className: "controls" });
  const chips = make("div", { className: "chips", role: "group", "aria-label": "Methods" });
  const holder = make("div", { className: "chart" });
  const note = make("p", { className: "note" });
  part.append(controls, chips, holder, note);

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
    if (isNew || !state.slots.size) choose(firstMethods());
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
    const methods = options("method", { task: state.task });
    if (methods.length <= SHOWN_FIRST + 1) return methods;
    const { task, metric, distribution } = state;
    const here = cells({ task, metric, distribution }).filter((cell) => cell.mean !== null);
    const models = (size) => different(here.filter((cell) => cell.size === size).map((cell) => cell.model));
    const sizes = different(here.map((cell) => cell.size)).sort((a, b) => models(b).length - models(a).length || b - a);
    const sign = data.shares.includes(metric) ? -1 : 1;
    const ranked = here.filter((cell) => cell.size === sizes[0]).sort((a, b) => sign * (a.mean - b.mean));
    const rank = (cell) => ranked.filter((other) => other.model === cell.model).indexOf(cell);
    const chosen = [...ranked].sort((a, b) => rank(a) - rank(b)).slice(0, SHOWN_FIRST).map((cell) => cell.method);
    return methods.filter((method) => chosen.includes(method));
  }

  function choose(methods) {
    state.slots = new Map(methods.map((method, slot) => [method, slot]));
  }

  function toggle(method) {
    if (!state.slots.delete(method)) {
      const taken = [...state.slots.values()];
      let slot = 0;
      while (taken.includes(slot)) slot += 1;
      state.slots.set(method, slot);
    }
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
    const methods = options("method", { task: state.task });
    chips.replaceChildren(
      ...methods.map(chip),
      button("All", () => choose(methods)), button("None", () => choose([])));
    draw(methods.length);
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

  function chip(method) {
    const slot = state.slots.get(method);
    const swatch = make("i", { className: "swatch" });
    if (slot !== undefined) swatch.style.background = lineLook(slot).colour;
    return make("button", {
      type: "button", className: "chip", "aria-pressed": String(slot !== undefined),
      onclick: () => again(() => toggle(method), method),
    }, swatch, method);
  }

  function button(text, change) {
    return make("button", { type: "button", className: "plain", textContent: text, onclick: () => again(change, text) });
  }

  /** Draw after a change of methods; the button that made it keeps the focus and its place. */
  function again(change, text) {
    change();
    const { scrollTop } = chips;
    show();
    chips.scrollTop = scrollTop;
    [...chips.children].find((child) => child.textContent === text)?.focus({ preventScroll: true });
  }

  function chosen() {
    const { task, metric, distribution } = state;
    return cells({ task, metric, distribution }).filter((cell) => state.slots.has(cell.method));
  }

  function draw(count) {
    const found = chosen();
    const isLogY = isLog();
    const lines = [...state.slots].sort((a, b) => a[1] - b[1]).map(([name, slot]) => {
      const mine = found.filter((cell) => cell.method === name && cell.mean !== null);
      const positive = isLogY ? mine.filter((cell) => cell.mean > 0) : mine;
      return { name, look: lineLook(slot), points: positive.map((cell) => point(cell, isLogY)) };
    }).filter((line) => line.points.length);
    drawLines(holder, lines, {
      xLabel: "size", yLabel: state.metric, isLogX: true, isLogY,
      isShare: data.shares.includes(state.metric) && found.every((c) => c.low >= 0 && c.high <= 1),
      pick: (line, x) => openCell(data, found.find((c) => c.method === line.name && c.size === x)),
    });
    const some = state.slots.size < count ? ` ${state.slots.size} of ${count} methods are shown.` : "";
    note.textContent = `Mean over seeds and its 95 % interval.${some}`;
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
  set({ metric: "", distribution: "", ...wanted, task: kept(wanted.task, tasks, tasks[0]) });
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
