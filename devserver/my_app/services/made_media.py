"""One decoder of what services answer when they have made media.

Services say the same thing in many forms: an address, a `data:` URI, base64, bytes, or a list or an
object that holds several. Each string is told apart by its form; what looks like nothing of that is
an error, never a guess.

- `http://` or `https://` with a host: an address.
- `data:`: RFC 2397, base64 or percent-encoded, with any parameters. What it holds is judged where
  it is stored, as is the content of an address.
- Anything else is bare base64 only when it decodes as a whole *and* the bytes open like media that
  this server knows (`media_kinds.identify`). The alphabet alone proves nothing: "finished" is valid
  base64 too.

In lists, and under the keys of an object that stand for a file, every string has to be one of
these. Under other keys of an object a string that is none of them is taken for a remark and passed
over, so that `{"note": "well done", "mesh": "https://…"}` is one file; an object with remarks alone
is an error.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.media_kinds import HEAD_BYTES, identify
from devserver.my_app.services.media_sources import (
    MadeBy,
    MediaData,
    MediaDescription,
    MediaUrl,
    claimed_type_of,
    decode_media_data,
)

MAX_DEPTH = 8
MAX_VALUES = 1_000
MAX_MEDIA = 64

_LONGEST_ADDRESS = 8_192
_FORM = re.compile(r"\s*(?:data:|https?://)", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s/?#]+[^\s\x00-\x1f\x7f]*", re.IGNORECASE)

_FORMS = ("b64_json", "base64", "b64", "data_uri", "url", "uri", "href")
"""Keys that hold one file in one form; the first that is filled stands for all of them."""
_ENCODED = frozenset({"b64_json", "base64", "b64"})
"""Keys whose name says that they hold base64; what is in it is judged where it is stored."""
_FILES = frozenset(
    {*_FORMS, "image_url", "image", "images", "video", "videos", "audio", "output", "outputs"}
    | {"data", "file", "files", "mesh", "model_file"}
)
"""Keys under which a string has to be media."""
_REMARKS = frozenset(
    {"prompt", "revised_prompt", "text", "type", "id", "status", "detail", "error", "logs", "model"}
    | {
        "name",
        "version",
        "format",
        "mime_type",
        "content_type",
        "media_type",
        "urls",
        "links",
        "web",
    }
)
"""Keys under which nothing is media, whatever it looks like."""


def descriptions_of(value: object, made_by: MadeBy) -> list[MediaDescription]:
    """The media that `value` stands for, in order: str, bytes, or any nesting of them.

    None, numbers and truth values inside lists and objects are passed over; nothing at all gives an
    empty list. Raises MediaRejected for a string that is no media, and for an answer that is nested
    too deeply or holds too much.
    """
    if value is None:
        return []
    if not isinstance(value, str | bytes | bytearray | memoryview | list | tuple | dict):
        raise MediaRejected(
            f"The answer holds no media but a value of type {type(value).__name__}."
        )
    walk = _Walk(made_by)
    walk.visit(value, depth=0, is_file=True)
    if walk.remark is not None and not walk.found:
        raise _no_media(walk.remark)
    return walk.found


class _Walk:
    """One pass over an answer."""

    def __init__(self, made_by: MadeBy) -> None:
        self._made_by = made_by
        self._values = 0
        self.found: list[MediaDescription] = []
        self.remark: str | None = None

    def visit(self, value: object, *, depth: int, is_file: bool) -> None:
        """Take what `value` holds; with `is_file` every string in it has to be media."""
        self._values += 1
        if depth > MAX_DEPTH:
            raise MediaRejected(f"The answer is nested more than {MAX_DEPTH} levels deep.")
        if self._values > MAX_VALUES:
            raise MediaRejected(f"The answer holds more than {MAX_VALUES} values.")
        match value:
            case str():
                self._text(value, is_file=is_file)
            case bytes() | bytearray() | memoryview():
                self._add(MediaData(bytes(value), self._made_by))
            case list() | tuple():
                for item in value:
                    self.visit(item, depth=depth + 1, is_file=is_file)
            case dict():
                self._object(value, depth)

    def _object(self, value: dict[object, object], depth: int) -> None:
        form = next((key for key in _FORMS if value.get(key)), None)
        for key, item in value.items():
            if key in _REMARKS or (key in _FORMS and key != form):
                continue
            if key in _ENCODED and isinstance(item, str):
                self._encoded(item)
            else:
                self.visit(item, depth=depth + 1, is_file=key in _FILES)

    def _encoded(self, text: str) -> None:
        """Take what is said to be base64; some services put a data URI or an address there."""
        if _FORM.match(text):
            self._text(text, is_file=True)
        else:
            self._add(MediaData(decode_media_data(text), self._made_by))

    def _text(self, text: str, *, is_file: bool) -> None:
        description = _description_of(text, self._made_by)
        if description is not None:
            self._add(description)
        elif is_file:
            raise _no_media(text)
        elif self.remark is None:
            self.remark = text

    def _add(self, description: MediaDescription) -> None:
        if len(self.found) >= MAX_MEDIA:
            raise MediaRejected(f"The answer holds more than {MAX_MEDIA} media.")
        self.found.append(description)


def _description_of(text: str, made_by: MadeBy) -> MediaDescription | None:
    """What `text` stands for, None when no media. Raises MediaRejected for a broken data URI."""
    form = text[: _LONGEST_ADDRESS + 64].strip()
    if form[:5].lower() == "data:":
        return MediaData(decode_media_data(text), made_by, claimed_type_of(text))
    if form[:8].lower().startswith(("http://", "https://")):
        return MediaUrl(form, made_by) if _is_address(form) else None
    try:
        data = decode_media_data(text)
    except MediaRejected:
        return None
    if identify(data[:HEAD_BYTES], size=len(data)) is None:
        return None
    return MediaData(data, made_by)


def _is_address(text: str) -> bool:
    if len(text) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(text):
        return False
    try:
        return bool(urlsplit(text).hostname)
    except ValueError:
        return False


def _no_media(text: str) -> MediaRejected:
    return MediaRejected(
        # Not quoted: a service may answer with the child's own words, and this goes to the log.
        f"A text of {len(text)} characters is neither an address nor a data URI nor media "
        "in base64."
    )
