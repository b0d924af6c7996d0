// Deleting runs, and all runs of a person: what goes is named first, and what was done is shown.

import { openDialog } from "../dialog.js";
import { element, refill } from "../elements.js";
import { word } from "../words.js";
import { askAsResearcher } from "./session.js";
import { beginning, failure, number, size, styleName, time } from "./shown.js";

const NAMED = 6;
const TYPED_FROM = 20;
const NAMELESS_SHOWN = 100;
/** So many are deleted at once: they share the slow last step, which wipes words out of the index. */
const AT_ONCE = 4;

/**
 * Delete runs after asking. `runs` are some of them, to be named; `ids()` gives the ids of all.
 * Resolves with the ids of those that are gone, null when nothing was begun.
 */
export function openDeletion(runs, count, ids) {
  const box = element("div", {});
  const dialog = openDialog(word("gallery.delete.title", { count }), box);
  const named = element("ul", { class: "named" }, ...runs.slice(0, NAMED).map((run) => element("li", {}, element("strong", {}, beginning(run.input_text, 70) || word("gallery.tile.no_text")), ` ${styleName(run.schema)} · ${time(run.timestamp)} · ${word("gallery.delete.media", { count: (run.outputs || []).length })}`)));
  if (count > Math.min(runs.length, NAMED)) named.append(element("li", {}, word("gallery.delete.and_more", { count: count - Math.min(runs.length, NAMED) })));
  const needsNumber = count >= TYPED_FROM;
  const sure = needsNumber ? element("input", { type: "text", inputmode: "numeric", autocomplete: "off", id: "sure" }) : element("input", { type: "checkbox", id: "sure" });
  const label = element("label", { class: needsNumber ? "" : "switch" }, ...(needsNumber ? [word("gallery.delete.type_number", { count }), sure] : [sure, element("span", {}, word("gallery.delete.sure"))]));
  const go = element("button", { type: "button", class: "danger", disabled: true }, word("gallery.delete.go", { count }));
  const isSure = () => (needsNumber ? sure.value.replace(/\D/g, "") === String(count) : sure.checked);
  sure.addEventListener(needsNumber ? "input" : "change", () => {
    go.disabled = !isSure();
  });
  let gone = null;
  let over = null; // when nothing is under way any more, which may be after the dialog
  go.addEventListener("click", () => {
    if (!isSure() || gone) return;
    gone = [];
    over = deleteAll(box, dialog, ids, gone, count);
  });
  refill(box, named, element("p", {}, word("gallery.delete.what")), element("p", { class: "hint" }, word("gallery.delete.copies")), label, element("div", { class: "buttons" }, go, element("button", { type: "button", onClick: () => dialog.close() }, word("gallery.cancel"))));
  return dialog.closed.then(() => over).then(() => gone);
}

async function deleteAll(box, dialog, ids, gone, count) {
  const progress = element("progress", { max: count, value: 0, "aria-label": word("gallery.delete.progress") });
  const said = element("p", { role: "status" }, word("gallery.waiting"));
  dialog.entitle(word("gallery.delete.under_way", { count }));
  let stopped = false;
  const stop = element("button", { type: "button", onClick: () => (stopped = true) }, word("gallery.delete.stop"));
  refill(box, progress, said, element("div", { class: "buttons" }, stop));
  dialog.closed.then(() => (stopped = true));
  const sum = { files: 0, bytes: 0, faults: [] };
  const remove = async (runId) => {
    try {
      const receipt = await askAsResearcher(`/api/runs/${runId}`, { method: "DELETE", patience: 120000 });
      gone.push(runId);
      sum.files += receipt.files;
      sum.bytes += receipt.bytes;
      if (!receipt.complete) sum.faults.push([runId, Object.values(receipt.faults).join(" ")]);
    } catch (error) {
      if (error.status === 401 || error.code === "offline") throw error;
      sum.faults.push([runId, failure(error)]);
    }
    progress.value = gone.length;
    said.textContent = word("gallery.delete.done_of", { done: gone.length, of: count });
  };
  let trouble = null;
  const removeNext = async (left) => {
    try {
      while (left.length && !stopped) await remove(left.shift());
    } catch (error) {
      stopped = true;
      trouble = error;
    }
  };
  try {
    const left = [...(await ids())];
    await Promise.all(Array.from({ length: AT_ONCE }, () => removeNext(left)));
  } catch (error) {
    trouble = error;
  }
  dialog.entitle(word(gone.length === count && !sum.faults.length ? "gallery.delete.done" : "gallery.delete.not_all"));
  receiptOf(box, dialog, sum, gone.length, trouble);
}

function receiptOf(box, dialog, sum, done, error = null) {
  const said = element("div", { class: sum.faults.length || error ? "note bad" : "note good", role: "status" }, element("p", {}, word("gallery.delete.receipt", { count: done, files: number(sum.files), size: size(sum.bytes) })));
  if (error) said.append(element("p", {}, failure(error)));
  if (sum.faults.length) said.append(element("p", {}, word("gallery.delete.faults")), element("ul", {}, ...sum.faults.slice(0, 50).map(([runId, fault]) => element("li", {}, element("code", {}, runId.slice(0, 8)), ` ${fault}`))));
  const close = element("button", { type: "button", onClick: () => dialog.close() }, word("gallery.close"));
  refill(box, said, element("div", { class: "buttons" }, close));
  close.focus();
}

/**
 * Delete all runs of a person after showing what they are. `userId` is filled in where it is known.
 * Resolves with whether something was deleted.
 */
