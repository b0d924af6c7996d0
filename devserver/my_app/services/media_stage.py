"""Stage 4: every output config of a run is made and stored."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial

from devserver.my_app.services.backends.places import BackendPlaces
from devserver.my_app.services.backends.port import (
    BackendFailed,
    BackendNotConfigured,
    MediaRequest,
    NothingProduced,
    NotWanted,
    RunAtWork,
)
from devserver.my_app.services.catalogue import Catalogue
from devserver.my_app.services.errors import ServerError, with_causes
from devserver.my_app.services.image_check import MediaBlocked
from devserver.my_app.services.media_intake import RunIsOver
from devserver.my_app.services.media_sources import MediaDescription
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.output_configs import OutputConfig
from devserver.my_app.services.run_at_work import StoredRunAtWork
from devserver.my_app.services.run_folders import RunNotFound
from devserver.my_app.services.run_metadata import (
    SUBMITTED,
    Job,
    Output,
    RunError,
    RunMetadata,
    StageRecord,
    utc_now,
)
from devserver.my_app.services.run_progress import RunProgress
from devserver.my_app.services.safety_gate import SafetyGate
from devserver.my_app.services.schemas import InterceptionSchema
from devserver.my_app.services.side_by_side import side_by_side
from devserver.my_app.services.translation import ENGLISH, translation_of
from devserver.my_app.services.worker_pool import WorkerDied

logger = logging.getLogger(__name__)

STEP = "media"
"""The step on record by which an output config is done with."""
RUN_LEFT = (RunNotFound, RunIsOver, NotWanted)
"""The run was cancelled or deleted under way: there is nothing more to do."""


class _Done:
    """An output config of which the media are stored."""


_DONE = _Done()


class MediaStage:
    """Makes the media of runs. Keeps nothing of any run."""

    def __init__(
        self,
        storage: MediaStorageService,
        catalogue: Catalogue,
        gate: SafetyGate,
        progress: RunProgress,
        places: BackendPlaces,
        *,
        let_go: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`let_go` hears, by its id, of a run of one backend that needs nothing of it any more."""
        self._storage = storage
        self._catalogue = catalogue
        self._gate = gate
        self._progress = progress
        self._places = places
        self._let_go = let_go

    def __call__(self, run: RunMetadata) -> list[RunError]:
        """Make what is not on record yet; returns the failures, in the order of the configs.

        Different backends work side by side. Each makes its own configs one after the other, so
        that it is not asked for more at once than by other runs. Raises RUN_LEFT and WorkerDied.
        """
        by_backend: dict[str | None, list[str]] = {}
        for config_id in run.request.output_configs:
            config = self._catalogue.output_configs.get(config_id)
            by_backend.setdefault(config.backend if config else None, []).append(config_id)
        results: dict[str, _Done | RunError] = {}
        last = run.request.output_configs[-1] if len(by_backend) == 1 else None

        def make_in_turn(config_ids: list[str]) -> None:
            for config_id in config_ids:
                results[config_id] = _result_on_record(run, config_id) or self._make(
                    run, config_id, is_last=config_id == last
                )

        if len(by_backend) == 1:
            make_in_turn(list(run.request.output_configs))
        else:
            side_by_side(partial(make_in_turn, config_ids) for config_ids in by_backend.values())
        ordered = [results[config_id] for config_id in run.request.output_configs]
        return [result for result in ordered if isinstance(result, RunError)]

    def cancel_jobs(self, run: RunMetadata) -> None:
        """Let backends stop what they may still be doing for a run that was given up."""
        for job in run.jobs:
            if job.state == SUBMITTED:
                with suppress(BackendNotConfigured):
                    self._catalogue.backend(job.backend).cancel(job)

    def _make(self, run: RunMetadata, config_id: str, *, is_last: bool) -> _Done | RunError:
        """Make and store the media of one output config, and put on record what came of it."""
        started_at, started = utc_now(), time.monotonic()
        at_work = StoredRunAtWork(self._storage, self._progress, run.run_id, config_id)
        failure: RunError | None = None
        filenames: list[str] = []
        backend_name: str | None = None
        prompt = run.transformed_text
        try:
            config = self._catalogue.output_config(config_id)
            backend_name, prompt = config.backend, _prompt(run, config)
            filenames = self._make_and_store(run, config, at_work, is_last=is_last)
        except (*RUN_LEFT, WorkerDied):
            raise
        except MediaBlocked as error:
            self._storage.record_stage(run.run_id, error.record)
            failure = RunError(code=error.code, message=str(error), stage=4)
        except ServerError as error:
            logger.warning("run %s, %s failed: %s", run.run_id, config_id, with_causes(error))
            failure = RunError(code=error.code, message=str(error), stage=4)
        self._storage.record_stage(
            run.run_id,
            StageRecord(
                stage=4,
                step=STEP,
                status="failed" if failure else "done",
                input=prompt,
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
        self, run: RunMetadata, config: OutputConfig, at_work: RunAtWork, *, is_last: bool
    ) -> list[str]:
        # Outputs of an attempt that a kill cut off are kept, not stored a second time.
        earlier = [output for output in run.outputs if output.config == config.id]
        if _are_all_stored(at_work.jobs, earlier):
            return _names_of(earlier, config)
        schema = self._catalogue.schema(run.schema_id or "")
        request = MediaRequest(
            run_id=run.run_id,
            config=config,
            prompt=self._gate.passed_before(run, 3, _prompt(run, config)),
            negative_prompt=_negative_prompt(run, config, schema),
            input_text=self._gate.passed_before(run, 1, run.input_text),
            seed=run.request.seed or 0,
            picture=schema.picture.model_dump(),
            run=at_work,
        )
        try:
            with self._places.place(config.backend, at_work.check_wanted):
                descriptions = self._catalogue.backend(config.backend).make(request)
        except BackendFailed as error:
            self._store(run.run_id, error.made, earlier)
            raise
        if is_last:
            self._let_go(run.run_id)
        return _names_of(self._store(run.run_id, descriptions, earlier), config)

    def _store(
        self, run_id: str, descriptions: Iterable[MediaDescription], earlier: list[Output]
    ) -> list[Output]:
        return [
            output
            for description in descriptions
            for output in self._storage.add_media(run_id, description, earlier)
        ]


def _are_all_stored(jobs: Sequence[Job], outputs: Sequence[Output]) -> bool:
    """Whether the last job brought no more than is stored: only the record of it was cut off."""
    made = jobs[-1].made if jobs else None
    return made is not None and len(outputs) >= made


def _names_of(outputs: Sequence[Output], config: OutputConfig) -> list[str]:
    """The names of what `config` made. Raises NothingProduced."""
    if not any(output.type == config.media_type for output in outputs):
        raise NothingProduced(
            f"{config.id} came to its end without making anything of type {config.media_type}."
        )
    return [output.filename for output in outputs]


def _result_on_record(run: RunMetadata, config_id: str) -> _Done | RunError | None:
    """What came of an output config in an attempt that was cut off later; None when nothing did."""
    for record in run.stages:
        # The look at a picture is a step of stage 4 too, and settles nothing.
        if record.step == STEP and record.config == config_id:
            error = record.details.get("error")
            return RunError.model_validate(error) if error else _DONE
    return None


def _prompt(run: RunMetadata, config: OutputConfig) -> str:
    """The text that the model of `config` gets: in English, where it wants that and there is."""
    english = translation_of(run) if config.prompt_language == ENGLISH else None
    return english or run.transformed_text or ""


def _negative_prompt(run: RunMetadata, config: OutputConfig, schema: InterceptionSchema) -> str:
    """What the config, the schema and the steps of stage 3 want left out, each once."""
    wishes = [
        config.parameters.get("negative_prompt"),
        schema.negative_prompt,
        *(record.details.get("negative_prompt") for record in run.stages if record.stage == 3),
    ]
    return ", ".join(dict.fromkeys(str(wish) for wish in wishes if wish))
