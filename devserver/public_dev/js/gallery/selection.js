// Which runs are selected: some, by id, or all that a search finds but some.

export const MOST_BY_ID = 5000;

export class Selection {
  constructor(changed) {
    this.changed = changed;
    this.clear();
  }

  /** Select nothing. */
  clear() {
    this.ids = new Set();
    this.all = null;
    this.changed();
  }

  /** Select all `total` runs that `search` finds. */
  selectAll(search, total) {
    this.ids = new Set();
    this.all = { search, total };
    this.changed();
  }

  has(runId) {
    return this.ids.has(runId) !== Boolean(this.all);
  }

  /** Select these runs or, with `wanted` false, don't. False when they would be too many. */
  set(runIds, wanted) {
    const listed = new Set(this.ids);
    for (const runId of runIds) {
      if (wanted !== Boolean(this.all)) listed.add(runId);
      else listed.delete(runId);
    }
    if (listed.size > MOST_BY_ID) return false;
    this.ids = listed;
    if (this.all && this.size === 0) this.all = null;
    this.changed();
    return true;
  }

  get size() {
    return this.all ? Math.max(0, this.all.total - this.ids.size) : this.ids.size;
  }
}
