// Where the reader is, in the part of the address after #: study/<name>/<part>?task=…

function readRoute() {
  const [path, query = ""] = location.hash.slice(1).split("?");
  const [kind, study, part] = path.split("/").map(decoded);
  if (kind !== "study" || !study) return { study: null, place: {} };
  return { study, part, place: Object.fromEntries(new URLSearchParams(query)) };
}

/** As written where it cannot be decoded: anyone may have made the address. */
function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

/** Change the address without going anywhere. */
function keepRoute(study, place) {
  const query = new URLSearchParams(place).toString();
  history.replaceState(null, "", `#study/${encodeURIComponent(study)}?${query}`);
}
