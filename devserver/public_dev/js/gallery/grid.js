// A grid of very many tiles: only the rows that are seen, and a few around them, are in the page.

import { element, refill } from "../elements.js";
import { word } from "../words.js";
import { beginning, styleName, time } from "./shown.js";
import { captionOf, load, pictureArea } from "./tile.js";

const SIZES = { small: 112, medium: 168, large: 264 };
const GAP = 12;
const CAPTION_REM = 5.45;
const ROWS_AROUND = 2;
const REST_MILLISECONDS = 90;

export class Grid {
  /**
   * `box` is the element with the role grid. `list` is told by `show`. `open(run, place)` is called
   * for a run that is chosen, `select(place, { range })` when its selection shall change, and
   * `isSelected(run)` asked for it. `hrefOf(run)` is where its link leads.
   */
  constructor(box, { open, select, isSelected, hrefOf }) {
    this.box = box;
    this.calls = { open, select, isSelected, hrefOf };
    this.list = null;
    this.rows = new Map();
    this.place = 0;
    this.size = "medium";
    this.frame = 0;
    this.rest = 0;
    this.measured = { columns: 1, side: 168, row: 240, width: 0 };
    addEventListener("scroll", () => this.later(), { passive: true });
    addEventListener("resize", () => this.measure());
    box.addEventListener("keydown", (event) => this.onKey(event));
    box.addEventListener("click", (event) => this.onClick(event));
    box.addEventListener("focusin", (event) => this.onFocus(event));
  }

  /** Show another list, from its beginning; the tiles of the one before go. */
  show(list) {
    this.list = list;
    this.place = 0;
    this.empty();
    this.measure();
  }

  /** Show the same list again, with all that may have changed: the language, the selection. */
  refresh() {
    this.empty();
    this.measure();
  }

  /** Draw the runs at these places, which have arrived. */
  arrived(first, last) {
    for (const [number, row] of this.rows) {
      const from = number * this.measured.columns;
      if (from <= last && from + this.measured.columns > first) this.fillRow(row, number);
    }
    this.settle();
  }

  /** Mark what is selected now. */
  reselect() {
    for (const cell of this.box.querySelectorAll("[data-run]")) {
      const selected = this.calls.isSelected(cell.dataset.run);
      cell.setAttribute("aria-selected", String(selected));
      cell.querySelector("input").checked = selected;
    }
  }

  /** Show tiles of another size ("small", "medium", "large"); what was first in view stays there. */
  resize(size) {
    this.size = size;
    this.measure();
  }

  /** Put the keyboard on the run at a place, and bring it into view. */
  focus(place) {
    if (!this.list || !this.list.total) return;
    const before = this.place;
    this.place = Math.max(0, Math.min(place, this.list.total - 1));
    const number = Math.floor(this.place / this.measured.columns);
    this.bringIntoView(number);
    this.draw();
    this.setTabStop(before, -1);
    this.setTabStop(this.place, 0);
    const cell = this.cellAt(this.place);
    if (cell) cell.focus({ preventScroll: true });
  }

  /** Put the keyboard on the grid and move the page little: at `place` if it is in view, else near by. */
  focusInView(place = this.place) {
    const { columns, row } = this.measured;
    const first = Math.ceil(this.above() / row) * columns;
    const isInView = place >= first && Math.floor(place / columns) * row < this.above() + window.innerHeight - row;
    this.focus(isInView ? place : first);
  }

  empty() {
    for (const row of this.rows.values()) row.remove();
    this.rows.clear();
  }

