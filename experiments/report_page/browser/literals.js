// Literals round after round, as experiments/figures/literal_embedding.py draws them.

const AROUND = 0.12; // of the points, by their extent

function literalDrawing(scene) {
  const sizes = (width) => ({ width, height: Math.min(Math.max(260, 0.6 * width), 460) });
  return {
    count: scene.rounds.length,
    clock: (frame) => `after round ${scene.rounds[frame]}`,
    height: (width) => sizes(width).height + 26,
    draw(context, width, frame) {
      const box = sizes(width);
      context.clearRect(0, 0, width, box.height + 26);
      context.fillStyle = themed("panel");
      context.fillRect(0, 0, width, box.height);
      const at = (k) => place(scene, frame, k, box);
      for (const [a, b] of scene.pairs) line(context, [at(a), at(b)], themed("rule"), 1);
      scene.is_true.forEach((isTrue, k) => mark(context, at(k), isTrue));
      legend(context, box.height + 18);
    },
  };
}

/** Both axes fill the box, the same for all rounds. */
function place(scene, frame, k, { width, height }) {
  const share = (axis) => {
    const extent = scene.high[axis] - scene.low[axis] || 1;
    return (scene.places[frame][2 * k + axis] - scene.low[axis] + AROUND * extent) / (extent * (1 + 2 * AROUND));
  };
  return [width * share(0), height * (1 - share(1))];
}

function mark(context, [x, y], isTrue) {
  if (isTrue) {
    disc(context, [x, y], 4.5, COLOURS[0]);
  } else {
    context.fillStyle = COLOURS[1];
    context.fillRect(x - 4, y - 4, 8, 8);
  }
}

function legend(context, y) {
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "left";
  [[8, true, "true in the last assignment"], [190, false, "false"]].forEach(([x, isTrue, text]) => {
    mark(context, [x + 4, y - 4], isTrue);
    context.fillStyle = themed("soft");
    context.fillText(text, x + 14, y);
  });
}
