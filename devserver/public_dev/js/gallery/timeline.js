// The way of a text through a run, step by step, with what each step changed.

import { element } from "../elements.js";
import { markedPieces } from "../word-diff.js";
import { hasWord, word } from "../words.js";
import { seconds, time, valueId, valueName } from "./shown.js";

/** The journey of a run (GET /api/runs/<run_id>/journey) as a list of its steps. */
export function timeline(journey) {
  const steps = element("ol", { class: "timeline" });
  steps.append(begin(journey));
  let stage = 0;
  for (const step of journey.steps) {
    if (step.stage !== stage) {
      stage = step.stage;
      steps.append(element("li", { class: "timeline-stage" }, element("h3", {}, word(`gallery.stage.${stage}`))));
    }
    steps.append(stepItem(step));
  }
  if (journey.error) steps.append(element("li", { class: "step step-failed" }, element("p", { class: "step-head" }, element("strong", {}, word("gallery.step.end"))), element("p", {}, journey.error.message), element("p", { class: "hint" }, element("code", {}, journey.error.code))));
  return steps;
}

/** What a step is called: a text, or its id as code where nobody has a word for it. */
export function stepName({ step }) {
  if (hasWord(`gallery.step.${step}`)) return word(`gallery.step.${step}`);
  const [, kind, number] = /^(\w+)_(\d+)$/.exec(step) || [];
  if (hasWord(`gallery.step.${kind}_n`)) return word(`gallery.step.${kind}_n`, { number });
  const [, letter] = /^without_(.)$/u.exec(step) || [];
  return letter ? word("gallery.step.without_letter", { letter }) : element("code", {}, step);
}

/** By what a step was taken: the name of a model, or that of a technique of this server. */
function modelName(model) {
  const [, technique] = /^technique:(\w+)$/.exec(model) || [];
  if (!hasWord(`gallery.technique.${technique}`)) return technique ? element("code", {}, model) : model;
  return word("gallery.step.technique", { name: word(`gallery.technique.${technique}`) });
}

function begin(journey) {
  return element("li", { class: "step step-begin" }, element("p", { class: "step-head" }, element("strong", {}, word("gallery.step.idea"))), element("blockquote", { class: "words" }, journey.input_text));
}

function stepItem(step) {
  const head = element("p", { class: "step-head" }, element("strong", {}, stepName(step)), " ", element("span", { class: `verdict verdict-${step.status}` }, word(`gallery.verdict.${step.status}`)));
  const item = element("li", { class: `step step-${step.status}`, "data-step": step.step }, head);
  const changed = step.changes.some((change) => change.kind !== "kept");
  if (changed) item.append(changesOf(step));
  else if (step.output !== null && step.output !== step.input) item.append(element("blockquote", { class: "words" }, step.output));
  const reason = step.details.reason || step.details.code;
  if (typeof reason === "string") item.append(element("p", { class: "hint" }, element("code", {}, reason)));
  const details = Object.entries(step.details).filter(([, value]) => value !== null && value !== undefined);
  if (details.length) {
    const text = JSON.stringify(Object.fromEntries(details), null, 2);
    item.append(element("details", { class: "more-details step-facts" }, element("summary", {}, ...facts(step)), element("pre", { tabindex: "0" }, text)));
  } else {
    item.append(element("p", { class: "step-facts" }, ...facts(step)));
  }
  return item;
}

function changesOf(step) {
  const text = element("blockquote", { class: "words changes" }, ...markedPieces(step.changes));
  const after = element("blockquote", { class: "words" }, step.output);
  const kept = step.changes.filter((change) => change.kind === "kept").reduce((sum, change) => sum + change.text.length, 0);
  // Where next to nothing stayed, two whole texts are easier to read than a patchwork.
  if (kept >= 0.15 * step.output.length) return text;
  const more = element("details", { class: "more-details" }, element("summary", {}, word("gallery.step.word_by_word")), text);
  const both = element("div", {}, after, more);
  return both;
}

function facts(step) {
  const said = [time(step.started_at).split(", ").pop(), seconds(step.duration_seconds)];
  const backend = step.backend && valueName("backend", step.backend);
  // A config's name may begin with its maker: "Atelier: Bild".
  if (backend && !(step.config && valueName("config", step.config).startsWith(backend))) said.push(backend);
  if (step.model) said.push(modelName(step.model));
  if (step.config) said.push(element("span", { title: valueId("config", step.config) }, valueName("config", step.config)));
  if (step.seed !== null) said.push(word("gallery.step.seed", { seed: String(step.seed) }));
  return said.flatMap((one, place) => (place ? [" · ", one] : [one]));
}
