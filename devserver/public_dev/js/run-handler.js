// Posts a text, watches its run by run_id, and tells how it stands. Knows nothing of the page.

const WATCH_MILLISECONDS = 700;
const SLOWEST_WATCH_MILLISECONDS = 5000;
const FINAL = new Set(["success", "partial", "blocked", "failed", "cancelled"]);

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Start a run; returns its run_id. Throws an Error with a sentence for a person. */
export async function startRun(request) {
  const response = await fetch("/api/schema/pipeline/execute", {
    method: "POST",
    headers: { "Content-Type": "application/json", Prefer: "respond-async" },
    body: JSON.stringify(request),
  });
  const answer = await response.json();
  if (!answer.run_id) throw Object.assign(new Error(answer.error), { code: answer.code });
  return answer.run_id;
}

/**
 * Watch a run to its end; `onChange(state)` hears of each new state. Lost Wi-Fi only slows it down.
 * Resolves with the last state.
 */
export async function watchRun(runId, onChange) {
  let wait = WATCH_MILLISECONDS;
  for (;;) {
    try {
      const response = await fetch(`/api/runs/${runId}`, { cache: "no-store" });
      const state = await response.json();
      if (response.status >= 400 && response.status < 500) throw Object.assign(new Error(state.error), { final: true });
      if (response.ok) {
        onChange(state);
        if (FINAL.has(state.status)) return state;
        wait = WATCH_MILLISECONDS;
      }
    } catch (error) {
      if (error.final) throw error;
      wait = Math.min(wait * 2, SLOWEST_WATCH_MILLISECONDS);
    }
    await pause(wait);
  }
}
