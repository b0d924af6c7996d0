"""Media as somebody gets them who has only a link: without the run_id.

ComfyUI writes the prompt into the files it makes, and in there stands how the files are to be
named, which begins with the run_id. Whoever knows that can do more than look, so it is blanked on
the way out. The file on disk stays as it came.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from mutagen import MutagenError
from mutagen.ogg import OggPage

from devserver.my_app.services.exports.marking import MarkingNotPossible, SplicedFile
from devserver.my_app.services.exports.marking.splice import exactly, replaced

_READ_BYTES = 1024**2
_MOST_TEXT_BYTES = 16 * 1024**2
_MOST_PAGES = 1000
_PNG = b"\x89PNG\r\n\x1a\n"
_OGG = b"OggS"
_ETAG_VERSION = 1

Change = tuple[int, int, bytes]


def shared_file(path: Path, run_id: str) -> SplicedFile | None:
    """The file at `path` without this run_id; None when it is not in there, as in most.

    What holds it in a PNG is left out; elsewhere it becomes zeros, so that all else stays in its
    place. A text that is packed into a file is looked into only in PNG. Reads the whole file, and
    remembers what it found until the file is another one. Raises FileNotFoundError.
    """
    stat = path.stat()
    changes = _changes(path, stat.st_mtime_ns, stat.st_size, run_id)
    return SplicedFile(path, replaced(stat.st_size, changes)) if changes else None


def shared_etag(sha256: str | None, path: Path) -> str:
    """The ETag of a file that was blanked."""
    stat = path.stat()
    known = sha256 or f"{stat.st_mtime_ns}-{stat.st_size}"
    return hashlib.sha256(f"{known}\0shared {_ETAG_VERSION}".encode()).hexdigest()


@lru_cache(maxsize=1024)
def _changes(path: Path, _mtime_ns: int, size: int, run_id: str) -> tuple[Change, ...]:
    with path.open("rb") as file:
        head = file.read(len(_PNG))
        try:
            if head == _PNG:
                return tuple(_png_changes(file, size, run_id))
            if head.startswith(_OGG):
                return tuple(_ogg_changes(file, run_id))
        except (MarkingNotPossible, MutagenError, EOFError, ValueError, struct.error):
            pass  # what is damaged is blanked all the same
        return tuple(_blanked(file, run_id))


def _blanked(file: BinaryIO, run_id: str) -> Iterator[Change]:
    """Every place of the id, as bytes of ASCII and of UTF-16."""
    wide = run_id.encode("utf-16-le")[:-1]  # so that it fits either order of the two bytes
    blank = _blank(run_id.encode())
    needles = ((run_id.encode(), blank), (wide, _blank(wide)))
    file.seek(0)
    start, kept = 0, b""
    while data := file.read(_READ_BYTES):
        held = kept + data
        for needle, zeros in needles:
            at = held.find(needle)
            while at >= 0:
                # One that lies in what was kept of the last piece alone was found with that.
                if at + len(needle) > len(kept):
                    yield start + at, start + at + len(needle), zeros
                at = held.find(needle, at + len(needle))
        kept = held[-(len(wide) - 1) :]
        start += len(held) - len(kept)


def _blank(said: bytes) -> bytes:
    return bytes(one if one in b"-\x00" else ord("0") for one in said)


def _png_changes(file: BinaryIO, size: int, run_id: str) -> Iterator[Change]:
    """Chunks that hold the id go, packed or not; pictures don't need them (PNG 3rd ed. §5.4)."""
    at = len(_PNG)
    while at < size:
        length, name = struct.unpack(">I4s", exactly(file, at, 8))
        end = at + 12 + length
        is_needed = not name[0] & 0x20
        if not is_needed and _holds(name, exactly(file, at + 8, length), run_id):
            yield at, end, b""
        at = end


def _holds(name: bytes, body: bytes, run_id: str) -> bool:
    wanted = run_id.encode()
    wide = run_id.encode("utf-16-le")[:-1]
    texts = [body]
    if name in (b"zTXt", b"iTXt"):
        # Behind a keyword, its end, and what says how it is packed.
        opening = body.find(b"\x00")
        texts += [_unpacked(rest) for rest in _after_names(body[opening:])]
    return any(wanted in text or wide in text for text in texts)


def _after_names(rest: bytes) -> Iterator[bytes]:
    """Where packed text may begin: zTXt has one byte before it, iTXt two and two names."""
    yield rest[2:]
    parts = rest[3:].split(b"\x00", 2)
    if len(parts) == 3:
        yield parts[2]


def _unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, _MOST_TEXT_BYTES)
    except zlib.error:
        return b""


def _ogg_changes(file: BinaryIO, run_id: str) -> Iterator[Change]:
    """The pages before the sound, with their checksums; the comment may go over several."""
    pages: list[tuple[int, int, OggPage]] = []
    file.seek(0)
    for _ in range(_MOST_PAGES):
        start = file.tell()
        page = OggPage(file)  # type: ignore[no-untyped-call]
        if page.position > 0:
            break
        pages.append((start, file.tell(), page))
    wanted = run_id.encode()
    for serial in {page.serial for _, _, page in pages}:
        own = [one for one in pages if one[2].serial == serial]
        held = b"".join(b"".join(page.packets) for _, _, page in own)
        if wanted not in held:
            continue
        blanked, at = held.replace(wanted, _blank(wanted)), 0
        for start, end, page in own:
            packets = []
            for packet in page.packets:
                packets.append(blanked[at : at + len(packet)])
                at += len(packet)
            page.packets = packets
            yield start, end, bytes(page.write())  # type: ignore[no-untyped-call]
