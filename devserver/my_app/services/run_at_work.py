"""What a backend sees of the run it works for, and how what it says reaches the folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from devserver.my_app.services.backends.port import NotWanted
from devserver.my_app.services.media_intake import RunIsOver, refuse_when_over
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_folders import RunNotFound
from devserver.my_app.services.run_metadata import Job
from devserver.my_app.services.run_progress import PreviewPicture, RunProgress


class StoredRunAtWork:
    """The `RunAtWork` of one output config of one stored run."""

    def __init__(
        self, storage: MediaStorageService, progress: RunProgress, run_id: str, config_id: str
    ) -> None:
        self._storage = storage
        self._progress = progress
        self._run_id = run_id
        self._config_id = config_id
        self.job_states: dict[str, str] = {}
        progress.report(run_id, config=config_id, ahead=None, node=None, step=None, steps=None)

    @property
    def jobs(self) -> Sequence[Job]:
        """The jobs of this config, oldest first."""
        jobs = self._storage.get_metadata(self._run_id).jobs
        return [job for job in jobs if job.config == self._config_id]

    def submitting(self, job: Job, sent: Mapping[str, Any]) -> Job:
        """Store what is sent and the job that says so; durable on return. Raises NotWanted."""
        with _over_means_not_wanted():
            return self._storage.record_submission(self._run_id, job, sent)

    def job_known_as(self, job: Job, job_id: str) -> Job:
        """Write down the id that the service gave to the job, durably. Raises NotWanted."""
        with _over_means_not_wanted():
            return self._storage.record_job_id(self._run_id, job, job_id)

    def job_done(self, job: Job, made: int) -> None:
        """Write down that the job is done and what it brought, durably. Raises NotWanted."""
        with _over_means_not_wanted():
            self._storage.record_job_done(self._run_id, job, made)

    def job_is(self, job: Job, state: str) -> None:
        """Keep what became of a job; it is written with the stage's record.

        A kill before that costs nothing: the job is looked for at its server again.
        """
        self.job_states[job.workflow or ""] = state

    def check_wanted(self) -> None:
        """Raise NotWanted when the run is over, or gone."""
        with _over_means_not_wanted():
            refuse_when_over(self._storage.get_metadata(self._run_id))

    def progress(self, **changes: object) -> None:
        """Say how far the work is."""
        self._progress.report(self._run_id, **changes)

    def preview(self, data: bytes, mime_type: str) -> None:
        """Show a picture of the work as it stands."""
        self._progress.show(self._run_id, PreviewPicture(data, mime_type))

    def warn(self, sentence: str) -> None:
        """Add a warning to the run. Raises NotWanted."""
        with _over_means_not_wanted():
            self._storage.add_warning(self._run_id, sentence)


@contextmanager
def _over_means_not_wanted() -> Iterator[None]:
    try:
        yield
    except (RunIsOver, RunNotFound) as error:
        raise NotWanted("The run is over already, or was deleted.") from error
