// Taking runs away: which format, with what, and the packages that are being made or kept.

import { openDialog } from "../dialog.js";
import { element, refill } from "../elements.js";
import { hasWord, language, word } from "../words.js";
import { searchBody } from "./address.js";
import { askAsResearcher } from "./session.js";
import { failure, size, time } from "./shown.js";

const LOOK_MILLISECONDS = 700;
const UNDER_WAY = ["waiting", "making"];
const FINDINGS_SHOWN = 6;

function formatName(format) {
  return hasWord(`gallery.format.${format}`) ? word(`gallery.format.${format}`) : format;
}

/** The part of a body that says which runs: { ids } or { query, leave_out }. */
export function selectionBody(selection) {
  if (!selection.all) return { ids: [...selection.ids] };
  return { query: searchBody(selection.all.search), leave_out: [...selection.ids] };
}

/**
 * Ask how the runs are to be exported, and have that done. `count` is how many they are, `runs` says
 * which, as `selectionBody` gives it.
 */
export async function openExport(runs, count) {
  const box = element("div", {}, element("p", { class: "hint", role: "status" }, word("gallery.waiting")));
  const dialog = openDialog(word("gallery.export.title", { count }), box, { wide: true });
  let formats;
  try {
    ({ formats } = await askAsResearcher("/api/packages"));
  } catch (error) {
    refill(box, element("p", { class: "note bad", role: "alert" }, failure(error)));
    return dialog.closed;
  }
  const leftOut = new Set(runs.leave_out || []);
  const form = element("form", {});
  const choices = element("fieldset", { class: "formats" }, element("legend", {}, word("gallery.export.format")));
  formats.forEach((format, place) => {
    const hint = hasWord(`gallery.format.${format}.hint`) ? element("span", { class: "hint" }, word(`gallery.format.${format}.hint`)) : null;
    choices.append(element("label", { class: "format" }, element("input", { type: "radio", name: "format", value: format, checked: place === 0 }), element("span", {}, element("strong", {}, formatName(format)), hint)));
  });
  const option = (name) => element("label", { class: "switch" }, element("input", { type: "checkbox", name }), element("span", {}, word(`gallery.export.${name}`), element("span", { class: "hint" }, word(`gallery.export.${name}.hint`))));
  const title = element("label", { class: "export-title" }, word("gallery.export.heading"), element("input", { type: "text", name: "title", maxlength: "200" }));
  const review = element("div", { class: "review" });
  const said = element("div", { role: "status" });
  const look = element("button", { type: "button", onClick: () => reviewTexts(runs, count, leftOut, review, look) }, word("gallery.export.review"));
  const go = element("button", { type: "submit", class: "primary" }, word("gallery.export.go"));
  form.append(choices, option("pseudonyms"), option("marked"), title, look, review, element("div", { class: "buttons" }, go, element("button", { type: "button", onClick: () => dialog.close() }, word("gallery.cancel"))), said);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    const values = new FormData(form);
    const selection = runs.query ? { query: runs.query } : { ids: runs.ids };
    const body = { ...selection, leave_out: [...leftOut], format: values.get("format"), pseudonyms: values.has("pseudonyms"), marked: values.has("marked"), language: language(), title: values.get("title") };
    try {
      const made = await askAsResearcher("/api/packages", { method: "POST", body, patience: 120000 });
      refill(box, packageRow(made), element("p", { class: "hint" }, word("gallery.package.later")), element("div", { class: "buttons" }, element("button", { type: "button", onClick: () => dialog.close() }, word("gallery.close"))));
    } catch (error) {
      go.disabled = false;
      refill(said, element("p", { class: "note bad" }, failure(error)));
    }
  });
  refill(box, form);
  return dialog.closed;
}

