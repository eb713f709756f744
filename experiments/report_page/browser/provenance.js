// What a number is made of: its seeds, hashes, versions, and the configuration of its runs.

/** Show it, and remember it in the address. */
function openCell(data, cell) {
  if (!cell) return;
  const { task, metric, distribution, model, steps_rule, size, shift } = cell;
  keepRoute(data.name, { task, metric, distribution, model, steps: steps_rule, size, shift });
  openSheet(cellDetails(data, cell), () => {
    if (readRoute().study === data.name) keepRoute(data.name, { task, metric, distribution });
  });
}

/** The cell that an address names, if there is one. */
function cellOf(data, place) {
  if (place.model === undefined) return null;
  const isIt = (cell) => ["task", "metric", "distribution", "model", "shift"].every((n) => cell[n] === place[n])
    && cell.steps_rule === place.steps && String(cell.size) === place.size;
  return data.cells.find(isIt);
}

function cellDetails(data, cell) {
  const about = [`${cell.distribution}, size ${cell.size}`, `shift: ${cell.shift}`, `task ${cell.task}`];
  return [
    make("h2", { textContent: `${cell.method}: ${cell.metric}` }),
    make("p", { textContent: about.join(" · ") }),
    make("p", { className: "big" }, written(cell.mean), make("small", { textContent: ` ${interval(cell)}` })),
    make("p", { className: "note", textContent: over(cell) }),
    seedTable(data, cell),
    ...different(cell.rows.map((row) => row.config_hash)).map((hash) => configuration(data, hash)),
  ];
}

function over(cell) {
  if (cell.count === 1) return "One seed; its 95 % interval is over the instances.";
  return `Mean over ${cell.count} seeds, 95 % interval over seeds and instances, where one can be trusted; of each seed, over its instances.`;
}

/** A column for each seed, a line for each thing that is known of it. */
function seedTable(data, cell) {
  const facts = [
    ["mean", (r) => written(r.mean)],
    ["95 % interval", interval],
    ["instances", (r) => r.num_instances.toLocaleString("en")],
    ["parameters", (r) => r.num_parameters.toLocaleString("en")],
    ["steps taken", (r) => written(r.steps)],
    ["training", (r) => `${written(r.seconds)} s, ${r.device}`],
    ["config_hash", (r) => r.config_hash],
    ["data_hash", (r) => r.data_hash],
    ["commit", (r) => r.commit],
    ["versions", (r) => r.versions],
    ["run", (r) => runLink(data, r)],
  ];
  const head = make("tr", {}, make("th", { textContent: "seed" }),
    ...cell.rows.map((row) => make("th", { textContent: row.seed, scope: "col" })));
  const body = facts.map(([name, of]) => {
    const values = cell.rows.map(of);
    const title = make("th", { textContent: name, scope: "row" });
    const isSame = values.length > 1 && values.every((value) => typeof value === "string" && value === values[0]);
    if (isSame) return make("tr", {}, title, make("td", { colSpan: values.length, className: "same" }, values[0]));
    return make("tr", {}, title, ...values.map((value) => make("td", {}, value)));
  });
  const table = make("table", { className: "facts" }, make("thead", {}, head), make("tbody", {}, ...body));
  return make("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": "Every seed" }, table);
}

function runLink(data, row) {
  const run = data.runs[row.config_hash]?.runs.find((found) => found.seed === row.seed);
  return run ? make("a", { href: run.href, textContent: run.name }) : "not published";
}

function configuration(data, hash) {
  const known = data.runs[hash];
  const title = make("h3", { textContent: "Configuration" });
  if (!known) {
    const command = `python -m experiments.publish study=${data.name}`;
    const text = `Configuration ${hash} is not published in ${decodeURIComponent(data.folder)}configurations/. Where the study was run, this puts it there: `;
    return make("div", {}, title, make("p", {}, text, make("code", { textContent: command })));
  }
  const file = make("a", { href: known.href, textContent: hash });
  const text = '; runs of the same hash differ at most in "seed" and "machine".';
  return make("div", {}, title, make("p", { className: "note" }, file, text),
    make("pre", { tabIndex: 0, textContent: known.config }));
}
