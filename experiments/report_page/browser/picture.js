// Pictures as tasks draw them (data_gen/picture.py), as experiments/figures/drawing.py draws them.

const GAP = 12; // between panels
const TALLEST = 520; // of a panel
const ABOVE = 24; // for the title of a panel
const STRIP = 110; // height of the numbers over frames
const KEY = 20; // height of a line of the legend
const FONT = "12px system-ui, sans-serif";
const LINE = 1.3; // pixels to a point

function drawPicture(context, picture, width, frame) {
  context.clearRect(0, 0, width, heightOf(picture, width));
  const boxes = boxesOf(picture, width);
  picture.panels.forEach((panel, k) => drawPanel(context, picture, panel, boxes[k], frame));
  let top = boxes[0].top + boxes[0].height;
  if (picture.strip) {
    drawStrip(context, picture.strip, width, top + 4, frame);
    top += STRIP;
  }
  placedKeys(context, picture, width).forEach(({ key, x, row }) => drawKey(context, key, x, top + 8 + KEY * (row + 0.5)));
}

function heightOf(picture, width) {
  const [{ top, height }] = boxesOf(picture, width);
  const context = document.createElement("canvas").getContext("2d");
  const last = placedKeys(context, picture, width).at(-1);
  return top + height + (picture.strip ? STRIP : 0) + (last ? 10 + KEY * (last.row + 1) : 0);
}

/** Where the panels are: side by side, in the middle. */
function boxesOf(picture, width) {
  const [lowX, lowY, highX, highY] = picture.window;
  const count = picture.panels.length;
  const most = (width - GAP * (count - 1)) / count;
  const height = Math.min((most * (highY - lowY)) / (highX - lowX), TALLEST);
  const wide = (height * (highX - lowX)) / (highY - lowY);
  const left = (width - count * wide - GAP * (count - 1)) / 2;
  const top = picture.panels.some((panel) => panel.title) ? ABOVE : 0;
  return picture.panels.map((_, k) => ({ left: left + k * (wide + GAP), top, width: wide, height }));
}

function drawPanel(context, picture, panel, box, frame) {
  const [lowX, , , highY] = picture.window;
  const scale = box.width / (picture.window[2] - lowX);
  const to = { scale, at: ([x, y]) => [box.left + (x - lowX) * scale, box.top + (highY - y) * scale] };
  write(context, panel.title, box.left + box.width / 2, box.top - 8, "soft", "center");
  context.save();
  context.beginPath();
  context.rect(box.left, box.top, box.width, box.height);
  context.clip();
  context.fillStyle = themed("panel");
  context.fill();
  for (const shape of panel.shapes) {
    if (shape.trail) drawTrail(context, shape, to, frame);
    drawShape(context, shape, pointsOf(shape, frame).map(to.at), scale);
  }
  context.restore();
}

/** The points of a shape in a frame: [[x, y], …]. */
function pointsOf(shape, frame) {
  const flat = shape.places[shape.places.length > 1 ? frame : 0];
  return pairsOf(flat);
}

function pairsOf(list) {
  return Array.from({ length: list.length / 2 }, (_, k) => [list[2 * k], list[2 * k + 1]]);
}

function drawShape(context, shape, points, scale) {
  const { look, radius = 0 } = shape;
  context.save();
  context.globalAlpha = look.opacity ?? 1;
  if (shape.kind === "label") points.forEach(([x, y]) => write(context, shape.text, x, y + 4, look.colour, "center"));
  if (shape.kind === "line") stroke(context, points, look);
  if (shape.kind === "segments") pairsOf(points).forEach((ends) => stroke(context, ends, look));
  if (shape.kind === "polygon") trace(context, look, () => points.forEach((point) => context.lineTo(...point)));
  if (["circle", "square", "cross"].includes(shape.kind)) points.forEach((point) => drawMark(context, shape.kind, point, radius * scale, look));
  context.restore();
}

function drawMark(context, kind, [x, y], radius, look) {
  if (kind === "circle") trace(context, look, () => context.arc(x, y, radius, 0, 2 * Math.PI));
  if (kind === "square") trace(context, look, () => context.rect(x - radius, y - radius, 2 * radius, 2 * radius));
  const arm = 0.8 * radius;
  if (kind === "cross") [arm, -arm].forEach((rise) => stroke(context, [[x - arm, y - rise], [x + arm, y + rise]], look));
}

