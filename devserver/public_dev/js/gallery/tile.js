// One run as a tile: its picture, or its words where there is no picture; what it says; its style.

import { element } from "../elements.js";
import { word } from "../words.js";
import { beginning, day, styleName } from "./shown.js";

const SHOWN_FIRST = ["image", "video", "3d", "audio"];

/** The address of a small picture of a run, for a place of so many CSS pixels; null for none. */
function pictureOf(run, side) {
  const types = new Set((run.outputs || []).map((output) => output.type));
  const type = SHOWN_FIRST.find((one) => types.has(one));
  if (!type) return null;
  if (type === "3d" && run.outputs.find((output) => output.type === type).format !== "glb") return null;
  const pixels = side * Math.min(window.devicePixelRatio || 1, 3);
  const size = [128, 256, 512, 1024].find((one) => one >= pixels * 0.9) || 1024;
  return { url: `/api/media/thumbnail/${run.run_id}?size=${size}&type=${type}`, type };
}

/** What is seen of a run; `side` is the width of its picture. The img has no src yet: see `load`. */
export function pictureArea(run, side) {
  const area = element("div", { class: "tile-picture" });
  const picture = pictureOf(run, side);
  if (picture) {
    area.classList.add(`of-${picture.type}`);
    const image = element("img", { alt: "", decoding: "async", "data-src": picture.url, width: side, height: side });
    // A file that is gone or can't be drawn: its words are shown instead.
    image.addEventListener("error", () => image.replaceWith(wordsOf(run)));
    area.append(image);
  } else {
    area.append(wordsOf(run));
  }
  const types = [...new Set((run.outputs || []).map((output) => output.type))].filter((type) => type !== "image");
  const marks = element("div", { class: "tile-marks" });
  if (run.status !== "success") marks.append(element("span", { class: `status status-${run.status}` }, word(`gallery.status.${run.status}`)));
  if (run.status === "success" && !(run.outputs || []).length) types.push("text");
  for (const type of types) marks.append(element("span", { class: "kind" }, word(`gallery.type.${type}`)));
  if ((run.outputs || []).length > 1) marks.append(element("span", { class: "kind" }, word("gallery.tile.outputs", { count: run.outputs.length })));
  if (marks.childNodes.length) area.append(marks);
  return area;
}

function wordsOf(run) {
  return element("p", { class: "tile-words", "aria-hidden": "true" }, beginning(run.input_text || "", 160));
}

/** What stands below the picture. */
export function captionOf(run) {
  return [
    element("span", { class: "tile-text" }, beginning(run.input_text || "") || word("gallery.tile.no_text")),
    element("span", { class: "tile-facts" }, element("span", {}, styleName(run.schema)), run.timestamp ? element("span", {}, day(run.timestamp)) : null),
  ];
}

/** Begin to load the pictures below `root` that are not loaded yet. */
export function load(root) {
  for (const image of root.querySelectorAll("img[data-src]")) {
    image.src = image.dataset.src;
    delete image.dataset.src;
  }
}

/** A tile in a short list, as a link to its run. */
export function linkTile(run, href, side = 160) {
  const tile = element("a", { class: "tile link-tile", href }, pictureArea(run, side), ...captionOf(run));
  load(tile);
  return tile;
}