  measure() {
    const width = this.box.clientWidth;
    if (!width) return;
    const firstInView = this.list ? Math.floor(this.above() / this.measured.row) * this.measured.columns : 0;
    const least = SIZES[this.size];
    const columns = Math.max(2, Math.floor((width + GAP) / (least + GAP)));
    const side = Math.floor((width - GAP * (columns - 1)) / columns);
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const row = Math.round(side + CAPTION_REM * rem + GAP);
    const same = columns === this.measured.columns && side === this.measured.side && row === this.measured.row;
    this.measured = { columns, side, row, width };
    const count = this.list ? this.list.total : 0;
    const rowCount = Math.ceil(count / columns);
    this.box.setAttribute("aria-rowcount", rowCount);
    this.box.setAttribute("aria-colcount", columns);
    this.box.style.setProperty("height", `${rowCount * row}px`);
    this.box.style.setProperty("--columns", columns);
    this.box.style.setProperty("--side", `${side}px`);
    this.box.style.setProperty("--row", `${row}px`);
    if (!same) {
      this.empty();
      if (firstInView > 0) scrollTo(0, this.top() + Math.floor(firstInView / columns) * row);
    }
    this.draw();
  }

  /** How far the grid begins below the top of the document. */
  top() {
    return this.box.getBoundingClientRect().top + window.scrollY;
  }

  /** How many pixels of the grid lie above the window. */
  above() {
    return Math.max(0, -this.box.getBoundingClientRect().top);
  }

