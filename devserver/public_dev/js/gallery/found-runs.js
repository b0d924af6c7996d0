// The runs that a search finds, as a list of known length of which only pieces are here. Pieces are
// fetched when they are looked at, and given up again when there are too many.

import { searchParameters } from "./address.js";
import { askAsResearcher } from "./session.js";

const PIECE = 60;
const MOST_PIECES = 60;
const MOST_AT_ONCE = 2;
export const FIELDS = "run_id,timestamp,schema,status,input_text,user_id,workshop,outputs";

export class FoundRuns {
  /**
   * `changed(first, last)` is called when the runs at these places have arrived; `failed(error)`
   * when some could not be fetched.
   */
  constructor(search, { changed, failed }) {
    this.search = search;
    this.total = 0;
    this.index = null;
    this.pieces = new Map();
    this.asked = new Map();
    this.changed = changed;
    this.failed = failed;
    this.wanted = [];
    this.ended = new AbortController();
  }

  /** Fetch the beginning and the number of runs. Throws ApiError. */
  async open() {
    const answer = await this.fetchPiece(0, true, this.ended.signal);
    this.total = answer.total;
    this.index = answer.index;
    this.keep(0, answer);
  }

  /** The run at a place; undefined when it is not here yet, null when it is gone. */
  at(place) {
    const piece = this.pieces.get(Math.floor(place / PIECE));
    if (!piece) return undefined;
    const run = piece.runs[place % PIECE];
    return run === undefined ? null : run;
  }

  /** Say which places are looked at now; what lacks is fetched, what nobody looks at is called off. */
  look(first, last) {
    const from = Math.max(0, Math.floor(first / PIECE));
    const to = Math.min(Math.floor(last / PIECE), Math.floor((this.total - 1) / PIECE));
    this.wanted = [];
    for (let number = from; number <= to; number += 1) if (!this.pieces.has(number)) this.wanted.push(number);
    for (const [number, stop] of this.asked) if (!this.wanted.includes(number)) stop.abort();
    this.fetchNext();
  }

  /** The ids of the runs from one place to another, both included, however many are here. */
  async idsBetween(first, last) {
    const ids = [];
    for (let place = first; place <= last; ) {
      const known = this.at(place);
      if (known !== undefined) {
        if (known) ids.push(known.run_id);
        place += 1;
        continue;
      }
      const said = searchParameters(this.search);
      for (const [name, value] of [["fields", "run_id"], ["total", "no"], ["skip", place], ["limit", Math.min(200, last - place + 1)]]) said.set(name, value);
      const { runs } = await askAsResearcher(`/api/runs?${said}`, { signal: this.ended.signal });
      if (!runs.length) break;
      ids.push(...runs.map((run) => run.run_id));
      place += runs.length;
    }
    return [...new Set(ids)];
  }

  /** Stop fetching for good. */
  close() {
    this.ended.abort();
    for (const stop of this.asked.values()) stop.abort();
  }

  fetchNext() {
    for (const number of this.wanted) {
      if (this.asked.size >= MOST_AT_ONCE) return;
      if (!this.asked.has(number) && !this.pieces.has(number)) this.fetchWanted(number);
    }
  }

  async fetchWanted(number) {
    const stop = new AbortController();
    this.asked.set(number, stop);
    try {
      const answer = await this.fetchPiece(number, false, stop.signal);
      this.keep(number, answer);
      this.changed(number * PIECE, number * PIECE + PIECE - 1);
    } catch (error) {
      if (error.code !== "called_off") {
        this.wanted = [];
        this.failed(error);
      }
    } finally {
      this.asked.delete(number);
      if (!this.ended.signal.aborted) this.fetchNext();
    }
  }

  fetchPiece(number, counted, signal) {
    const said = searchParameters(this.search);
    said.set("fields", FIELDS);
    said.set("limit", PIECE);
    if (!counted) said.set("total", "no");
    // A cursor stays right when runs come meanwhile; in the middle of nowhere there is only counting.
    const before = this.pieces.get(number - 1);
    if (before && before.next) said.set("after", before.next);
    else if (number) said.set("skip", number * PIECE);
    return askAsResearcher(`/api/runs?${said}`, { signal });
  }

  keep(number, { runs, next }) {
    this.pieces.set(number, { runs, next });
    if (this.pieces.size <= MOST_PIECES) return;
    const far = [...this.pieces.keys()].sort((a, b) => Math.abs(b - number) - Math.abs(a - number));
    this.pieces.delete(far[0]);
  }
}
