// The way of one work to the server and back: it is sent, watched, gone on with, cancelled.

import { ask, sentence } from "../api.js";
import { place, watchRun } from "../run-handler.js";
import { keepWork } from "./tablet.js";

/**
 * The errand of `work`. `hears` is told: changed() (one of the values below), refused(error), calledOff(),
 * gone() (its run was deleted), codeMissing(), lost(isLost); otherWay(order) returns another order where
 * nothing is set up for this one, or null.
 *
 * Of the values one at most says where it stands: `state`, how its run stands as last heard; `refusal`,
 * why the server doesn't take it, an ApiError; `trouble`, why sending it takes a while, { error, seconds }.
 * `needsCode` says that it is sent when the code of the workshop is there.
 */
export function newErrand(work, hears) {
  const calls = new AbortController();
  let watching = null;
  let isStopped = false;

  const errand = {
    state: null,
    refusal: null,
    trouble: null,
    needsCode: false,

    /** Send it, unless that is done, and watch its run. */
    start() {
      if (work.runId) watch();
      else send();
    },

    /** Go on with an edited text; returns what is wrong with it, or null. */
    async goOn(text) {
      let problem = null;
      try {
        const order = { path: `/api/runs/${work.runId}/continue`, body: { text } };
        await place(order, { onTrouble: (error) => hears.lost(error.status === 0), signal: calls.signal });
      } catch (error) {
        // It went on already when an answer got lost on the way.
        if (error.code !== "not_awaiting_edit" && error.code !== "blocked") problem = sentence(error);
        if (error.code === "workshop_code_required") hears.codeMissing();
      } finally {
        hears.lost(false);
      }
      if (!problem && !isStopped) errand.keepEdited(undefined);
      errand.poke();
      return problem;
    },

    /** Keep the text as the child is changing it; undefined when it has gone on. */
    keepEdited(text) {
      work.edited = text;
      work.goesOn = undefined;
      keepWork(work);
    },

    /** Call it off where it is not sent, else end its run; returns what went wrong with that, or null. */
    async cancel() {
      if (errand.needsCode) {
        hears.calledOff();
        return null;
      }
      if (!work.runId) {
        calls.abort();
        return null;
      }
      let problem = null;
      try {
        await ask(`/api/runs/${work.runId}/cancel`, { method: "POST" });
      } catch (error) {
        if (error.code !== "run_is_over") problem = sentence(error);
      }
      errand.poke();
      return problem;
    },

    /** Look at once how its run stands. */
    poke() {
      if (watching) watching.poke();
    },

    /** Watch anew, where the browser may have closed the stream and not said so. */
    watchAgain() {
      if (!watching) return;
      watching.stop();
      watch();
    },

    /** Hear no more of it; what is under way is called off. */
    stop() {
      isStopped = true;
      calls.abort();
      if (watching) watching.stop();
    },
  };

  async function send() {
    errand.refusal = errand.trouble = null;
    errand.needsCode = false;
    hears.changed();
    const onTrouble = (error, seconds) => {
      errand.trouble = { error, seconds };
      hears.lost(error.status === 0);
      hears.changed();
    };
    try {
      work.runId = await place({ ...work.order, key: work.key }, { onTrouble, signal: calls.signal });
    } catch (error) {
      if (!isStopped) fail(error);
      return;
    } finally {
      hears.lost(false);
    }
    errand.trouble = null;
    if (isStopped) return;
    work.order = null;
    keepWork(work);
    watch();
  }

  function fail(error) {
    errand.trouble = null;
    const other = error.code === "backend_not_configured" ? hears.otherWay(work.order) : null;
    if (other) {
      work.order = other;
      keepWork(work);
      send();
    } else if (error.code === "workshop_code_required") {
      errand.needsCode = true;
      errand.trouble = { error };
      hears.changed();
      hears.codeMissing();
    } else if (error.code === "called_off") {
      hears.calledOff();
    } else {
      errand.refusal = error;
      hears.changed();
      hears.refused(error);
    }
  }

  function watch() {
    const hear = (state) => {
      if (state.status === "deleted") {
        hears.gone();
        return;
      }
      errand.state = state;
      hears.changed();
    };
    watching = watchRun(work.runId, hear, hears.lost);
  }

  return errand;
}
