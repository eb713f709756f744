// Which methods a chart shows: a button for each, with its colour while it is shown.

const SHOWN_FIRST = 7; // lines that can be told apart at a glance

/** Buttons for methods; `changed` is called when the reader shows or hides some. */
class Methods {
  constructor(changed) {
    this.changed = changed;
    this.slots = new Map(); // method -> number of its colour
    this.element = make("div", { className: "chips", role: "group", "aria-label": "Methods" });
  }

  choose(names) {
    this.slots = new Map(names.map((name, slot) => [name, slot]));
  }

  /** Show or hide one; a colour that is free is taken, the others stay. */
  toggle(name) {
    if (this.slots.delete(name)) return;
    const taken = [...this.slots.values()];
    let slot = 0;
    while (taken.includes(slot)) slot += 1;
    this.slots.set(name, slot);
  }

  /** Those shown, in the order of their colours: [name, look]. */
  shown() {
    return [...this.slots].sort((a, b) => a[1] - b[1]).map(([name, slot]) => [name, lineLook(slot)]);
  }

  /** Draw the buttons of all methods that there are. */
  draw(all) {
    const { scrollTop } = this.element;
    this.element.replaceChildren(
      ...all.map((name) => this.chip(name)),
      this.button("All", () => this.choose(all)),
      this.button("None", () => this.choose([])));
    this.element.scrollTop = scrollTop;
  }

  chip(name) {
    const slot = this.slots.get(name);
    const mark = slot === undefined ? make("i", { className: "swatch" }) : swatch(lineLook(slot));
    const onclick = () => this.change(() => this.toggle(name), name);
    const isShown = String(slot !== undefined);
    return make("button", { type: "button", className: "chip", "aria-pressed": isShown, onclick }, mark, name);
  }

  button(text, choose) {
    const onclick = () => this.change(choose, text);
    return make("button", { type: "button", className: "plain", textContent: text, onclick });
  }

  /** The button that made a change keeps the focus. */
  change(make, text) {
    make();
    this.changed();
    const again = [...this.element.children].find((child) => child.textContent === text);
    again?.focus({ preventScroll: true });
  }

  /** How many are shown, if not all. */
  note(all) {
    const count = this.slots.size;
    return count < all.length ? ` ${count} of ${all.length} methods are shown.` : "";
  }
}
