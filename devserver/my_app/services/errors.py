"""Every failure has a class named for the fact; routes turn them into HTTP in one place.

The message of each is one sentence for a person; nothing secret, no path, no trace. Detail for the
engineer goes to the log where the failure is caught.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class ServerError(Exception):
    """A failure with a sentence for a person (`str(error)`) and a stable `code` for machines."""

    code: ClassVar[str] = "internal_error"
    retry_after_seconds: int | None = None
    """When it is worth trying again, where that is known."""

    def __init__(self, message: str, *, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.details = dict(details) if details else None


class MediaRejected(ServerError):
    """A file is not the media it has to be: unknown, empty, broken, hostile or too large."""

    code = "media_rejected"


class NotMedia(MediaRejected):
    """A file is whole, for all one knows, but something else than media."""

    code = "not_media"


def with_causes(error: BaseException) -> str:
    """What failed and why, down to the first cause, in one line for the log."""
    parts = []
    cause: BaseException | None = error
    while cause is not None:
        parts.append(f"{type(cause).__name__}: {cause}")
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return " <- ".join(parts)
