// Selecting runs in the grid, and what is done with those that are selected.

import { word } from "../words.js";
import { searchBody } from "./address.js";
import { openExport, selectionBody } from "./export.js";
import { MOST_BY_ID, Selection } from "./selection.js";
import { drawSelection } from "./selection-bar.js";
import { openCheck } from "./verification.js";

const NAMED = 50;

export class SelectedRuns {
  /**
   * The bar is drawn into `box`. `room` gives list() and isSearching(), and does tell(text),
   * fail(error), compare(runIds), remove(runs, count, ids); it hears changed() and focusGrid().
   */
  constructor(box, room) {
    this.box = box;
    this.room = room;
    this.anchor = 0;
    this.known = new Map();
    this.selection = new Selection(() => this.draw());
  }

  /** Whether a run is selected. */
  has(runId) {
    return this.selection.has(runId);
  }

  get size() {
    return this.selection.size;
  }

  /** Select nothing, and remember nothing of what was. */
  clear() {
    this.known.clear();
    this.selection.clear();
  }

  /** Another search begins: what was selected of the one before as a whole is not any more. */
  beginSearch() {
    this.anchor = 0;
    if (this.selection.all) this.clear();
  }

  /** Select all that `search` finds. */
  selectAll(search, total) {
    this.selection.selectAll(search, total);
  }

  /** Change the selection of the run at a place; with `range`, select all from the last one to it. */
  async select(place, { range }) {
    const list = this.room.list();
    const run = list.at(place);
    if (!run) return;
    if (!range) {
      this.anchor = place;
      this.known.set(run.run_id, run);
      this.change([run.run_id], !this.selection.has(run.run_id));
      return;
    }
    const [first, last] = [Math.min(this.anchor, place), Math.max(this.anchor, place)];
    try {
      const ids = await list.idsBetween(first, last);
      for (let at = first; at <= Math.min(last, first + NAMED); at += 1) if (list.at(at)) this.known.set(list.at(at).run_id, list.at(at));
      this.change(ids, true);
    } catch (error) {
      if (error.code !== "called_off") this.room.fail(error);
    }
  }

  /** Draw the bar, and have the grid show what is selected. */
  draw() {
    if (!this.selection) return; // it is just being made
    this.room.changed();
    drawSelection(this.box, this.selection, this.room.isSearching(), {
      export: () => openExport(selectionBody(this.selection), this.size),
      compare: () => this.room.compare([...this.selection.ids]),
      check: () => this.check(),
      remove: () => this.room.remove(this.some(), this.size, () => this.ids()),
      clear: () => {
        this.clear();
        this.room.focusGrid();
      },
    });
  }

  change(runIds, wanted) {
    if (!this.selection.set(runIds, wanted)) this.room.tell(word("gallery.select.too_many"));
  }

  async check() {
    const { all, ids } = this.selection;
    // So many can't be named one by one; to check the few that are left out, too, does no harm.
    if (all && (!ids.size || this.size > MOST_BY_ID)) return openCheck({ query: searchBody(all.search) }, this.size);
    try {
      return openCheck({ run_ids: await this.ids() }, this.size);
    } catch (error) {
      return this.room.fail(error);
    }
  }

  async ids() {
    const { all, ids } = this.selection;
    if (!all) return [...ids];
    const list = this.room.list();
    const found = await list.idsBetween(0, list.total - 1);
    return found.filter((runId) => !ids.has(runId));
  }

  /** Some of the selected runs, to be named. */
  some() {
    if (!this.selection.all) return [...this.selection.ids].map((runId) => this.known.get(runId)).filter(Boolean);
    const first = Array.from({ length: NAMED }, (_, place) => this.room.list().at(place));
    return first.filter((run) => run && this.has(run.run_id));
  }
}
