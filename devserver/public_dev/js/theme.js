// Light or dark: the system's choice until somebody chooses; then that is remembered.

const system = matchMedia("(prefers-color-scheme: dark)");

function remembered() {
  try {
    return localStorage.getItem("theme");
  } catch {
    return null;
  }
}

/** "light" or "dark", as it is shown now. */
export function theme() {
  return document.documentElement.dataset.theme;
}

/** Show the page in `choice` ("light" or "dark") from now on, also after a reload. */
function chooseTheme(choice) {
  document.documentElement.dataset.theme = choice;
  try {
    localStorage.setItem("theme", choice);
  } catch {
    // It holds until the page is left.
  }
}

/** Let `button` change between light and dark; aria-pressed says whether it is dark. */
export function themeButton(button) {
  const show = () => button.setAttribute("aria-pressed", String(theme() === "dark"));
  button.addEventListener("click", () => {
    chooseTheme(theme() === "dark" ? "light" : "dark");
    show();
  });
  // Older Safari knows addListener only.
  const follow = () => {
    if (!remembered()) document.documentElement.dataset.theme = system.matches ? "dark" : "light";
    show();
  };
  if (system.addEventListener) system.addEventListener("change", follow);
  else system.addListener(follow);
  show();
}
