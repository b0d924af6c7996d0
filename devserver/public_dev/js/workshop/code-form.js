// Asks for the code of the workshop where the server wants one, and says which workshop it is.

import { ask, sentence } from "../api.js";
import { hasWord, whenLanguageChanges, word } from "../words.js";

const byId = (id) => document.getElementById(id);

/**
 * `onEntered(byHand)` is called when runs can be made; `byHand` says whether somebody did something
 * for that just now. Returns { enter, askForCode, reset }.
 */
export function codeForm(onEntered) {
  let entered = null; // the workshop whose code this tablet has
  let refused = null; // why the code was not taken, an ApiError

  function show({ code_needed: needed, workshop }, byHand) {
    entered = workshop;
    byId("workshop-name").hidden = !workshop;
    byId("workshop-name").firstElementChild.textContent = workshop || "";
    byId("code-form").hidden = !needed || Boolean(workshop);
    if (!needed || workshop) onEntered(byHand);
  }

  function showRefused(error) {
    refused = error;
    if (!error) byId("code-news").textContent = "";
    else if (error.code === "workshop_code_wrong" && hasWord("workshop.code.wrong")) byId("code-news").textContent = word("workshop.code.wrong");
    else byId("code-news").textContent = sentence(error);
  }

  /** Ask for a code before anything else; with a way back while the old one holds. */
  function askForCode({ mayGoBack = false } = {}) {
    byId("code-form").hidden = false;
    byId("code-back").hidden = !mayGoBack;
    showRefused(null);
    byId("idea-form").hidden = true;
    byId("workshop-name").hidden = true;
    byId("code").focus();
  }

  byId("code-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    showRefused(null);
    try {
      show(await ask("/api/workshop", { method: "POST", body: { code: byId("code").value } }), true);
      byId("code").value = "";
    } catch (error) {
      showRefused(error);
    }
  });
  function goBack() {
    byId("code").value = "";
    show({ code_needed: true, workshop: entered }, true);
  }

  /** For the next child: the code there is holds on, else it is asked for anew. */
  function reset() {
    byId("code").value = "";
    if (byId("code-form").hidden) return;
    if (entered) goBack();
    else askForCode();
  }

  byId("code-back").addEventListener("click", goBack);
  byId("workshop-name").querySelector("button").addEventListener("click", () => askForCode({ mayGoBack: true }));
  whenLanguageChanges(() => showRefused(refused));
  return { enter: async () => show(await ask("/api/workshop"), false), askForCode, reset };
}
