// Rollouts and embeddings to play: frames on a canvas, with a slider. Nothing moves by itself.

const FRAME_MS = 80;
const DRAWINGS = { rollout: rolloutDrawing, literals: literalDrawing };
const SPEEDS = [["0.25", "¼×"], ["0.5", "½×"], ["1", "1×"], ["2", "2×"], ["4", "4×"]];

/** A player for each kind of scenes. */
function players(part, scenes) {
  for (const kind of Object.keys(DRAWINGS)) {
    const mine = scenes.filter((scene) => scene.kind === kind);
    if (mine.length) new Player(part, mine);
  }
}

/** Scenes of one kind, a choice where there are several. A drawing: {count, clock, height, draw}. */
class Player {
  constructor(part, scenes) {
    this.timer = null; // of the next frame, while it plays
    this.canvas = make("canvas", { role: "img" });
    this.stage = make("div", { className: "stage" }, this.canvas);
    this.slider = make("input", { type: "range", min: 0, step: 1, value: 0, "aria-label": "Frame" });
    this.clock = make("output", {});
    this.about = make("p", { className: "note" });
    this.button = make("button", { type: "button", className: "play", textContent: "Play" });
    const titles = scenes.map((scene, k) => [String(k), scene.title]);
    const scene = choice("Scene", titles, (k) => this.show(scenes[Number(k)]));
    this.speed = choice("Speed", SPEEDS, () => {});
    this.speed.select.value = "1";
    const above = make("div", { className: "controls" }, ...(scenes.length > 1 ? [scene.field] : []));
    const below = make("div", { className: "controls" }, this.button, this.slider, this.clock, this.speed.field);
    part.append(make("div", { className: "player" }, above, this.about, this.stage, below));
    this.listen();
    this.show(scenes[0]);
  }

  listen() {
    this.button.addEventListener("click", () => this.setPlaying(this.timer === null));
    this.slider.addEventListener("input", () => {
      this.setPlaying(false);
      this.go(Number(this.slider.value));
    });
    document.addEventListener("leave", () => this.setPlaying(false));
    document.addEventListener("themechange", () => this.paint());
    whenWidthChanges(this.stage, () => this.paint());
  }

  show(scene) {
    this.drawing = DRAWINGS[scene.kind](scene);
    this.slider.max = this.drawing.count - 1;
    this.about.textContent = scene.about;
    this.canvas.setAttribute("aria-label", `${scene.title}, ${scene.about}`);
    this.go(0);
  }

  go(frame) {
    this.frame = frame;
    this.slider.value = frame;
    this.clock.textContent = this.drawing.clock(frame);
    this.slider.setAttribute("aria-valuetext", this.clock.textContent);
    this.paint();
  }

  paint() {
    const width = this.stage.clientWidth;
    if (!width) return;
    const height = this.drawing.height(width);
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.height = `${height}px`;
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    this.drawing.draw(context, width, this.frame);
  }

  setPlaying(isPlaying) {
    clearTimeout(this.timer);
    this.timer = null;
    this.button.textContent = isPlaying ? "Pause" : "Play";
    if (isPlaying) this.tick();
  }

  tick() {
    this.go((this.frame + 1) % this.drawing.count);
    this.timer = setTimeout(() => this.tick(), FRAME_MS / Number(this.speed.select.value));
  }
}
