// Pictures to play: frames on a canvas, with a slider. Nothing moves by itself.

const FRAME_MS = [80, 400]; // least and most, for pictures of many frames and of few
const WHOLE_MS = 4000; // that all frames take, between these
const SPEEDS = [["0.25", "¼×"], ["0.5", "½×"], ["1", "1×"], ["2", "2×"], ["4", "4×"]];

/** One player for all pictures of a study, with a choice where there are several. */
class Player {
  constructor(part, pictures) {
    this.timer = null; // of the next frame, while it plays
    this.canvas = make("canvas", { role: "img" });
    this.stage = make("div", { className: "stage" }, this.canvas);
    this.slider = make("input", { type: "range", min: 0, step: 1, value: 0, "aria-label": "Frame" });
    this.clock = make("output", {});
    this.about = make("p", { className: "note" });
    this.button = make("button", { type: "button", className: "play", textContent: "Play" });
    const several = different(pictures.map((picture) => picture.file)).length > 1;
    const name = ({ file, title }) => (several ? `${file.replaceAll("_", " ")}: ${title}` : title);
    const titles = pictures.map((picture, k) => [String(k), name(picture)]);
    const picture = choice("Picture", titles, (k) => this.show(pictures[Number(k)]));
    this.speed = choice("Speed", SPEEDS, () => {});
    this.speed.select.value = "1";
    const above = make("div", { className: "controls" }, ...(pictures.length > 1 ? [picture.field] : []));
    this.below = make("div", { className: "controls" }, this.button, this.slider, this.clock, this.speed.field);
    part.append(make("div", { className: "player" }, above, this.about, this.stage, this.below));
    this.listen();
    this.show(pictures[0]);
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

  show(picture) {
    this.setPlaying(false);
    this.picture = picture;
    this.slider.max = picture.captions.length - 1;
    this.below.hidden = picture.captions.length === 1;
    const longest = Math.max(...picture.captions.map((caption) => caption.length));
    this.clock.style.minWidth = `min(100%, ${longest}ch)`; // the slider stays where it is
    this.about.textContent = picture.about ?? "";
    this.canvas.setAttribute("aria-label", `${picture.title}, ${this.about.textContent}`);
    this.go(0);
  }

  go(frame) {
    this.frame = frame;
    this.slider.value = frame;
    this.clock.textContent = this.picture.captions[frame];
    this.slider.setAttribute("aria-valuetext", this.clock.textContent);
    this.paint();
  }

  paint() {
    const width = this.stage.clientWidth;
    if (!width) return;
    const height = heightOf(this.picture, width);
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.height = `${height}px`;
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    drawPicture(context, this.picture, width, this.frame);
  }

  setPlaying(isPlaying) {
    clearTimeout(this.timer);
    this.timer = null;
    this.button.textContent = isPlaying ? "Pause" : "Play";
    if (isPlaying) this.tick();
  }

  tick() {
    const count = this.picture.captions.length;
    this.go((this.frame + 1) % count);
    const pause = Math.min(Math.max(WHOLE_MS / count, FRAME_MS[0]), FRAME_MS[1]);
    this.timer = setTimeout(() => this.tick(), pause / Number(this.speed.select.value));
  }
}
