"""The way of a run through its stages, from where its folder says it stands to its end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from devserver.my_app.services.errors import ServerError, with_causes
from devserver.my_app.services.last_words import LastWords
from devserver.my_app.services.media_stage import RUN_LEFT
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import DISK_FAILURES
from devserver.my_app.services.run_metadata import MetadataUnreadable, RunError, RunMetadata
from devserver.my_app.services.run_queue import LegEnd
from devserver.my_app.services.safety_gate import TextBlocked
from devserver.my_app.services.schema_files import LocalisedText
from devserver.my_app.services.worker_pool import PoolClosed, WorkerDied

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
_INTERNAL = RunError(
    code="internal_error", message="Something went wrong inside the server; it is in its log."
)
_GAVE_UP = RunError(
    code="too_many_attempts",
    message=f"This run was cut off {MAX_ATTEMPTS} times at its work, so it was given up.",
)


class Pipeline:
    """Takes runs through stages 1 to 4. Keeps nothing of any run: the folder is the state.

    An attempt is counted when a worker begins with a run that is `queued`, never for waiting in
    line. It goes on through both steps, until the run is put in line anew: by the next start, or by
    a server that ends in order, which gives it back. A run that ends its worker is tried
    MAX_ATTEMPTS times.

    `text_stages` brings a run to where it waits for an edit or for stage 4, and `are_texts_done`
    says whether it is there; `media_stage` makes its media and returns what failed; `cancel_jobs`
    hears of runs that are given up, whose jobs may still be worked on; `messages` are for children
    whose text a service refuses. Every end is told to `last_words`, so that none is lost to a disk
    that fails.
    """

    def __init__(
        self,
        storage: MediaStorageService,
        text_stages: Callable[[RunMetadata], RunMetadata],
        media_stage: Callable[[RunMetadata], Sequence[RunError]],
        messages: Mapping[str, LocalisedText],
        last_words: LastWords,
        *,
        are_texts_done: Callable[[RunMetadata], bool] = lambda _: False,
        cancel_jobs: Callable[[RunMetadata], None] = lambda _: None,
    ) -> None:
        self._storage = storage
        self._last_words = last_words
        self._messages = messages
        self._text_stages = text_stages
        self._media_stage = media_stage
        self._are_texts_done = are_texts_done
        self.cancel_jobs = cancel_jobs

    def has_texts(self, run: RunMetadata) -> bool:
        """Whether all is on record that `write_texts` would do, so that it can be left out."""
        return self._are_texts_done(run)

    def work(self, run_id: str) -> None:
        """Bring the run to its end, whatever that is, or to its edit."""
        if self.write_texts(run_id) is LegEnd.GOES_ON:
            self.make_media(run_id)

    def write_texts(self, run_id: str) -> LegEnd:
        """Begin an attempt and do stages 1 to 3; a run of text alone is over then.

        Stages already on record are not repeated. Raises nothing that a run causes.
        """
        return self._bring_on(run_id, self._text_step, is_begun=False)

    def make_media(self, run_id: str) -> LegEnd:
        """Do stage 4 of a run whose texts are written, within the attempt begun with them.

        One that was put in line anew since then begins another. Raises nothing that a run causes.
        """
        return self._bring_on(run_id, self._media_step, is_begun=True)

    def _bring_on(
        self, run_id: str, step: Callable[[RunMetadata], LegEnd], *, is_begun: bool
    ) -> LegEnd:
        try:
            while True:
                try:
                    return self._attempt(run_id, step, is_begun=is_begun)
                except PoolClosed:
                    logger.info("run %s goes on at the next start", run_id)
                    return LegEnd.FAILED
                except WorkerDied:
                    logger.warning("run %s brought its worker down and is tried again", run_id)
                    is_begun = False
                except DISK_FAILURES:
                    # The disk failed again while it was looked at what had failed.
                    logger.exception("run %s failed inside the server", run_id)
                    self._last_words.say(run_id, "failed", _INTERNAL)
                    return LegEnd.FAILED
        except RUN_LEFT as error:
            logger.info("run %s was left: %s", run_id, error)
            return LegEnd.FAILED
        except MetadataUnreadable as error:
            # Nothing can be said in a folder that somebody broke.
            logger.warning("run %s was left as it is: %s", run_id, error)
            return LegEnd.FAILED

    def _attempt(
        self, run_id: str, step: Callable[[RunMetadata], LegEnd], *, is_begun: bool
    ) -> LegEnd:
        """Do the step and say in the folder what failed. Raises RUN_LEFT and WorkerDied."""
        try:
            run = self._storage.get_metadata(run_id)
            if run.status == "awaiting_edit":
                return LegEnd.DONE
            if not is_begun or run.status == "queued":
                if run.attempts >= MAX_ATTEMPTS:
                    self._last_words.say(run_id, "failed", _GAVE_UP)
                    self.cancel_jobs(run)
                    return LegEnd.FAILED
                run = self._storage.begin_attempt(run_id)
            return step(run)
        except (*RUN_LEFT, WorkerDied):
            raise
        except TextBlocked as error:
            blocked = RunError(code=error.reason, message=str(error), stage=error.stage)
            self._last_words.say(run_id, "blocked", blocked)
        except ServerError as error:
            logger.warning("run %s failed: %s", run_id, with_causes(error))
            self._end(run_id, _failure(self._storage.get_metadata(run_id), error))
        except Exception:
            # One that was deleted is left, whatever broke when its folder vanished.
            self._storage.get_metadata(run_id)
            # Whatever nobody thought of ends this run, said so in its folder, and no other.
            logger.exception("run %s failed inside the server", run_id)
            self._last_words.say(run_id, "failed", _INTERNAL)
        return LegEnd.FAILED

    def _text_step(self, run: RunMetadata) -> LegEnd:
        run = self._text_stages(run)
        if run.status == "awaiting_edit":
            return LegEnd.DONE
        if run.request.output_type == "text":
            self._last_words.say(run.run_id, "success")
            return LegEnd.DONE
        return LegEnd.GOES_ON

    def _media_step(self, run: RunMetadata) -> LegEnd:
        failures = self._media_stage(run)
        if not failures:
            self._last_words.say(run.run_id, "success")
            return LegEnd.DONE
        if self._storage.get_metadata(run.run_id).outputs_of(run.request.output_type):
            self._last_words.say(run.run_id, "partial", failures[0])
            return LegEnd.DONE
        refused = [error for error in failures if error.code in self._messages]
        self._end(run.run_id, (refused or failures)[0])
        return LegEnd.FAILED

    def _end(self, run_id: str, error: RunError) -> None:
        if error.code not in self._messages:
            self._last_words.say(run_id, "failed", error)
            return
        language = self._storage.get_metadata(run_id).request.language
        message = self._messages[error.code].in_language(language)
        self._last_words.say(run_id, "blocked", error.model_copy(update={"message": message}))


def _failure(run: RunMetadata, error: ServerError) -> RunError:
    """What ended the run, and in which stage, when its last record says that it failed there."""
    last = run.stages[-1] if run.stages else None
    stage = last.stage if last and last.status in ("failed", "blocked") else None
    return RunError(code=error.code, message=str(error), stage=stage)
