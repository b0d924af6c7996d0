// A QR code that shows a work on one's own phone: a link that can only look, and ends by itself.

import { ask, sentence } from "../api.js";
import { openDialog } from "../dialog.js";
import { element, refill } from "../elements.js";
import { language, word } from "../words.js";

const links = new Map(); // run_id -> the link made for it; opening it again makes no other

async function linkTo(runId) {
  const known = links.get(runId);
  if (known && Date.parse(known.expires_at) > Date.now()) return known;
  const link = await ask(`/api/runs/${runId}/links`, { method: "POST" });
  links.set(runId, link);
  return link;
}

/** Open the dialog with the code for the run. */
export async function showOnPhone(runId) {
  const content = element("div", { class: "phone" }, element("p", { role: "status" }, word("workshop.phone.making")));
  const dialog = openDialog(word("workshop.phone.title"), content);
  try {
    const link = await linkTo(runId);
    if (link.reach === "this_machine") {
      refill(content, element("p", { class: "note", role: "status" }, word("workshop.phone.only_here")));
      return dialog.closed;
    }
    const until = new Date(link.expires_at).toLocaleDateString(language(), { weekday: "long", day: "numeric", month: "long" });
    refill(
      content,
      element("img", { src: link.qr_url, alt: word("workshop.phone.code"), width: 288, height: 288 }),
      element("p", {}, word("workshop.phone.how", { until })),
      // To be typed on the phone: here it would open one more window of this tablet.
      element("p", { class: "address" }, link.url),
    );
  } catch (error) {
    refill(content, element("p", { class: "note bad", role: "alert" }, sentence(error)));
  }
  return dialog.closed;
}
