// Not a module, so that it runs before the first paint: the remembered look, or the system's.
(function () {
  var choice = null;
  try {
    choice = localStorage.getItem("theme");
  } catch (error) {
    // Storage is forbidden here; the system's look is as good.
  }
  if (choice !== "light" && choice !== "dark") {
    choice = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
  document.documentElement.dataset.theme = choice;
})();
