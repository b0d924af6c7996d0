// Who is logged in, and asking the server as that researcher.

import { ApiError, ask } from "../api.js";

let name = null;
let csrfToken = null;
const listeners = [];

function learn(answer) {
  const changed = name !== answer.name;
  ({ name, csrf_token: csrfToken } = answer);
  if (changed) for (const listener of listeners) listener(name);
}

/** Have `listener(name)` called when somebody logs in or (name null) is logged in no longer. */
export function whenSomebodyElse(listener) {
  listeners.push(listener);
}

/** Ask the server who is logged in; returns the name of the token, or null. Throws ApiError. */
export async function whoIsThere() {
  learn(await ask("/api/login"));
  return name;
}

/** Log in with a token. Throws ApiError. */
export async function logIn(token) {
  learn(await ask("/api/login", { method: "POST", body: { token } }));
}

/** End the session, also when the server doesn't know it any more. Throws ApiError. */
export async function logOut() {
  await askAsResearcher("/api/logout", { method: "POST" }).catch((error) => {
    if (error.status !== 401) throw error;
  });
  learn({ name: null, csrf_token: null });
}

/** As `ask`, with what a change needs beside the cookie. A session that is over is noticed. */
export async function askAsResearcher(path, options = {}) {
  const changes = options.method && options.method !== "GET";
  const headers = changes ? { ...options.headers, "X-CSRF-Token": csrfToken || "" } : options.headers;
  try {
    return await ask(path, { ...options, headers });
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) learn({ name: null, csrf_token: null });
    throw error;
  }
}
