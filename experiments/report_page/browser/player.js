// Rollouts and embeddings to play: frames on a canvas, with a slider. Nothing moves by itself.

const FRAME_MS = 80;
const DRAWINGS = { rollout: rolloutDrawing, literals: literalDrawing };

/** A player for each kind of scenes; a choice where there are several. */
function players(part, scenes) {
  for (const kind of Object.keys(DRAWINGS)) {
    const mine = scenes.filter((scene) => scene.kind === kind);
    if (mine.length) part.append(player(mine));
  }
}

function player(scenes) {
  let drawing = null;
  let frame = 0;
  let timer = null; // of the next frame, while it plays
  const canvas = make("canvas", { role: "img" });
  const slider = make("input", { type: "range", min: 0, step: 1, value: 0, "aria-label": "Frame" });
  const clock = make("output", {});
  const about = make("p", { className: "note" });
  const play = make("button", { type: "button", className: "play", textContent: "Play" });
  const titles = scenes.map((scene, k) => [String(k), scene.title]);
  const scene = choice("Scene", titles, (k) => { show(scenes[Number(k)]); });
  const speed = choice("Speed", [["0.25", "¼×"], ["0.5", "½×"], ["1", "1×"], ["2", "2×"], ["4", "4×"]], () => {});
  speed.select.value = "1";

  function show(wanted) {
    drawing = DRAWINGS[wanted.kind](wanted);
    slider.max = drawing.count - 1;
    about.textContent = wanted.about;
    canvas.setAttribute("aria-label", `${wanted.title}, ${wanted.about}`);
    go(0);
  }

  function go(to) {
    frame = to;
    slider.value = to;
    clock.textContent = drawing.clock(to);
    slider.setAttribute("aria-valuetext", clock.textContent);
    paint();
  }

  function paint() {
    const width = canvas.parentElement?.clientWidth;
    if (!width) return;
    const height = drawing.height(width);
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.height = `${height}px`;
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    drawing.draw(context, width, frame);
  }

  function tick() {
    go((frame + 1) % drawing.count);
    timer = setTimeout(tick, FRAME_MS / Number(speed.select.value));
  }

  function setPlaying(isPlaying) {
    clearTimeout(timer);
    timer = null;
    play.textContent = isPlaying ? "Pause" : "Play";
    if (isPlaying) tick();
  }

  play.addEventListener("click", () => setPlaying(timer === null));
  slider.addEventListener("input", () => { setPlaying(false); go(Number(slider.value)); });
  document.addEventListener("leave", () => setPlaying(false));
  document.addEventListener("themechange", paint);
  const stage = make("div", { className: "stage" }, canvas);
  whenWidthChanges(stage, paint);
  const controls = make("div", { className: "controls" }, play, slider, clock, speed.field);
  show(scenes[0]);
  requestAnimationFrame(paint);
  const chosen = scenes.length > 1 ? [scene.field] : [];
  return make("div", { className: "player" }, make("div", { className: "controls" }, ...chosen), about, stage, controls);
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
