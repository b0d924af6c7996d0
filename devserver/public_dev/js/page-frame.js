// What every page has around it: the link past the header, the languages, light and dark.

import { element } from "./elements.js";
import { themeButton } from "./theme.js";
import { LANGUAGES, languageButtons, word } from "./words.js";

const NAMES = { de: "Deutsch", en: "English" };

/** Put the skip link before all else, and the choices into `place`. The page fills the words. */
export function framePage(place) {
  const skip = element("a", { class: "skip", href: "#main", "data-word": "common.skip" });
  const buttons = LANGUAGES.map((one) =>
    element("button", { type: "button", class: "small", "data-language": one, lang: one }, NAMES[one]),
  );
  const trouble = element("p", { class: "hint trouble", role: "alert" });
  const dark = element("button", { type: "button", class: "small", "data-word": "common.dark" });
  document.body.prepend(skip);
  place.append(element("div", { class: "buttons", role: "group", "data-word-label": "common.language" }, ...buttons), dark, trouble);
  languageButtons(buttons, (isAway) => {
    trouble.textContent = isAway ? word("common.language.not_now") : "";
  });
  themeButton(dark);
}
