// Asks the server. Every failure, also a lost network, is an ApiError with the server's code.

import { hasWord, word } from "./words.js";

const PATIENCE_MILLISECONDS = 30000;

/**
 * What went wrong: `code` is the server's, or "offline", "too_slow" or "not_understood";
 * `retryAfter` is in seconds or null, `runId` the run it is about or null.
 */
export class ApiError extends Error {
  constructor(code, message, facts = {}) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.status = facts.status || 0;
    this.retryAfter = facts.retryAfter === undefined ? null : facts.retryAfter;
    this.runId = facts.runId || null;
    this.details = facts.details || null;
  }

  /** Whether the same request may work a little later. */
  get mayPass() {
    // What our server did not say is a proxy's page: behind it the server is just starting again.
    const isProxys = this.code === "not_understood" && this.status >= 500;
    return isProxys || this.status === 0 || this.status === 408 || this.status === 429 || this.status === 503;
  }
}

/** The sentence about `error` for who reads the page. */
export function sentence(error) {
  const key = `common.error.${error.code}`;
  const values = { seconds: error.retryAfter || 10 };
  return hasWord(key) ? word(key, values) : word("common.error.other", values);
}

function retryAfter(response) {
  const said = response.headers.get("Retry-After");
  if (!said) return null;
  const seconds = /^\d+$/.test(said) ? Number(said) : (Date.parse(said) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.min(Math.ceil(seconds), 3600)) : null;
}

/**
 * Ask for `path` and return the JSON answer of a success. `body` is sent as JSON.
 * `patience` is the longest time in milliseconds; `signal` calls it off. Throws ApiError.
 */
export async function ask(path, { method = "GET", body, headers = {}, patience = PATIENCE_MILLISECONDS, signal } = {}) {
  const stop = new AbortController();
  let late = false;
  const clock = setTimeout(() => {
    late = true;
    stop.abort();
  }, patience);
  const callOff = () => stop.abort();
  if (signal) {
    if (signal.aborted) callOff();
    else signal.addEventListener("abort", callOff);
  }
  try {
    const options = { method, headers: { Accept: "application/json", ...headers }, cache: "no-store", signal: stop.signal };
    if (body !== undefined) {
      options.headers["Content-Type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    let response;
    let text;
    try {
      response = await fetch(path, options);
      text = await response.text();
    } catch (error) {
      if (late) throw new ApiError("too_slow", "No answer in time.");
      if (signal && signal.aborted) throw new ApiError("called_off", "Called off.");
      throw new ApiError("offline", String(error));
    }
    let answer = null;
    try {
      answer = text ? JSON.parse(text) : null;
    } catch {
      throw new ApiError("not_understood", "The answer is not JSON.", { status: response.status, retryAfter: retryAfter(response) });
    }
    if (response.ok) return answer;
    throw new ApiError((answer && answer.code) || "not_understood", (answer && answer.error) || "", {
      status: response.status,
      retryAfter: retryAfter(response),
      runId: answer && answer.run_id,
      details: answer && answer.details,
    });
  } finally {
    clearTimeout(clock);
    if (signal) signal.removeEventListener("abort", callOff);
  }
}

/** 128 random bits as hexadecimal digits; works on plain http, too. */
export function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
