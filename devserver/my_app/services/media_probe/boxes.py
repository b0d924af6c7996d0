"""The boxes of MP4, MOV and AVIF (ISO/IEC 14496-12 §4.2) and the length of a WebM segment."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.media_headers import ebml_number

_CUT = "The file is cut off: its end is missing."
_MAX_BOXES = 100_000  # fragmented files have two a second; more is an attempt to keep us busy


@dataclass(frozen=True, slots=True)
class Box:
    """One box: four bytes of name, and where its body begins and ends in the file."""

    name: bytes
    body: int
    end: int


def top_level_boxes(file: BinaryIO, size: int) -> list[Box]:
    """Every outermost box of a file of `size` bytes; MediaRejected when they do not fit it."""
    boxes: list[Box] = []
    at = 0
    while at < size:
        if len(boxes) >= _MAX_BOXES:
            raise MediaRejected("The file has too many parts.")
        file.seek(at)
        header = file.read(16)
        if len(header) < 8:
            raise MediaRejected(_CUT)
        length, name = struct.unpack_from(">I4s", header)
        body = 8
        if length == 1:
            if len(header) < 16:
                raise MediaRejected(_CUT)
            length, body = struct.unpack_from(">Q", header, 8)[0], 16
        elif length == 0:  # allowed for the last box only: up to the end of the file
            length = size - at
        if length < body or not name.strip(b" ").isalnum():
            raise MediaRejected("The file is damaged: its parts do not fit together.")
        if at + length > size:
            raise MediaRejected(_CUT)
        boxes.append(Box(name=name, body=at + body, end=at + length))
        at += length
    return boxes


def find_box(parent: bytes, name: bytes) -> bytes:
    """The body of the first box `name` inside a box's body; empty when there is none."""
    at = 0
    while at + 8 <= len(parent):
        length, found = struct.unpack_from(">I4s", parent, at)
        if length < 8:
            return b""
        if found == name:
            return parent[at + 8 : at + length]
        at += length
    return b""


def media_header_seconds(mdhd: bytes) -> float:
    """Duration from a media header's body (ISO/IEC 14496-12 §8.4.2); 0 when it gives none."""
    layout, at = (">IQ", 20) if mdhd[:1] == b"\x01" else (">II", 12)
    if len(mdhd) < at + struct.calcsize(layout):
        return 0.0
    timescale, duration = struct.unpack_from(layout, mdhd, at)
    return float(duration / timescale) if timescale else 0.0


def check_webm_length(file: BinaryIO, size: int) -> None:
    """MediaRejected when the segment's declared end lies behind the file's (RFC 9559 §4.5, §5.1).

    A live recording declares no length; then there is nothing to compare.
    """
    file.seek(0)
    head = file.read(4096)
    header = ebml_number(head, 4)
    if header is None:
        raise MediaRejected(_CUT)
    segment = 4 + header[1] + header[0]
    length = ebml_number(head, segment + 4)
    if head[segment : segment + 4] != b"\x18\x53\x80\x67" or length is None:
        raise MediaRejected("The WebM file is damaged: it has no segment.")
    if length[0] >= 0 and segment + 4 + length[1] + length[0] > size:
        raise MediaRejected(_CUT)
