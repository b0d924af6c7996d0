// The form of the page: an idea, what it shall become, and a style.

import { element, refill } from "../elements.js";
import { word } from "../words.js";
import { styleRadios } from "./styles.js";

const byId = (id) => document.getElementById(id);
const FIRST_STYLES = 8;

/**
 * The form with `schemas` and `types` to choose from. What is in it is
 * { idea, rules, schema, type, lookFirst }. Returns { fill, written, isComplete, clear }.
 */
export function ideaForm(schemas, types) {
  let showsAll = false;

  function chosen(name) {
    const field = byId("idea-form").querySelector(`input[name="${name}"]:checked`);
    return field ? field.value : null;
  }

  function askForRules() {
    const schema = schemas.find((one) => one.id === chosen("schema"));
    const needed = Boolean(schema && schema.needs_context);
    byId("own-rules").hidden = !needed;
    byId("rules").disabled = !needed;
  }

  function showStyles(choice) {
    const place = schemas.findIndex((schema) => schema.id === choice);
    const all = showsAll || place >= FIRST_STYLES || schemas.length <= FIRST_STYLES + 1;
    const seen = all ? schemas : schemas.slice(0, FIRST_STYLES);
    refill(byId("styles"), ...styleRadios(seen, "schema", choice));
    byId("more-styles").hidden = all;
    byId("more-styles").textContent = word("workshop.more_styles", { count: schemas.length });
    askForRules();
  }

  function showTypes(choice) {
    const cards = types.map((type) =>
      element(
        "label",
        { class: "medium" },
        element("input", { type: "radio", name: "type", value: type, required: true, checked: type === choice }),
        element("span", { class: "face" }, element("span", { class: `icon icon-${type}`, "aria-hidden": "true" }), word(`workshop.type.${type}`)),
      ),
    );
    refill(byId("media"), ...cards);
  }

  /** Fill it in, in the words of the page's language; what is not given is as at first. */
  function fill({ idea, rules, schema, type, lookFirst }) {
    byId("idea").value = idea || "";
    byId("rules").value = rules || "";
    byId("look-first").checked = Boolean(lookFirst);
    showStyles(schemas.some((one) => one.id === schema) ? schema : schemas[0].id);
    showTypes(types.includes(type) ? type : types[0]);
  }

  function written() {
    return {
      idea: byId("idea").value,
      rules: byId("rules").value,
      schema: chosen("schema"),
      type: chosen("type"),
      lookFirst: byId("look-first").checked,
    };
  }

  /** Whether nothing is missing; else the browser says what. */
  function isComplete() {
    byId("idea").setCustomValidity(byId("idea").value.trim() ? "" : word("workshop.idea.missing"));
    return byId("idea-form").reportValidity();
  }

  /** As it was before the first child. */
  function clear() {
    byId("idea").setCustomValidity("");
    showsAll = false;
    fill({});
  }

  byId("idea").addEventListener("input", () => byId("idea").setCustomValidity(""));
  byId("styles").addEventListener("change", askForRules);
  byId("more-styles").addEventListener("click", () => {
    showsAll = true;
    showStyles(chosen("schema"));
    byId("styles").children[FIRST_STYLES].querySelector("input").focus();
  });
  return { fill, written, isComplete, clear };
}
