// What this tablet remembers between visits. Where storage is forbidden or full it forgets, and
// the page works all the same.

const SETTINGS = ["language", "theme"];

/** The value remembered under `name`, or null. */
export function recall(name) {
  try {
    return JSON.parse(localStorage.getItem(`page.${name}`));
  } catch {
    return null;
  }
}

/** Remember `value` (JSON) under `name`; null forgets it. */
export function remember(name, value) {
  try {
    if (value === null) localStorage.removeItem(`page.${name}`);
    else localStorage.setItem(`page.${name}`, JSON.stringify(value));
  } catch {
    // Private browsing or a full store.
  }
}

/** Have `listener` called when another window of this browser remembers something new under `name`. */
export function whenChangedElsewhere(name, listener) {
  addEventListener("storage", (event) => {
    if (event.key === `page.${name}` && event.newValue !== null) listener();
  });
}

/** Forget everything of everybody, but the language and the look. */
export function forgetAll() {
  try {
    const kept = SETTINGS.map((name) => [name, localStorage.getItem(name)]);
    localStorage.clear();
    sessionStorage.clear();
    for (const [name, value] of kept) if (value !== null) localStorage.setItem(name, value);
  } catch {
    // There was nothing to forget.
  }
}
