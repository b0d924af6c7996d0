// What a researcher sees who is logged in: the search with its grid, or a run, or two of them.

import { ask } from "../api.js";
import { refill } from "../elements.js";
import { word } from "../words.js";
import { Address, CHOICES, asFilter, hashOf, searchParameters, withValues } from "./address.js";
import { Calendar } from "./calendar.js";
import { ComparePage } from "./compare.js";
import { openExport, openPackages } from "./export.js";
import { Filters, drawChips } from "./filters.js";
import { FoundRuns } from "./found-runs.js";
import { Grid } from "./grid.js";
import { drawRanges } from "./ranges.js";
import { openDeletion, openErasure } from "./removal.js";
import { RunPage } from "./run-page.js";
import { SelectedRuns } from "./selected-runs.js";
import { askAsResearcher } from "./session.js";
import { failure, learnNames } from "./shown.js";
import { checkOne, openCheck } from "./verification.js";

const TYPING_MILLISECONDS = 180;
const INDEX_MILLISECONDS = 3000;
const SORTS = ["newest", "oldest", "largest", "smallest", "longest", "shortest"];
const by = (id) => document.getElementById(id);
/** Tell the window what it shows: never the words of a child, which would stay in the browser's history. */
const entitle = (text) => {
  document.title = text ? `${text} – ${word("gallery.title")}` : word("gallery.title");
};
const same = (a, b) => searchParameters(a).toString() === searchParameters(b).toString();

export class ReadingRoom {
  /** `tell(text)` says something to who is there. */
  constructor(tell) {
    this.tell = tell;
    this.list = null;
    this.counting = null;
    this.typing = 0;
    this.again = 0;
    this.typed = false;
    this.scrolled = 0;
    this.placeOfRun = null;
    this.isOpen = false;
    this.address = new Address((view, before) => this.isOpen && this.show(view, before));
    this.selected = new SelectedRuns(by("selection"), {
      list: () => this.list,
      isSearching: () => !by("search").hidden,
      changed: () => this.grid && this.grid.reselect(),
      focusGrid: () => this.grid.focusInView(),
      compare: (runIds) => this.address.go({ search: this.search, compare: runIds }),
      remove: (runs, count, ids) => this.remove(runs, count, ids),
      fail: (error) => this.fail(error),
      tell,
    });
    this.grid = new Grid(by("grid"), {
      open: (run, place) => this.openRun(run, place),
      select: (place, how) => this.selected.select(place, how),
      isSelected: (runId) => this.selected.has(runId),
      hrefOf: (run) => hashOf({ search: this.search, run: run.run_id }),
    });
    const choose = (search) => this.choose(search);
    this.filters = new Filters(by("facets"), choose);
    this.calendar = new Calendar(by("calendar"), (from, to) => choose(withValues(withValues(this.search, "from", from ? [from] : []), "to", to ? [to] : [])));
    const calls = { close: () => this.address.go({ search: this.search }), search: () => this.search, named: entitle };
    this.runPage = new RunPage(by("run-page"), {
      ...calls,
      beside: (step) => this.beside(step),
      go: (step) => this.goBeside(step),
      export: (run) => openExport({ ids: [run.run_id] }, 1),
      verify: checkOne,
      remove: (run) => this.remove([run], 1, async () => [run.run_id]),
      erase: (run) => this.erase(run.user_id),
      restore: (run) => this.restore(run),
      filterOf: (name, value) => [asFilter(value)],
    });
    this.comparePage = new ComparePage(by("compare-page"), calls);
    this.listen();
  }

  get search() {
    return this.address.view.search;
  }

  /** Begin to show what the address asks for. */
  enter() {
    this.isOpen = true;
    ask("/api/schema/info")
      .then((info) => {
        learnNames(info);
        this.sayAgain();
      })
      .catch(() => {}); // the ids of styles and output configs stand there then
    this.show(this.address.view, null);
  }

  /** Forget everything that was shown; nobody is logged in any more. */
  leave() {
    this.isOpen = false;
    entitle("");
    // Dialogs name runs, too; Escape closes whichever is open.
    document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
    clearTimeout(this.typing);
    clearTimeout(this.again);
    if (this.list) this.list.close();
    if (this.counting) this.counting.abort();
    this.list = null;
    this.selected.clear();
    this.runPage.close();
    this.comparePage.close();
    this.grid.list = null;
    this.grid.empty();
    this.filters.count({});
    this.calendar.count([]);
    by("total").textContent = "";
    by("q").value = "";
  }

