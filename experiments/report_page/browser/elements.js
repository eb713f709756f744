// Elements, made so that texts from files stay texts, and how numbers are written.

/** An element with properties, data-* and aria-* attributes, and children (texts or elements). */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** A labelled choice among texts; `change` gets the chosen one. */
function choice(label, options, change) {
  const select = make("select", { onchange: () => change(select.value) });
  for (const option of options) {
    const [value, text] = Array.isArray(option) ? option : [option, option];
    select.append(make("option", { value, textContent: text }));
  }
  return { field: make("label", {}, `${label} `, select), select };
}

/** With three or four digits, or n/a where there is none. */
function written(value) {
  if (value === null || value === undefined) return "n/a";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e5) return value.toExponential(2);
  if (size < 1) return size < 0.1 ? value.toPrecision(3) : value.toFixed(3);
  return String(Number(value.toPrecision(4)));
}

function interval(of) {
  return of.low === null ? "" : `[${written(of.low)}, ${written(of.high)}]`;
}

function different(values) {
  return [...new Set(values)];
}

/** A colour of the theme, by the name of its CSS variable. */
function themed(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Of the n-th line: as in the printed figures; the black one is light on dark. */
function lineLook(n) {
  const colours = [...COLOURS.map((c) => (c === "#000000" ? themed("ink") : c)), "#8c8c8c"];
  const place = Math.floor(n / colours.length) % 3;
  return { colour: colours[n % colours.length], dash: [[], [7, 4], [2, 3]][place] };
}

/** The mark of a line beside its name: a disc of its colour, or a piece of a dashed one. */
function swatch({ colour, dash: [on, off] }) {
  const mark = make("i", { className: on ? "swatch dashed" : "swatch" });
  mark.style.background = on
    ? `repeating-linear-gradient(90deg, ${colour} 0 ${on}px, transparent ${on}px ${on + off}px)`
    : colour;
  return mark;
}
