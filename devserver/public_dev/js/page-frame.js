// What every page has around it: the link past the header, the languages, light and dark.

import { element } from "./elements.js";
import { themeButton } from "./theme.js";
import { LANGUAGES, languageButtons } from "./words.js";

const NAMES = { de: "Deutsch", en: "English" };

/** Put the skip link before all else, and the choices into `place`. The page fills the words. */
export function framePage(place) {
  const skip = element("a", { class: "skip", href: "#main", "data-word": "common.skip" });
  const buttons = LANGUAGES.map((one) =>
    element("button", { type: "button", class: "small", "data-language": one, lang: one }, NAMES[one]),
  );
  const dark = element("button", { type: "button", class: "small", "data-word": "common.dark" });
  document.body.prepend(skip);
  place.append(element("div", { class: "buttons", role: "group", "data-word-label": "common.language" }, ...buttons), dark);
  languageButtons(buttons);
  themeButton(dark);
}
