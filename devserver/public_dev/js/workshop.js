// The workshop page: an idea, a style, a medium, and what becomes of it.

import { ask, randomKey, sentence } from "./api.js";
import { askWhether, closeDialogs, openDialog } from "./dialog.js";
import { element } from "./elements.js";
import { framePage } from "./page-frame.js";
import { ignoreSecondTap, watchTaps } from "./quick-taps.js";
import { isOver, place } from "./run-handler.js";
import { language, openWords, whenLanguageChanges, word } from "./words.js";
import { codeForm } from "./workshop/code-form.js";
import { newErrand } from "./workshop/errand.js";
import { ideaForm } from "./workshop/idea-form.js";
import { showOnPhone } from "./workshop/phone.js";
import { runCard } from "./workshop/run-card.js";
import { stickyBars } from "./workshop/sticky-bars.js";
import { inOrder, styleButtons } from "./workshop/styles.js";
import { child, clearTablet, draft, dropWork, keepDraft, keepWork, whenClearedElsewhere, works } from "./workshop/tablet.js";

const byId = (id) => document.getElementById(id);
const START = "/api/schema/pipeline/execute";
const START_AND_STOP_FOR_EDIT = "/api/schema/pipeline/interception";
const TYPES = ["image", "audio", "video", "3d", "text"];
const LONG_IDEA = 160;

let schemas = [];
let ways = []; // the output configs that are available
let form = null; // once it is known what can be chosen
let refused = null; // why the idea in the form was not taken, an ApiError
let shownTo = null; // the mark of the child whose works and words the page shows
const shown = new Map(); // the works on the page: key -> { work, card, errand, goesOn }
const lost = new Set(); // the keys of those that can't be heard of just now

function news(text) {
  byId("news").textContent = text;
}

function showLost(key, isLost) {
  if (isLost) lost.add(key);
  else lost.delete(key);
  byId("lost").hidden = lost.size === 0;
}

// Views

function showView(view) {
  byId("idea-form").hidden = view !== "write";
  byId("works").hidden = view !== "works";
  byId("new-idea").hidden = view === "write";
  byId("to-works").hidden = view === "works";
  byId("ways").hidden = shown.size === 0;
  document.body.dataset.view = view;
}

/** Say at the form why its idea was not taken; nothing where `error` is null. */
function showRefused(error) {
  refused = error;
  byId("form-news").textContent = error ? sentence(error) : "";
}

function write(focus = true) {
  showRefused(null);
  showView("write");
  if (focus) byId("idea").focus();
  scrollTo(0, 0);
}

/** The works, and the focus at the first of them; the form where there are none. */
function lookAtWorks() {
  if (!shown.size) {
    write();
    return;
  }
  showView("works");
  const first = byId("ideas").querySelector("article");
  [...shown.values()].find((entry) => entry.card.node === first).card.focus();
  scrollTo(0, 0);
}

// The form

function orderOf({ idea, rules, schema, type, lookFirst }) {
  const needsRules = schemas.some((one) => one.id === schema && one.needs_context);
  const body = { schema, input_text: idea, output_type: type, language: language() };
  if (needsRules) body.context = rules;
  return { path: lookFirst ? START_AND_STOP_FOR_EDIT : START, body };
}

function submit(event) {
  event.preventDefault();
  // A second quick tap finds the form gone, and nothing is asked of it any more.
  if (document.body.dataset.view !== "write") return;
  if (!form.isComplete()) return;
  const values = form.written();
  begin(values, orderOf(values));
  byId("idea").value = "";
  keepDraft(form.written());
}

// Works

function begin({ idea, rules, schema, type, lookFirst }, order, kept = {}) {
  ignoreSecondTap();
  const work = { key: randomKey(), idea, rules, schema, type, lookFirst, order, runId: null, ...kept };
  keepWork(work);
  addWork(work, true);
  news(word("workshop.state.sending"));
}

/** Where the works that were made of one idea lie side by side. */
function groupOf(idea) {
  for (const group of byId("ideas").children) if (group.dataset.idea === idea) return group;
  const title = element("h3", { class: idea.length > LONG_IDEA ? "long" : "", tabindex: idea.length > LONG_IDEA ? "0" : null }, word("workshop.quoted", { text: idea }));
  const group = element("section", { class: "idea-group", "data-idea": idea }, title, element("div", { class: "side-by-side" }));
  byId("ideas").prepend(group);
  return group;
}

function tidyGroup(group) {
  const count = group.lastElementChild.children.length;
  group.classList.toggle("alone", count === 1);
  if (count === 0) group.remove();
}

function addWork(work, focus) {
  const entry = { work };
  shown.set(work.key, entry);
  entry.errand = errandOf(entry);
  entry.card = cardOf(entry);
  const group = groupOf(work.idea);
  group.lastElementChild.append(entry.card.node);
  tidyGroup(group);
  showView("works");
  entry.errand.start();
  if (focus) {
    entry.card.focus();
    (group.lastElementChild.children.length === 1 ? group : entry.card.node).scrollIntoView({ block: "start" });
  }
}

