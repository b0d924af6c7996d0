"""Jobs that cost money: written down before they are sent, sent once, and told what became of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from devserver.my_app.services.backends.api_service import ApiKeyRefused, ApiService
from devserver.my_app.services.backends.port import (
    BackendFailed,
    BackendNotConfigured,
    BackendTimedOut,
    BackendUnreachable,
    MediaBackend,
    MediaRequest,
    ModerationBlocked,
    NotWanted,
    RunAtWork,
)
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.media_sources import MadeBy, MediaDescription
from devserver.my_app.services.run_metadata import Job

_STATES: dict[type[ServerError], str] = {
    ModerationBlocked: "refused",
    ApiKeyRefused: "refused",
    BackendTimedOut: "timed_out",
    BackendUnreachable: "lost",
    NotWanted: "cancelled",
}


class SentBefore(BackendFailed):
    """A job was sent, or may have been, in an attempt that was cut off, and can't be found."""

    code = "sent_before"

    def __init__(self) -> None:
        super().__init__(
            "The work on this was cut off, and nobody knows how far it came. "
            "Jobs that cost money are not sent twice."
        )


def check_available(backend: MediaBackend, request: MediaRequest) -> None:
    """Raise BackendNotConfigured when `backend` can't make what is asked for."""
    reason = backend.unavailable_because(request.config)
    if reason:
        raise BackendNotConfigured(reason)


def write_down(
    backend: MediaBackend, service: ApiService, request: MediaRequest, body: Mapping[str, Any]
) -> Job:
    """Put the job on record, durably, with what is about to be sent."""
    job = Job(backend=backend.name, server=service.base_url, config=request.config.id)
    return request.run.submitting(job, body)


@contextmanager
def only_job(
    backend: MediaBackend, service: ApiService, request: MediaRequest, body: Mapping[str, Any]
) -> Iterator[Job]:
    """A job that is sent in the block, once for this run and config; its answer is `brought`.

    Raises BackendNotConfigured, and SentBefore when there is a job of an earlier attempt.
    """
    check_available(backend, request)
    if request.run.jobs:
        raise SentBefore
    job = write_down(backend, service, request, body)
    with failures_told(request.run, job):
        yield job
    request.run.job_is(job, "done")


def brought(
    run: RunAtWork, job: Job, descriptions: Sequence[MediaDescription]
) -> list[MediaDescription]:
    """What `job` brought, after it was written down how many media that are.

    They can't be asked for again, so a restart has to know whether all of them are stored.
    """
    run.job_done(job, len(descriptions))
    return list(descriptions)


@contextmanager
def failures_told(run: RunAtWork, job: Job) -> Iterator[None]:
    """Say of `job` how it failed, when the block does."""
    try:
        yield
    except ServerError as error:
        run.job_is(job, _STATES.get(type(error), "failed"))
        raise


def made_by(backend: str, request: MediaRequest, *, seed: int | None) -> MadeBy:
    """Who makes the media of `request`; `seed` is the one that was sent, if one was."""
    config = request.config
    return MadeBy(
        backend=backend,
        config=config.id,
        seed=seed,
        model=config.model or config.parameters.get("model"),
        license=config.license,
    )
