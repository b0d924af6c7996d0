import { startRun, watchRun } from "./run-handler.js";
import { askForWorkshop, enterWorkshop } from "./workshop-code.js";

const element = (id) => document.getElementById(id);
const REMEMBERED_RUN = "run";
const SENTENCES = { too_many_requests: "Das war sehr viel auf einmal. Warte einen Moment und versuche es dann noch einmal." };

async function showStyles() {
  const { schemas } = await (await fetch("/api/schema/schemas")).json();
  for (const schema of schemas) {
    const label = document.createElement("label");
    label.className = "style";
    const choice = document.createElement("input");
    choice.type = "radio";
    choice.name = "schema";
    choice.value = schema.id;
    choice.required = true;
    choice.checked = schema.id === "dada";
    choice.dataset.needsRules = schema.needs_context;
    const name = document.createElement("span");
    name.id = `${schema.id}-name`;
    name.textContent = schema.name.de;
    const sentence = document.createElement("small");
    sentence.id = `${schema.id}-sentence`;
    sentence.textContent = schema.description.de;
    // The name names the choice; the sentence only describes it.
    choice.setAttribute("aria-labelledby", name.id);
    choice.setAttribute("aria-describedby", sentence.id);
    label.append(choice, name, sentence);
    element("styles").append(label);
  }
}

function askForRules() {
  const needed = document.querySelector("#styles :checked")?.dataset.needsRules === "true";
  element("own-rules").hidden = !needed;
  element("rules").disabled = !needed;
}

function tell(state) {
  if (state.transformed_text) {
    element("result").hidden = false;
    element("transformed").textContent = state.transformed_text;
  }
  if (state.status === "queued") {
    element("news").textContent = `Du bist Nummer ${state.place_in_queue ?? 1} in der Reihe …`;
  } else if (state.status === "running") {
    element("news").textContent = state.transformed_text ? about(state.progress) : "Dein Text wird verwandelt …";
    if (state.progress?.preview) element("picture").src = `${state.progress.preview}?after=${Date.now()}`;
  }
}

function about(progress) {
  if (progress?.ahead) return `Vor dir werden noch ${progress.ahead} Bilder gemacht …`;
  if (progress?.steps) return `Dein Bild wird gemacht: Schritt ${progress.step} von ${progress.steps} …`;
  return "Dein Bild wird gemacht …";
}

function showEnd(state) {
  const picture = state.outputs.find((output) => output.type === "image");
  if (!picture) {
    element("news").textContent = state.error?.message ?? "Es ist kein Bild entstanden.";
    return;
  }
  element("news").textContent = "Fertig!";
  element("picture").src = picture.url;
  element("picture").alt = `Bild zu: ${state.input_text}`;
  element("credit").textContent = [picture.credit, picture.backend === "atelier" ? "Collage aus dem Atelier, ohne KI-Modell" : null]
    .filter(Boolean).join(" · ");
}

async function follow(runId) {
  const button = element("idea").querySelector("button");
  button.disabled = true;
  sessionStorage.setItem(REMEMBERED_RUN, runId);
  try {
    showEnd(await watchRun(runId, tell));
  } catch (error) {
    element("news").textContent = error.message;
  } finally {
    button.disabled = false;
  }
}

element("idea").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.target.querySelector("button");
  if (button.disabled) return;
  button.disabled = true;
  element("result").hidden = true;
  element("picture").removeAttribute("src");
  element("credit").textContent = "";
  element("news").textContent = "Einen Moment …";
  try {
    const request = {
      schema: new FormData(event.target).get("schema"),
      input_text: element("text").value,
      language: "de",
      context: element("rules").disabled ? null : element("rules").value,
    };
    await follow(await startRun(request));
  } catch (error) {
    if (error.code === "workshop_code_required") askForWorkshop();
    element("news").textContent = (SENTENCES[error.code] ?? error.message) || "Der Server ist gerade nicht zu erreichen.";
  } finally {
    button.disabled = false;
  }
});

element("styles").addEventListener("change", askForRules);

async function begin() {
  await Promise.all([showStyles(), enterWorkshop()]);
  const remembered = sessionStorage.getItem(REMEMBERED_RUN);
  if (remembered) await follow(remembered);
}

begin();
