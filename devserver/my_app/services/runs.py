"""Starting runs and asking how they stand; what the routes call."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Literal

from devserver.config import SafetyLevel
from devserver.my_app.services.backends.port import BackendNotConfigured
from devserver.my_app.services.catalogue import Catalogue
from devserver.my_app.services.disk_space import DiskSpace
from devserver.my_app.services.durable_files import StorageFull
from devserver.my_app.services.edit_deadline import EditDeadline
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.idempotency import IdempotencyKeys, Note, RequestKey
from devserver.my_app.services.media_stage import STEP as MEDIA
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.metrics import Metrics
from devserver.my_app.services.output_configs import OutputConfig
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_metadata import (
    OutputType,
    RunMetadata,
    RunRequest,
    StageRecord,
)
from devserver.my_app.services.run_queue import Leg, Outlook, RunQueue, Way
from devserver.my_app.services.run_watch import RunWatch
from devserver.my_app.services.safety import raised_to_floor
from devserver.my_app.services.schemas import InterceptionSchema
from devserver.my_app.services.text_stages import EDIT
from devserver.my_app.services.waiting_room import IsGone, is_there

logger = logging.getLogger(__name__)

MAX_SEED = 2**53 - 1
TEXT_LANE = "text"
"""The lane of the stages 1 to 3. All runs pass it first; then comes the lane of their backend."""

_LAST_RUNS = 100
"""So many of the runs before a start say how long the next ones will take."""


class ContextRequired(ServerError):
    """The schema needs rules of one's own, and none came with the request."""

    code = "context_required"


class OutputTypeConflict(ServerError):
    """The output type asked for and the output configs named don't go together."""

    code = "output_type_conflict"


@dataclass(frozen=True)
class NewRun:
    """What a client asks for, already validated in form."""

    schema: str
    input_text: str
    execution_mode: Literal["eco", "fast"] = "eco"
    safety_level: SafetyLevel = "kids"
    user_id: str | None = None
    output_configs: tuple[str, ...] = ()
    output_type: OutputType | None = None
    seed: int | None = None
    language: Literal["de", "en"] | None = None
    context: str | None = None
    awaits_edit: bool = False
    is_researcher: bool = False
    unknown_fields: tuple[str, ...] = ()
    origin: str | None = None
    device: str = ""
    """Whose run it is, for the queue; stored nowhere."""
    workshop: str | None = None
    """The label of the workshop it belongs to, by its code."""


