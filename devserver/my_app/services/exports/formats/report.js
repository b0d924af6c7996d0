"use strict";
// Filters and the choice of light or dark. All words it needs stand in the page.
(() => {
  const form = document.querySelector("form.filters");
  const theme = document.querySelector("button.theme");
  if (theme) {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    theme.hidden = false;
    theme.addEventListener("click", () => {
      const now = document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
      document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
    });
  }
  if (!form) return;
  form.hidden = false;
  const runs = [...document.querySelectorAll("article[data-status]")];
  const said = document.querySelector("output.shown");
  const none = document.querySelector("p.none");
  const values = (run, name) => (name === "types" ? run.dataset.types.split(" ").filter(Boolean) : [run.dataset[name]]);
  const plain = text => text.normalize("NFKC").toLowerCase();
  const texts = runs.map(run => plain(run.textContent));
  const names = { types: {}, status: {} };
  for (const term of document.querySelectorAll("#names data")) names[term.dataset.kind][term.value] = term.textContent;
  for (const select of form.querySelectorAll("select")) {
    const found = new Set(runs.flatMap(run => values(run, select.name)).filter(Boolean));
    for (const value of [...found].sort()) {
      const option = document.createElement("option");
      option.value = value;
      option.textContent = names[select.name]?.[value] ?? value;
      select.append(option);
    }
  }
  const apply = () => {
    const words = plain(form.elements.text.value).split(/\s+/).filter(Boolean);
    const wanted = [...form.querySelectorAll("select")].filter(select => select.value);
    let count = 0;
    runs.forEach((run, at) => {
      const fits = words.every(word => texts[at].includes(word))
        && wanted.every(select => values(run, select.name).includes(select.value));
      run.hidden = !fits;
      count += fits;
    });
    said.textContent = said.dataset.words.replace("{}", count).replace("{}", runs.length);
    none.hidden = count > 0 || runs.length === 0;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  apply();
})();
