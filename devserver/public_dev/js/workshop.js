// The workshop page: an idea, a style, a medium, and what becomes of it.

import { ask, randomKey, sentence } from "./api.js";
import { openDialog } from "./dialog.js";
import { element, refill } from "./elements.js";
import { framePage } from "./page-frame.js";
import { ignoreSecondTap, watchTaps } from "./quick-taps.js";
import { place, watchRun } from "./run-handler.js";
import { language, openWords, whenLanguageChanges, word } from "./words.js";
import { codeForm } from "./workshop/code-form.js";
import { showOnPhone } from "./workshop/phone.js";
import { runCard } from "./workshop/run-card.js";
import { inOrder, styleButtons, styleRadios } from "./workshop/styles.js";
import { clearTablet, draft, dropWork, keepDraft, keepWork, works } from "./workshop/tablet.js";

const byId = (id) => document.getElementById(id);
const START = "/api/schema/pipeline/execute";
const START_AND_STOP_FOR_EDIT = "/api/schema/pipeline/interception";
const TYPES = ["image", "audio", "video", "3d", "text"];
const FIRST_STYLES = 8;
const LONG_IDEA = 160;

let schemas = [];
let types = TYPES;
let ways = []; // the output configs that are available
let showsAll = false;
const shown = new Map(); // the works on the page: key -> { work, card, watch, state, calls }
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

function write(focus = true) {
  byId("form-news").textContent = "";
  showView("write");
  if (focus) byId("idea").focus();
  scrollTo(0, 0);
}

// The form

function chosen(name) {
  const field = byId("idea-form").querySelector(`input[name="${name}"]:checked`);
  return field ? field.value : null;
}

function askForRules() {
  const schema = schemas.find((one) => one.id === chosen("schema"));
  const needed = Boolean(schema && schema.needs_context);
  byId("own-rules").hidden = !needed;
  byId("rules").disabled = !needed;
}

function showStyles(choice) {
  const place = schemas.findIndex((schema) => schema.id === choice);
  const all = showsAll || place >= FIRST_STYLES || schemas.length <= FIRST_STYLES + 1;
  const seen = all ? schemas : schemas.slice(0, FIRST_STYLES);
  refill(byId("styles"), ...styleRadios(seen, "schema", choice));
  byId("more-styles").hidden = all;
  byId("more-styles").textContent = word("workshop.more_styles", { count: schemas.length });
  askForRules();
}

function showTypes(choice) {
  const cards = types.map((type) =>
    element(
      "label",
      { class: "medium" },
      element("input", { type: "radio", name: "type", value: type, required: true, checked: type === choice }),
      element("span", { class: "face" }, element("span", { class: `icon icon-${type}`, "aria-hidden": "true" }), word(`workshop.type.${type}`)),
    ),
  );
  refill(byId("media"), ...cards);
}

function fillForm({ idea, rules, schema, type, lookFirst }) {
  byId("idea").value = idea || "";
  byId("rules").value = rules || "";
  byId("look-first").checked = Boolean(lookFirst);
  showStyles(schemas.some((one) => one.id === schema) ? schema : schemas[0].id);
  showTypes(types.includes(type) ? type : types[0]);
}

function written() {
  return {
    idea: byId("idea").value,
    rules: byId("rules").value,
    schema: chosen("schema"),
    type: chosen("type"),
    lookFirst: byId("look-first").checked,
  };
}

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
  const values = written();
  byId("idea").setCustomValidity(values.idea.trim() ? "" : word("workshop.idea.missing"));
  if (!event.currentTarget.reportValidity()) return;
  begin(values, orderOf(values));
  byId("idea").value = "";
  keepDraft({ ...values, idea: "", rules: "" });
}

// Works

function begin({ idea, rules, schema, type, lookFirst }, order) {
  ignoreSecondTap();
  const work = { key: randomKey(), idea, rules, schema, type, lookFirst, order, runId: null };
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
  const entry = { work, watch: null, state: null, calls: new AbortController() };
  shown.set(work.key, entry);
  entry.card = cardOf(entry);
  const group = groupOf(work.idea);
  group.lastElementChild.append(entry.card.node);
  tidyGroup(group);
  showView("works");
  if (work.runId) watch(entry);
  else send(entry);
  if (focus) {
    entry.card.focus();
    (group.lastElementChild.children.length === 1 ? group : entry.card.node).scrollIntoView({ block: "start" });
  }
}

function cardOf(entry) {
  const { work } = entry;
  const schema = schemas.find((one) => one.id === work.schema);
  return runCard(
    work,
    schema,
    {
      again: () => begin(work, rerun(work, "new")),
      retry: () => begin(work, rerun(work, "same")),
      otherStyle: () => chooseOtherStyle(work),
      changeIdea: () => {
        fillForm(work);
        write();
      },
      goOn: (text) => goOn(entry, text),
      toPhone: () => showOnPhone(work.runId),
      cancel: () => cancel(entry),
    },
    news,
  );
}

