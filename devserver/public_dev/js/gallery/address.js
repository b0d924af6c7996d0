// What the page shows, as it stands in the address behind the #: a link can be mailed, the back
// button works, and no server or proxy on the way sees what was searched for.

export const CHOICES = ["type", "status", "schema", "workshop", "user", "backend", "config", "mode", "level"];
const SINGLE = ["q", "from", "to", "sort", "min_size", "max_size", "min_duration", "max_duration"];
const SEVERAL = [...CHOICES, "origin", "text"];
const RUN_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * The view that a hash tells: { search, run, compare }. `search` has a list of values for each
 * parameter of GET /api/runs that is set; `run` is a run_id or null, `compare` two or null.
 * What can't be understood is left out.
 */
function viewOf(hash) {
  const said = new URLSearchParams(hash.replace(/^#/, ""));
  const search = {};
  for (const name of [...SINGLE, ...SEVERAL]) {
    const values = said.getAll(name).filter((value) => value.trim());
    if (values.length) search[name] = SINGLE.includes(name) ? values.slice(-1) : [...new Set(values)];
  }
  const pair = (said.get("compare") || "").split(",").filter((id) => RUN_ID.test(id));
  const run = said.get("run") || "";
  return { search, run: RUN_ID.test(run) ? run : null, compare: pair.length === 2 ? pair : null };
}

/** The hash that tells a view; "" for the page as it is at first. */
export function hashOf({ search = {}, run = null, compare = null }) {
  const said = searchParameters(search);
  if (run) said.set("run", run);
  if (compare) said.set("compare", compare.join(","));
  const text = said.toString();
  return text ? `#${text}` : "";
}

/** The parameters of GET /api/runs that ask for this search. */
export function searchParameters(search) {
  const said = new URLSearchParams();
  for (const name of [...SINGLE, ...SEVERAL]) for (const value of search[name] || []) said.append(name, value);
  return said;
}

/** The same search for a JSON body, as packages and checks take it. */
export function searchBody(search) {
  const body = {};
  for (const [name, values] of Object.entries(search)) if (name !== "sort" && values.length) body[name] = values;
  return body;
}

/** The same search with these values of one parameter; none takes it out. */
export function withValues(search, name, values) {
  const changed = { ...search };
  if (values.length) changed[name] = values;
  else delete changed[name];
  return changed;
}

/** A value of a run's metadata as a filter has to name it (null: runs without any). */
export function asFilter(value) {
  if (value === null) return "-";
  if (value !== "-" && value === value.trim() && !/^[!"]|,/.test(value)) return value;
  return `"${value.replace(/"/g, '""')}"`;
}

/** The metadata's value that a filter names, and whether it is one to leave out. */
export function fromFilter(item) {
  const without = item.startsWith("!");
  const rest = without ? item.slice(1) : item;
  if (rest === "-") return { value: null, without };
  const quoted = /^"((?:[^"]|"")*)"$/.exec(rest);
  return { value: quoted ? quoted[1].replace(/""/g, '"') : rest, without };
}

/** The view in the address bar, and how to get to another one. */
export class Address {
  /** `show(view, before)` is called after each change, whoever made it. */
  constructor(show) {
    this.show = show;
    this.view = viewOf(location.hash);
    addEventListener("popstate", () => this.arrive(viewOf(location.hash)));
  }

  /** Go to `view`; with `instead` the page before is not kept for the back button. */
  go(view, { instead = false } = {}) {
    const hash = hashOf(view);
    if (hash !== hashOf(this.view)) {
      const url = `${location.pathname}${location.search}${hash}`;
      if (instead) history.replaceState(null, "", url);
      else history.pushState(null, "", url);
    }
    this.arrive(view);
  }

  arrive(view) {
    const before = this.view;
    this.view = view;
    this.show(view, before);
  }
}
