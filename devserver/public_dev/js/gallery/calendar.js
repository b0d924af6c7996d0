// A month with the number of runs on each day. A day, a stretch of days or the month can be chosen.
// Days are those of UTC, as in the metadata and in the filters.

import { element, refill } from "../elements.js";
import { language, word } from "../words.js";
import { day as dayName, number } from "./shown.js";

const LEVELS = [1, 5, 15, 40]; // runs on a day, for the four shades

const iso = (date) => date.toISOString().slice(0, 10);
const dateOf = (text) => new Date(`${text}T00:00:00Z`);
const plusDays = (text, days) => iso(new Date(dateOf(text).getTime() + days * 86400000));
const plusMonths = (month, months) => iso(new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5, 7)) - 1 + months, 1))).slice(0, 7);
const lastDay = (month) => plusDays(`${plusMonths(month, 1)}-01`, -1);

export class Calendar {
  /** Is drawn into `box`; `choose(from, to)` is called with two days, or with nulls for none. */
  constructor(box, choose) {
    this.box = box;
    this.choose = choose;
    this.days = new Map();
    this.month = iso(new Date()).slice(0, 7);
    this.from = null;
    this.to = null;
    this.picksRange = false;
    this.begun = null;
    this.stop = null;
    this.isPlaced = false;
    box.addEventListener("keydown", (event) => this.onKey(event));
  }

  /** Show what days there are: a list of { value, runs }, where value may be null. */
  count(days) {
    this.days = new Map(days.filter(({ value }) => value).map(({ value, runs }) => [value, runs]));
    const newest = [...this.days.keys()].sort().pop();
    if (!this.isPlaced && newest) {
      this.month = (this.to || newest).slice(0, 7);
      this.isPlaced = true;
    }
    this.draw();
  }

  /** Show which days are chosen; both may be null. Moments count as their days. */
  show(from, to) {
    const [newFrom, newTo] = [from && from.slice(0, 10), to && to.slice(0, 10)];
    const moved = newFrom !== this.from || newTo !== this.to;
    [this.from, this.to] = [newFrom, newTo];
    this.begun = null;
    const end = newTo || newFrom;
    if (moved && end && /^\d{4}-\d\d-\d\d$/.test(end) && (!newFrom || newFrom.slice(0, 7) !== this.month)) {
      this.month = end.slice(0, 7);
      this.isPlaced = true;
    }
    this.draw();
  }

  draw() {
    const focused = this.box.contains(document.activeElement) ? document.activeElement.dataset : null;
    const months = [...this.months()];
    const known = months.map(([month]) => month);
    const select = element("select", { "aria-label": word("gallery.calendar.month"), onChange: () => this.turnTo(select.value) });
    for (const month of known.includes(this.month) ? known : [...known, this.month].sort().reverse()) {
      const runs = (months.find(([one]) => one === month) || [month, 0])[1];
      select.append(element("option", { value: month, selected: month === this.month }, `${this.monthName(month)} · ${number(runs)}`));
    }
    const turn = (months_, label, sign) => element("button", { type: "button", class: "plain turn", "aria-label": word(label), "data-turn": months_, onClick: () => this.turnTo(plusMonths(this.month, months_)) }, sign);
    const range = element("button", { type: "button", class: "plain", "aria-pressed": String(this.picksRange), "data-range": "1", onClick: () => this.pickRange() }, word("gallery.calendar.range"));
    refill(
      this.box,
      element("div", { class: "calendar-head" }, turn(-1, "gallery.calendar.before", "‹"), select, turn(1, "gallery.calendar.after", "›")),
      this.table(),
      element(
        "div",
        { class: "calendar-foot" },
        element("button", { type: "button", class: "plain", "data-whole": "1", onClick: () => this.choose(`${this.month}-01`, lastDay(this.month)) }, word("gallery.calendar.whole_month")),
        range,
        this.from || this.to ? element("button", { type: "button", class: "plain", onClick: () => this.choose(null, null) }, word("gallery.calendar.none")) : null,
      ),
      element("p", { class: "hint", "aria-live": "polite" }, this.hint()),
    );
    if (focused) {
      const [name, value] = Object.entries(focused)[0] || [];
      const again = name && this.box.querySelector(`[data-${name}="${value}"]`);
      if (again) again.focus({ preventScroll: true });
    }
  }

