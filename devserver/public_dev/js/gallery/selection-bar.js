// The bar at the bottom: how many runs are selected, and what can be done with them.

import { element, refill } from "../elements.js";
import { word } from "../words.js";

/** Draw it into `box`; it is there while something is selected and the grid `isSeen`. */
export function drawSelection(box, selection, isSeen, calls) {
  const count = selection.size;
  box.hidden = !count || !isSeen;
  document.body.classList.toggle("with-selection", !box.hidden);
  if (box.hidden) return refill(box);
  const focused = box.contains(document.activeElement) ? document.activeElement.dataset.act : null;
  const button = (key, call, options = {}) => element("button", { type: "button", "data-act": key, ...options, onClick: call }, word(`gallery.select.${key}`));
  const canCompare = !selection.all && count === 2;
  refill(
    box,
    element("p", { role: "status", class: "selection-count" }, word("gallery.select.count", { count })),
    element("div", { class: "buttons" }, button("export", calls.export, { class: "primary" }), canCompare ? button("compare", calls.compare) : null, button("check", calls.check), button("remove", calls.remove, { class: "danger" }), button("clear", calls.clear, { class: "plain" })),
  );
  const again = focused && box.querySelector(`[data-act="${focused}"]`);
  if (again) again.focus({ preventScroll: true });
  return undefined;
}
