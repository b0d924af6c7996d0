// How a run stands, in words: its stage, its place in line, how long it may still take.

import { word } from "../words.js";

/** "about 40 seconds": rounded, for nobody knows it better. Empty when nothing is known. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds <= 5) return word("workshop.time.moments");
  if (seconds <= 50) return word("workshop.time.seconds", { seconds: Math.ceil(seconds / (seconds <= 20 ? 5 : 10)) * (seconds <= 20 ? 5 : 10) });
  return word("workshop.time.minutes", { count: Math.max(1, Math.round(seconds / 60)) });
}

/** The stages of a run in order, each { name, state }: "done", "now", "stopped" or "ahead". */
export function stagesOf(state, outputType) {
  const names = outputType === "text" ? ["check", "rewrite", "recheck"] : ["check", "rewrite", "recheck", "make"];
  const reached = Math.max(0, ...state.stages.map((record) => record.stage));
  let at = 1;
  if (state.transformed_text) at = reached >= 3 ? 4 : 3;
  else if (reached >= 1) at = 2;
  const isStopped = state.status === "blocked" || state.status === "failed" || state.status === "cancelled";
  if (isStopped && state.error && state.error.stage) at = state.error.stage;
  at = Math.min(at, names.length);
  const isDone = state.status === "success" || state.status === "partial";
  return names.map((name, index) => {
    const number = index + 1;
    if (isDone || number < at) return { name, state: "done" };
    if (number > at || state.status === "queued") return { name, state: "ahead" };
    return { name, state: isStopped ? "stopped" : "now" };
  });
}

function making(state, outputType) {
  const { progress } = state;
  if (progress && progress.ahead) return word("workshop.state.ahead", { count: progress.ahead });
  if (progress && progress.steps) return word("workshop.state.step", { step: progress.step || 0, steps: progress.steps });
  return word(`workshop.state.making.${outputType}`);
}

/** One sentence on where the run is now. */
export function standing(state, outputType) {
  if (state.status === "queued" || (state.status === "running" && state.place_in_queue)) {
    const place = state.place_in_queue || 1;
    return place === 1 ? word("workshop.state.next") : word("workshop.state.in_line", { place });
  }
  if (state.status === "running") {
    const now = stageNow(state, outputType);
    return now === "make" ? making(state, outputType) : word(`workshop.state.at.${now}`);
  }
  return word(`workshop.state.${state.status}`);
}

/** The name of the stage that the run is at; null when it is at none. */
export function stageNow(state, outputType) {
  const now = stagesOf(state, outputType).find((stage) => stage.state === "now");
  return now ? now.name : null;
}
