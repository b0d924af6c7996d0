// What this tablet keeps of the child that works at it: its works and its unfinished idea.
//
// A work is { key, idea, schema, type, order, runId, edited, goesOn }: `order` is what has to be sent to
// the server as long as no answer came, `runId` what came back, `edited` the new text as the child is
// changing it, until it goes on with that; `goesOn` when it has said that already. So a reload loses
// nothing and sends nothing twice.

import { randomKey } from "../api.js";
import { forgetAll, recall, remember, whenChangedElsewhere } from "../memory.js";

const MOST_WORKS = 300; // some 5 MB are there; an idea is mostly a few words

/** All works, the oldest first. */
export function works() {
  const kept = recall("works");
  return Array.isArray(kept) ? kept.filter((work) => work && work.key) : [];
}

/** Keep `work`, in the place of the one with the same key. */
export function keepWork(work) {
  const kept = works();
  const index = kept.findIndex((one) => one.key === work.key);
  if (index === -1) kept.push(work);
  else kept[index] = work;
  const tooMany = kept.length - MOST_WORKS;
  // One without a run_id is nowhere but here.
  const oldest = kept.filter((one) => one.runId && one.key !== work.key).slice(0, Math.max(0, tooMany));
  remember("works", kept.filter((one) => !oldest.includes(one)));
}

/** Forget the work with this key. */
export function dropWork(key) {
  remember("works", works().filter((work) => work.key !== key));
}

/** The idea that is being written: { idea, rules, schema, type, lookFirst }. */
export function draft() {
  return recall("draft") || {};
}

/** Keep what is being written. */
export function keepDraft(values) {
  remember("draft", values);
}

/** A mark of the child that works at this tablet: the next one has another. */
export function child() {
  const known = recall("child");
  if (known) return known;
  remember("child", randomKey());
  return recall("child");
}

/** Have `listener` called when the tablet was cleared in another of its windows. */
export function whenClearedElsewhere(listener) {
  // Told by the next child's mark, not by the clearing: by then the tablet is ready for it.
  whenChangedElsewhere("child", listener);
}

/** Clear the tablet for the next child. Returns the mark of that. */
export function clearTablet() {
  forgetAll();
  return child();
}
