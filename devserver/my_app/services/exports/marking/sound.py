"""Tags in sound files. The sound itself is not touched, and only tags are ever read."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from devserver.my_app.services.exports.marking.id3 import tag_with
from devserver.my_app.services.exports.marking.ogg import pages_of_comment
from devserver.my_app.services.exports.marking.said import Marking
from devserver.my_app.services.exports.marking.splice import (
    MarkingNotPossible,
    Piece,
    damaged,
    exactly,
    replaced,
    too_many_parts,
)
from devserver.my_app.services.exports.marking.vorbis_comment import comment_with
from devserver.my_app.services.media_headers import MAX_TAGS, id3v2_length

_MOST_PARTS = 100_000
_UNKNOWN = 0xFFFFFFFF


def mp3(file: BinaryIO, size: int, marking: Marking) -> list[Piece]:
    """Texts of the ID3v2 tag in front, which is made when there is none."""
    length = _id3_at(file, 0)
    if length > size:
        raise damaged()
    return replaced(size, [(0, length, tag_with(marking.tags, exactly(file, 0, length)))])


def flac(file: BinaryIO, size: int, marking: Marking) -> list[Piece]:
    """Fields of the Vorbis comment, a block that is made when there is none (RFC 9639 §8.6)."""
    at = 0
    for _ in range(MAX_TAGS):
        at += _id3_at(file, at)
    at += 4
    first = at
    for _ in range(_MOST_PARTS):
        kind, length = _flac_block(file, at)
        if kind & 0x7F == 4:
            comment = comment_with(marking.tags, exactly(file, at + 4, length))
            return replaced(size, [(at, at + 4 + length, _flac_header(kind, comment) + comment)])
        at += 4 + length
        if kind & 0x80:
            break
    kind, length = _flac_block(file, first)
    comment = comment_with(marking.tags)
    behind = first + 4 + length
    block = _flac_header(4 | kind & 0x80, comment) + comment
    return replaced(size, [(first, first + 1, bytes([kind & 0x7F])), (behind, behind, block)])


def _flac_block(file: BinaryIO, at: int) -> tuple[int, int]:
    header = exactly(file, at, 4)
    return header[0], int.from_bytes(header[1:], "big")


def _flac_header(kind: int, body: bytes) -> bytes:
    if len(body) >= 2**24:
        raise MarkingNotPossible("This file can't be marked: its tags leave no room for it.")
    return bytes([kind]) + len(body).to_bytes(3, "big")


def ogg(file: BinaryIO, size: int, marking: Marking) -> list[Piece]:
    """Fields of the comment of the first stream, in as many pages as it had."""
    start, end, pages = pages_of_comment(file, size, marking.tags)
    return replaced(size, [(start, end, pages)])


def wav(file: BinaryIO, size: int, marking: Marking) -> list[Piece]:
    """An ID3v2 tag as a chunk at the end, or more texts in the one there is; RF64 too."""
    magic, riff_size = struct.unpack("<4sI4x", exactly(file, 0, 12))
    long_data_size = None
    if magic == b"RF64":
        if exactly(file, 12, 4) != b"ds64":
            raise damaged()
        riff_size, long_data_size = struct.unpack("<QQ", exactly(file, 20, 16))
    elif riff_size == _UNKNOWN:
        raise _live()
    end = min(8 + riff_size, size)  # some count a byte of padding that they never wrote
    change = (end, end, b"\x00" * (end & 1) + _chunk(tag_with(marking.tags)))
    for name, begin, stop, behind in _wav_chunks(file, end, long_data_size):
        if name in (b"id3 ", b"ID3 "):
            tag = tag_with(marking.tags, _whole_tag(exactly(file, begin, stop - begin)))
            change = (begin - 8, behind, _chunk(tag))
            break
    total = end - 8 + len(change[2]) - (change[1] - change[0])
    if long_data_size is not None:
        return replaced(size, [(20, 28, struct.pack("<Q", total)), change])
    if total >= _UNKNOWN:
        raise MarkingNotPossible("This file can't be marked: it is as large as a WAV can be.")
    return replaced(size, [(4, 8, struct.pack("<I", total)), change])


def _wav_chunks(
    file: BinaryIO, end: int, long_data_size: int | None
) -> Iterator[tuple[bytes, int, int, int]]:
    """Name, begin and end of the content of each chunk, and where it is over with its padding."""
    at = 12
    for _ in range(_MOST_PARTS):
        if at + 8 > end:
            return
        name, length = struct.unpack("<4sI", exactly(file, at, 8))
        if name == b"data" and length == _UNKNOWN:
            if long_data_size is None:
                raise _live()
            length = long_data_size
        stop = at + 8 + length
        if stop > end:
            raise damaged()
        behind = min(stop + (length & 1), end)
        yield name, at + 8, stop, behind
        at = behind
    raise too_many_parts()


def _live() -> MarkingNotPossible:
    return MarkingNotPossible("This file can't be marked: it doesn't say where its sound ends.")


def _chunk(tag: bytes) -> bytes:
    return b"id3 " + struct.pack("<I", len(tag)) + tag + b"\x00" * (len(tag) & 1)


def _whole_tag(data: bytes) -> bytes:
    length = id3v2_length(data[:10])
    return data if 0 < length <= len(data) else b""


def _id3_at(file: BinaryIO, at: int) -> int:
    file.seek(at)
    return id3v2_length(file.read(10))
