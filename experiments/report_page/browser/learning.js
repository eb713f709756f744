// Learning curves: a metric over the steps of training.

function learning(part, data) {
  const holder = make("div", { className: "chart" });
  const controls = make("div", { className: "controls" });
  const note = make("p", { className: "note" });
  const methods = new Methods(() => draw());
  part.append(controls, methods.element, holder, note);
  const values = (name, among = data.curves) => different(among.map((point) => point[name]));
  const ofTask = () => data.curves.filter((point) => point.task === task.select.value);
  const task = choice("Task", values("task"), () => { offer(); draw(); });
  const models = () => {
    const name = task.select.value;
    return bestFirst(data, name, data.firstMetric.get(name), values("model", ofTask()), modelOf);
  };
  const metric = choice("Metric", [], () => draw());
  const log = make("input", { type: "checkbox", checked: true, onchange: () => draw() });
  const logField = make("label", {}, log, " log scale");
  const isShare = () => data.shares.includes(metric.select.value.replace(/^val\//, ""));
  controls.append(task.field, metric.field, logField);

  function offer() {
    const metrics = values("metric", ofTask());
    const options = metrics.map((name) => make("option", { value: name, textContent: name }));
    metric.select.replaceChildren(...options);
    const isScore = (name) => name.startsWith("val/") && name !== "val/loss";
    metric.select.value = metrics.find(isScore) ?? metrics[0];
    const all = models();
    methods.choose(all.length > SHOWN_FIRST + 1 ? all.slice(0, SHOWN_FIRST) : all);
  }

  function draw() {
    const all = models();
    methods.draw(all);
    const found = ofTask().filter((point) => point.metric === metric.select.value && point.mean !== null);
    const chosen = found.filter((point) => methods.slots.has(point.model));
    logField.hidden = isShare();
    const isLogY = !isShare() && log.checked && chosen.some((point) => point.mean > 0);
    const lines = methods.shown().map(([name, look]) => {
      const mine = chosen.filter((point) => point.model === name && (!isLogY || point.mean > 0));
      return { name, look, points: mine.map((point) => stepPoint(point, isLogY)) };
    }).filter((line) => line.points.length);
    const isWithin = chosen.every((point) => (point.low ?? point.mean) >= 0 && (point.high ?? point.mean) <= 1);
    drawLines(holder, lines, {
      xLabel: "step", yLabel: metric.select.value, isLogX: false, isLogY, isShare: isShare() && isWithin,
    });
    note.textContent = `Mean over seeds, and from the least to the largest of them.${methods.note(all)}`;
  }

  const redraw = () => { if (holder.clientWidth) draw(); };
  document.addEventListener("themechange", redraw);
  offer();
  draw();
  whenWidthChanges(holder, redraw);
}

/** On a logarithmic axis a band that reaches 0 ends at the mean. */
function stepPoint(point, isLogY) {
  return { ...point, x: point.step, low: isLogY && !(point.low > 0) ? point.mean : point.low };
}
