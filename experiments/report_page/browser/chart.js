// Lines with their intervals, drawn by uPlot.

const TOLD = 12; // lines whose numbers are told at once: those around the pointer

/**
 * Draw lines against one axis into an element, anew.
 * Each line: {name, look: lineLook(n), points: [{x, mean, low, high}]}.
 * Options: xLabel, yLabel, isLogX, isLogY, isShare, pick(line, x) on a click.
 */
function drawLines(holder, lines, options) {
  holder.chart?.destroy();
  holder.replaceChildren();
  const xs = different(lines.flatMap((line) => line.points.map((p) => p.x))).sort((a, b) => a - b);
  if (!xs.length) {
    holder.append(make("p", { className: "empty", textContent: "No method is chosen." }));
    return;
  }
  const isSingle = xs.length === 1;
  const readout = make("div", { className: "readout", role: "status" });
  const uplotOptions = {
    width: holder.clientWidth,
    height: holder.clientWidth < 560 ? 280 : 360,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 9 } },
    scales: { x: xScale(xs, options.isLogX), y: yScale(options) },
    axes: [xAxis(xs, options), yAxis(options)],
    series: [{}, ...lines.flatMap((line) => series(line.look, !isSingle))],
    bands: lines.map((line, k) => ({ series: [3 * k + 3, 3 * k + 2], fill: `${line.look.colour}22` })),
    hooks: {
      draw: [(chart) => { if (isSingle) drawSideBySide(chart, lines); }],
      setCursor: [(chart) => tell(chart, lines, readout, options.pick)],
    },
  };
  holder.chart = new uPlot(uplotOptions, columnsOf(lines, xs), holder);
  holder.append(readout);
  const more = options.pick ? ", click for what they are made of" : "";
  readout.hint = hasPointer() ? `Point at the chart for numbers${more}.` : "Tap the chart for numbers.";
  readout.textContent = readout.hint;
  if (options.pick && hasPointer()) {
    holder.chart.over.addEventListener("click", () => {
      const found = nearest(holder.chart, lines);
      if (found) options.pick(found.line, found.x);
    });
  }
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

/** Whether one can point without a click; where not, the numbers below the chart are buttons. */
function hasPointer() {
  return matchMedia("(hover: hover)").matches;
}

/** The mean, and both ends of its interval without a line of their own. */
function series({ colour, dash }, hasPoints) {
  const end = { stroke: "transparent", points: { show: false }, spanGaps: true };
  const points = { show: hasPoints, size: 6, fill: colour };
  return [{ stroke: colour, width: 2, dash, points, spanGaps: true }, end, end];
}

/** At a single place, where lines and bands have no width: means with their intervals, side by side. */
function drawSideBySide({ ctx, bbox, valToPos }, lines) {
  const room = Math.min(16 * devicePixelRatio, bbox.width / (lines.length + 1));
  ctx.save();
  lines.forEach(({ look, points: [{ x, mean, low, high }] }, k) => {
    const place = valToPos(x, "x", true) + (k - (lines.length - 1) / 2) * room;
    const at = (value) => [place, valToPos(value, "y", true)];
    line(ctx, [at(low ?? mean), at(high ?? mean)], look.colour, 2 * devicePixelRatio);
    disc(ctx, at(mean), 4 * devicePixelRatio, look.colour);
  });
  ctx.restore();
}

function columnsOf(lines, xs) {
  const columns = [xs];
  for (const line of lines) {
    const at = new Map(line.points.map((p) => [p.x, p]));
    for (const name of ["mean", "low", "high"]) columns.push(xs.map((x) => at.get(x)?.[name] ?? null));
  }
  return columns;
}

function xScale(xs, isLog) {
  const [first, last] = [xs[0], xs.at(-1)];
  if (!isLog) return { time: false, range: [first - 0.5, last + 0.5] };
  const room = first === last ? 1.5 : (last / first) ** 0.04;
  return { time: false, distr: 3, log: 2, range: [first / room, last * room] };
}

function yScale({ isLogY, isShare }) {
  if (isLogY) return { distr: 3 };
  return isShare ? { range: [-0.02, 1.02] } : {};
}

/** Ticks at the sizes themselves, as many as have room. */
function xAxis(xs, { xLabel, isLogX }) {
  const common = axisLook(xLabel);
  if (!isLogX) return common;
  const splits = (chart) => {
    const shown = [];
    const place = (x) => chart.valToPos(x, "x");
    for (const x of [...xs].reverse()) {
      if (!shown.length || place(shown[0]) - place(x) > 30) shown.unshift(x);
    }
    return shown;
  };
  return { ...common, splits, filter: (_, found) => found, values: (_, found) => found.map(String) };
}

function yAxis({ yLabel, isLogY }) {
  const values = (_, found) => found.map((v) => (v === null ? "" : isLogY ? power(v) : String(Number(v.toPrecision(3)))));
  return { ...axisLook(yLabel), values, size: 64 };
}

function power(value) {
  return value >= 0.01 && value < 1e4 ? String(value) : value.toExponential(0);
}

function axisLook(label) {
  const [ink, grid] = [themed("soft"), { stroke: themed("rule"), width: 1 }];
  const font = "12px system-ui, sans-serif";
  return { label, stroke: ink, grid, ticks: grid, font, labelFont: font, labelSize: 24 };
}

/** What lines have where the pointer is, the highest first. */
function tell(chart, lines, readout, pick) {
  const place = chart.cursor.idx;
  const isOver = place !== null && place !== undefined && chart.cursor.left >= 0;
  if (!isOver && !hasPointer()) return; // a finger has gone to a button
  readout.classList.toggle("on", isOver);
  readout.classList.toggle("right", chart.cursor.left < chart.over.clientWidth / 2);
  if (!isOver) {
    readout.textContent = readout.hint;
    return;
  }
  const x = chart.data[0][place];
  const found = lines
    .map((line) => ({ line, point: line.points.find((p) => p.x === x) }))
    .filter(({ point }) => point && point.mean !== null)
    .sort((a, b) => b.point.mean - a.point.mean);
  const near = nearest(chart, lines)?.line;
  const first = Math.max(0, found.findIndex(({ line }) => line === near) - TOLD / 2);
  const rows = found.slice(first, first + TOLD).map(({ line, point }) => {
    const text = `${line.name}  ${written(point.mean)} ${interval(point)}`;
    const words = pick && !hasPointer()
      ? make("button", { type: "button", className: "number", textContent: text, onclick: () => pick(line, x) })
      : text;
    return make("li", { className: line === near ? "near" : "" }, swatch(line.look), words);
  });
  readout.replaceChildren(make("b", { textContent: `${chart.axes[0].label} ${x}` }), make("ul", {}, ...rows));
}

/** The line and place nearest to the pointer. */
function nearest(chart, lines) {
  const { idx, top } = chart.cursor;
  if (idx === null || idx === undefined) return null;
  const x = chart.data[0][idx];
  let best = null;
  lines.forEach((line, k) => {
    const mean = chart.data[3 * k + 1][idx];
    if (mean === null || mean === undefined) return;
    const distance = Math.abs(chart.valToPos(mean, "y") - top);
    if (!best || distance < best.distance) best = { line, x, distance };
  });
  return best;
}
