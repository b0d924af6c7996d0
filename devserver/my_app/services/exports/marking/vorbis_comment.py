"""Vorbis comments, as FLAC and Ogg have them: names and values (Vorbis I §5.2)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from devserver.my_app.services.exports.marking.splice import damaged

_VENDOR = b"devserver"


def comment_with(tags: Sequence[tuple[str, str]], existing: bytes = b"") -> bytes:
    """The comment with a field for each of `tags`; fields of `existing` of other names stay.

    So does what stands behind the last field, such as Vorbis's framing bit.
    Raises MarkingNotPossible when `existing` is none.
    """
    vendor, fields, behind = _read(existing) if existing else (_VENDOR, [], b"")
    names = {name.upper().encode() for name, _ in tags}
    kept = [field for field in fields if field.partition(b"=")[0].upper() not in names]
    kept += [f"{name.upper()}={value}".encode() for name, value in tags]
    parts = [_sized(vendor), struct.pack("<I", len(kept)), *map(_sized, kept), behind]
    return b"".join(parts)


def _sized(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data


def _read(data: bytes) -> tuple[bytes, list[bytes], bytes]:
    vendor, at = _field(data, 0)
    count, at = _number(data, at)
    fields = []
    for _ in range(count):  # each takes four bytes at least, so the data end it
        field, at = _field(data, at)
        fields.append(field)
    return vendor, fields, data[at:]


def _field(data: bytes, at: int) -> tuple[bytes, int]:
    length, at = _number(data, at)
    if at + length > len(data):
        raise damaged()
    return data[at : at + length], at + length


def _number(data: bytes, at: int) -> tuple[int, int]:
    if at + 4 > len(data):
        raise damaged()
    return struct.unpack_from("<I", data, at)[0], at + 4