/** Fill and outline what `path` outlines. */
function trace(context, look, path) {
  context.beginPath();
  path();
  context.closePath();
  if (look.fill !== undefined) {
    context.fillStyle = paint(look.fill);
    context.fill();
  }
  if (look.width) pen(context, look);
}

function stroke(context, points, look) {
  context.beginPath();
  points.forEach((point) => context.lineTo(...point));
  pen(context, look);
}

function pen(context, look) {
  const width = LINE * (look.width ?? 0);
  if (!width) return;
  context.strokeStyle = paint(look.colour);
  context.lineWidth = width;
  context.setLineDash({ dashed: [5, 3], dotted: [1.5, 2.5] }[look.dash] ?? []);
  context.stroke();
  context.setLineDash([]);
}

/** A colour of the theme by its role, or one of the palette; the page behind a picture is a panel. */
function paint(colour = "ink") {
  if (colour === "paper") return themed("panel");
  return typeof colour === "number" ? lineLook(colour % COLOURS.length).colour : themed(colour);
}

/** Where marks were in the frames before, fading away. */
function drawTrail(context, shape, to, frame) {
  const first = Math.max(0, frame - shape.trail);
  for (let f = first; f < frame; f += 1) {
    const [from, until] = [pointsOf(shape, f).map(to.at), pointsOf(shape, f + 1).map(to.at)];
    context.globalAlpha = (0.7 * (f - first + 1)) / (frame - first);
    const look = { colour: shape.look.fill ?? shape.look.colour, width: 1.4 };
    if (from.length === until.length) from.forEach((point, k) => stroke(context, [point, until[k]], look));
  }
  context.globalAlpha = 1;
}

/** Numbers over the frames up to the one that is shown. */
function drawStrip(context, strip, width, top, frame) {
  const values = strip.traces.flatMap((series) => series.values);
  let [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const room = Math.max(0.04 - (high - low), 0.1 * (high - low)) / 2; // nothing looks like nothing
  [low, high] = [low - room, high + room];
  const box = { left: 8, top: top + 26, width: width - 16, height: STRIP - 34 };
  const at = (value, f) => [box.left + (box.width * f) / Math.max(1, strip.times.length - 1), box.top + (box.height * (high - value)) / (high - low)];
  context.font = FONT;
  let right = box.left + box.width;
  for (const series of [...strip.traces].reverse()) {
    write(context, series.name, right, top + 17, series.look.colour, "right");
    right -= context.measureText(series.name).width + 14;
  }
  write(context, fitting(context, strip.title, right - box.left), box.left, top + 17, "soft", "left");
  stroke(context, [at(0, 0), at(0, strip.times.length - 1)], { colour: "rule", width: 0.8 });
  for (const { look, values: numbers } of strip.traces) {
    const points = numbers.slice(0, frame + 1).map(at);
    stroke(context, points, look);
    drawMark(context, "circle", points.at(-1), 3.5, { fill: look.colour });
  }
}

/** A text, or its part before a comma where there is no room for all of it. */
function fitting(context, text, room) {
  return context.measureText(text).width <= room ? text : text.split(",")[0];
}

/** The keys of all panels, each once, in rows. */
function placedKeys(context, picture, width) {
  const keys = new Map(picture.panels.flatMap((panel) => panel.legend ?? []).map((key) => [JSON.stringify(key), key]));
  context.font = FONT;
  let [x, row] = [8, 0];
  return [...keys.values()].map((key) => {
    const wide = 44 + context.measureText(key.text).width;
    if (x > 8 && x + wide > width) [x, row] = [8, row + 1];
    x += wide;
    return { key, x: x - wide, row };
  });
}

function drawKey(context, { kind, text, look }, x, y) {
  context.globalAlpha = look.opacity ?? 1;
  if (kind === "line") stroke(context, [[x, y], [x + 22, y]], look);
  else drawMark(context, kind, [x + 15, y], 5, look);
  context.globalAlpha = 1;
  write(context, text, x + 28, y + 4, "soft", "left");
}

function write(context, text, x, y, colour, align) {
  context.font = FONT;
  context.textAlign = align;
  context.fillStyle = paint(colour);
  context.fillText(text, x, y);
}
