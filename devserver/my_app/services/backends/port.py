"""What stage 4 asks of a backend, what it may ask back, and the ways in which it can fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from devserver.my_app.services.checked_text import CheckedText
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.media_sources import MediaDescription
from devserver.my_app.services.output_configs import OutputConfig
from devserver.my_app.services.run_metadata import Job


class BackendNotConfigured(ServerError):
    """No backend that could make what was asked for is set up on this server."""

    code = "backend_not_configured"


class BackendUnreachable(ServerError):
    """The backend does not answer."""

    code = "backend_unreachable"


class BackendFailed(ServerError):
    """The backend answered, but with a failure; `made` is what it had made by then."""

    code = "backend_failed"

    def __init__(self, message: str, *, made: Sequence[MediaDescription] = ()) -> None:
        super().__init__(message)
        self.made = tuple(made)


class ModerationBlocked(ServerError):
    """The backend's own moderation refused the text or the picture; the run is blocked by it."""

    code = "moderation_blocked"


class BackendTimedOut(ServerError):
    """The backend took longer than it may."""

    code = "backend_timed_out"


class NothingProduced(ServerError):
    """The backend came to its end without any media."""

    code = "nothing_produced"


class NotWanted(ServerError):
    """Nobody wants the result any more: the run was cancelled or deleted meanwhile."""

    code = "not_wanted"


class RunAtWork(Protocol):
    """The run that a backend works for, as far as it concerns one output config."""

    @property
    def jobs(self) -> Sequence[Job]:
        """The jobs of this config that were sent before, also before a restart; oldest first."""

    def submitting(self, job: Job, sent: Mapping[str, Any]) -> Job:
        """Write down, durably, a job that is about to be sent and what is sent; returns the job."""

    def job_known_as(self, job: Job, job_id: str) -> Job:
        """Write down, durably, the id that the service gave to a job; returns the job."""

    def job_done(self, job: Job, made: int) -> None:
        """Write down, durably, that a job is done and brought `made` media, one file each."""

    def job_is(self, job: Job, state: str) -> None:
        """Say what became of a job."""

    def check_wanted(self) -> None:
        """Raise NotWanted when the run is over already."""

    def progress(self, **changes: object) -> None:
        """Say how far the work is; the names are those of `run_progress.Progress`."""

    def preview(self, data: bytes, mime_type: str) -> None:
        """Show a picture of the work as it stands."""

    def warn(self, sentence: str) -> None:
        """Add a warning to the run."""


@dataclass(frozen=True)
class MediaRequest:
    """All that a backend may know of a run; its texts have passed the gate.

    `negative_prompt` is what should not be there, of the config, the schema and stage 3 together;
    it may be empty. `picture` is the schema's wish for the collage.
    """

    run_id: str
    config: OutputConfig
    prompt: CheckedText
    negative_prompt: str
    input_text: CheckedText
    seed: int
    picture: Mapping[str, object]
    run: RunAtWork


class MediaBackend(Protocol):
    """Makes media of a prompt. Shared by all runs, so it keeps nothing of any one of them."""

    @property
    def name(self) -> str:
        """The name that output configs and metadata know it by."""

    @property
    def is_set_up(self) -> bool:
        """Whether the operator has set this backend up at all, with a key where it needs one."""

    def unavailable_because(self, config: OutputConfig) -> str | None:
        """Why `config` can't be made here just now, in a sentence; None when it can."""

    def describe(self, configs: Sequence[OutputConfig]) -> Sequence[str]:
        """How the backend is and which of its configs can't be made, in lines for people."""

    def make(self, request: MediaRequest) -> list[MediaDescription]:
        """Make the media and say where they are; an empty list means that nothing came of it.

        Raises BackendUnreachable, BackendFailed, BackendTimedOut, BackendNotConfigured,
        ModerationBlocked, NotWanted, WorkerDied.
        """

    def cancel(self, job: Job) -> None:
        """Stop a job of a run that was given up, where that is possible; raises nothing."""
