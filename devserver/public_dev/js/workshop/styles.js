// The cards of the styles: radios in the form, buttons where another style is chosen.

import { element } from "../elements.js";
import { language, word } from "../words.js";

/** The simple ones first: by age, then by how much there is to understand. */
export function inOrder(schemas) {
  return [...schemas].sort((a, b) => a.minimum_age - b.minimum_age || a.complexity - b.complexity);
}

/** The little picture of a style; one that has none shows its first letter. */
export function stylePicture(schema) {
  const frame = element("span", { class: "picture", "aria-hidden": "true" });
  const image = element("img", { src: `/static/styles/${encodeURIComponent(schema.id)}.webp`, alt: "", width: 240, height: 240, loading: "lazy" });
  image.addEventListener("error", () => image.replaceWith(schema.name[language()].slice(0, 1)));
  frame.append(image);
  return frame;
}

function face(schema, names) {
  return element(
    "span",
    { class: "face" },
    stylePicture(schema),
    element(
      "span",
      { class: "says" },
      element("span", { class: "name", id: names && `${names}-${schema.id}` }, schema.name[language()]),
      element("span", { class: "sentence", id: names && `${names}-${schema.id}-sentence` }, schema.description[language()]),
    ),
  );
}

/** Cards to choose one from in a form, under the name `name`. */
export function styleRadios(schemas, name, chosen) {
  return schemas.map((schema) =>
    element(
      "label",
      { class: "style" },
      element("input", {
        type: "radio",
        name,
        value: schema.id,
        required: true,
        checked: schema.id === chosen,
        // The name names the choice; the sentence only describes it.
        "aria-labelledby": `${name}-${schema.id}`,
        "aria-describedby": `${name}-${schema.id}-sentence`,
      }),
      face(schema, name),
    ),
  );
}

/** Cards to be tapped; `onChoose(schema)` hears which. */
export function styleButtons(schemas, onChoose) {
  const buttons = schemas.map((schema) => element("button", { type: "button", class: "style", onClick: () => onChoose(schema) }, face(schema)));
  return element("div", { class: "styles", role: "group", "aria-label": word("workshop.style") }, ...buttons);
}
