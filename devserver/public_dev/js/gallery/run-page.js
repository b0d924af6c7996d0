// One run with all that is known of it.

import { element, refill } from "../elements.js";
import { mediaView } from "../media-view.js";
import { word } from "../words.js";
import { hashOf } from "./address.js";
import { FetchedPage } from "./fetched-page.js";
import { filesTable, metadataList, rawMetadata, sentFiles } from "./run-facts.js";
import { askAsResearcher } from "./session.js";
import { beginning, styleName, time } from "./shown.js";
import { linkTile } from "./tile.js";
import { timeline } from "./timeline.js";

/** Everything about a run. `related` and `files` are null when they can't be had just now. */
export async function fetchRun(runId, signal) {
  const optional = (path) => askAsResearcher(path, { signal }).catch((error) => (error.code === "called_off" || error.status === 401 ? Promise.reject(error) : null));
  const [run, journey, files, related] = await Promise.all([
    askAsResearcher(`/api/media/run/${runId}`, { signal }),
    askAsResearcher(`/api/runs/${runId}/journey`, { signal }),
    optional(`/api/runs/${runId}/files`),
    optional(`/api/runs/${runId}/related`),
  ]);
  return { run, journey, files: files ? files.files : null, related };
}

/** All outputs of a run, to look at and to listen to: { node, stop }, as `mediaView` gives it. */
export function mediaOf(run) {
  const only = (text) => ({ node: element("p", { class: "note" }, text), stop: () => {} });
  if (run.archived) return only(word("gallery.run.archived"));
  if (!run.outputs.length) return only(run.error ? run.error.message : word("gallery.run.no_media"));
  const alt = word("gallery.run.picture_of", { text: beginning(run.input_text, 100) });
  const views = run.outputs.map((output) => mediaView(output, { alt, poster: posterOf(run, output) }));
  return { node: element("div", { class: "run-media" }, ...views.map((view) => view.node)), stop: () => views.forEach((view) => view.stop()) };
}

function posterOf(run, output) {
  if (output.type === "image" || output.type === "audio" || (output.type === "3d" && output.format !== "glb")) return null;
  return `/api/media/thumbnail/${run.run_id}/${output.index}?size=1024&type=${output.type}`;
}

const FOLLOW_MILLISECONDS = 800;
const UNDER_WAY = ["queued", "running", "awaiting_edit"];

/**
 * `calls` are what can be done: close(), beside(step) (the place of the run before or after in the
 * search, or null), go(step), export(run), verify(run), remove(run), erase(run), restore(run);
 * `search()` gives the search that the page came from, `filterOf(name, value)` a part of one.
 */
export class RunPage extends FetchedPage {
  /** Fetch a run, show it, and go on showing what is new of it until it is over. */
  open(runId) {
    return this.show(
      (signal) => fetchRun(runId, signal),
      (signal) => this.follow(runId, signal),
    );
  }

  /** Show what is new of a run that is under way, until it is over. */
  async follow(runId, signal) {
    let event = null;
    while (!signal.aborted && UNDER_WAY.includes(this.shown.run.status)) {
      const state = await askAsResearcher(`/api/runs/${runId}?wait=20${event ? `&after=${event}` : ""}`, { signal });
      ({ event } = state);
      if (state.revision !== this.shown.run.revision) {
        const found = await fetchRun(runId, signal);
        if (signal.aborted) return;
        this.shown = found;
        this.draw();
      }
      // A server with no room for those who wait answers at once.
      await new Promise((resolve) => setTimeout(resolve, FOLLOW_MILLISECONDS));
    }
  }

