// Two runs side by side: their media, their texts with the words that differ, their facts.

import { element, refill } from "../elements.js";
import { changedWords, markedPieces } from "../word-diff.js";
import { word } from "../words.js";
import { hashOf } from "./address.js";
import { FetchedPage } from "./fetched-page.js";
import { factsOf, shownFact } from "./run-facts.js";
import { fetchRun, mediaOf } from "./run-page.js";
import { beginning } from "./shown.js";
import { stepName } from "./timeline.js";

const LEAST_SHARED = 0.15;

/** `calls.close()` leads back, `calls.search()` gives the search, `calls.named(text)` hears the title. */
export class ComparePage extends FetchedPage {
  /** Fetch two runs and show them. */
  open(runIds) {
    return this.show((signal) => Promise.all(runIds.map((runId) => fetchRun(runId, signal))));
  }

  draw() {
    if (!this.shown) return;
    const [one, other] = this.shown.map(({ run }) => run);
    const title = element("h2", { tabindex: "-1", class: "run-title" }, word("gallery.compare.title"));
    const names = [one, other].map((run, place) => element("h3", {}, element("a", { href: hashOf({ search: this.calls.search(), run: run.run_id }) }, `${"AB"[place]}: ${beginning(run.input_text, 60) || word("gallery.tile.no_text")}`)));
    const pair = (a, b) => element("div", { class: "pair" }, a, b);
    this.calls.named(word("gallery.compare.title"));
    this.stop();
    const media = [one, other].map(mediaOf);
    this.stop = () => media.forEach((view) => view.stop());
    refill(
      this.box,
      this.head(),
      title,
      pair(...names),
      pair(...media.map((view) => view.node)),
      ...this.texts("input", one.input_text, other.input_text, pair),
      ...this.texts("transformed", one.transformed_text || "", other.transformed_text || "", pair),
      element("h3", {}, word("gallery.run.metadata")),
      this.facts(one, other),
      element("h3", {}, word("gallery.run.journey")),
      this.steps(),
    );
  }

  head() {
    return element("div", { class: "run-bar" }, element("button", { type: "button", class: "plain", onClick: () => this.calls.close() }, word("gallery.run.close")));
  }

  texts(key, a, b, pair) {
    const heading = element("h3", {}, word(`gallery.compare.${key}`));
    if (!a && !b) return [];
    if (a === b) return [heading, element("p", { class: "hint" }, word("gallery.compare.same_text")), element("blockquote", { class: "words" }, a)];
    const { before, after } = changedWords(a, b);
    const kept = before.filter(({ kind }) => kind === "kept").reduce((sum, { text }) => sum + text.length, 0);
    // Two texts that share next to nothing are easier to read without all of it marked.
    if (kept < LEAST_SHARED * Math.max(a.length, b.length)) return [heading, pair(element("blockquote", { class: "words" }, a || "–"), element("blockquote", { class: "words" }, b || "–"))];
    return [heading, pair(element("blockquote", { class: "words changes" }, ...markedPieces(before)), element("blockquote", { class: "words changes" }, ...markedPieces(after)))];
  }

  facts(one, other) {
    const body = element("tbody", {});
    const facts = factsOf(other);
    factsOf(one).forEach(([key, a], place) => {
      const b = facts[place][1];
      if (a === null && b === null) return;
      const differs = JSON.stringify(a) !== JSON.stringify(b);
      const shown = (fact) => (fact === null ? ["–"] : shownFact(fact));
      body.append(
        element("tr", { class: differs ? "differs" : null }, element("th", { scope: "row" }, word(`gallery.fact.${key}`), differs ? element("span", { class: "unseen" }, ` (${word("gallery.compare.differs")})`) : null), element("td", {}, ...shown(a)), element("td", {}, ...shown(b))),
      );
    });
    const head = element("tr", {}, element("td", {}), element("th", { scope: "col" }, "A"), element("th", { scope: "col" }, "B"));
    return element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": word("gallery.run.metadata") }, element("table", { class: "comparison" }, element("thead", {}, head), body));
  }

  steps() {
    const item = (step) => element("li", {}, stepName(step), `: ${word(`gallery.verdict.${step.status}`)}`);
    const lists = this.shown.map(({ journey }) => element("ol", { class: "short-steps" }, ...journey.steps.map(item)));
    return element("div", { class: "pair" }, ...lists);
  }
}
