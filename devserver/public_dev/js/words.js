// The page's words in the language of who reads it: locales/<language>.json, flat dotted keys.
//
// In HTML: data-word=<key> fills the text, data-word-label the aria-label,
// data-word-placeholder and data-word-title the attributes of that name. A key with a number in it
// has the forms <key>.one and <key>.other and is asked for with { count }.

export const LANGUAGES = ["de", "en"];
const ATTRIBUTES = [["wordLabel", "aria-label"], ["wordPlaceholder", "placeholder"], ["wordTitle", "title"]];

let spoken = "de";
let words = {};
const listeners = [];

function remembered() {
  try {
    return localStorage.getItem("language");
  } catch {
    return null;
  }
}

function preferred() {
  const wishes = [remembered(), ...(navigator.languages || [navigator.language])];
  const known = wishes.map((wish) => (wish || "").slice(0, 2).toLowerCase()).filter((wish) => LANGUAGES.includes(wish));
  return known[0] || "de";
}

async function load(language) {
  const response = await fetch(`/static/locales/${language}.json`);
  if (!response.ok) throw new Error(`No words in ${language}: ${response.status}`);
  words = await response.json();
  spoken = language;
  document.documentElement.lang = language;
  fill(document);
  for (const listener of listeners) listener();
}

/** Load the remembered language, else the browser's, and fill the page. Once, at the start. */
export async function openWords() {
  await load(preferred());
}

/** The language of the page, "de" or "en". */
export function language() {
  return spoken;
}

/** Change the language, remember it, fill the page anew and tell whoever listens. */
async function speak(language) {
  await load(language);
  try {
    localStorage.setItem("language", language);
  } catch {
    // It holds until the page is left.
  }
}

/** Have `listener` called when the words are there, and after each change of the language. */
export function whenLanguageChanges(listener) {
  listeners.push(listener);
}

/** Whether there is a text under `key`. */
export function hasWord(key) {
  return key in words;
}

/** The text under `key`, with {name} filled from `values`; `values.count` chooses the plural. */
export function word(key, values = {}) {
  let text = words[key];
  if (text === undefined && values.count !== undefined) {
    text = words[`${key}.${new Intl.PluralRules(spoken).select(values.count)}`] ?? words[`${key}.other`];
  }
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? value.toLocaleString(spoken) : String(value);
  });
}

/** Fill all elements below `root` that name their words. */
export function fill(root) {
  for (const element of root.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  for (const [name, attribute] of ATTRIBUTES) {
    const selector = `[data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}]`;
    for (const element of root.querySelectorAll(selector)) element.setAttribute(attribute, word(element.dataset[name]));
  }
}

/**
 * Let each `button` with data-language choose it; aria-pressed says which one is spoken.
 * `onAway(isAway)` hears at each choice whether its words could not be had.
 */
export function languageButtons(buttons, onAway) {
  const show = () => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.language === spoken));
  };
  for (const button of buttons) {
    button.addEventListener("click", async () => {
      onAway(false);
      if (button.dataset.language === spoken) return;
      try {
        await speak(button.dataset.language);
      } catch {
        // No way to the server just now; the page stays in the language it has.
        onAway(true);
      }
    });
  }
  whenLanguageChanges(show);
  show();
}
