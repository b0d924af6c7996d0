// Logs a researcher in. A token may come in the address, behind the #: browsers send that part to
// nobody. It is taken out of the address bar and the history before anything is asked of the server.

const element = (id) => document.getElementById(id);
const SENTENCES = {
  login_failed: "Dieser Token stimmt nicht.",
  too_many_guesses: "Das war zu oft falsch. Warte einen Moment und versuche es dann noch einmal.",
};
let csrfToken = null;

function tokenFromAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (location.hash) history.replaceState(null, "", location.pathname);
  return token;
}

function show({ name, csrf_token: word }) {
  csrfToken = word;
  element("login").hidden = name !== null;
  element("inside").hidden = name === null;
  element("name").textContent = name ?? "";
}

async function ask(path, options = {}) {
  element("news").textContent = "";
  try {
    const response = await fetch(path, { cache: "no-store", ...options });
    const answer = await response.json();
    if (response.ok) return answer;
    element("news").textContent = SENTENCES[answer.code] ?? answer.error;
  } catch {
    element("news").textContent = "Der Server ist gerade nicht zu erreichen.";
  }
  return null;
}

async function logIn(token) {
  const answer = await ask("/api/login", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token }),
  });
  if (answer) show(answer);
  return answer !== null;
}

element("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = element("token").value;
  element("token").value = "";
  await logIn(token);
});

element("logout").addEventListener("click", async () => {
  const answer = await ask("/api/logout", { method: "POST", headers: { "X-CSRF-Token": csrfToken } });
  show(answer ?? { name: null, csrf_token: null });
});

async function begin() {
  const token = tokenFromAddress();
  if (token && (await logIn(token))) return;
  const said = element("news").textContent;
  show((await ask("/api/login")) ?? { name: null, csrf_token: null });
  element("news").textContent ||= said;
}

addEventListener("hashchange", begin);
begin();
