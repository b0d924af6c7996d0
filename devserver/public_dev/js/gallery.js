// The researchers' gallery. Logs somebody in and opens the reading room.
//
// A token may come in the address, behind the #: browsers send that part to nobody. It is taken out
// of the address bar and the history before anything is asked of the server.

import { ReadingRoom } from "./gallery/reading-room.js";
import { logIn, logOut, whenSomebodyElse, whoIsThere } from "./gallery/session.js";
import { failure } from "./gallery/shown.js";
import { toolsMenu } from "./gallery/tools-menu.js";
import { framePage } from "./page-frame.js";
import { fill, openWords, whenLanguageChanges, word } from "./words.js";

const by = (id) => document.getElementById(id);
let room = null;
let who = null;

function tokenFromAddress() {
  const said = new URLSearchParams(location.hash.slice(1));
  const token = said.get("token");
  if (token === null) return null;
  history.replaceState(null, "", location.pathname);
  return token;
}

function tell(text) {
  by("news").textContent = text;
}

/** Do something that asks the server; what goes wrong is told. Returns whether it went well. */
async function trying(what) {
  tell("");
  try {
    await what();
    return true;
  } catch (error) {
    tell(failure(error));
    return false;
  }
}

/** The token of the settings has no name that somebody gave it. */
function sayWho() {
  by("name").textContent = who === "environment" ? word("gallery.login.environment") : who || "";
}

function showWho(name) {
  const isThere = name !== null;
  by("login").hidden = isThere;
  document.body.classList.toggle("at-login", !isThere);
  for (const id of ["inside", "who", "for-researchers", "tools-button"]) by(id).hidden = !isThere;
  who = name;
  sayWho();
  if (isThere) {
    room = room || new ReadingRoom(tell);
    room.enter();
  } else if (room) {
    room.leave();
  }
}

async function begin() {
  const token = tokenFromAddress();
  if (token && (await trying(() => logIn(token)))) return;
  const said = by("news").textContent;
  let name = null;
  await trying(async () => {
    name = await whoIsThere();
  });
  if (name === null) showWho(null);
  if (said && !by("news").textContent) tell(said);
}

by("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = by("token").value;
  by("token").value = "";
  const isIn = await trying(() => logIn(token));
  if (!isIn) by("token").focus();
  else by(by("search").hidden ? "main" : "q").focus();
});
by("logout").addEventListener("click", () => trying(logOut));
toolsMenu();
whenSomebodyElse((name) => {
  showWho(name);
  if (name === null) by("token").focus();
});
addEventListener("hashchange", () => {
  if (new URLSearchParams(location.hash.slice(1)).has("token")) begin();
});

openWords()
  .then(() => {
    framePage(by("frame"));
    fill(document);
    // The address behind the # says what is shown, so the way past the header must not change it.
    document.querySelector(".skip").addEventListener("click", (event) => {
      event.preventDefault();
      by("main").focus();
    });
    document.title = word("gallery.title");
    whenLanguageChanges(() => {
      document.title = word("gallery.title");
      sayWho();
      if (room) room.sayAgain();
    });
    return begin();
  })
  .catch(() => tell("Der Server ist gerade nicht zu erreichen. – The server can't be reached just now."));