  draw() {
    if (!this.shown) return;
    const { run, journey, files, related } = this.shown;
    const section = (key, ...content) => element("section", { class: "run-section", "aria-labelledby": `run-${key}` }, element("h3", { id: `run-${key}` }, word(`gallery.run.${key}`)), ...content);
    const title = element("h2", { tabindex: "-1", class: "run-title" }, beginning(run.input_text, 120) || word("gallery.tile.no_text"));
    const under = element("p", { class: "run-under" }, element("span", { class: `status status-${run.status}` }, word(`gallery.status.${run.status}`)), ` ${styleName(run.schema)} · ${time(run.timestamp)} UTC`);
    this.calls.named(`${styleName(run.schema)} · ${time(run.timestamp)} UTC`);
    this.stop();
    const media = mediaOf(run);
    this.stop = media.stop;
    const left = element("div", { class: "run-left" }, media.node, section("metadata", metadataList(run), rawMetadata(run)));
    const right = element("div", { class: "run-right" }, section("journey", timeline(journey)));
    const sent = files ? sentFiles(files) : null;
    if (files) right.append(section("files", filesTable(run, files)));
    if (sent) right.append(section("workflow", sent));
    right.append(section("check", this.checkBox(run)));
    refill(this.box, this.head(run), title, under, element("div", { class: "run-columns" }, left, right), related ? this.relatedRuns(related) : null);
  }

  head(run = null) {
    const button = (key, call, options = {}) => element("button", { type: "button", class: options.class || null, disabled: options.disabled || false, onClick: call }, word(`gallery.run.${key}`));
    const bar = element("div", { class: "run-bar" }, button("close", () => this.calls.close(), { class: "plain" }));
    const beside = element("div", { class: "buttons" });
    for (const [key, step] of [["before", -1], ["after", 1]]) {
      if (this.calls.beside(step) !== undefined) beside.append(button(key, () => this.calls.go(step), { class: "plain", disabled: this.calls.beside(step) === null }));
    }
    bar.append(beside);
    if (!run) return bar;
    const can = element("div", { class: "buttons push" }, button("export", () => this.calls.export(run)));
    if (run.archived) can.append(button("restore", () => this.calls.restore(run)));
    can.append(button("delete", () => this.calls.remove(run), { class: "danger" }));
    if (run.user_id) can.append(button("erase", () => this.calls.erase(run), { class: "danger" }));
    bar.append(can);
    return bar;
  }

  checkBox(run) {
    const said = element("div", { role: "status" });
    const start = element("button", { type: "button", onClick: () => this.calls.verify(run, said, start) }, word("gallery.check.start_one"));
    return element("div", {}, element("p", { class: "hint" }, word("gallery.check.what")), start, said);
  }

  relatedRuns({ run_id: runId, origin, related }) {
    const box = element("section", { class: "run-section related", "aria-labelledby": "run-related" }, element("h3", { id: "run-related" }, word("gallery.run.related")));
    if (origin) box.append(this.relatedGroup(runId, word("gallery.related.origin"), [origin], null));
    for (const relation of ["repetitions", "same_text", "same_person", "same_style"]) {
      const found = related[relation];
      if (!found || !found.total) continue;
      const search = Object.fromEntries(Object.entries(found.filter).map(([name, value]) => [name, this.calls.filterOf(name, value)]));
      box.append(this.relatedGroup(runId, word(`gallery.related.${relation}`), found.runs, { search, total: found.total }));
    }
    if (box.children.length === 1) box.append(element("p", { class: "hint" }, word("gallery.related.nothing")));
    return box;
  }

  relatedGroup(runId, title, runs, all) {
    const head = element("div", { class: "related-head" }, element("h4", {}, title));
    if (all) head.append(element("a", { href: hashOf({ search: all.search }) }, word("gallery.related.all", { count: all.total })));
    const list = element("ul", { class: "related-list" });
    for (const run of runs) {
      const href = hashOf({ search: this.calls.search(), run: run.run_id });
      const compare = element("a", { class: "compare-link", href: hashOf({ search: this.calls.search(), compare: [runId, run.run_id] }), "aria-label": word("gallery.related.compare_with", { text: beginning(run.input_text, 40) }) }, word("gallery.related.compare"));
      list.append(element("li", {}, linkTile(run, href, 132), compare));
    }
    return element("div", {}, head, list);
  }
}
