// The numbers of a study, unpacked when it is first shown.

const unpacked = new Map();

/** A promise of the data of a study. */
function dataOf(name) {
  if (!unpacked.has(name)) unpacked.set(name, unpack(name));
  return unpacked.get(name);
}

async function unpack(name) {
  const blocks = [...document.querySelectorAll("script[data-data]")];
  const text = blocks.find((block) => block.dataset.data === name).textContent;
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const data = JSON.parse(await new Response(stream).text());
  data.cells = lines(data.cells);
  data.rows = lines(data.rows);
  let start = 0;
  data.cells.forEach((cell, id) => {
    cell.id = id;
    cell.method = cell.model + (cell.steps_rule && `@${cell.steps_rule}`);
    cell.rows = data.rows.slice(start, (start += cell.count));
  });
  data.firstMetric = new Map();
  for (const cell of data.cells) {
    if (!data.firstMetric.has(cell.task)) data.firstMetric.set(cell.task, cell.metric);
  }
  if (data.curves) data.curves = lines(data.curves);
  return data;
}

/**
 * Names, the best in a metric first, as the suite orders methods; others follow as in the table.
 * `nameOf` makes a name of a method: itself, or its model.
 */
function bestFirst(data, task, metric, names, nameOf = (method) => method) {
  const order = different((data.order[task]?.[metric] ?? []).map(nameOf));
  const known = order.filter((name) => names.includes(name));
  return [...known, ...names.filter((name) => !order.includes(name))];
}

/** Of a method its model, without the rule of steps. */
function modelOf(method) {
  return method.split("@")[0];
}

/** Objects, one a line, of columns. */
function lines(columns) {
  const names = Object.keys(columns);
  const plain = names.map((name) => {
    const column = columns[name];
    return Array.isArray(column) ? column : column.index.map((place) => column.values[place]);
  });
  return plain[0].map((_, k) => Object.fromEntries(names.map((name, n) => [name, plain[n][k]])));
}
