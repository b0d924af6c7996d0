// The tools of the header: a row where there is room, else a menu that opens below its button.

const by = (id) => document.getElementById(id);

function open(isOpen) {
  by("for-researchers").classList.toggle("open", isOpen);
  by("tools-button").setAttribute("aria-expanded", String(isOpen));
}

/** Let the button open and close the menu; choosing, Escape and a tap elsewhere close it, too. */
export function toolsMenu() {
  const isOpen = () => by("for-researchers").classList.contains("open");
  by("tools-button").addEventListener("click", () => open(!isOpen()));
  // Before what was chosen opens a dialog: that gives the focus back to where it was, which must still be there.
  by("for-researchers").addEventListener(
    "click",
    (event) => {
      if (!isOpen() || !event.target.closest("button, a")) return;
      open(false);
      by("tools-button").focus();
    },
    true,
  );
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !isOpen()) return;
    event.preventDefault();
    open(false);
    by("tools-button").focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (isOpen() && !event.target.closest("#for-researchers, #tools-button")) open(false);
  });
}
