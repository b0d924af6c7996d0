// Checking that the files of runs are as they were stored, and saying what was found.

import { openDialog } from "../dialog.js";
import { element, refill } from "../elements.js";
import { word } from "../words.js";
import { hashOf } from "./address.js";
import { askAsResearcher } from "./session.js";
import { failure, time } from "./shown.js";

const LOOK_MILLISECONDS = 400;
const SHOWN = 100;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Have runs checked; `progress(check)` hears how far it is until it is over or `goesOn()` says no.
 * Returns the check as it stood last. Throws ApiError.
 */
async function check(body, progress, goesOn) {
  let found = await askAsResearcher("/api/verifications", { method: "POST", body });
  while (found.status === "running" && goesOn()) {
    progress(found);
    await pause(LOOK_MILLISECONDS);
    try {
      found = await askAsResearcher(`/api/verifications/${found.id}`);
    } catch (error) {
      if (!error.mayPass) throw error;
    }
  }
  return found;
}

/** Check one run and say in `box` what was found; `button` rests meanwhile. */
export async function checkOne(run, box, button) {
  button.disabled = true;
  refill(box, element("p", { class: "hint" }, word("gallery.waiting")));
  try {
    const found = await check({ run_ids: [run.run_id] }, () => {}, () => box.isConnected);
    refill(box, ...outcome(found));
  } catch (error) {
    refill(box, element("p", { class: "note bad" }, failure(error)));
  } finally {
    button.disabled = false;
  }
}

function outcome(found) {
  if (found.status === "failed") return [element("p", { class: "note bad" }, word("gallery.check.failed"))];
  const when = time(found.ended_at || found.started_at);
  if (!found.lying) return [element("p", { class: found.status === "cancelled" ? "note" : "note good" }, word(found.status === "cancelled" ? "gallery.check.cancelled" : "gallery.check.good", { count: found.checked, when }))];
  return [
    element("p", { class: "note bad" }, word("gallery.check.bad", { count: found.lying, of: found.checked, when })),
    element("ul", { class: "faults" }, ...found.faults.slice(0, SHOWN).map(({ run_id: runId, faults }) => element("li", {}, element("a", { href: hashOf({ run: runId }) }, runId.slice(0, 8)), ` ${faults.join(" ")}`))),
  ];
}

/** Check many runs, with its progress and a way to end it. `body` says which (see API). */
export function openCheck(body, count) {
  const progress = element("progress", { max: Math.max(1, count), value: 0, "aria-label": word("gallery.check.progress") });
  const said = element("p", { role: "status" }, word("gallery.waiting"));
  const result = element("div", {});
  const close = element("button", { type: "button" }, word("gallery.close"));
  const stop = element("button", { type: "button" }, word("gallery.check.stop"));
  const box = element("div", {}, progress, said, result, element("div", { class: "buttons" }, stop, close));
  const dialog = openDialog(word("gallery.check.title", { count }), box);
  let id = null;
  close.addEventListener("click", () => dialog.close());
  stop.addEventListener("click", () => {
    stop.disabled = true;
    if (id) askAsResearcher(`/api/verifications/${id}/cancel`, { method: "POST" }).catch(() => {});
  });
  // A link to a run that lies leads there: the dialog is out of the way then.
  result.addEventListener("click", (event) => event.target.closest("a") && dialog.close());
  const follow = (found) => {
    id = found.id;
    progress.max = Math.max(1, found.of);
    progress.value = found.checked;
    said.textContent = word("gallery.check.so_far", { done: found.checked, of: found.of, count: found.lying });
  };
  check(body, follow, () => box.isConnected)
    .then((found) => {
      progress.hidden = true;
      stop.hidden = true;
      said.textContent = "";
      refill(result, ...outcome(found));
    })
    .catch((error) => {
      progress.hidden = true;
      stop.hidden = true;
      said.textContent = "";
      refill(result, element("p", { class: "note bad", role: "alert" }, failure(error)));
    });
  return dialog.closed;
}
