// Learning curves: a metric over the steps of training.

function learning(part, data) {
  const holder = make("div", { className: "chart" });
  const controls = make("div", { className: "controls" });
  part.append(controls, holder, make("p", { className: "note", textContent: "In distribution, mean over seeds and its 95 % interval." }));
  const values = (name, among = data.curves) => different(among.map((point) => point[name]));
  const ofTask = () => data.curves.filter((point) => point.task === task.select.value);
  const task = choice("Task", values("task"), () => { offer(); draw(); });
  const metric = choice("Metric", [], () => draw());
  controls.append(task.field, metric.field);

  function offer() {
    metric.select.replaceChildren(...values("metric", ofTask()).map((name) => make("option", { value: name, textContent: name })));
  }

  function draw() {
    const found = ofTask().filter((point) => point.metric === metric.select.value);
    const lines = values("model", found).map((name, k) => {
      const mine = found.filter((point) => point.model === name && point.mean !== null);
      return { name, look: lineLook(k), points: mine.map((point) => ({ ...point, x: point.step })) };
    });
    drawLines(holder, lines, { xLabel: "step", yLabel: metric.select.value, isLogX: false, isLogY: false });
  }

  const redraw = () => { if (holder.clientWidth) draw(); };
  document.addEventListener("themechange", redraw);
  offer();
  draw();
  whenWidthChanges(holder, redraw);
}