class Runs:
    """Starts runs, waits for them, and takes up those that a stop of the server left behind."""

    def __init__(
        self,
        storage: MediaStorageService,
        catalogue: Catalogue,
        queue: RunQueue,
        watch: RunWatch,
        edit_deadline: EditDeadline,
        *,
        disk: DiskSpace,
        metrics: Metrics,
        keys: IdempotencyKeys,
        safety_floor: SafetyLevel,
        has_texts: Callable[[RunMetadata], bool],
        cancel_jobs: Callable[[RunMetadata], None],
    ) -> None:
        """`has_texts` says whether all of a run but stage 4 is on record; `cancel_jobs` lets
        backends stop what they do for a run."""
        self._storage = storage
        self._catalogue = catalogue
        self._queue = queue
        self._watch = watch
        self._edit_deadline = edit_deadline
        self._disk = disk
        self._metrics = metrics
        self._keys = keys
        self._safety_floor = safety_floor
        self._has_texts = has_texts
        self._cancel_jobs = cancel_jobs

    def start(
        self,
        new: NewRun,
        *,
        key: RequestKey | None = None,
        admit: Callable[[], None] = lambda: None,
    ) -> RunMetadata:
        """Make the run's folder and queue the run; with a key that came before, give its run.

        `admit` is called before a new run is made, when nothing else stands in its way. Nothing is
        stored when it raises: SchemaNotFound, ContextRequired, OutputConfigNotFound,
        OutputTypeConflict, BackendNotConfigured, QueueFull, StorageNearlyFull, StorageFull,
        IdempotencyKeyReused, and whatever `admit` raises.
        """
        if key is None:
            return self._start(new, admit)
        run_id = self._keys.once(key, lambda note: self._start(new, admit, note))
        return self._storage.get_metadata(run_id)

    def _start(
        self, new: NewRun, admit: Callable[[], None], note: Note | None = None
    ) -> RunMetadata:
        schema = self._catalogue.schema(new.schema)
        if schema.needs_context and not (new.context or "").strip():
            raise ContextRequired("This style needs rules of your own, as context.")
        output_type, configs = self._what_to_make(new, schema)
        self._queue.check_room()
        self._disk.check_room()
        admit()
        level, warning = raised_to_floor(
            new.safety_level, self._safety_floor, is_researcher=new.is_researcher
        )
        run_id = new_run_id()
        if note:
            note(run_id)
        run = self._storage.create_run(
            run_id=run_id,
            schema=new.schema,
            input_text=new.input_text,
            execution_mode=new.execution_mode,
            safety_level=level,
            user_id=new.user_id,
            workshop=new.workshop,
            request=RunRequest(
                output_configs=tuple(config.id for config in configs),
                output_type=output_type,
                seed=secrets.randbelow(MAX_SEED + 1) if new.seed is None else new.seed,
                language=new.language,
                context=new.context,
                awaits_edit=new.awaits_edit,
            ),
            warnings=[*([warning] if warning else []), *_about_unknown(new.unknown_fields)],
            origin=new.origin,
        )
        self._queue.put(run.run_id, self._way_of(run), device=new.device)
        return run

    def wait(self, run_id: str, seconds: float, is_gone: IsGone = is_there) -> RunMetadata:
        """The run at its end, or as it stands after `seconds`, or when who waits is gone.

        Raises RunNotFound.
        """
        return self._watch.wait(run_id, seconds, is_gone)

    def end_waits(self) -> None:
        """Let everybody go who waits for a run, with how it stands."""
        self._watch.close()

    def continue_with(self, run_id: str, text: str, *, device: str = "") -> RunMetadata:
        """Take a run that waits for its text up again, with the text as it was edited.

        The edit is a step on record, also where nothing was changed. Raises RunNotFound,
        NotAwaitingEdit, QueueFull, StorageFull.
        """
        self._queue.check_room()
        before = self._storage.get_metadata(run_id).transformed_text
        edit = StageRecord(
            stage=2,
            step=EDIT,
            status="passed" if text == before else "edited",
            input=before,
            output=text,
            backend=None,
        )
        run = self._storage.continue_with(run_id, text, edit)
        self._queue.put(run_id, self._way_of(run), device=device)
        return run

    def cancel(self, run_id: str) -> RunMetadata:
        """End the run as `cancelled`; it keeps what it has, and its worker leaves it.

        Raises RunNotFound, RunIsOver.
        """
        outlook = self._queue.outlook(run_id)
        run = self._storage.finish_run(run_id, "cancelled")
        self._queue.withdraw(run_id)
        if outlook and outlook.place is not None:
            # No worker is there to do it, and an earlier server may have sent some.
            self._cancel_jobs(run)
        return run

    def outlook(self, run_id: str) -> Outlook | None:
        """Its place in the queue and how long it probably takes; None when it is at rest."""
        return self._queue.outlook(run_id)

    def take_up_unfinished(self, over: Container[str] = ()) -> int:
        """Queue every run that was waiting or under way when the server stopped; returns how many.

        Runs that wait for an edit go on waiting, until their time is up. Whose runs they are is
        stored nowhere, so each is queued as a device of its own. The folders of runs that are known
        to be `over` aren't read.
        """
        settled = map(self._settled, self._storage.unfinished_runs(over))
        taken_up = [run for run in settled if run is not None]
        for run in taken_up:
            self._metrics.taken_up(run)
            if run.status == "awaiting_edit":
                self._edit_deadline.heard(run)
            else:
                self._queue.put(run.run_id, self._way_left(run))
        self._learn_from_the_last_runs()
        return len(taken_up)

    def close(self, patience_seconds: float) -> None:
        """Start no more runs, give those under way some time to end, and set down the others.

        They go on at the next start, and none has lost an attempt by this.
        """
        for run_id in self._queue.close(patience_seconds):
            try:
                self._storage.set_down(run_id)
            except (ServerError, OSError) as error:
                logger.info("run %s was not set down: %s", run_id, error)

    def _settled(self, run: RunMetadata) -> RunMetadata | None:
        """The run, put right; None where it can't be taken up. No run keeps the server down."""
        try:
            return self._storage.settle(run.run_id)
        except StorageFull as error:
            # What is stored can be looked at all the same, and room be made.
            logger.warning("run %s was not put right: %s", run.run_id, error)
            return run
        except (ServerError, OSError) as error:  # removed by hand at this moment, or unreadable
            logger.warning("run %s was not taken up: %s", run.run_id, error)
            return None

    def _learn_from_the_last_runs(self) -> None:
        runs, _ = self._storage.list_runs(limit=_LAST_RUNS)
        for run in runs:
            if run.status == "success":
                texts, *media = self._way_of(run)
                self._queue.learn(texts, _seconds(run, lambda step: step.stage < 4))
                for leg in media:
                    self._queue.learn(leg, _seconds(run, lambda step: step.step == MEDIA))

    def _way_left(self, run: RunMetadata) -> Way:
        """Without the texts, where they are on record: it waits for its backend only.

        One still `running`, since there was no room to say otherwise, begins at the beginning, so
        that its attempt is counted.
        """
        texts, *media = self._way_of(run)
        if media and run.status == "queued" and self._has_texts(run):
            return tuple(media)
        return (texts, *media)

    def _way_of(self, run: RunMetadata) -> Way:
        """The texts, and the backend of the first output config where its turn comes, too.

        Of several backends it is the first whose line counts; the others have their own limits.
        """
        texts = Leg(TEXT_LANE, f"{run.execution_mode} {run.schema_id}")
        is_edited = any(record.step == EDIT for record in run.stages)
        if run.request.output_type == "text" or (run.request.awaits_edit and not is_edited):
            return (texts,)
        configs = run.request.output_configs
        first = self._catalogue.output_configs.get(next(iter(configs), ""))
        # Without its config, which somebody took away, the run will fail at once.
        return (texts, Leg(first.backend if first else "no backend", " ".join(configs)))

    def _what_to_make(
        self, new: NewRun, schema: InterceptionSchema
    ) -> tuple[OutputType, list[OutputConfig]]:
        configs = [self._catalogue.output_config(config_id) for config_id in new.output_configs]
        output_type = new.output_type or (configs[0].media_type if configs else "image")
        if configs and output_type not in {config.media_type for config in configs}:
            raise OutputTypeConflict(
                f"None of the output configs named makes the output type {output_type}."
            )
        if not configs and output_type != "text":
            wished = schema.default_outputs.get(output_type)
            configs = [
                self._catalogue.default_output_config(new.execution_mode, output_type, wished)
            ]
        for config in configs:
            reason = self._catalogue.unavailable_because(config)
            if reason:
                raise BackendNotConfigured(reason, details={"output_config": config.id})
        return output_type, configs


def _seconds(run: RunMetadata, counts: Callable[[StageRecord], bool]) -> float:
    return sum(step.duration_seconds for step in run.stages if counts(step))


def _about_unknown(fields: tuple[str, ...]) -> list[str]:
    return [f"The field {name[:60]!r} is not known and was ignored." for name in fields[:10]]