async function reviewTexts(runs, count, leftOut, box, button) {
  button.disabled = true;
  refill(box, element("p", { class: "hint", role: "status" }, word("gallery.waiting")));
  try {
    const selection = runs.query ? { query: runs.query } : { ids: runs.ids };
    const found = await askAsResearcher("/api/packages/review", { method: "POST", body: { ...selection, leave_out: runs.leave_out || [] }, patience: 120000 });
    const list = element("ul", { class: "findings" });
    const byRun = new Map();
    for (const finding of found.findings) byRun.set(finding.run_id, [...(byRun.get(finding.run_id) || []), finding]);
    for (const [runId, findings] of byRun) {
      const keep = element("input", { type: "checkbox", checked: leftOut.has(runId) });
      keep.addEventListener("change", () => (keep.checked ? leftOut.add(runId) : leftOut.delete(runId)));
      const words = findings.map((finding) => `${word(`gallery.datum.${finding.kind}`)}: ${finding.text}`);
      const first = words.slice(0, FINDINGS_SHOWN).join(" · ");
      const rest = words.slice(FINDINGS_SHOWN);
      const more = rest.length ? element("details", {}, element("summary", {}, word("gallery.export.more", { count: rest.length })), element("p", {}, rest.join(" · "))) : null;
      list.append(element("li", {}, element("label", { class: "switch" }, keep, element("span", {}, first, element("span", { class: "hint mono" }, `${runId.slice(0, 8)} – ${word("gallery.export.leave_out")}`))), more));
    }
    const sum = byRun.size ? word("gallery.export.found", { count: byRun.size, of: found.runs }) : word("gallery.export.found_nothing", { count: found.runs });
    const looked = found.runs + found.unread.length;
    const missing = [
      found.complete ? null : word("gallery.export.incomplete", { looked, all: count }),
      found.unread.length ? `${word("gallery.export.unread", { count: found.unread.length })} ${found.unread.map((id) => id.slice(0, 8)).join(", ")}` : null,
    ].filter(Boolean);
    const notes = missing.map((text) => element("p", { class: "note bad" }, text));
    refill(box, element("div", { role: "status" }, element("p", {}, sum), ...notes), list, element("p", { class: "hint" }, word("gallery.export.review_hint")));
  } catch (error) {
    refill(box, element("p", { class: "note bad", role: "alert" }, failure(error)));
  } finally {
    button.disabled = false;
  }
}

/** All packages there are, each with what can be done with it. */
export async function openPackages() {
  const box = element("div", {}, element("p", { class: "hint", role: "status" }, word("gallery.waiting")));
  const dialog = openDialog(word("gallery.package.title"), box, { wide: true });
  try {
    const { packages } = await askAsResearcher("/api/packages");
    const list = packages.length ? element("div", { class: "packages" }, ...packages.map(packageRow)) : element("p", {}, word("gallery.package.nothing"));
    refill(box, list, element("div", { class: "buttons" }, element("button", { type: "button", onClick: () => dialog.close() }, word("gallery.close"))));
  } catch (error) {
    refill(box, element("p", { class: "note bad", role: "alert" }, failure(error)));
  }
  return dialog.closed;
}

/** A package that keeps itself up to date for as long as it is in the page. */
function packageRow(first) {
  const said = element("p", { role: "status" });
  const progress = element("progress", { "aria-label": word("gallery.package.progress") });
  const can = element("div", { class: "buttons" });
  const facts = [word("gallery.runs", { count: first.runs }), first.title ? formatName(first.format) : "", time(first.asked_at)];
  const name = element("p", {}, element("strong", {}, first.title || formatName(first.format)), ` ${facts.filter(Boolean).join(" · ")}`);
  const row = element("div", { class: "package", "data-package": first.package_id }, name, said, progress, can);

  function show(found) {
    row.dataset.state = found.state;
    const values = { done: found.runs_done, of: found.runs, size: size(found.bytes_written), until: found.expires_at ? time(found.expires_at) : "" };
    said.textContent = word(`gallery.package.${found.state}`, values);
    if (found.error) said.textContent += ` ${found.error.message}`;
    if (found.left_out.length) said.textContent += ` ${word("gallery.package.left_out", { count: found.left_out.length })}`;
    progress.hidden = !UNDER_WAY.includes(found.state);
    progress.max = Math.max(1, found.runs);
    progress.value = found.runs_done;
    const button = (key, act, options = {}) => element("button", { type: "button", ...options, onClick: act }, word(`gallery.package.${key}`));
    if (UNDER_WAY.includes(found.state)) refill(can, button("cancel", () => change(`${found.url}/cancel`, "POST")));
    else {
      const save = found.file_url ? element("a", { class: "button primary", href: found.file_url, download: "" }, word("gallery.package.download")) : null;
      refill(can, save, button("delete", () => change(found.url, "DELETE"), { class: "plain" }));
    }
  }

  async function change(path, method) {
    try {
      const answer = await askAsResearcher(path, { method });
      if (method === "DELETE") row.remove();
      else show(answer);
    } catch (error) {
      said.textContent = failure(error);
    }
  }

  async function follow() {
    if (!row.isConnected || !UNDER_WAY.includes(row.dataset.state)) return;
    try {
      show(await askAsResearcher(first.url));
    } catch (error) {
      if (!error.mayPass) {
        said.textContent = failure(error);
        return;
      }
    }
    setTimeout(follow, LOOK_MILLISECONDS);
  }

  show(first);
  setTimeout(follow, LOOK_MILLISECONDS / 2);
  return row;
}
