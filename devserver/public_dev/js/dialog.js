// A dialog over the page. Safari knows the element of that name since 15.4 only, so it is made of what all know:
// the page behind is hidden from screen readers, Tab goes round inside, Escape closes.

import { element } from "./elements.js";
import { word } from "./words.js";

const REACHABLE = "a[href], button:not([disabled]), input:not([disabled]), select, textarea, audio, video, [tabindex='0']";

const open = new Set(); // what closes those that are open

/** Close all dialogs, as Escape does. */
export function closeDialogs() {
  for (const close of [...open]) close();
}

/**
 * Open a dialog with the heading `title` (text) and `content` (an element).
 * Returns { close, closed, entitle }: `closed` resolves with what `close(answer)` was given, null for
 * Escape; `entitle(title)` gives it another heading.
 */
export function openDialog(title, content, { wide = false } = {}) {
  const before = document.activeElement;
  const heading = element("h2", { id: "dialog-title", tabindex: "-1" }, title);
  const box = element("div", { class: wide ? "dialog wide" : "dialog", role: "dialog", "aria-modal": "true", "aria-labelledby": "dialog-title" });
  const veil = element("div", { class: "veil" }, box);
  const behind = [...document.body.children].filter((one) => one.getAttribute("aria-hidden") !== "true" && one.tagName !== "SCRIPT");
  let settle;
  const closed = new Promise((resolve) => {
    settle = resolve;
  });

  const cross = element("button", { type: "button", class: "plain cross", "aria-label": word("common.close"), onClick: () => close() }, "×");
  box.append(element("div", { class: "dialog-head" }, heading, cross), content);

  function close(answer = null) {
    if (!veil.isConnected) return;
    open.delete(close);
    document.removeEventListener("keydown", onKey, true);
    veil.remove();
    document.body.classList.remove("behind-dialog");
    for (const one of behind) one.removeAttribute("aria-hidden");
    if (before && before.isConnected) before.focus();
    settle(answer);
  }

  function onKey(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      close();
    } else if (event.key === "Tab") {
      const stops = [...box.querySelectorAll(REACHABLE)].filter((one) => one.offsetParent !== null);
      const [first, last] = [stops[0], stops[stops.length - 1]];
      const inside = stops.includes(document.activeElement);
      if (!first) event.preventDefault();
      else if (event.shiftKey && (!inside || document.activeElement === first)) {
        event.preventDefault();
        last.focus();
      } else if (!event.shiftKey && (document.activeElement === last || !box.contains(document.activeElement))) {
        event.preventDefault();
        first.focus();
      }
    }
  }

  veil.addEventListener("pointerdown", (event) => {
    if (event.target === veil) close();
  });
  for (const one of behind) one.setAttribute("aria-hidden", "true");
  document.body.append(veil);
  open.add(close);
  document.body.classList.add("behind-dialog");
  document.addEventListener("keydown", onKey, true);
  heading.focus();
  const entitle = (text) => {
    heading.textContent = text;
  };
  return { close, closed, entitle };
}

/** Ask a question with the answers `yes` and `no` (texts), below `sentences`. True for yes. */
export async function askWhether(title, sentences, yes, no) {
  const buttons = element(
    "div",
    { class: "buttons" },
    element("button", { type: "button", class: "primary", onClick: () => dialog.close(true) }, yes),
    element("button", { type: "button", onClick: () => dialog.close(false) }, no),
  );
  const dialog = openDialog(title, element("div", {}, ...sentences.map((one) => element("p", {}, one)), buttons));
  return Boolean(await dialog.closed);
}
