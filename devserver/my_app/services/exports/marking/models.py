"""3D objects that say how they came about: `asset.extras` in GLB, comments in OBJ and PLY."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator
from typing import BinaryIO

from devserver.my_app.services.exports.marking.said import Marking
from devserver.my_app.services.exports.marking.splice import Piece, damaged, exactly, replaced

_MOST_JSON_BYTES = 16 * 1024**2
_LINE = 200
_MOST_CHARACTERS = 8000  # some readers look for the end of a header no further than 64 KiB
_NOT_PLAIN = re.compile(r"[^ -~]|\\")
_LAST_OF_FOUR = 0xFFFF
_LONGEST_HEAD = 4096


def glb(file: BinaryIO, size: int, marking: Marking) -> list[Piece]:
    """Under `asset.extras` of the description (glTF 2.0 §3.9); meshes and pictures stay."""
    length, name = struct.unpack("<I4s", exactly(file, 12, 8))
    if name != b"JSON" or length > _MOST_JSON_BYTES or 20 + length > size:
        raise damaged()
    try:
        document = json.loads(exactly(file, 20, length))
        asset = document["asset"]
        extras = asset.get("extras", {})
        # What is no object is somebody's own and stays beside ours.
        kept = extras if isinstance(extras, dict) else {"extras": extras}
        asset["extras"] = {**kept, **dict(marking.tags)}
        written = json.dumps(document, allow_nan=False, separators=(",", ":")).encode()
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        raise damaged() from error
    written += b" " * (-len(written) % 4)
    total = size - length + len(written)
    if total > 0xFFFFFFFF:
        raise damaged()
    head = struct.pack("<II4s", total, len(written), b"JSON")
    return replaced(size, [(8, 20, head), (20, 20 + length, written)])


def obj(file: BinaryIO, size: int, marking: Marking) -> list[Piece]:
    """Comments in front."""
    file.seek(0)
    place = 3 if file.read(3) == b"\xef\xbb\xbf" else 0
    return replaced(size, [(place, place, _comments("#", "\n", marking))])


def ply(file: BinaryIO, size: int, marking: Marking) -> list[Piece]:
    """Comments behind the line of the format."""
    head = exactly(file, 0, min(size, _LONGEST_HEAD))
    first = head.find(b"\n")
    place = head.find(b"\n", first + 1) + 1
    if first < 0 or not place or not head[first + 1 : place].startswith(b"format"):
        raise damaged()
    end = "\r\n" if head[place - 2 : place - 1] == b"\r" else "\n"
    return replaced(size, [(place, place, _comments("comment", end, marking))])


def _comments(begin: str, end: str, marking: Marking) -> bytes:
    return "".join(f"{begin} {line}{end}" for line in _lines(marking)).encode()


def _lines(marking: Marking) -> Iterator[str]:
    """One line for each fact, more for a long text; in ASCII, which all readers know.

    Other characters are written as \\u00e4 or, beyond the first 65,536, \\U0001f600, and so is the
    backslash, which at the end of a line would take in the next one. So no text looks like another.
    A text of more than 8,000 characters is cut.
    """
    for name, value in marking.tags:
        said = _NOT_PLAIN.sub(_escaped, " ".join(value.split()))
        if len(said) > _MOST_CHARACTERS:
            said = said[:_MOST_CHARACTERS] + " [...]"
        for at in range(0, len(said) or 1, _LINE):
            yield f"{name}: {said[at : at + _LINE]}"


def _escaped(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\u{number:04x}" if number <= _LAST_OF_FOUR else f"\\U{number:08x}"
