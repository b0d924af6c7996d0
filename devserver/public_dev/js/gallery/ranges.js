// Fields for exact days, sizes and lengths.

import { element, refill } from "../elements.js";
import { word } from "../words.js";
import { withValues } from "./address.js";

const MEGABYTE = 1000000;
const FIELDS = [
  ["from", "date", 1],
  ["to", "date", 1],
  ["min_size", "number", MEGABYTE],
  ["max_size", "number", MEGABYTE],
  ["min_duration", "number", 1],
  ["max_duration", "number", 1],
];

/** Draw the fields into `box`; `choose(search)` is called with the search that was chosen. */
export function drawRanges(box, search, choose) {
  if (box.contains(document.activeElement) && document.activeElement.tagName === "INPUT") return;
  const wasOpen = box.firstChild ? box.firstChild.open : false;
  const group = element("details", { class: "facet", open: wasOpen }, element("summary", {}, element("span", {}, word("gallery.range.title"))));
  const fields = element("div", { class: "range-fields" });
  for (const [name, type, unit] of FIELDS) {
    const said = search[name] ? search[name][0] : "";
    const shown = type === "date" ? said.slice(0, 10) : said && String(Number(said) / unit);
    const field = element("input", { type, value: shown, min: type === "number" ? "0" : null, step: type === "number" ? "any" : null });
    field.addEventListener("change", () => {
      const value = type === "date" || !field.value ? field.value : String(unit === 1 ? Number(field.value) : Math.round(Number(field.value) * unit));
      if (!field.validity.valid) return;
      choose(withValues(search, name, value ? [value] : []));
    });
    fields.append(element("label", {}, element("span", {}, word(`gallery.range.${name}`)), field));
  }
  group.append(fields);
  refill(box, group);
}
