// Bodies as they move and as a network has them, as experiments/figures/rollout.py draws them.

const TRAIL = 20; // frames that a body leaves behind
const POINT = 0.02; // radius of a point, of the window
const STRIP = 110; // height of the panel of energies

function rolloutDrawing(scene) {
  const moving = scene.bodies.map((body, k) => k).filter((k) => scene.bodies[k].kind === "moving");
  const side = (width) => (width - 12) / 2;
  return {
    count: scene.times.length,
    clock: (frame) => `time ${scene.times[frame].toFixed(2)}`,
    height: (width) => 28 + side(width) + STRIP,
    draw(context, width, frame) {
      context.clearRect(0, 0, width, this.height(width));
      ["true", "predicted"].forEach((name, k) => {
        const square = { left: k * (side(width) + 12), top: 24, size: side(width) };
        titled(context, square, k ? "network" : "truth");
        panel(context, scene, scene[name], square, frame, moving);
      });
      energies(context, scene, width, 28 + side(width), frame);
    },
  };
}

function panel(context, scene, places, square, frame, moving) {
  const to = placer(square, scene.window);
  context.save();
  context.beginPath();
  context.rect(square.left, square.top, square.size, square.size);
  context.clip();
  context.fillStyle = themed("panel");
  context.fill();
  room(context, scene, to);
  const at = (body, f = frame) => to.at(places[f][2 * body] ?? NaN, places[f][2 * body + 1] ?? NaN);
  trails(context, moving, at, frame);
  for (const [a, b] of scene.springs) line(context, [at(a), at(b)], themed("soft"), 1.2);
  moving.forEach((body, k) => {
    const radius = Math.max(scene.bodies[body].radius, POINT * scene.window[2]) * to.scale;
    disc(context, at(body), radius, lineLook(k % COLOURS.length).colour);
  });
  context.restore();
}

/** From places of the data to those of a square on the canvas; y points up. */
function placer(square, [x, y, half]) {
  const scale = square.size / (2 * half);
  return {
    scale,
    at: (px, py) => [square.left + (px - x + half) * scale, square.top + (y + half - py) * scale],
  };
}

function titled(context, square, title) {
  context.fillStyle = themed("soft");
  context.font = "13px system-ui, sans-serif";
  context.textAlign = "center";
  context.fillText(title, square.left + square.size / 2, square.top - 8);
}

/** Walls, discs and what is pinned: where they are at first. */
function room(context, scene, to) {
  scene.bodies.forEach((body, k) => {
    const place = to.at(scene.true[0][2 * k], scene.true[0][2 * k + 1]);
    if (body.kind === "disc") disc(context, place, body.radius * to.scale, themed("rule"));
    if (body.kind === "pinned") {
      context.fillStyle = themed("ink");
      context.fillRect(place[0] - 4, place[1] - 4, 8, 8);
    }
  });
  if (scene.walls !== null) {
    const [left, top] = to.at(-scene.walls, scene.walls);
    context.strokeStyle = themed("ink");
    context.lineWidth = 1.5;
    context.strokeRect(left, top, 2 * scene.walls * to.scale, 2 * scene.walls * to.scale);
  }
}

/** Where bodies were, fading away. */
function trails(context, moving, at, frame) {
  const first = Math.max(0, frame - TRAIL);
  for (let f = first; f < frame; f += 1) {
    context.globalAlpha = (0.7 * (f - first + 1)) / (frame - first);
    moving.forEach((body, k) => line(context, [at(body, f), at(body, f + 1)], lineLook(k % COLOURS.length).colour, 1.8));
  }
  context.globalAlpha = 1;
}

/** Change of the energy over time, true and predicted, up to the frame that is shown. */
function energies(context, scene, width, top, frame) {
  const values = scene.energies.flat().filter((value) => value !== null);
  let [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const room = Math.max(0.04 - (high - low), 0.1 * (high - low)) / 2; // nothing looks like nothing
  [low, high] = [low - room, high + room];
  const box = { left: 8, top: top + 26, width: width - 16, height: STRIP - 34 };
  const x = (f) => box.left + (box.width * f) / Math.max(1, scene.times.length - 1);
  const y = (value) => box.top + (box.height * (high - value)) / (high - low);
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "left";
  context.fillStyle = themed("soft");
  const what = width < 520 ? "energy change" : "energy change, by largest kinetic energy";
  context.fillText(what, box.left, top + 17);
  line(context, [[box.left, y(0)], [box.left + box.width, y(0)]], themed("rule"), 1);
  [[0, themed("soft"), 3, []], [1, COLOURS[1], 1.8, [5, 3]]].forEach(([side, colour, thick, dash]) => {
    const points = scene.energies.slice(0, frame + 1).map((pair, f) => [x(f), y(pair[side] ?? NaN)]);
    context.setLineDash(dash);
    line(context, points, colour, thick);
    context.setLineDash([]);
    disc(context, points.at(-1), 3.5, colour);
  });
  context.textAlign = "right";
  context.fillStyle = themed("soft");
  context.fillText("truth", box.left + box.width - 70, top + 17);
  context.fillStyle = COLOURS[1];
  context.fillText("network", box.left + box.width, top + 17);
}

function disc(context, [x, y], radius, colour) {
  if (!Number.isFinite(x + y)) return;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
}

function line(context, points, colour, width) {
  context.beginPath();
  points.forEach(([x, y]) => context.lineTo(x, y));
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}
