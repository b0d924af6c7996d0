// Asks for the code of the workshop where the server wants one, and says which workshop it is.

const element = (id) => document.getElementById(id);
const SENTENCES = {
  workshop_code_wrong: "Dieser Code stimmt nicht. Schau noch einmal nach.",
  too_many_guesses: "Das war zu oft falsch. Warte einen Moment und versuche es dann noch einmal.",
};

/** Find out whether a code is needed, and ask for it if there is none yet. */
export async function enterWorkshop() {
  show(await (await fetch("/api/workshop", { cache: "no-store" })).json());
}

/** Ask for a code before anything else. */
export function askForWorkshop() {
  element("workshop").hidden = false;
  element("idea").hidden = true;
  element("workshop-name").hidden = true;
  element("code").focus();
}

function show({ code_needed: needed, workshop }) {
  if (needed && !workshop) return askForWorkshop();
  element("workshop").hidden = true;
  element("idea").hidden = false;
  element("workshop-name").hidden = !workshop;
  element("workshop-name").firstElementChild.textContent = workshop ?? "";
}

element("workshop").addEventListener("submit", async (event) => {
  event.preventDefault();
  element("workshop-news").textContent = "";
  try {
    const response = await fetch("/api/workshop", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ code: element("code").value }),
    });
    const answer = await response.json();
    if (response.ok) {
      element("code").value = "";
      show(answer);
    } else {
      element("workshop-news").textContent = SENTENCES[answer.code] ?? answer.error;
    }
  } catch {
    element("workshop-news").textContent = "Der Server ist gerade nicht zu erreichen.";
  }
});

element("workshop-name").querySelector("button").addEventListener("click", askForWorkshop);