export function openErasure(userId = "") {
  const box = element("div", {});
  const dialog = openDialog(word("gallery.erase.title"), box);
  let erased = false;
  let over = null; // when it is done, which may be after the dialog
  const who = element("input", { type: "text", id: "erase-who", value: userId, maxlength: "200", autocomplete: "off", spellcheck: "false" });
  const found = element("div", { class: "found-of-person" });
  const look = element("button", { type: "submit" }, word("gallery.erase.look"));
  const form = element("form", {}, element("label", { for: "erase-who" }, word("gallery.erase.who")), who, element("p", { class: "hint" }, word("gallery.erase.who.hint")), element("div", { class: "buttons" }, look, element("button", { type: "button", onClick: () => dialog.close() }, word("gallery.cancel"))));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (who.value) plan(who.value);
  });
  who.addEventListener("input", () => refill(found));

  async function plan(label) {
    look.disabled = true;
    refill(found, element("p", { role: "status" }, word("gallery.waiting")));
    try {
      const receipt = await askAsResearcher("/api/erasures", { method: "POST", body: { user_id: label, dry_run: true }, patience: 120000 });
      if (receipt.run_ids.length) refill(found, ...planned(receipt));
      else refill(found, element("p", { class: "note", role: "status" }, word("gallery.erase.nobody")), nobodys(receipt));
    } catch (error) {
      refill(found, element("p", { class: "note bad", role: "alert" }, failure(error)));
    } finally {
      look.disabled = false;
    }
  }

  function planned(receipt) {
    const sure = element("input", { type: "text", id: "erase-sure", autocomplete: "off", spellcheck: "false" });
    const go = element("button", { type: "button", class: "danger", disabled: true }, word("gallery.erase.go", { count: receipt.run_ids.length }));
    sure.addEventListener("input", () => {
      go.disabled = sure.value !== receipt.user_id;
    });
    go.addEventListener("click", () => {
      over = erase(receipt.user_id, go);
    });
    const sum = element("div", { class: "note", role: "status" }, element("p", {}, word("gallery.erase.plan", { count: receipt.run_ids.length, files: number(receipt.files), size: size(receipt.bytes) })));
    if (receipt.repetitions.length) sum.append(element("p", {}, word("gallery.erase.repetitions", { count: receipt.repetitions.length })));
    return [sum, nobodys(receipt), elsewhere(receipt), element("label", { for: "erase-sure" }, word("gallery.erase.type", { user: receipt.user_id })), sure, element("div", { class: "buttons" }, go)];
  }

  async function erase(label, go) {
    go.disabled = true;
    refill(found, element("p", { role: "status" }, word("gallery.waiting")));
    erased = true;
    try {
      const receipt = await askAsResearcher("/api/erasures", { method: "POST", body: { user_id: label }, patience: 600000 });
      refill(box, ...receiptOfPerson(receipt));
      box.querySelector(".buttons button").focus();
    } catch (error) {
      refill(found, element("p", { class: "note bad", role: "alert" }, failure(error)));
    }
  }

  function receiptOfPerson(receipt) {
    const said = element("div", { class: receipt.is_complete ? "note good" : "note bad", role: "status" }, element("p", {}, word("gallery.erase.receipt", { count: receipt.run_ids.length, files: number(receipt.files), size: size(receipt.bytes) })));
    const faults = Object.entries(receipt.faults);
    // What nobody can be named for doesn't go by doing it again, so that is not asked for then.
    if (!receipt.is_complete && (faults.length || !receipt.unreadable.length)) said.append(element("p", {}, word("gallery.erase.incomplete")), element("ul", {}, ...faults.map(([id, found]) => element("li", {}, element("code", {}, shortened(id)), ` ${Object.values(found).join(" ")}`))));
    const save = element("a", { class: "button", download: `erasure-${receipt.time.slice(0, 10)}.json`, href: URL.createObjectURL(new Blob([`${JSON.stringify(receipt, null, 2)}\n`], { type: "application/json" })) }, word("gallery.erase.save"));
    dialog.closed.then(() => URL.revokeObjectURL(save.href));
    const close = element("button", { type: "button", onClick: () => dialog.close() }, word("gallery.close"));
    return [said, nobodys(receipt), elsewhere(receipt), element("div", { class: "buttons" }, save, close)];
  }

  refill(box, form, found);
  if (userId) plan(userId);
  return dialog.closed.then(() => over).then(() => erased);
}

/** The first part of a run_id; other names whole. */
function shortened(id) {
  return /^[0-9a-f-]{36}$/.test(id) ? id.slice(0, 8) : id;
}

/** Runs and folders of which nobody can say whose they are: they may be this person's, too. */
function nobodys({ unreadable }) {
  if (!unreadable.length) return null;
  const names = unreadable.slice(0, NAMELESS_SHOWN).map((name) => element("li", {}, element("code", {}, name)));
  if (unreadable.length > names.length) names.push(element("li", {}, word("gallery.delete.and_more", { count: unreadable.length - names.length })));
  return element("div", { class: "note bad nobodys" }, element("p", {}, word("gallery.erase.unreadable", { count: unreadable.length })), element("ul", { class: "faults" }, ...names));
}

function elsewhere(receipt) {
  if (!receipt.out_of_reach.length) return null;
  return element("details", { class: "more-details" }, element("summary", {}, word("gallery.erase.out_of_reach")), element("ul", {}, ...receipt.out_of_reach.map((one) => element("li", {}, element("strong", {}, one.where ? `${one.name} (${one.where})` : one.name), ` ${word(`gallery.out_of_reach.${one.kind}`)}`))));
}