  /** Say everything again, in another language or with other names. */
  sayAgain() {
    this.drawSearch();
    this.sayTotal();
    this.grid.refresh();
    this.runPage.draw();
    this.comparePage.draw();
    this.selected.draw();
  }

  show(view, before) {
    const isNew = !this.list || !before || !same(view.search, before.search);
    const wasSearch = !by("search").hidden;
    const onSearch = !view.run && !view.compare;
    if (wasSearch && !onSearch) this.scrolled = window.scrollY;
    by("search").hidden = !onSearch;
    by("run-page").hidden = !view.run || Boolean(view.compare);
    by("compare-page").hidden = !view.compare;
    if (onSearch) entitle("");
    this.drawSearch();
    if (isNew) this.startSearch();
    if (view.compare) {
      if (!before || String(before.compare) !== String(view.compare)) this.comparePage.open(view.compare);
    } else this.comparePage.close();
    if (view.run && !view.compare) {
      if (!before || before.run !== view.run || before.compare) this.runPage.open(view.run);
    } else this.runPage.close();
    if (!onSearch && (wasSearch || (before && before.run !== view.run))) scrollTo(0, 0);
    if (onSearch && !wasSearch && !isNew) {
      this.grid.measure();
      scrollTo(0, this.scrolled);
      if (this.placeOfRun !== null) this.grid.focus(this.placeOfRun);
    }
    if (onSearch) this.placeOfRun = null;
    this.selected.draw();
  }

  choose(search, how) {
    this.address.go({ search }, how);
  }

  drawSearch() {
    const { search } = this;
    const words = search.q ? search.q[0] : "";
    if (!this.typing && by("q").value.trim() !== words) { // not while somebody types
      by("q").value = words;
      this.typed = false; // what is typed next is a step of its own
    }
    const sort = by("sort");
    refill(sort, ...SORTS.map((name) => new Option(word(`gallery.sort.${name}`), name)));
    sort.value = search.sort ? search.sort[0] : "newest";
    drawChips(by("chips"), search, (other) => this.choose(other));
    drawRanges(by("ranges"), search, (other) => this.choose(other));
    this.filters.show(search);
    this.calendar.show(search.from ? search.from[0] : null, search.to ? search.to[0] : null);
    const narrowed = Object.keys(search).filter((name) => name !== "q" && name !== "sort").length;
    by("panel-count").hidden = !narrowed;
    by("panel-count").textContent = String(narrowed);
  }

  async startSearch({ keepsPlace = false } = {}) {
    clearTimeout(this.again);
    if (this.list) this.list.close();
    if (this.counting) this.counting.abort();
    this.selected.beginSearch();
    const list = (this.list = new FoundRuns(this.search, {
      changed: (first, last) => this.list === list && this.grid.arrived(first, last),
      failed: (error) => this.fail(error),
    }));
    by("grid").setAttribute("aria-busy", "true");
    this.tell("");
    try {
      await list.open();
      if (this.list !== list) return;
      const at = window.scrollY;
      this.grid.show(list);
      if (keepsPlace && !by("search").hidden) scrollTo(0, at);
      else if (!by("search").hidden) this.backToTop();
      this.sayTotal();
      this.count();
      this.waitForIndex(list);
    } catch (error) {
      if (this.list === list && error.code !== "called_off") this.fail(error);
    } finally {
      if (this.list === list) by("grid").removeAttribute("aria-busy");
    }
  }

  /** While the index is being made, look again now and then: unless somebody has begun to read. */
  waitForIndex(list) {
    if (!list.index || list.index.complete) return;
    this.again = setTimeout(() => {
      if (by("search").hidden || this.grid.above() > 0 || this.selected.size) this.waitForIndex(list);
      else this.startSearch({ keepsPlace: true });
    }, INDEX_MILLISECONDS);
  }

  /** See the beginning of what was found. */
  backToTop() {
    const top = by("search").getBoundingClientRect().top + window.scrollY;
    if (window.scrollY > top) scrollTo(0, top);
  }

  /** Count by days and by values; the last counts stay until then. */
  async count() {
    if (this.counting) this.counting.abort();
    const counting = (this.counting = new AbortController());
    const said = searchParameters(this.search);
    for (const [name, value] of [["limit", 1], ["total", "no"], ["fields", "run_id"], ["facets", ["day", ...CHOICES].join(",")]]) said.set(name, value);
    try {
      const { facets } = await askAsResearcher(`/api/runs?${said}`, { signal: counting.signal });
      const { day, ...others } = facets;
      this.calendar.count(day);
      this.filters.count(others);
    } catch (error) {
      if (error.code !== "called_off") this.fail(error);
    }
  }

