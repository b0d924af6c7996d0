// Asks for the code of the workshop where the server wants one, and says which workshop it is.

import { ask, sentence } from "../api.js";
import { hasWord, word } from "../words.js";

const byId = (id) => document.getElementById(id);

/** `onEntered()` is called when runs can be made. Returns { enter, askForCode }. */
export function codeForm(onEntered) {
  function show({ code_needed: needed, workshop }) {
    byId("workshop-name").hidden = !workshop;
    byId("workshop-name").firstElementChild.textContent = workshop || "";
    byId("code-form").hidden = !needed || Boolean(workshop);
    if (needed && !workshop) return false;
    onEntered();
    return true;
  }

  /** Ask for a code before anything else. */
  function askForCode() {
    byId("code-form").hidden = false;
    byId("idea-form").hidden = true;
    byId("workshop-name").hidden = true;
    byId("code").focus();
  }

  byId("code-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    byId("code-news").textContent = "";
    try {
      show(await ask("/api/workshop", { method: "POST", body: { code: byId("code").value } }));
      byId("code").value = "";
    } catch (error) {
      const wrong = error.code === "workshop_code_wrong" && hasWord("workshop.code.wrong");
      byId("code-news").textContent = wrong ? word("workshop.code.wrong") : sentence(error);
    }
  });
  byId("workshop-name").querySelector("button").addEventListener("click", askForCode);
  return { enter: async () => show(await ask("/api/workshop")), askForCode };
}
