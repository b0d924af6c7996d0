// One work on the page: how its run stands, its texts, what was made, and what can be done next.

import { element, refill } from "../elements.js";
import { mediaView } from "../media-view.js";
import { isOver } from "../run-handler.js";
import { language, word } from "../words.js";
import { changedWords, markedPieces } from "../word-diff.js";
import { duration, stageNow, stagesOf, standing } from "./standing.js";
import { stylePicture } from "./styles.js";

/**
 * A part of the card that is made anew only when what it tells has changed. Who stands in it with the
 * keyboard stands on the same button then, else where `leave()` takes the focus.
 */
function part(leave, attributes = {}) {
  const node = element("div", attributes);
  let told = null;
  node.hidden = true;
  return {
    node,
    tell(what, make) {
      const now = what === null ? null : JSON.stringify(what);
      if (now === told) return;
      told = now;
      const before = node.contains(document.activeElement) ? document.activeElement : null;
      node.hidden = now === null;
      if (now === null) refill(node);
      else refill(node, ...make());
      if (!before) return;
      const same = [...node.querySelectorAll("button")].find((one) => one.textContent === before.textContent);
      if (same) same.focus({ preventScroll: true });
      else leave();
    },
  };
}

function button(icon, text, onClick, classes = "") {
  return element("button", { type: "button", class: classes, onClick }, icon && element("span", { class: `icon icon-${icon}`, "aria-hidden": "true" }), text);
}

function shownText(title, pieces, classes) {
  return element("div", { class: classes }, element("h5", {}, title), element("p", { class: "changes", tabindex: "0", role: "group", "aria-label": title }, ...markedPieces(pieces)));
}

/** A still picture of what moves or turns. */
function posterOf(run, output) {
  if (output.type !== "video" && output.type !== "3d") return null;
  return `/api/media/thumbnail/${run.run_id}/${output.index}?type=${output.type}&size=512`;
}

/** What the child was told when the run was stopped, in the language of the page where it is known in it. */
function told({ error, error_message: message }) {
  if (message) return message[language()];
  return error ? error.message : "";
}

