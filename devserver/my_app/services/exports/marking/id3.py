"""ID3v2 tags with texts of our own in them (id3.org: 2.2, 2.3.0 and 2.4.0 main structure)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence

from devserver.my_app.services.exports.marking.splice import MarkingNotPossible, damaged

Tags = Sequence[tuple[str, str]]

_UNSYNCHRONISED, _EXTENDED, _EXPERIMENTAL, _FOOTER = 0x80, 0x40, 0x20, 0x10
_MOST_BYTES = 2**28 - 1
_NAME = re.compile(rb"[A-Z0-9]+")


def tag_with(tags: Tags, existing: bytes = b"") -> bytes:
    """A whole ID3v2 tag with `tags` as texts of the user (TXXX), those of the same name replaced.

    All other frames of `existing`, a whole tag, are kept as they are; its version is kept, too.
    Raises MarkingNotPossible.
    """
    if not existing:
        return _tag(4, 0, b"".join(_frame(4, name, value) for name, value in tags))
    version, flags = existing[3], existing[5]
    body = existing[10 : 10 + _number_of_7_bits(existing[6:10])]
    if version == 2 and flags & _EXTENDED:  # said to be compressed, in a way nobody defined
        raise damaged()
    if version < 4 and flags & _UNSYNCHRONISED:
        body = body.replace(b"\xff\x00", b"\xff")
        flags &= ~_UNSYNCHRONISED
    if version > 2 and flags & _EXTENDED:
        head = body[:4].ljust(4, b"\x00")
        body = body[_number_of_7_bits(head) if version == 4 else 4 + struct.unpack(">I", head)[0] :]
    names = {name for name, _ in tags}
    kept = b"".join(_kept(body, version, names))
    frames = b"".join(_frame(version, name, value) for name, value in tags)
    return _tag(version, flags & (_UNSYNCHRONISED | _EXPERIMENTAL), frames + kept)


def _tag(version: int, flags: int, body: bytes) -> bytes:
    if len(body) > _MOST_BYTES:
        raise MarkingNotPossible("This file can't be marked: its tags leave no room for it.")
    return b"ID3" + bytes([version, 0, flags]) + _in_7_bits(len(body)) + body


def _kept(body: bytes, version: int, names: set[str]) -> Iterator[bytes]:
    """The frames but for those texts that are in `names`; what is no frame stays, as padding."""
    name_bytes, head = (3, 6) if version == 2 else (4, 10)
    at = 0
    while at + head <= len(body) and _NAME.fullmatch(body[at : at + name_bytes]):
        sizes = body[at + name_bytes : at + 2 * name_bytes]
        length = _number_of_7_bits(sizes) if version == 4 else int.from_bytes(sizes, "big")
        end = at + head + length
        if end > len(body):
            break
        is_text = body[at : at + name_bytes] in (b"TXX", b"TXXX")
        if not (is_text and _described(body[at + head : end]) in names):
            yield body[at:end]
        at = end
    yield body[at:]


def _described(content: bytes) -> str:
    """What a text of the user is called, in each of the four encodings."""
    encoding = content[:1]
    if encoding in (b"\x00", b"\x03"):
        return content[1:].split(b"\x00", 1)[0].decode("utf-8", "replace")
    wide = content[1:]
    end = next((at for at in range(0, min(len(wide), 256), 2) if wide[at : at + 2] == b"\0\0"), 0)
    return wide[:end].decode("utf-16" if encoding == b"\x01" else "utf-16-be", "replace")


def _frame(version: int, name: str, value: str) -> bytes:
    if version == 4:  # UTF-8, in which no byte is ever 0xFF
        content = b"\x03" + name.encode() + b"\x00" + value.encode()
        return b"TXXX" + _in_7_bits(len(content)) + b"\x00\x00" + content
    content = b"\x01" + b"\xff\xfe" + name.encode("utf-16-le") + b"\x00\x00"
    content += b"\xff\xfe" + value.encode("utf-16-le")
    if version == 3:
        return b"TXXX" + struct.pack(">I", len(content)) + b"\x00\x00" + content
    return b"TXX" + len(content).to_bytes(3, "big") + content


def _in_7_bits(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _number_of_7_bits(data: bytes) -> int:
    number = 0
    for byte in data:
        number = number << 7 | byte & 0x7F
    return number
