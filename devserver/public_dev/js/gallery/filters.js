// By what the runs can be narrowed down: lists of values with the number of runs that have them,
// and the chips of what is chosen.

import { element, refill } from "../elements.js";
import { word } from "../words.js";
import { CHOICES, asFilter, fromFilter, withValues } from "./address.js";
import { day, number, seconds, size, valueId, valueName } from "./shown.js";

const SHOWN_FIRST = 8;
const MOST_SHOWN = 300;
const SEARCHED_FROM = 12;
const OPEN_AT_FIRST = ["type", "status", "schema"];

export class Filters {
  /** Is drawn into `box`; `choose(search)` is called with the search that was chosen. */
  constructor(box, choose) {
    this.box = box;
    this.choose = choose;
    this.search = {};
    this.facets = {};
    this.open = new Set(OPEN_AT_FIRST);
    this.whole = new Set();
    this.sought = new Map();
  }

  /** Show which values are chosen; the numbers stay those that were counted last. */
  show(search) {
    this.search = search;
    this.draw();
  }

  /** Show the numbers of runs, as GET /api/runs gives them under `facets`. */
  count(facets) {
    this.facets = facets;
    this.draw();
  }

  draw() {
    const focused = this.box.contains(document.activeElement) ? document.activeElement.id : null;
    refill(this.box, ...CHOICES.map((field) => this.group(field)));
    const again = focused && document.getElementById(focused);
    if (again) {
      again.focus({ preventScroll: true });
      if (again.type === "search") again.setSelectionRange(again.value.length, again.value.length);
    }
  }

  group(field) {
    const chosen = (this.search[field] || []).map(fromFilter);
    const values = this.facets[field] || [];
    if (values.length < 2 && !chosen.length && !(values.length && values[0].value !== null)) return null;
    const group = element("details", { class: "facet", "data-facet": field, open: this.open.has(field) || chosen.length > 0 });
    const heading = element("summary", { id: `facet-${field}` }, element("span", {}, word(`gallery.filter.${field}`)));
    if (chosen.length) heading.append(element("span", { class: "badge" }, number(chosen.length)));
    group.append(heading);
    group.addEventListener("toggle", () => (group.open ? this.open.add(field) : this.open.delete(field)));
    const list = element("div", { class: "facet-values", role: "group", "aria-labelledby": `facet-${field}` });
    group.append(...this.seekField(field, values), list);
    this.fillValues(list, field, values);
    return group;
  }

  seekField(field, values) {
    if (values.length <= SEARCHED_FROM) return [];
    const seek = element("input", { type: "search", id: `seek-${field}`, value: this.sought.get(field) || "", "aria-label": word("gallery.filter.seek", { field: word(`gallery.filter.${field}`) }), placeholder: word("gallery.filter.seek_short"), autocomplete: "off" });
    seek.addEventListener("input", () => {
      this.sought.set(field, seek.value);
      this.fillValues(seek.nextElementSibling, field, values);
    });
    return [seek];
  }

  fillValues(list, field, values) {
    const chosen = (this.search[field] || []).map(fromFilter).filter(({ without }) => !without).map(({ value }) => value);
    const sought = (this.sought.get(field) || "").trim().toLowerCase();
    const counted = new Set(values.map(({ value }) => value));
    const all = [...values, ...chosen.filter((value) => !counted.has(value)).map((value) => ({ value, runs: 0 }))];
    const fitting = sought ? all.filter(({ value }) => `${valueName(field, value)} ${value}`.toLowerCase().includes(sought)) : all;
    const isCut = !this.whole.has(field) && !sought && fitting.length > SHOWN_FIRST + 1;
    const shown = isCut ? fitting.filter(({ value }, place) => place < SHOWN_FIRST || chosen.includes(value)) : fitting.slice(0, MOST_SHOWN);
    const rows = shown.map(({ value, runs }, place) => this.valueRow(field, value, runs, chosen.includes(value), place));
    if (isCut) {
      rows.push(
        element("button", { type: "button", class: "plain more", id: `more-${field}`, onClick: () => {
          this.whole.add(field);
          this.draw();
        } }, word("gallery.filter.all", { count: fitting.length })),
      );
    }
    if (!rows.length) rows.push(element("p", { class: "hint" }, word("gallery.filter.nothing")));
    refill(list, ...rows);
  }

  valueRow(field, value, runs, isChosen, place) {
    const item = asFilter(value);
    const box = element("input", { type: "checkbox", id: `value-${field}-${place}`, checked: isChosen });
    box.addEventListener("change", () => {
      const others = (this.search[field] || []).filter((one) => fromFilter(one).without || fromFilter(one).value !== value);
      this.choose(withValues(this.search, field, box.checked ? [...others, item] : others));
    });
    const id = valueId(field, value);
    // Output configs are named alike; all others are told apart by their names.
    const name = element("span", { class: "value-name" }, valueName(field, value), field === "config" && id ? element("code", { class: "id" }, id) : null);
    return element("label", { class: runs ? "value" : "value none", title: id }, box, name, element("span", { class: "value-runs" }, number(runs)));
  }
}

/** What is chosen, as chips that take it back; `choose(search)` as above. */
export function drawChips(box, search, choose) {
  const chips = [];
  const chip = (text, changed, id = null) =>
    chips.push(element("button", { type: "button", class: "chip", title: id, "aria-label": word("gallery.chip.remove", { what: text }), onClick: () => choose(changed) }, element("span", {}, text), element("span", { "aria-hidden": "true", class: "cross" }, "×")));
  if (search.q) chip(word("gallery.chip.quoted", { text: search.q[0] }), withValues(search, "q", []));
  if (search.from || search.to) {
    const [from, to] = [search.from && search.from[0], search.to && search.to[0]];
    const text = from === to ? day(from) : `${from ? day(from) : "…"} – ${to ? day(to) : "…"}`;
    chip(text, withValues(withValues(search, "from", []), "to", []));
  }
  for (const field of [...CHOICES, "origin", "text"]) {
    for (const item of search[field] || []) {
      const { value, without } = fromFilter(item);
      const text = `${word(`gallery.filter.${field}`)}: ${without ? `${word("gallery.chip.without")} ` : ""}${valueName(field, value)}`;
      chip(text, withValues(search, field, search[field].filter((one) => one !== item)), valueId(field, value));
    }
  }
  for (const [field, shown] of [["min_size", (v) => `≥ ${size(Number(v))}`], ["max_size", (v) => `≤ ${size(Number(v))}`], ["min_duration", (v) => `≥ ${seconds(Number(v))}`], ["max_duration", (v) => `≤ ${seconds(Number(v))}`]]) {
    if (search[field]) chip(shown(search[field][0]), withValues(search, field, []));
  }
  if (chips.length > 1) chips.push(element("button", { type: "button", class: "plain", onClick: () => choose(search.sort ? { sort: search.sort } : {}) }, word("gallery.chip.remove_all")));
  // Whoever took one out with the keyboard stands on the next one then, or on the number of runs.
  const place = [...box.children].indexOf(document.activeElement);
  refill(box, ...chips);
  box.hidden = !chips.length;
  if (place >= 0) (chips[Math.min(place, chips.length - 1)] || document.getElementById("total")).focus();
}