/** Has the browser save `text` as a file. */
function saveText(text, name) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const link = element("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/**
 * The card of `work`. `ways` are what can be done from it: again, otherStyle, retry, changeIdea,
 * edit(text) (it is being changed), goOn(text) (what is wrong with it, or null), toPhone, cancel.
 * `news(text)` is read out. Returns { node, show, sending, refuse, refuseEdit, stop, focus }.
 */
export function runCard(work, schema, ways, news) {
  const name = schema ? schema.name[language()] : work.schema;
  const heading = element("h4", { tabindex: "-1" }, name);
  const state = element("p", { class: "state" });
  const leave = () => heading.focus({ preventScroll: true });
  const stages = part(leave);
  const texts = part(leave);
  const edit = part(leave, { class: "edit" });
  const stage = part(leave);
  const result = part(leave, { class: "result" });
  const notes = part(leave);
  const actions = part(leave, { class: "actions buttons" });
  const node = element(
    "article",
    { class: "run", "aria-label": name },
    element("div", { class: "run-side" }, element("div", { class: "run-head" }, schema && stylePicture(schema), element("div", {}, heading, state)), stages.node, texts.node, edit.node),
    element("div", { class: "run-main" }, stage.node, result.node, notes.node, actions.node),
  );
  node.classList.add("card");
  let views = [];
  let phase = null;
  let picture = null;
  let isWorking = false;
  let refused = null; // where it is said why it can't go on with the edited text

  function bits() {
    return [element("div", { class: "bits", "aria-hidden": "true" }, element("i"), element("i"), element("i"))];
  }

  function say(sentence, more = "") {
    refill(state, element("strong", {}, sentence), more && ` ${more}`);
  }

  function showStages(run) {
    stages.tell([language(), stagesOf(run, work.type)], () => [
      element(
        "ol",
        { class: "stages", "aria-label": word("workshop.stages") },
        ...stagesOf(run, work.type).map((one) =>
          element(
            "li",
            { class: one.state, "aria-current": one.state === "now" ? "step" : null },
            word(`workshop.stage.${one.name}`),
            element("span", { class: "unseen" }, `: ${word(`workshop.stage_state.${one.state}`)}`),
          ),
        ),
      ),
    ]);
  }

  function showTexts(run) {
    const editing = run.status === "awaiting_edit";
    const text = run.transformed_text;
    texts.tell(text ? [text, editing, language()] : null, () => {
      const changed = changedWords(run.input_text, text);
      const own = shownText(word("workshop.own_text"), changed.before, "own");
      return [element("div", { class: "texts" }, own, shownText(word("workshop.new_text"), changed.after, "new"))];
    });
    edit.tell(editing ? [run.run_id] : null, () => {
      const id = `edit-${work.key}`;
      const field = element("textarea", { id, rows: 5, maxlength: 8000, required: true, autocomplete: "off" });
      field.value = work.edited === undefined ? text || "" : work.edited;
      field.addEventListener("input", () => ways.edit(field.value));
      const go = button(null, word("workshop.edit.go"), null, "primary");
      refused = element("p", { class: "refused", role: "alert" });
      go.type = "submit";
      const form = element("form", { autocomplete: "off" }, element("label", { for: id }, word("workshop.edit.ask")), field, element("div", { class: "buttons" }, go), refused);
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        if (go.disabled) return;
        go.disabled = true;
        // What was typed behind the text that is under way would get lost.
        field.readOnly = true;
        refuseEdit("");
        refuseEdit((await ways.goOn(field.value)) || "");
        go.disabled = false;
        field.readOnly = false;
        if (refused.textContent) field.focus();
        else heading.focus();
      });
      return [form];
    });
  }

  function refuseEdit(text) {
    if (refused) refused.textContent = text;
  }

  function showWork(run) {
    const progress = run.progress || {};
    isWorking = run.status === "queued" || run.status === "running";
    if (!isWorking) {
      picture = null;
      stage.tell(null);
      return;
    }
    if (progress.preview) loadPicture(`${progress.preview}?after=${encodeURIComponent(run.event)}`);
    if (picture) refill(picture.below, ...bar(progress));
    else stage.tell(["bits", progress.steps ? progress.step : null], () => [...bits(), ...bar(progress)]);
  }

  /** The last picture stays until the next one is there; one that is gone already is no matter. */
  function loadPicture(url) {
    const next = element("img", { src: url, alt: word("workshop.preview") });
    next.addEventListener("load", () => {
      if (!isWorking) return;
      if (picture) picture.image.replaceWith(next);
      else {
        picture = { below: element("div") };
        stage.tell(["preview"], () => [element("div", { class: "preview" }, next, picture.below)]);
      }
      picture.image = next;
    });
  }

  function bar({ step, steps }) {
    return steps ? [element("progress", { max: steps, value: step || 0, "aria-label": word("workshop.progress") })] : [];
  }

  function showResult(run) {
    const isShown = run.status === "success" || run.status === "partial";
    result.tell(isShown ? [language(), run.outputs.map((output) => output.url)] : null, () => {
      for (const view of views) view.stop();
      const alt = (output) => word(`workshop.shows.${output.type}`, { idea: run.input_text.slice(0, 200) });
      views = run.outputs.map((output) => mediaView(output, { alt: alt(output), poster: posterOf(run, output) }));
      const atelier = run.outputs.some((output) => output.backend === "atelier");
      return [...views.map((view) => view.node), atelier && element("p", { class: "hint" }, word("workshop.atelier"))];
    });
  }

  function showNotes(run) {
    notes.tell([run.status, language(), run.error], () => {
      if (run.status === "blocked") {
        const later = run.error && run.error.stage > 1;
        return [
          element(
            "div",
            { class: "note" },
            element("h5", {}, word("workshop.blocked.title")),
            element("p", {}, told(run)),
            element("p", {}, word(later ? "workshop.blocked.try_later" : "workshop.blocked.try")),
          ),
        ];
      }
      if (run.status === "failed") return [element("div", { class: "note" }, element("p", {}, word("workshop.failed")))];
      if (run.status === "partial") return [element("div", { class: "note" }, element("p", {}, word("workshop.partial")))];
      return [];
    });
  }

  function showActions(run) {
    const { status } = run;
    actions.tell([status, language(), run.outputs.map((output) => output.url)], () => {
      const again = button("again", word("workshop.again"), ways.again);
      const other = button("style", word("workshop.other_style"), ways.otherStyle);
      const change = button("edit", word("workshop.change_idea"), ways.changeIdea, status === "blocked" ? "primary" : "");
      if (status === "success" || status === "partial") {
        const downloads = run.outputs.map((output) =>
          element("a", { class: "button", href: `${output.url}?download=1`, download: true }, element("span", { class: "icon icon-download", "aria-hidden": "true" }), word("workshop.download")),
        );
        const save = work.type === "text" ? [button("download", word("workshop.download"), () => saveText(run.transformed_text, `${work.schema}.txt`))] : downloads;
        return [again, other, ...save, button("phone", word("workshop.phone.title"), ways.toPhone)];
      }
      // The same idea is blocked again, whatever the style.
      if (status === "blocked") return run.error && run.error.stage > 1 ? [change, again, other] : [change];
      if (status === "failed" || status === "cancelled") return [button("again", word("workshop.retry"), ways.retry, "primary"), other];
      return [button(null, word("workshop.cancel"), ways.cancel, "small plain")];
    });
  }

  return {
    node,
    focus: () => heading.focus(),
    /** Show how the run stands now. */
    show(run) {
      node.dataset.status = run.status;
      const sentence = standing(run, work.type);
      const still = run.status === "queued" || run.status === "running" ? duration(run.estimated_seconds) : "";
      say(sentence, still && word("workshop.time.still", { time: still }));
      showStages(run);
      showTexts(run);
      showWork(run);
      showResult(run);
      showNotes(run);
      showActions(run);
      const now = `${run.status} ${stageNow(run, work.type)}`;
      if (phase !== null && now !== phase) news(isOver(run.status) ? `${name}: ${sentence}` : sentence);
      phase = now;
    },
    /** Show that it is being sent; `trouble` is why that takes a while, { isLost, text }. */
    sending({ isLost = false, text = "" } = {}) {
      node.dataset.status = "sending";
      phase = "sending";
      say(word(isLost ? "workshop.state.sending_later" : "workshop.state.sending"), text);
      stage.tell(["bits"], bits);
      actions.tell(["sending", language()], () => [button(null, word("workshop.cancel"), ways.cancel, "small plain")]);
    },
    /** Show that the server doesn't take it, and why. */
    refuse(text) {
      node.dataset.status = "refused";
      phase = "refused";
      say(text);
      stage.tell(null);
      actions.tell(["refused", language()], () => [
        button("edit", word("workshop.change_idea"), ways.changeIdea, "primary"),
        button("again", word("workshop.retry"), ways.retry),
      ]);
    },
    refuseEdit,
    stop() {
      for (const view of views) view.stop();
    },
  };
}