function rerun(work, seed) {
  return { path: `/api/runs/${work.runId}/rerun`, body: { seed } };
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

async function send(entry) {
  const { work, card } = entry;
  card.sending();
  const onTrouble = (error, seconds) => {
    showLost(work.key, error.status === 0);
    card.sending(error.status === 0 ? "" : `${sentence(error)} ${word("workshop.again_in", { count: seconds })}`);
  };
  try {
    const order = { ...work.order, key: work.key };
    work.runId = await place(order, { onTrouble, signal: entry.calls.signal });
  } catch (error) {
    if (!shown.has(work.key)) return;
    if (error.code === "backend_not_configured" && takeAnotherWay(work)) {
      send(entry);
      return;
    }
    remove(entry);
    showRefusal(work, error);
    return;
  } finally {
    showLost(work.key, false);
  }
  if (!shown.has(work.key)) return;
  work.order = null;
  keepWork(work);
  watch(entry);
}

/** Where the usual way to make a medium is missing, name one that is there. False without one. */
function takeAnotherWay(work) {
  const { body } = work.order;
  const others = ways.filter((config) => config.media_type === work.type);
  if (!body.schema || body.output_config || !others.length) return false;
  const way = others.find((config) => config.backend === "atelier") || others[0];
  work.order = { ...work.order, body: { ...body, output_config: way.id } };
  keepWork(work);
  return true;
}

function showRefusal(work, error) {
  if (error.code === "called_off") {
    if (shown.size === 0) write(false);
    return;
  }
  fillForm(work);
  write();
  byId("form-news").textContent = sentence(error);
  if (error.code === "workshop_code_required") codes.askForCode();
}

function watch(entry) {
  const { work } = entry;
  entry.watch = watchRun(
    work.runId,
    (state) => {
      if (state.status === "deleted") {
        remove(entry);
        if (shown.size === 0) write(false);
        return;
      }
      entry.state = state;
      entry.card.show(state);
    },
    (isLost) => showLost(work.key, isLost),
  );
}

function remove(entry) {
  const group = entry.card.node.closest(".idea-group");
  if (entry.watch) entry.watch.stop();
  entry.card.stop();
  entry.card.node.remove();
  shown.delete(entry.work.key);
  dropWork(entry.work.key);
  showLost(entry.work.key, false);
  if (group) tidyGroup(group);
  byId("ways").hidden = shown.size === 0;
}

/** Go on with an edited text; returns what is wrong with it, or null. */
async function goOn(entry, text) {
  let problem = null;
  try {
    await place({ path: `/api/runs/${entry.work.runId}/continue`, body: { text } }, { onTrouble: (error) => showLost(entry.work.key, error.status === 0), signal: entry.calls.signal });
  } catch (error) {
    // It went on already when an answer got lost on the way.
    if (error.code !== "not_awaiting_edit" && error.code !== "blocked") problem = sentence(error);
    if (error.code === "workshop_code_required") codes.askForCode();
  } finally {
    showLost(entry.work.key, false);
  }
  if (entry.watch) entry.watch.poke();
  return problem;
}

async function cancel(entry) {
  if (!entry.work.runId) {
    entry.calls.abort();
    return;
  }
  try {
    await ask(`/api/runs/${entry.work.runId}/cancel`, { method: "POST" });
  } catch (error) {
    if (error.code !== "run_is_over") news(sentence(error));
  }
  if (entry.watch) entry.watch.poke();
}

// The end

async function finish() {
  let dialog;
  const content = element(
    "div",
    {},
    element("p", {}, word("workshop.finish.says")),
    element(
      "div",
      { class: "buttons" },
      element("button", { type: "button", class: "primary", onClick: () => dialog.close(true) }, word("workshop.finish.yes")),
      element("button", { type: "button", onClick: () => dialog.close() }, word("workshop.finish.no")),
    ),
  );
  dialog = openDialog(word("workshop.finish.title"), content);
  if (!(await dialog.closed)) return;
  for (const entry of shown.values()) {
    entry.calls.abort();
    if (entry.watch) entry.watch.stop();
    entry.card.stop();
  }
  clearTablet();
  // A new page in the place of this one: nothing is left to go back to.
  refill(document.body);
  location.replace(location.pathname);
}

// The page

const codes = codeForm(() => {
  if (shown.size) showView(document.body.dataset.view || "works");
  else showView("write");
});

/** The words of the cards are made anew; what is typed and chosen stays. */
function speakAnew() {
  if (!schemas.length) return;
  news("");
  fillForm(written());
  for (const group of byId("ideas").children) group.firstElementChild.textContent = word("workshop.quoted", { text: group.dataset.idea });
  for (const entry of shown.values()) {
    const old = entry.card;
    entry.card = cardOf(entry);
    old.stop();
    old.node.replaceWith(entry.card.node);
    if (entry.state) entry.card.show(entry.state);
    else entry.card.sending();
  }
}

function wakeUp() {
  for (const entry of shown.values()) if (entry.watch) entry.watch.poke();
}

function listen() {
  watchTaps();
  byId("idea-form").addEventListener("submit", submit);
  byId("idea-form").addEventListener("input", () => {
    byId("idea").setCustomValidity("");
    keepDraft(written());
  });
  byId("styles").addEventListener("change", askForRules);
  byId("more-styles").addEventListener("click", () => {
    showsAll = true;
    showStyles(chosen("schema"));
    byId("styles").children[FIRST_STYLES].querySelector("input").focus();
  });
  byId("new-idea").addEventListener("click", () => write());
  byId("to-works").addEventListener("click", () => showView("works"));
  byId("finished").addEventListener("click", finish);
  addEventListener("online", wakeUp);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) wakeUp();
  });
  // From the browser's cache of pages: what it shows may be another child's.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
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
  await patiently(openWords);
  const info = await patiently(() => ask("/api/schema/info"));
  schemas = inOrder(info.schemas);
  ways = info.output_configs.filter((config) => config.available);
  types = TYPES.filter((type) => type === "text" || ways.some((config) => config.media_type === type));
  fillForm(draft());
  listen();
  for (const work of works()) addWork(work, false);
  await patiently(codes.enter);
}

open();
