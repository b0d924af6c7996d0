"""The four stages of a run, from where its folder says it stands to its end."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from devserver.my_app.services import safety
from devserver.my_app.services.backends.port import (
    BackendFailed,
    MediaRequest,
    ModerationBlocked,
    NothingProduced,
    NotWanted,
    RunAtWork,
)
from devserver.my_app.services.catalogue import Catalogue
from devserver.my_app.services.errors import ServerError, with_causes
from devserver.my_app.services.interception.interception import Rewrite
from devserver.my_app.services.media_intake import RunIsOver
from devserver.my_app.services.media_sources import MediaDescription
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.output_configs import OutputConfig
from devserver.my_app.services.run_at_work import StoredRunAtWork
from devserver.my_app.services.run_folders import RunNotFound
from devserver.my_app.services.run_metadata import (
    Output,
    RunError,
    RunMetadata,
    RunStatus,
    StageRecord,
    utc_now,
)
from devserver.my_app.services.run_progress import RunProgress
from devserver.my_app.services.worker_pool import WorkerDied

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
_LEFT = (RunNotFound, RunIsOver, NotWanted)
"""The run was cancelled or deleted under way: there is nothing more to do."""
_INTERNAL = RunError(
    code="internal_error", message="Something went wrong inside the server; it is in its log."
)
_GAVE_UP = RunError(
    code="too_many_attempts",
    message=f"This run brought its worker down {MAX_ATTEMPTS} times, so it was given up.",
)


class _Done:
    """An output config of which the media are stored."""


_DONE = _Done()


class Pipeline:
    """Takes runs through stages 1 to 4. Keeps nothing of any run: the folder is the state."""

    def __init__(
        self,
        storage: MediaStorageService,
        catalogue: Catalogue,
        rewrite: Rewrite,
        progress: RunProgress,
    ) -> None:
        self._storage = storage
        self._progress = progress
        self._catalogue = catalogue
        self._rewrite = rewrite

    def work(self, run_id: str) -> None:
        """Bring the run to its end, whatever that is; raises nothing a run can cause.

        Stages already on record are not repeated. A run that ends its worker is tried
        MAX_ATTEMPTS times.
        """
        try:
            while not self._attempt(run_id):
                logger.warning("run %s brought its worker down and is tried again", run_id)
        except _LEFT as error:
            logger.info("run %s was left: %s", run_id, error)

    def _attempt(self, run_id: str) -> bool:
        """Work on the run; False when its worker process died on it."""
        run = self._storage.get_metadata(run_id)
        if run.attempts >= MAX_ATTEMPTS:
            self._storage.finish_run(run_id, "failed", _GAVE_UP)
            return True
        run = self._storage.begin_attempt(run_id)
        try:
            run = self._stages_1_to_3(run)
            self._stage_4(run)
        except _LEFT:
            raise
        except WorkerDied:
            return False
        except ServerError as error:
            logger.warning("run %s failed: %s", run_id, with_causes(error))
            self._storage.finish_run(run_id, "failed", _run_error(error))
        except Exception:
            # Whatever nobody thought of ends this run, said so in its folder, and no other.
            logger.exception("run %s failed inside the server", run_id)
            self._storage.finish_run(run_id, "failed", _INTERNAL)
        return True

    def _stages_1_to_3(self, run: RunMetadata) -> RunMetadata:
        """Check, rewrite, check again; one write, since all of it takes but milliseconds."""
        if run.transformed_text is not None:
            return run
        before = safety.check_text(1, run.input_text)
        rewriting = self._rewrite(run, self._catalogue.schema(run.schema_id or ""))
        text = rewriting[-1].output or ""
        after = safety.check_text(3, text)
        return self._storage.save_transformed_text(run.run_id, text, [before, *rewriting, after])

    def _stage_4(self, run: RunMetadata) -> None:
        if run.request.output_type == "text":
            self._storage.finish_run(run.run_id, "success")
            return
        failures = [result for result in self._make_all(run) if isinstance(result, RunError)]
        if not failures:
            self._storage.finish_run(run.run_id, "success")
        elif self._storage.get_metadata(run.run_id).outputs_of(run.request.output_type):
            self._storage.finish_run(run.run_id, "partial", failures[0])
        else:
            refused = [error for error in failures if error.code == ModerationBlocked.code]
            status: RunStatus = "blocked" if refused else "failed"
            self._storage.finish_run(run.run_id, status, (refused or failures)[0])

    def _make_all(self, run: RunMetadata) -> list[_Done | RunError]:
        """The result of each output config, in their order; different backends work side by side.

        Each backend makes its own configs one after the other, so that it is not asked for more at
        once than by other runs.
        """
        by_backend: dict[str | None, list[str]] = {}
        for config_id in run.request.output_configs:
            config = self._catalogue.output_configs.get(config_id)
            by_backend.setdefault(config.backend if config else None, []).append(config_id)
        results: dict[str, _Done | RunError] = {}

        def make_in_turn(config_ids: list[str]) -> None:
            for config_id in config_ids:
                results[config_id] = _result_on_record(run, config_id) or self._make(run, config_id)

        if len(by_backend) == 1:
            make_in_turn(list(run.request.output_configs))
        else:
            with ThreadPoolExecutor(len(by_backend)) as threads:
                list(threads.map(make_in_turn, by_backend.values()))
        return [results[config_id] for config_id in run.request.output_configs]

    def _make(self, run: RunMetadata, config_id: str) -> _Done | RunError:
        """Make and store the media of one output config, and put on record what came of it."""
        started_at, started = utc_now(), time.monotonic()
        at_work = StoredRunAtWork(self._storage, self._progress, run.run_id, config_id)
        failure: RunError | None = None
        filenames: list[str] = []
        backend_name: str | None = None
        try:
            config = self._catalogue.output_config(config_id)
            backend_name = config.backend
            filenames = self._make_and_store(run, config, at_work)
        except (*_LEFT, WorkerDied):
            raise
        except ServerError as error:
            logger.warning("run %s, %s failed: %s", run.run_id, config_id, with_causes(error))
            failure = _run_error(error, stage=4)
        self._storage.record_stage(
            run.run_id,
            StageRecord(
                stage=4,
                step="media",
                status="failed" if failure else "done",
                input=run.transformed_text,
                backend=backend_name,
                config=config_id,
                started_at=started_at,
                duration_seconds=round(time.monotonic() - started, 6),
                details={"error": failure.model_dump()} if failure else {"outputs": filenames},
            ),
            at_work.job_states,
        )
        return failure or _DONE

    def _make_and_store(
        self, run: RunMetadata, config: OutputConfig, at_work: RunAtWork
    ) -> list[str]:
        request = MediaRequest(
            run_id=run.run_id,
            config=config,
            prompt=run.transformed_text or "",
            input_text=run.input_text,
            seed=run.request.seed or 0,
            picture=self._catalogue.schema(run.schema_id or "").picture.model_dump(),
            run=at_work,
        )
        # Outputs of an attempt that a kill cut off are kept, not stored a second time.
        earlier = [output for output in run.outputs if output.config == config.id]
        try:
            descriptions = self._catalogue.backend(config.backend).make(request)
        except BackendFailed as error:
            self._store(run.run_id, error.made, earlier)
            raise
        outputs = self._store(run.run_id, descriptions, earlier)
        if not any(output.type == config.media_type for output in outputs):
            raise NothingProduced(
                f"{config.id} came to its end without making anything of type {config.media_type}."
            )
        return [output.filename for output in outputs]

    def _store(
        self, run_id: str, descriptions: Iterable[MediaDescription], earlier: list[Output]
    ) -> list[Output]:
        return [
            output
            for description in descriptions
            for output in self._storage.add_media(run_id, description, earlier)
        ]


def _result_on_record(run: RunMetadata, config_id: str) -> _Done | RunError | None:
    """What came of an output config in an attempt that was cut off later; None when nothing did."""
    for record in run.stages:
        if record.stage == 4 and record.config == config_id:
            error = record.details.get("error")
            return RunError.model_validate(error) if error else _DONE
    return None


def _run_error(error: ServerError, stage: int | None = None) -> RunError:
    return RunError(code=error.code, message=str(error), stage=stage)
