"""What stage 4 asks of a backend, and the ways in which it can fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.media_sources import MediaDescription
from devserver.my_app.services.output_configs import OutputConfig


class BackendNotConfigured(ServerError):
    """No backend that could make what was asked for is set up on this server."""

    code = "backend_not_configured"


class BackendUnreachable(ServerError):
    """The backend does not answer."""

    code = "backend_unreachable"


class BackendFailed(ServerError):
    """The backend answered, but with a failure."""

    code = "backend_failed"


class BackendTimedOut(ServerError):
    """The backend took longer than it may."""

    code = "backend_timed_out"


class NothingProduced(ServerError):
    """The backend came to its end without any media."""

    code = "nothing_produced"


@dataclass(frozen=True)
class MediaRequest:
    """All that a backend may know of a run. `picture` is the schema's wish for the collage."""

    run_id: str
    config: OutputConfig
    prompt: str
    input_text: str
    seed: int
    picture: Mapping[str, object]


class MediaBackend(Protocol):
    """Makes media of a prompt. Shared by all runs, so it keeps nothing of any one of them."""

    @property
    def name(self) -> str:
        """The name that output configs and metadata know it by."""

    def unavailable_because(self, config: OutputConfig) -> str | None:
        """Why `config` can't be made here just now, in a sentence; None when it can."""

    def make(self, request: MediaRequest) -> list[MediaDescription]:
        """Make the media and say where they are; an empty list means that nothing came of it.

        Raises BackendUnreachable, BackendFailed, BackendTimedOut, WorkerDied.
        """