function errandOf(entry) {
  const { work } = entry;
  return newErrand(work, {
    changed: () => showEntry(entry),
    refused: (error) => takeBack(entry, error),
    calledOff: () => callOff(entry),
    gone: () => {
      remove(entry);
      if (shown.size === 0) write(false);
    },
    codeMissing: () => codes.askForCode(),
    lost: (isLost) => showLost(work.key, isLost),
    otherWay: (order) => otherWay(work, order),
  });
}

function cardOf(entry) {
  const { work } = entry;
  const schema = schemas.find((one) => one.id === work.schema);
  return runCard(
    work,
    schema,
    {
      again: () => makeAgain(entry, "new"),
      retry: () => (entry.errand.refusal ? entry.errand.start() : makeAgain(entry, "same")),
      otherStyle: () => chooseOtherStyle(work),
      changeIdea: () => takeUp(entry),
      edit: (text) => entry.errand.keepEdited(text),
      goOn: (text) => entry.errand.goOn(text),
      toPhone: () => showOnPhone(work.runId),
      cancel: () => cancel(entry),
    },
    news,
  );
}

function rerun(work, seed) {
  return { path: `/api/runs/${work.runId}/rerun`, body: { seed } };
}

/** Make it once more, with the text as the child changed it or was changing it, where it did. */
function makeAgain({ work, errand: { state } }, seed) {
  const wentOn = state.stages.some((stage) => stage.status === "edited");
  if (!wentOn && work.edited === undefined) {
    begin(work, rerun(work, seed));
    return;
  }
  // A repetition begins with the idea and has it rewritten, so this is a new run with the same edit.
  const kept = wentOn ? { edited: state.transformed_text, goesOn: true } : { edited: work.edited };
  begin(work, orderOf({ ...work, lookFirst: true }), kept);
}

/**
 * Put the idea of an entry into the form, unless another is begun there that the child keeps. One that
 * was refused is nowhere else then. Returns whether it is there.
 */
async function takeUp(entry, why = null) {
  const { work } = entry;
  const begun = byId("idea").value;
  if (begun.trim() && begun !== work.idea) {
    const says = [...(why ? [why] : []), word("workshop.replace.says"), word("workshop.quoted", { text: begun.slice(0, LONG_IDEA) })];
    if (!(await askWhether(word("workshop.replace.title"), says, word("workshop.replace.yes"), word("workshop.replace.no")))) return false;
  }
  if (entry.errand.refusal) remove(entry);
  form.fill(work);
  keepDraft(form.written());
  write();
  return true;
}

async function chooseOtherStyle(work) {
  let dialog;
  const others = schemas.filter((schema) => schema.id !== work.schema && !schema.needs_context);
  const cards = styleButtons(others, (schema) => dialog.close(schema));
  dialog = openDialog(word("workshop.other_style"), cards, { wide: true });
  const schema = await dialog.closed;
  if (!schema) return;
  const values = { ...work, schema: schema.id };
  begin(values, orderOf(values));
}

/** Show on its card where a work stands. */
function showEntry(entry) {
  const { card, work, errand: { state, refusal, trouble } } = entry;
  if (state && state.status === "awaiting_edit" && work.goesOn) goOnByItself(entry);
  else if (state) card.show(state);
  else if (refusal) card.refuse(sentence(refusal));
  else if (!trouble) card.sending();
  else if (trouble.error.status === 0) card.sending({ isLost: true });
  else card.sending({ text: `${sentence(trouble.error)} ${trouble.seconds ? word("workshop.again_in", { count: trouble.seconds }) : ""}` });
}

/** Where the usual way to make a medium is missing, one that is there; null without one. */
function otherWay(work, order) {
  const { body } = order;
  const others = ways.filter((config) => config.media_type === work.type);
  if (!body.schema || body.output_config || !others.length) return null;
  const way = others.find((config) => config.backend === "atelier") || others[0];
  return { ...order, body: { ...body, output_config: way.id } };
}

/** An idea that was not sent and is in no other work goes back into the form, where none is begun. */
function callOff(entry) {
  const { work } = entry;
  remove(entry);
  const isElsewhere = [...shown.values()].some((one) => one.work.idea === work.idea);
  if (!isElsewhere && !byId("idea").value.trim()) {
    form.fill(work);
    keepDraft(form.written());
  }
  lookAtWorks();
}

/** The idea goes back into the form; where the child keeps what is begun there, its card stays. */
async function takeBack(entry, error) {
  const isTakenUp = await takeUp(entry, sentence(error));
  if (!isTakenUp && !shown.has(entry.work.key)) return;
  write();
  showRefused(error);
}

