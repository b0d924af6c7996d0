"""XMP in MP4, MOV and M4A: a box of its own at the outermost level, at the end of the file.

Nothing before it moves, so the places of pictures and sound that the file notes stay right (XMP
specification, part 3, §1.2.7.1: a `uuid` box).
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.exports.marking import xmp
from devserver.my_app.services.exports.marking.said import Marking
from devserver.my_app.services.exports.marking.splice import (
    MarkingNotPossible,
    Piece,
    damaged,
    exactly,
    replaced,
)
from devserver.my_app.services.media_probe.boxes import top_level_boxes

XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_LARGEST_SHORT_BOX = 2**32 - 1


def mp4(file: BinaryIO, size: int, marking: Marking) -> list[Piece]:
    """The box at the end, or before the index of fragments, which has to be last.

    An XMP box that is there already becomes an empty place (`free`) of the same size.
    """
    try:
        boxes = top_level_boxes(file, size)
    except MediaRejected as error:
        raise damaged() from error
    existing, changes = b"", []
    place, at = size, 0
    for box in boxes:
        is_last = box.end == size
        if is_last and exactly(file, at, 4) == bytes(4):
            if size - at > _LARGEST_SHORT_BOX:
                raise MarkingNotPossible(
                    "This file can't be marked: its last part is too large to have an end."
                )
            changes.append((at, at + 4, struct.pack(">I", size - at)))
        if is_last and box.name == b"mfra":
            place = at
        if box.name == b"uuid" and exactly(file, box.body, 16) == XMP_BOX:
            if box.end - box.body <= xmp.MOST_BYTES:
                existing = existing or exactly(file, box.body + 16, box.end - box.body - 16)
            changes.append((at + 4, at + 8, b"free"))
        at = box.end
    packet = xmp.packet(marking, existing)
    body = b"uuid" + XMP_BOX + packet
    return replaced(size, [*changes, (place, place, struct.pack(">I", len(body) + 4) + body)])
