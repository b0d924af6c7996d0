"""What stage 4 gives back: descriptions of media that still have to be stored.

A backend never writes a file. It says where the media are (in these bytes, at that address, at a
ComfyUI under that prompt id), and `MediaStorageService` turns the description into a stored file.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote_to_bytes

from devserver.my_app.services.errors import MediaRejected

_QUOTED_CHARACTERS = 40


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
    """The media themselves: raw bytes, a `data:` URI or bare base64."""

    data: bytes | str
    made_by: MadeBy


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


class FetchUrl(Protocol):
    """How media are fetched from an address; `MediaFetcher.open` is the one in use."""

    def __call__(self, url: str) -> AbstractContextManager[Iterator[bytes]]: ...


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
        header, comma, payload = text[5:].partition(",")
        if not comma:
            raise _no_media(text)
        if header.lower().replace(" ", "").endswith(";base64"):
            return _from_base64(unquote_to_bytes(payload).decode("latin-1"), text)
        return unquote_to_bytes(payload)
    return _from_base64(text, text)


def _from_base64(payload: str, whole: str) -> bytes:
    letters = "".join(payload.split()).translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _no_media(whole) from error


def _no_media(text: str) -> MediaRejected:
    return MediaRejected(
        f"This text is neither a data URI nor base64: {text[:_QUOTED_CHARACTERS]!r}"
    )
