// What is known of a run beside its journey: metadata, files, what was sent to a backend.

import { creditOf } from "../credit.js";
import { element, refill } from "../elements.js";
import { word } from "../words.js";
import { askAsResearcher } from "./session.js";
import { failure, seconds, size, time, valueId, valueName } from "./shown.js";

const MOST_SHOWN = 200000;

/** Values as facts have them: [{ name, id }], the id where the name doesn't say it; null where there are none. */
function named(field, values) {
  const known = [...new Set(values)].filter((value) => value !== null && value !== undefined);
  return known.length ? known.map((value) => ({ name: valueName(field, value), id: valueId(field, value) })) : null;
}

/** The elements for a fact: a text, or names with the ids that filters go by, where these are not the same but for capitals. */
export function shownFact(fact) {
  if (typeof fact === "string") return [fact];
  const nodes = ({ name, id }) => (id && id !== name.toLowerCase() ? [name, " ", element("code", { class: "id" }, id)] : [element("span", { title: id }, name)]);
  return fact.flatMap((value, place) => (place ? [", ", ...nodes(value)] : nodes(value)));
}

/** The facts of a run that are compared and listed: [key, a fact for `shownFact`], null where there is none. */
export function factsOf(run) {
  const output = run.outputs[0] || {};
  const request = run.request || {};
  return [
    ["status", named("status", [run.status])],
    ["time", time(run.timestamp)],
    ["schema", named("schema", [run.schema])],
    ["user", run.user_id],
    ["workshop", run.workshop],
    ["mode", named("mode", [run.execution_mode])],
    ["level", named("level", [run.safety_level])],
    ["config", named("config", request.output_configs || [])],
    ["backend", named("backend", run.outputs.map((one) => one.backend))],
    ["model", [...new Set(run.outputs.map((one) => one.model).filter(Boolean))].join(", ") || null],
    ["seed", request.seed === null || request.seed === undefined ? null : String(request.seed)],
    ["media", run.outputs.map(mediumOf).join("; ") || null],
    ["licence", output.license || null],
    ["credit", creditOf(output)],
    ["took", run.finished_at && run.timestamp ? seconds((new Date(run.finished_at) - new Date(run.timestamp)) / 1000) : null],
    ["language", named("language", [request.language])],
    ["rules", request.context || null],
    ["attempts", run.attempts > 1 ? String(run.attempts) : null],
    ["warnings", (run.warnings || []).join(" ") || null],
    ["server", run.server_version || null],
    ["run_id", run.run_id],
  ];
}

function mediumOf(output) {
  const said = [word(`gallery.type.${output.type}`), (output.format || "").toUpperCase()];
  if (output.width) said.push(`${output.width} × ${output.height}`);
  if (output.duration_seconds) said.push(seconds(output.duration_seconds));
  if (output.faces) said.push(word("gallery.fact.faces", { count: output.faces }));
  said.push(size(output.file_size_bytes));
  return said.filter(Boolean).join(" ");
}

/** The metadata as a list of terms, and all of it as JSON to unfold. */
export function metadataList(run) {
  const list = element("dl", { class: "facts" });
  for (const [key, value] of factsOf(run)) {
    if (value === null) continue;
    list.append(element("dt", {}, word(`gallery.fact.${key}`)), element("dd", { class: key === "run_id" || key === "seed" ? "mono" : null }, ...shownFact(value)));
  }
  return list;
}

/** All of metadata.json, unfolded on demand. */
export function rawMetadata(run) {
  return element("details", { class: "more-details" }, element("summary", {}, "metadata.json"), element("pre", { tabindex: "0" }, JSON.stringify(run, null, 2)));
}

/** The files of a run with sizes, checksums and ways to save them. */
export function filesTable(run, files) {
  const body = element("tbody", {});
  for (const file of files) {
    const output = run.outputs.find((one) => one.filename === file.filename);
    const name = file.size === null ? element("span", { class: "bad" }, `${file.filename} – ${word("gallery.file.gone")}`) : element("a", { href: file.url, download: "" }, file.filename);
    const marked = output && file.size !== null ? element("a", { href: `${output.url}?marked=1&download=1`, download: "", class: "marked" }, word("gallery.file.marked")) : null;
    body.append(
      element(
        "tr",
        {},
        element("th", { scope: "row" }, name, marked),
        element("td", { class: "number" }, size(file.size)),
        element("td", { class: "sum" }, file.sha256 ? element("code", { title: file.sha256 }, file.sha256) : "–"),
      ),
    );
  }
  const head = element("tr", {}, ...["name", "size", "sha256"].map((key) => element("th", { scope: "col" }, word(`gallery.file.${key}`))));
  return element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": word("gallery.run.files") }, element("table", { class: "files" }, element("thead", {}, head), body));
}

/** What was sent to backends, each file unfolded on demand; null where nothing was kept. */
export function sentFiles(files) {
  const sent = files.filter((file) => file.kind === "sent" && file.size !== null);
  if (!sent.length) return null;
  return element("div", {}, ...sent.map(sentFile));
}

function sentFile(file) {
  const box = element("pre", { tabindex: "0" }, word("gallery.waiting"));
  const more = element("details", { class: "more-details" }, element("summary", {}, `${file.filename} · ${size(file.size)}`), box);
  let asked = false;
  more.addEventListener("toggle", async () => {
    if (asked || !more.open) return;
    asked = true;
    try {
      const text = JSON.stringify(await askAsResearcher(file.url), null, 2);
      refill(box, text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}\n…` : text);
    } catch (error) {
      asked = false;
      refill(box, failure(error));
    }
  });
  return more;
}