  hint() {
    if (this.begun) return word("gallery.calendar.range_until", { day: dayName(this.begun) });
    if (this.picksRange) return word("gallery.calendar.range_from");
    return word("gallery.calendar.utc");
  }

  table() {
    const first = `${this.month}-01`;
    const start = plusDays(first, -((dateOf(first).getUTCDay() + 6) % 7));
    const head = element("tr", {});
    for (let column = 0; column < 7; column += 1) {
      const date = dateOf(plusDays(start, column));
      const name = (weekday) => date.toLocaleDateString(language(), { weekday, timeZone: "UTC" });
      head.append(element("th", { scope: "col", abbr: name("long") }, name("short").slice(0, 2)));
    }
    const body = element("tbody", {});
    const end = lastDay(this.month);
    this.stop = this.tabStop();
    for (let at = start; at <= end; at = plusDays(at, 7)) {
      const row = element("tr", {});
      for (let column = 0; column < 7; column += 1) {
        const day = plusDays(at, column);
        row.append(element("td", {}, day.startsWith(this.month) ? this.dayButton(day) : null));
      }
      body.append(row);
    }
    return element("table", { class: "calendar" }, element("caption", { class: "unseen" }, this.monthName(this.month)), element("thead", {}, head), body);
  }

  dayButton(day) {
    const runs = this.days.get(day) || 0;
    const level = LEVELS.filter((least) => runs >= least).length;
    const inside = this.isChosen(day);
    return element(
      "button",
      { type: "button", class: `day level-${level}`, "data-day": day, "aria-pressed": String(inside), tabindex: day === this.stop ? "0" : "-1", "aria-label": word("gallery.calendar.day", { day: dayName(day), count: runs }), onClick: (event) => this.onDay(day, event.shiftKey) },
      element("span", {}, String(Number(day.slice(8)))),
      element("span", { class: "day-runs" }, runs ? number(runs) : ""),
    );
  }

  isChosen(day) {
    if (this.begun) return day === this.begun;
    if (!this.from && !this.to) return false;
    return (!this.from || day >= this.from) && (!this.to || day <= this.to);
  }

  tabStop() {
    if (this.stop && this.stop.startsWith(this.month)) return this.stop;
    if (this.from && this.from.startsWith(this.month)) return this.from;
    const withRuns = [...this.days.keys()].filter((day) => day.startsWith(this.month)).sort();
    return withRuns[withRuns.length - 1] || `${this.month}-01`;
  }

  onDay(day, extends_) {
    this.stop = day;
    if (extends_ && this.from) return this.choose(...[this.from, day].sort());
    if (this.picksRange && !this.begun) {
      this.begun = day;
      return this.draw();
    }
    if (this.begun) {
      const both = [this.begun, day].sort();
      this.picksRange = false;
      this.begun = null;
      return this.choose(...both);
    }
    if (this.from === day && this.to === day) return this.choose(null, null);
    return this.choose(day, day);
  }

  pickRange() {
    this.picksRange = !this.picksRange;
    this.begun = null;
    this.draw();
  }

  turnTo(month) {
    this.month = month;
    this.draw();
  }

  onKey(event) {
    const { day } = event.target.closest("button") ? event.target.closest("button").dataset : {};
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
    if (!day || event.altKey || event.ctrlKey || event.metaKey) return;
    let to = null;
    if (event.key in steps) to = plusDays(day, steps[event.key]);
    else if (event.key === "PageUp" || event.key === "PageDown") {
      const month = plusMonths(day.slice(0, 7), event.key === "PageUp" ? -1 : 1);
      to = [`${month}-${day.slice(8)}`, lastDay(month)].sort()[0];
    } else if (event.key === "Escape" && (this.picksRange || this.begun)) {
      event.stopPropagation();
      this.picksRange = false;
      this.begun = null;
      return this.draw();
    }
    if (!to) return;
    event.preventDefault();
    this.stop = to;
    this.month = to.slice(0, 7);
    this.draw();
    this.box.querySelector(`[data-day="${to}"]`).focus();
  }

  months() {
    const counts = new Map();
    for (const [day, runs] of [...this.days].sort().reverse()) counts.set(day.slice(0, 7), (counts.get(day.slice(0, 7)) || 0) + runs);
    return counts;
  }

  monthName(month) {
    return dateOf(`${month}-01`).toLocaleDateString(language(), { month: "long", year: "numeric", timeZone: "UTC" });
  }
}
