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
  const metric = choice("Metric", [], () => draw());
  controls.append(task.field, metric.field);

  function offer() {
    const options = values("metric", ofTask()).map((name) => make("option", { value: name, textContent: name }));
    metric.select.replaceChildren(...options);
    const all = values("model", ofTask());
    methods.choose(all.length > SHOWN_FIRST + 1 ? all.slice(0, SHOWN_FIRST) : all);
  }

  function draw() {
    const all = values("model", ofTask());
    methods.draw(all);
    const found = ofTask().filter((point) => point.metric === metric.select.value && point.mean !== null);
    const lines = methods.shown().map(([name, look]) => {
      const mine = found.filter((point) => point.model === name);
      return { name, look, points: mine.map((point) => ({ ...point, x: point.step })) };
    }).filter((line) => line.points.length);
    drawLines(holder, lines, { xLabel: "step", yLabel: metric.select.value, isLogX: false, isLogY: false });
    note.textContent = `Mean over seeds and its 95 % interval, if there are several.${methods.note(all)}`;
  }

  const redraw = () => { if (holder.clientWidth) draw(); };
  document.addEventListener("themechange", redraw);
  offer();
  draw();
  whenWidthChanges(holder, redraw);
}