  later() {
    if (!this.frame && this.list && this.box.clientWidth) {
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.draw();
      });
    }
  }

  draw() {
    if (!this.list || !this.box.clientWidth) return;
    const { columns, row } = this.measured;
    const rowCount = Math.ceil(this.list.total / columns);
    const above = this.above();
    const first = Math.max(0, Math.floor(above / row) - ROWS_AROUND);
    const last = Math.min(rowCount - 1, Math.floor((above + window.innerHeight) / row) + ROWS_AROUND);
    // Whoever stands on a tile with the keyboard doesn't lose it by scrolling away.
    const kept = this.box.contains(document.activeElement) ? Math.floor(this.place / columns) : -1;
    for (const [number, element] of this.rows) {
      if ((number < first || number > last) && number !== kept) {
        element.remove();
        this.rows.delete(number);
      }
    }
    for (let number = first; number <= last; number += 1) if (!this.rows.has(number)) this.addRow(number);
    this.settle(first, last);
  }

  /** Once scrolling rests: fetch what lacks, load the pictures. */
  settle() {
    clearTimeout(this.rest);
    this.rest = setTimeout(() => {
      if (!this.list || !this.rows.size) return;
      const { columns, row } = this.measured;
      const first = Math.max(0, Math.floor(this.above() / row) - ROWS_AROUND) * columns;
      const last = (Math.floor((this.above() + window.innerHeight) / row) + ROWS_AROUND + 1) * columns - 1;
      this.list.look(first, Math.min(last, this.list.total - 1));
      load(this.box);
    }, REST_MILLISECONDS);
  }

  addRow(number) {
    const row = element("div", { role: "row", class: "grid-row", "aria-rowindex": number + 1 });
    row.style.setProperty("transform", `translateY(${number * this.measured.row}px)`);
    this.fillRow(row, number);
    this.rows.set(number, row);
    // In their order, which is that in which screen readers go through them.
    const next = [...this.rows.keys()].filter((other) => other > number).sort((a, b) => a - b)[0];
    this.box.insertBefore(row, next === undefined ? null : this.rows.get(next));
  }

  fillRow(row, number) {
    const cells = [];
    const focused = row.contains(document.activeElement);
    for (let column = 0; column < this.measured.columns; column += 1) {
      const place = number * this.measured.columns + column;
      if (place < this.list.total) cells.push(this.cell(place, column));
    }
    refill(row, ...cells);
    if (focused && this.cellAt(this.place)) this.cellAt(this.place).focus({ preventScroll: true });
  }

  cell(place, column) {
    const run = this.list.at(place);
    const attributes = { role: "gridcell", class: "tile", "aria-colindex": column + 1, "data-place": place, tabindex: place === this.place ? "0" : "-1" };
    if (run === undefined) return element("div", { ...attributes, class: "tile waiting", "aria-busy": "true", "aria-label": word("gallery.tile.waiting") });
    if (run === null) return element("div", { ...attributes, class: "tile gone" }, word("gallery.tile.gone"));
    const selected = this.calls.isSelected(run.run_id);
    const said = `${word(`gallery.status.${run.status}`)}: ${beginning(run.input_text || "", 80) || word("gallery.tile.no_text")}. ${styleName(run.schema)}, ${time(run.timestamp)}`;
    const box = element("input", { type: "checkbox", tabindex: "-1", "aria-label": word("gallery.tile.select", { text: beginning(run.input_text || "", 40) }) });
    box.checked = selected;
    return element(
      "div",
      { ...attributes, "data-run": run.run_id, "aria-selected": String(selected), "aria-label": said },
      element("a", { href: this.calls.hrefOf(run), tabindex: "-1", class: "tile-link", "aria-hidden": "true" }, pictureArea(run, this.measured.side), ...captionOf(run)),
      element("label", { class: "tile-check" }, box),
    );
  }

  cellAt(place) {
    const row = this.rows.get(Math.floor(place / this.measured.columns));
    return row ? row.children[place % this.measured.columns] || null : null;
  }

  setTabStop(place, tabindex) {
    const cell = this.cellAt(place);
    if (cell) cell.tabIndex = tabindex;
  }

  bringIntoView(number) {
    const top = this.top() + number * this.measured.row;
    const bottom = top + this.measured.row;
    const margin = 140; // below what stays at the top of the window, above what stays at its bottom
    if (top < window.scrollY + margin) scrollTo(0, top - margin);
    else if (bottom > window.scrollY + window.innerHeight - margin / 2) scrollTo(0, bottom - window.innerHeight + margin / 2);
  }

  onFocus(event) {
    const cell = event.target.closest("[data-place]");
    if (!cell || Number(cell.dataset.place) === this.place) return;
    this.setTabStop(this.place, -1);
    this.place = Number(cell.dataset.place);
    cell.tabIndex = 0;
  }

  onClick(event) {
    const cell = event.target.closest("[data-run]");
    if (!cell) return;
    const place = Number(cell.dataset.place);
    if (event.target.closest(".tile-check")) {
      // The label's own click; the one it sends to its box comes next.
      if (event.target.tagName !== "INPUT") {
        event.preventDefault();
      }
      this.calls.select(place, { range: event.shiftKey });
      this.focus(place);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.button !== 0) return; // a new tab
    event.preventDefault();
    this.focus(place);
    if (event.shiftKey) this.calls.select(place, { range: true });
    else this.calls.open(this.list.at(place), place);
  }

  onKey(event) {
    if (event.altKey || !event.target.closest("[data-place]") || event.target.tagName === "INPUT") return;
    const { columns, row } = this.measured;
    const page = Math.max(1, Math.floor(window.innerHeight / row) - 1) * columns;
    const inRow = this.place % columns;
    const all = event.ctrlKey || event.metaKey;
    const steps = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -columns,
      ArrowDown: columns,
      PageUp: -page,
      PageDown: page,
      Home: all ? -this.place : -inRow,
      End: all ? this.list.total : columns - 1 - inRow,
    };
    const run = this.list && this.list.at(this.place);
    if (event.key in steps) {
      event.preventDefault();
      const to = this.place + steps[event.key];
      const end = this.list.total - 1;
      // Up from the first row and down from the last one leads nowhere.
      if (Math.abs(steps[event.key]) === columns && (to < 0 || Math.floor(to / columns) > Math.floor(end / columns))) return;
      this.focus(to);
      if (event.shiftKey && this.list.at(this.place)) this.calls.select(this.place, { range: true });
    } else if (event.key === "Enter" && run) {
      event.preventDefault();
      this.calls.open(run, this.place);
    } else if (event.key === " " && run) {
      event.preventDefault();
      this.calls.select(this.place, { range: event.shiftKey });
    }
  }
}
