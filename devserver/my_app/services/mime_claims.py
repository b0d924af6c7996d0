"""What senders say a file is. Nothing is decided by it; a contradiction is worth a warning."""

from __future__ import annotations

import re

_MIME_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_SAYS_NOTHING = frozenset(
    {"application/octet-stream", "binary/octet-stream", "application/binary", "text/plain"}
)
"""Sent by servers that don't know; text/plain is also what a `data:` URI without a type means."""
_OTHER_NAMES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/x-flac": "audio/flac",
    "audio/mp3": "audio/mpeg",
    "audio/opus": "audio/ogg",
    "application/ogg": "audio/ogg",
    "audio/x-m4a": "audio/mp4",
    "video/x-m4v": "video/mp4",
    "application/x-ply": "model/ply",
    "model/x.stl-binary": "model/stl",
    "application/sla": "model/stl",
}


def contradicts(claim: str | None, mime_type: str) -> str | None:
    """The type that `claim` (the value of a Content-Type) names, when it isn't `mime_type`.

    None for the same type under another name, and for claims that say nothing or are malformed.
    """
    claimed = (claim or "").partition(";")[0].strip().lower()
    if not _MIME_TYPE.fullmatch(claimed) or claimed in _SAYS_NOTHING:
        return None
    claimed = _OTHER_NAMES.get(claimed, claimed)
    return None if claimed == mime_type else claimed