function remove(entry) {
  const group = entry.card.node.closest(".idea-group");
  entry.errand.stop();
  entry.card.stop();
  entry.card.node.remove();
  shown.delete(entry.work.key);
  dropWork(entry.work.key);
  showLost(entry.work.key, false);
  if (group) tidyGroup(group);
  byId("ways").hidden = shown.size === 0;
}

/** Go on with a text that was edited for another run; where that is refused the child can mend it. */
async function goOnByItself(entry) {
  entry.card.sending();
  if (entry.goesOn) return;
  entry.goesOn = true;
  const problem = await entry.errand.goOn(entry.work.edited);
  entry.goesOn = false;
  if (!problem || !shown.has(entry.work.key)) return;
  entry.errand.keepEdited(entry.work.edited);
  showEntry(entry);
  entry.card.refuseEdit(problem);
}

async function cancel(entry) {
  const problem = await entry.errand.cancel();
  if (problem) news(problem);
  if (entry.work.runId) entry.card.focus();
}

// The end

function inTheMaking() {
  return [...shown.values()].filter(({ errand: { state } }) => !state || !isOver(state.status));
}

async function finish() {
  const says = [word("workshop.finish.says")];
  if (inTheMaking().length) says.push(word("workshop.finish.unfinished", { count: inTheMaking().length }));
  if (!(await askWhether(word("workshop.finish.title"), says, word("workshop.finish.yes"), word("workshop.finish.no")))) return;
  for (const { work } of inTheMaking()) {
    // Nobody waits for it any more. One that was done meanwhile says so, and stays.
    if (work.runId) place({ path: `/api/runs/${work.runId}/cancel` }).catch((error) => console.info("Not cancelled:", error.message));
  }
  clearPage();
  shownTo = clearTablet();
}

/** The page as it was before the first child. In place, since a server out of reach gives no new one. */
function clearPage() {
  closeDialogs();
  for (const entry of [...shown.values()]) remove(entry);
  news("");
  form.clear();
  write();
  codes.reset();
}

function showNextChild() {
  clearPage();
  shownTo = child();
}

/** The browser's cache of pages brought this one back. */
function comeBack() {
  if (shownTo === null || child() !== shownTo) {
    showNextChild();
    return;
  }
  // It may have closed the streams meanwhile, and not have said so.
  for (const entry of shown.values()) entry.errand.watchAgain();
}

// The page

const codes = codeForm((byHand) => {
  for (const entry of shown.values()) if (entry.errand.needsCode) entry.errand.start();
  const view = shown.size ? document.body.dataset.view || "works" : "write";
  if (!byHand) showView(view);
  else if (view === "works") lookAtWorks();
  else write();
});

/** The words of the cards are made anew; what is typed and chosen stays. */
function speakAnew() {
  if (!form) return;
  news("");
  form.fill(form.written());
  showRefused(refused);
  for (const group of byId("ideas").children) group.firstElementChild.textContent = word("workshop.quoted", { text: group.dataset.idea });
  for (const entry of shown.values()) {
    const old = entry.card;
    entry.card = cardOf(entry);
    old.stop();
    old.node.replaceWith(entry.card.node);
    showEntry(entry);
  }
}

function wakeUp() {
  for (const entry of shown.values()) entry.errand.poke();
}

function listen() {
  watchTaps();
  byId("idea-form").addEventListener("submit", submit);
  byId("idea-form").addEventListener("input", () => keepDraft(form.written()));
  byId("new-idea").addEventListener("click", () => write());
  byId("to-works").addEventListener("click", () => lookAtWorks());
  byId("finished").addEventListener("click", finish);
  addEventListener("online", wakeUp);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) wakeUp();
  });
  // From the browser's cache of pages: what it shows may be another child's.
  addEventListener("pageshow", (event) => {
    if (event.persisted) comeBack();
  });
  whenClearedElsewhere(showNextChild);
  whenLanguageChanges(speakAnew);
}

/** Do `step` until it succeeds: a page that was opened without a network opens by itself later. */
async function patiently(step) {
  for (let seconds = 1; ; seconds = Math.min(seconds * 2, 10)) {
    try {
      const made = await step();
      showLost("page", false);
      return made;
    } catch (error) {
      console.info("Not yet:", error.message);
      if (!byId("lost").textContent) byId("lost").textContent = "Keine Verbindung zum Server. · The server can't be reached.";
      showLost("page", true);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    }
  }
}

async function open() {
  framePage(byId("choices"));
  stickyBars(byId("lost"), [byId("go-bar"), byId("ways")]);
  await patiently(openWords);
  const info = await patiently(() => ask("/api/schema/info"));
  schemas = inOrder(info.schemas);
  ways = info.output_configs.filter((config) => config.available);
  const types = TYPES.filter((type) => type === "text" || ways.some((config) => config.media_type === type));
  shownTo = child();
  form = ideaForm(schemas, types);
  form.fill(draft());
  listen();
  for (const work of works()) addWork(work, false);
  await patiently(codes.enter);
}

open();
