// The page as a whole: one study, or the overview, is shown at a time.

const explorers = new Map(); // of the studies whose parts have been filled

async function follow() {
  const route = readRoute();
  const sections = [...document.querySelectorAll("section.study")];
  const section = sections.find((found) => found.dataset.study === route.study);
  const overview = document.querySelector("section.overview");
  closeSheet();
  document.dispatchEvent(new Event("leave"));
  for (const found of [overview, ...sections]) found.hidden = found !== (section ?? overview);
  for (const link of document.querySelectorAll(".studies a")) {
    if (link.dataset.study === route.study) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = section ? `${route.study}: Finite Means` : "Finite Means: report";
  scrollTo(0, 0);
  if (!section) return;
  document.querySelector(".studies [aria-current]").scrollIntoView({ block: "nearest", inline: "center" });
  const data = await dataOf(route.study);
  if (readRoute().study !== route.study) return; // the reader has gone on meanwhile
  if (!explorers.has(route.study)) {
    explorers.set(route.study, fill(section, data));
    explorers.get(route.study).go(route.place);
  } else if (location.hash.includes("?")) {
    explorers.get(route.study).go(route.place);
  }
  section.dataset.filled = "yes";
  scrollToPart(section, route.part);
  const cell = cellOf(data, route.place);
  if (cell) openCell(data, cell);
}

/** Draw all that comes from the data; gives the chart, which shows nothing yet. */
function fill(section, data) {
  const part = (name) => section.querySelector(`[data-part="${name}"]`);
  const explorer = new Explorer(part("chart"), data);
  cellTable(part("table"), data);
  if (data.pictures.length) new Player(part("play"), data.pictures);
  if (data.curves) learning(part("learning"), data);
  for (const table of data.tables) plainTable(part("cells"), table);
  return explorer;
}

function scrollToPart(section, name) {
  const part = [...section.querySelectorAll("[data-part]")].find((found) => found.dataset.part === name);
  if (!part) return;
  part.scrollIntoView();
  part.querySelector("h3").focus({ preventScroll: true });
}

/** Links to every study, and to the parts of each. */
function setUpNavigation() {
  const studies = document.querySelector(".studies");
  for (const section of document.querySelectorAll("section.study")) {
    const name = section.dataset.study;
    const address = `#study/${encodeURIComponent(name)}`;
    const link = make("a", { href: address, textContent: name });
    link.dataset.study = name;
    studies.append(link);
    for (const part of section.querySelectorAll("[data-part]")) {
      const title = part.querySelector("h3").textContent;
      section.querySelector("nav.parts").append(make("a", { href: `${address}/${part.dataset.part}`, textContent: title }));
    }
  }
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    const heading = document.querySelector("main > section:not([hidden]) :is(h1, h2)");
    heading.tabIndex = -1;
    heading.focus();
  });
}

/** Pictures are in the page once: cards borrow theirs; a click shows one as large as it is. */
function setUpPictures() {
  const sections = [...document.querySelectorAll("section.study")];
  for (const card of document.querySelectorAll(".card")) {
    const section = sections.find((found) => found.dataset.study === card.dataset.of);
    const picture = section.querySelector("figure img");
    if (picture) card.querySelector("img").src = picture.src;
  }
  for (const button of document.querySelectorAll(".enlarge")) {
    const { src, alt } = button.querySelector("img");
    const name = button.closest("figure").querySelector("b").textContent;
    button.addEventListener("click", () => openSheet([
      make("h2", { textContent: name }),
      make("div", { className: "scroll picture", tabIndex: 0 }, make("img", { src, alt })),
    ], undefined, "wide"));
  }
}

function setUpTheme() {
  const root = document.documentElement;
  const button = document.querySelector("button.theme");
  const name = () => { button.textContent = root.dataset.theme === "dark" ? "Light" : "Dark"; };
  name();
  button.addEventListener("click", () => {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("finite-means-theme", root.dataset.theme); } catch { /* storage is off */ }
    name();
    document.dispatchEvent(new Event("themechange"));
  });
}

document.addEventListener("DOMContentLoaded", () => {
  setUpTheme();
  setUpNavigation();
  setUpPictures();
  setUpSheet();
  addEventListener("hashchange", follow);
  follow();
});
