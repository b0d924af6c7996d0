"""What stage 4 gives back: descriptions of media that still have to be stored.

A backend never writes a file. It says where the media are (in these bytes, at that address, at a
ComfyUI under that prompt id), and `MediaStorageService` turns the description into a stored file.
"""

from __future__ import annotations

import binascii
import re
import string
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote_to_bytes

from devserver.my_app.services.errors import MediaRejected

_LONGEST_CLAIM = 256
_UNLIKE_PLAIN_BASE64 = "-_" + string.whitespace
_TO_PLAIN_BASE64 = str.maketrans("-_", "+/", string.whitespace)


@dataclass(frozen=True)
class MadeBy:
    """Who made a medium, with what; it stands beside the file in metadata.json."""

    backend: str
    config: str | None = None
    seed: int | None = None
    model: str | None = None
    license: str | None = None
    credit: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class MediaData:
    """The media themselves: raw bytes, a `data:` URI or bare base64.

    `claimed_type` is what the sender says they are; a `data:` URI says it itself.
    """

    data: bytes | str
    made_by: MadeBy
    claimed_type: str | None = None


@dataclass(frozen=True)
class MediaUrl:
    """The address from which the media can be fetched."""

    url: str
    made_by: MadeBy


@dataclass(frozen=True)
class ComfyUIPrompt:
    """A finished prompt at a ComfyUI server, with any number of files.

    `file_urls` are their addresses in the order they are to be stored; None when they still have to
    be asked for.
    """

    prompt_id: str
    server: str
    made_by: MadeBy
    file_urls: tuple[str, ...] | None = None


class Delivery:
    """A file that is arriving in pieces; they can be gone through once."""

    def __init__(
        self,
        pieces: Iterator[bytes | memoryview],
        claimed_type: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._pieces = pieces
        self._claimed_type = claimed_type

    def __iter__(self) -> Iterator[bytes | memoryview]:
        return self._pieces

    @property
    def claimed_type(self) -> str | None:
        """What its sender says it is (a Content-Type), known as soon as the first piece is."""
        return self._claimed_type()


class FetchUrl(Protocol):
    """How media are fetched from an address; `MediaFetcher.open` is the one in use."""

    def __call__(self, url: str) -> AbstractContextManager[Delivery]: ...


class ListComfyUIFiles(Protocol):
    """Where the files of a ComfyUI prompt can be fetched, in the order they are to be stored."""

    def __call__(
        self, server: str | None, prompt_id: str, *, with_temporary: bool = False
    ) -> list[str]: ...


MediaDescription = MediaData | MediaUrl | ComfyUIPrompt


def decode_media_data(data: bytes | str) -> bytes:
    """The bytes that `data` stands for: raw bytes, a `data:` URI (RFC 2397) or bare base64.

    What a `data:` URI claims to be is not believed; the content decides later. Raises MediaRejected
    for any other text, quoting how it begins.
    """
    if isinstance(data, bytes):
        return data
    text = data.strip()
    if text[:5].lower() == "data:":
        comma = text.find(",")
        if comma < 0:
            raise _no_media(text)
        header, payload = text[5:comma], text[comma + 1 :]
        if not header.lower().replace(" ", "").endswith(";base64"):
            return unquote_to_bytes(payload)
        if "%" in payload:
            payload = unquote_to_bytes(payload).decode("latin-1")
        return _from_base64(payload, text)
    return _from_base64(text, text)


def claimed_type_of(data: bytes | str) -> str | None:
    """What a `data:` URI says it holds; None for everything else."""
    if isinstance(data, bytes):
        return None
    head = data[: _LONGEST_CLAIM + 64].lstrip()
    if head[:5].lower() != "data:":
        return None
    return re.split("[;,]", head[5 : 5 + _LONGEST_CLAIM], maxsplit=1)[0] or None


def _from_base64(payload: str, whole: str) -> bytes:
    # These are large: no copy is made that isn't needed, as base64.b64decode does of every str.
    if any(mark in payload for mark in _UNLIKE_PLAIN_BASE64):
        payload = payload.translate(_TO_PLAIN_BASE64)
    try:
        return binascii.a2b_base64(payload + "=" * (-len(payload) % 4), strict_mode=True)
    except ValueError as error:
        raise _no_media(whole) from error


def _no_media(text: str) -> MediaRejected:
    return MediaRejected(
        # Not quoted: a service may answer with the child's own words, and this goes to the log.
        f"A text of {len(text)} characters is neither a data URI nor base64."
    )
