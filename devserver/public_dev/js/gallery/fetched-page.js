// A page of the gallery that is fetched first: it waits, is drawn, or says why it can't be.

import { element, refill } from "../elements.js";
import { word } from "../words.js";
import { failure } from "./shown.js";

/** What extends it has `head()`, which stands at the top in any case, and `draw()` for `shown`. */
export class FetchedPage {
  /** Is drawn into `box`; `calls` are what can be done there; its named(text) hears what is shown. */
  constructor(box, calls) {
    this.box = box;
    this.calls = calls;
    this.shown = null;
    this.asked = null;
    this.stop = () => {};
  }

  /** Show what `fetched(signal)` gives, and then do `follow(signal)` as long as it is shown. */
  async show(fetched, follow = () => {}) {
    this.close();
    this.calls.named("");
    const asked = (this.asked = new AbortController());
    this.box.setAttribute("aria-busy", "true");
    refill(this.box, this.head(), element("p", { class: "hint", role: "status" }, word("gallery.waiting")));
    try {
      const found = await fetched(asked.signal);
      if (asked.signal.aborted) return;
      this.shown = found;
      this.draw();
      this.box.querySelector("h2").focus({ preventScroll: true });
      this.box.removeAttribute("aria-busy");
      await follow(asked.signal);
    } catch (error) {
      if (error.code === "called_off") return;
      const text = error.code === "run_not_found" ? word("gallery.run.unknown") : failure(error);
      refill(this.box, this.head(), element("p", { class: "note bad", role: "alert" }, text));
    } finally {
      if (this.asked === asked) this.box.removeAttribute("aria-busy");
    }
  }

  /** Stop fetching and forget what is shown. */
  close() {
    if (this.asked) this.asked.abort();
    this.asked = null;
    this.shown = null;
    this.stop();
    this.box.removeAttribute("aria-busy");
    refill(this.box);
  }
}
