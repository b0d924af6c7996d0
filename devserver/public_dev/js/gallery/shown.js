// Values of the metadata as people read them: times, sizes, lengths, names of styles and configs.

import { sentence } from "../api.js";
import { hasWord, language, word } from "../words.js";

let styles = new Map();
let configs = new Map();

/** Learn the names of styles and output configs, from the answer of GET /api/schema/info. */
export function learnNames({ schemas, output_configs: outputConfigs }) {
  styles = new Map(schemas.map((schema) => [schema.id, schema.name]));
  configs = new Map(outputConfigs.map((config) => [config.id, config.name]));
}

function nameIn(names, id) {
  const name = names.get(id);
  return (name && name[language()]) || id;
}

/** The name of a style; its id where this server doesn't have it any more. */
export function styleName(id) {
  return id === null ? word("gallery.none") : nameIn(styles, id);
}

/** A value of one of the filters, as its chip and its list name it. */
export function valueName(field, value) {
  if (value === null) return word(hasWord(`gallery.${field}.none`) ? `gallery.${field}.none` : "gallery.none");
  if (field === "schema") return styleName(value);
  if (field === "config") return nameIn(configs, value);
  if (field === "language") return hasWord(`gallery.language.${value}`) ? word(`gallery.language.${value}`) : value;
  if (field === "text") return `${value.slice(0, 12)}…`;
  if (field === "origin") return value.slice(0, 8);
  const key = `gallery.${field}.${value}`;
  return hasWord(key) ? word(key) : value;
}

/** The id that stands in the metadata, and in filters, for what `valueName` says; null where the name says it. */
export function valueId(field, value) {
  // The names of modes begin with their ids.
  return value === null || field === "mode" || valueName(field, value) === value ? null : value;
}

function parts(timestamp) {
  const moment = new Date(timestamp);
  return timestamp && !Number.isNaN(moment.getTime()) ? moment : null;
}

/** Day and time of day in UTC, as in the metadata, the calendar and the filters. */
export function time(timestamp) {
  const moment = parts(timestamp);
  if (!moment) return timestamp || word("gallery.none");
  return moment.toLocaleString(language(), { timeZone: "UTC", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
}

/** A day such as 2025-11-04, in words. */
export function day(iso) {
  const moment = parts(`${iso.slice(0, 10)}T00:00:00Z`);
  return moment ? moment.toLocaleDateString(language(), { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" }) : iso;
}

/** Bytes, in the unit that gives a number below 1,000. */
export function size(bytes) {
  if (bytes === null || bytes === undefined) return "–";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toLocaleString(language(), { maximumFractionDigits: unit && value < 100 ? 1 : 0 })} ${units[unit]}`;
}

/** Seconds, exact where they are few. */
export function seconds(value) {
  if (value === null || value === undefined) return "–";
  if (value > 0 && value < 0.01) return `< ${(0.01).toLocaleString(language())} s`;
  if (value >= 90) return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
  return `${value.toLocaleString(language(), { maximumFractionDigits: value < 10 ? 2 : 0 })} s`;
}

/** A number in the language of the page. */
export function number(value) {
  return value.toLocaleString(language());
}

/** The beginning of a text on one line, for places that have no room for all of it. */
export function beginning(text, most = 140) {
  const line = text.slice(0, most * 2).replace(/\s+/g, " ").trim();
  // Not in the middle of a character, nor of one that is made of several.
  const letters = Array.from(line);
  return letters.length > most ? `${letters.slice(0, most - 1).join("").trimEnd()}…` : line;
}

/** The sentence about an ApiError: ours where there is one, else the server's own. */
export function failure(error) {
  const key = `gallery.error.${error.code}`;
  if (hasWord(key)) return word(key, { seconds: error.retryAfter || 10 });
  return hasWord(`common.error.${error.code}`) || !error.message || !error.status ? sentence(error) : error.message;
}
