// Starts runs and watches them by run_id. Knows nothing of the page.

import { ApiError, ask } from "./api.js";

const FINAL = ["success", "partial", "blocked", "failed", "cancelled", "deleted"];
const MOST_STREAMS = 2; // a browser opens six connections to a server; pictures need some, too
const SILENCE_MILLISECONDS = 20000; // after so much of it we look ourselves
const LONG_POLL_SECONDS = 20;
const SHORT_POLL_MILLISECONDS = 2500;
const FIRST_PAUSE_MILLISECONDS = 1000;
const LONGEST_PAUSE_MILLISECONDS = 8000;

let streams = 0;

/** A pause that `wake` ends early. */
function nap(milliseconds) {
  let wake;
  const over = new Promise((resolve) => {
    const clock = setTimeout(resolve, milliseconds);
    wake = () => {
      clearTimeout(clock);
      resolve();
    };
  });
  return { over, wake };
}

/** Whether a run with this status changes no more. */
export function isOver(status) {
  return FINAL.includes(status);
}

/**
 * Send `order`, { path, body, key }, until there is an answer; the same key makes one run of it
 * however often it is sent. Returns the run_id. `onTrouble(error, seconds)` hears why it has to be
 * sent again and in how many seconds. Throws ApiError when sending it again would not help.
 */
export async function place(order, { onTrouble = () => {}, signal } = {}) {
  let pause = FIRST_PAUSE_MILLISECONDS;
  for (;;) {
    try {
      const headers = { Prefer: "respond-async" };
      if (order.key) headers["Idempotency-Key"] = order.key;
      return (await ask(order.path, { method: "POST", headers, body: order.body, signal })).run_id;
    } catch (error) {
      // The run that was to be started was blocked, or over, before we heard of it.
      if (error.runId && order.key && error.code !== "run_not_over") return error.runId;
      if (!error.mayPass || error.code === "called_off" || error.code === "backend_not_configured") throw error;
      const seconds = error.retryAfter || pause / 1000;
      onTrouble(error, Math.ceil(seconds));
      const rest = nap(seconds * 1000);
      addEventListener("online", rest.wake, { once: true });
      if (signal) signal.addEventListener("abort", rest.wake, { once: true });
      await rest.over;
      if (signal && signal.aborted) throw new ApiError("called_off", "Called off.");
      pause = Math.min(pause * 2, LONGEST_PAUSE_MILLISECONDS);
    }
  }
}

/**
 * Watch a run to its end. `onState(state)` hears how it stands, whenever that is new; a run that is
 * gone is told as { status: "deleted" }. `onLost(isLost)` hears whether the server can be reached.
 * Returns { stop, poke }; `poke` looks at once, for a tablet that woke up.
 */
export function watchRun(runId, onState, onLost = () => {}) {
  let over = false;
  let source = null;
  let silence = 0;
  let rest = null;
  let polling = false;
  let seen = null;
  const calls = new AbortController();

  function tell(state) {
    if (over || (state.event && state.event === seen)) return;
    seen = state.event || null;
    if (isOver(state.status)) stop();
    onState(state);
  }

  function listenAgainLater() {
    clearTimeout(silence);
    silence = setTimeout(look, SILENCE_MILLISECONDS);
  }

  async function look() {
    try {
      const state = await ask(`/api/runs/${runId}`, { signal: calls.signal });
      onLost(false);
      tell(state);
    } catch (error) {
      fail(error);
    }
    if (!over && source) listenAgainLater();
  }

  function fail(error) {
    if (over || error.code === "called_off") return;
    if (error.status === 404 || error.status === 400) tell({ status: "deleted", run_id: runId });
    else onLost(true);
  }

  function closeStream() {
    if (!source) return;
    source.close();
    source = null;
    streams -= 1;
    clearTimeout(silence);
  }

  function openStream() {
    streams += 1;
    source = new EventSource(`/api/runs/${runId}/events`);
    const hear = (event) => {
      onLost(false);
      listenAgainLater();
      tell(JSON.parse(event.data));
    };
    for (const name of ["state", "progress", "deleted"]) source.addEventListener(name, hear);
    source.onopen = () => onLost(false);
    source.onerror = () => {
      if (over || !source) return;
      // It comes back by itself unless the server refused it.
      if (source.readyState === EventSource.CLOSED) {
        closeStream();
        poll();
      } else look();
    };
    listenAgainLater();
  }

  async function poll() {
    if (polling) return;
    polling = true;
    let pause = FIRST_PAUSE_MILLISECONDS;
    while (!over) {
      const mayWait = seen && streams < MOST_STREAMS;
      const query = mayWait ? `?after=${encodeURIComponent(seen)}&wait=${LONG_POLL_SECONDS}` : "";
      let wait = mayWait ? 0 : SHORT_POLL_MILLISECONDS;
      if (mayWait) streams += 1;
      try {
        const state = await ask(`/api/runs/${runId}${query}`, { signal: calls.signal, patience: (LONG_POLL_SECONDS + 15) * 1000 });
        pause = FIRST_PAUSE_MILLISECONDS;
        onLost(false);
        // The same again at once: the server has no room for waiting.
        if (mayWait && state.event === seen) wait = SHORT_POLL_MILLISECONDS;
        tell(state);
      } catch (error) {
        fail(error);
        wait = error.retryAfter ? error.retryAfter * 1000 : pause;
        pause = Math.min(pause * 2, LONGEST_PAUSE_MILLISECONDS);
      } finally {
        if (mayWait) streams -= 1;
      }
      if (over) break;
      if (wait) {
        rest = nap(wait);
        await rest.over;
      }
    }
    polling = false;
  }

  function stop() {
    if (over) return;
    over = true;
    closeStream();
    calls.abort();
    if (rest) rest.wake();
  }

  function poke() {
    if (over) return;
    if (rest) rest.wake();
    if (source) look();
  }

  if (window.EventSource && streams < MOST_STREAMS) openStream();
  else poll();
  return { stop, poke };
}
