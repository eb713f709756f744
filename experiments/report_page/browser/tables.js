// Tables that sort, filter and search, by Tabulator.

const PAGES = { pagination: true, paginationSize: 20, paginationSizeSelector: [20, 50, 100], paginationCounter: "rows" };

const NUMBERS = { sorter: "number", sorterParams: { alignEmptyValues: "bottom" } };

/** The table of all cells of a study: a click opens what a number is made of. */
function cellTable(part, data) {
  const found = make("div", { className: "table" });
  const search = searchField("Search", "Search: 64 grid, linear…", () => filter());
  const metrics = different(data.cells.map((cell) => cell.metric));
  const first = [...data.firstMetric.values()];
  const usual = different(first).length > 1 ? "each task's first" : first[0];
  const choices = [["", usual], ...metrics.filter((m) => m !== usual).map((m) => [m, m]), ["*", "all metrics"]];
  const metric = choice("Metric", choices, () => filter());
  part.append(make("div", { className: "controls" }, search.field, metric.field), found);

  const table = new Tabulator(found, {
    data: data.cells, columns: cellColumns(data.cells, found.clientWidth < 560), layout: "fitDataFill", ...PAGES,
    placeholder: "No number fits.",
  });
  table.on("rowClick", (_, row) => openCell(data, row.getData()));
  table.on("tableBuilt", () => { filter(); byKeyboard(found); });

  function passes(cell) {
    const chosen = metric.select.value;
    const isMetric = chosen === "*" || cell.metric === (chosen || data.firstMetric.get(cell.task));
    if (!isMetric) return false;
    return search.fits([cell.task, cell.method, cell.distribution, cell.size, cell.shift, cell.metric]);
  }

  function filter() {
    table.setFilter(passes);
  }
}

/** A labelled input for words; `fits` tells whether values have all of them. */
function searchField(label, placeholder, change) {
  const input = make("input", { type: "search", placeholder, oninput: change });
  const fits = (values) => {
    const text = values.join(" ").toLowerCase();
    return input.value.toLowerCase().split(/\s+/).every((word) => text.includes(word));
  };
  return { field: make("label", {}, `${label} `, input), fits };
}

/** The columns; of texts that are all the same none is shown. */
function cellColumns(cells, isNarrow) {
  const text = (title, field) => {
    const values = different(cells.map((cell) => cell[field]));
    const longest = Math.max(title.length + 3, ...values.map((value) => String(value).length));
    const minWidth = Math.min(8 * longest + 16, isNarrow ? 150 : 220);
    return { title, field, minWidth, visible: values.length > 1, ...among(values) };
  };
  const value = (title, field) => ({
    title, field, ...NUMBERS, hozAlign: "right", headerHozAlign: "right",
    formatter: (cell) => document.createTextNode(written(cell.getValue())),
  });
  const columns = [
    { ...text("model", "model"), visible: true },
    text("steps", "steps_rule"),
    text("distribution", "distribution"),
    { ...value("size", "size"), ...among(different(cells.map((cell) => cell.size)).sort((a, b) => a - b)) },
    { ...value("mean", "mean"), formatter: numberButton },
    value("low", "low"), value("high", "high"),
    text("shift", "shift"),
    text("task", "task"),
    { title: "metric", field: "metric" },
    value("seeds", "count"),
  ];
  if (!isNarrow) return columns;
  const [model, steps, distribution, size, mean, ...others] = columns; // the number is in sight
  return [model, mean, size, distribution, steps, ...others];
}

function numberButton(cell) {
  const name = `${written(cell.getValue())}: what it is made of`;
  return make("button", { type: "button", className: "number", textContent: written(cell.getValue()), "aria-label": name });
}

/** A filter in the header: one of some values. */
function among(values) {
  const editor = (cell, _, success) => {
    const options = [["", "all"], ...values.map((value) => [String(value), String(value) || "–"])];
    const { select } = choice("", options, () => success(select.value));
    select.setAttribute("aria-label", `Filter by ${cell.getColumn().getDefinition().title}`);
    return select;
  };
  return {
    headerFilter: editor,
    headerFilterFunc: (wanted, value) => String(value) === wanted,
    headerFilterEmptyCheck: (value) => !value,
  };
}

/** Any table: columns of numbers sort as numbers. */
function plainTable(part, { name, columns, lines: values }) {
  const holder = make("div", { className: "table" });
  const search = searchField(`Search ${name}`, "", () => table.setFilter((line) => search.fits(Object.values(line))));
  part.append(make("h4", { textContent: name }), make("div", { className: "controls" }, search.field), holder);
  const defined = columns.map((title, k) => {
    const isText = values.some((line) => typeof line[k] === "string");
    const side = isText ? {} : { ...NUMBERS, hozAlign: "right", headerHozAlign: "right" };
    const formatter = (cell) => document.createTextNode(isText ? (cell.getValue() ?? "") : written(cell.getValue()));
    return { field: `c${k}`, title, ...side, formatter, titleFormatter: () => document.createTextNode(title) };
  });
  const data = values.map((line) => Object.fromEntries(line.map((value, k) => [`c${k}`, value])));
  const table = new Tabulator(holder, { data, columns: defined, layout: "fitDataFill", ...PAGES, paginationSize: 10, paginationSizeSelector: [10, 50, 100], placeholder: "No line fits." });
  table.on("tableBuilt", () => byKeyboard(holder));
}

/** Let headers sort by Enter and space as they do by a click. */
function byKeyboard(holder) {
  for (const header of holder.querySelectorAll(".tabulator-col.tabulator-sortable")) {
    header.tabIndex = 0;
    header.addEventListener("keydown", (event) => {
      if (event.target === header && ["Enter", " "].includes(event.key)) {
        event.preventDefault();
        header.querySelector(".tabulator-col-content").click();
      }
    });
  }
}