  fail(error) {
    if (error.code === "query_invalid") this.tell(word("gallery.search.invalid"));
    else if (error.status !== 401) this.tell(failure(error));
    else this.tell(word("gallery.login.over"));
  }

  sayTotal() {
    if (!this.list) return;
    const { total, index } = this.list;
    by("total").textContent = word("gallery.runs", { count: total }) + (index && !index.complete ? ` ${word("gallery.index", { known: index.known, of: index.of })}` : "");
    by("nothing").hidden = total > 0;
    by("nothing").textContent = word(Object.keys(this.search).length ? "gallery.nothing" : "gallery.nothing_at_all");
    by("select-all").disabled = !total;
  }

  openRun(run, place) {
    this.address.go({ search: this.search, run: run.run_id });
    this.placeOfRun = place;
    this.runPage.draw();
  }

  /** The place before or after the run that is shown: null for none, undefined when not known. */
  beside(step) {
    if (this.placeOfRun === null || !this.list) return undefined;
    const place = this.placeOfRun + step;
    return place >= 0 && place < this.list.total ? place : null;
  }

  async goBeside(step) {
    const place = this.beside(step);
    if (place === null || place === undefined) return;
    try {
      const [runId] = await this.list.idsBetween(place, place);
      if (!runId) return;
      this.address.go({ search: this.search, run: runId }, { instead: true });
      this.placeOfRun = place;
    } catch (error) {
      if (error.code !== "called_off") this.fail(error);
    }
  }

  async remove(runs, count, ids) {
    const gone = await openDeletion(runs, count, ids);
    if (gone && gone.length) this.afterRemoval(gone);
  }

  async erase(userId) {
    if (await openErasure(userId)) this.afterRemoval([]);
  }

  async afterRemoval(gone) {
    const { place } = this.grid;
    this.selected.clear();
    const { view } = this.address;
    const isShown = (view.run && !gone.length) || gone.includes(view.run) || (view.compare || []).some((one) => gone.includes(one));
    if (isShown) this.address.go({ search: this.search }, { instead: true });
    await this.startSearch({ keepsPlace: true });
    // What had the focus may be gone: a tile, the bar of the selection, the page of a run.
    if (by("search").hidden || document.activeElement !== document.body) return;
    if (this.list && this.list.total) this.grid.focusInView(place);
    else by("total").focus();
  }

  async restore(run) {
    try {
      await askAsResearcher(`/api/runs/${run.run_id}/restore`, { method: "POST" });
      this.runPage.open(run.run_id);
    } catch (error) {
      this.fail(error);
    }
  }

  listen() {
    by("search-form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.searchTyped()) this.startSearch({ keepsPlace: true });
    });
    by("q").addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.searchTyped(), TYPING_MILLISECONDS);
    });
    by("q").addEventListener("focus", () => {
      this.typed = false;
    });
    by("sort").addEventListener("change", () => this.choose(withValues(this.search, "sort", by("sort").value === "newest" ? [] : [by("sort").value])));
    by("select-all").addEventListener("click", () => this.list && this.selected.selectAll(this.search, this.list.total));
    by("packages").addEventListener("click", () => openPackages());
    by("erase").addEventListener("click", () => this.erase());
    by("check-all").addEventListener("click", () => openCheck({}, this.list && this.list.index ? this.list.index.of : 0));
    by("panel-button").addEventListener("click", () => {
      const isOpen = by("panel").classList.toggle("open");
      by("panel-button").setAttribute("aria-expanded", String(isOpen));
    });
    for (const button of document.querySelectorAll("[data-size]")) {
      button.setAttribute("aria-pressed", String(button.dataset.size === this.grid.size));
      button.addEventListener("click", () => {
        this.grid.resize(button.dataset.size);
        for (const other of document.querySelectorAll("[data-size]")) other.setAttribute("aria-pressed", String(other === button));
      });
    }
    addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented && by("search").hidden && this.isOpen) this.address.go({ search: this.search });
    });
  }

  /** Search for what stands in the field, if that is new. Words typed in one go are one step back. */
  searchTyped() {
    clearTimeout(this.typing);
    this.typing = 0;
    const text = by("q").value.trim();
    const search = withValues(this.search, "q", text ? [text] : []);
    if (same(search, this.search)) return false;
    this.choose(search, { instead: this.typed });
    this.typed = true;
    return true;
  }
}
