"""The comment of an Ogg stream, put anew into as many pages as it was in (RFC 3533 §6).

So no page behind it has to be numbered anew, and the sound stays where it is. There is room: a page
holds 65,025 bytes, and writers fill them with 4 KiB or less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from mutagen import MutagenError
from mutagen.ogg import OggPage

from devserver.my_app.services.exports.marking.splice import MarkingNotPossible, damaged
from devserver.my_app.services.exports.marking.vorbis_comment import comment_with

_MOST_PAGES = 1000
_MOST_BYTES = 32 * 1024**2
_SEGMENTS = 255
_FLAC_HEADER_BYTES = 4
_PREFIXES = {b"\x01vorbis": b"\x03vorbis", b"OpusHead": b"OpusTags", b"\x7fFLAC": b""}
"""How the first packet of a stream begins, and what stands before the comment in its second."""


@dataclass(frozen=True)
class _Pages:
    """Pages that follow each other in the file, from `start` to `end`."""

    pages: list[OggPage]
    start: int
    end: int


def pages_of_comment(
    file: BinaryIO, size: int, tags: Sequence[tuple[str, str]]
) -> tuple[int, int, bytes]:
    """Where the pages of the comment begin and end, and the same pages with `tags` in it.

    Raises MarkingNotPossible.
    """
    try:
        prefix, found = _find(file, size)
        packets, is_whole = _packets(found.pages)
        packets[0] = _with_tags(packets[0], prefix, tags)
        return found.start, found.end, _paged(found.pages, packets, is_whole=is_whole)
    except (MutagenError, EOFError, ValueError) as error:
        raise damaged() from error


def _find(file: BinaryIO, size: int) -> tuple[bytes, _Pages]:
    """The prefix of the comment, and the pages it is on: those behind the streams' beginnings."""
    file.seek(0)
    first: OggPage | None = None
    pages: list[OggPage] = []
    prefix, start = b"", 0
    for _ in range(_MOST_PAGES):
        at = file.tell()
        if at >= min(size, _MOST_BYTES):
            break
        page = OggPage(file)  # type: ignore[no-untyped-call]
        if page.first:
            opening = page.packets[0][:8] if page.packets else b""
            known = next((one for one in _PREFIXES if opening.startswith(one)), None)
            if first is None and known is not None:
                first, prefix = page, _PREFIXES[known]
            continue
        if first is None:
            break
        if page.serial != first.serial:
            if pages:  # another stream's page within the comment
                break
            continue
        if not pages:
            start = at
        pages.append(page)
        if len(page.packets) > 1 or page.complete:
            return prefix, _Pages(pages, start, file.tell())
    raise MarkingNotPossible("This file can't be marked: no place for tags is found in it.")


def _packets(pages: list[OggPage]) -> tuple[list[bytes], bool]:
    """The packets on the pages, and whether the last one ends there."""
    packets: list[bytes] = []
    for page in pages:
        for number, data in enumerate(page.packets):
            if number == 0 and page.continued and packets:
                packets[-1] += data
            else:
                packets.append(data)
    if not packets:
        raise damaged()
    return packets, bool(pages[-1].complete)


def _with_tags(packet: bytes, prefix: bytes, tags: Sequence[tuple[str, str]]) -> bytes:
    if prefix:
        if not packet.startswith(prefix):
            raise damaged()
        return prefix + comment_with(tags, packet[len(prefix) :])
    # A metadata block of FLAC, with its four bytes of header (RFC 9639 §10.1).
    if packet[:1] not in (b"\x04", b"\x84"):
        raise damaged()
    comment = comment_with(tags, packet[_FLAC_HEADER_BYTES:])
    return packet[:1] + len(comment).to_bytes(3, "big") + comment


def _paged(pages: list[OggPage], packets: list[bytes], *, is_whole: bool) -> bytes:
    lacing: list[tuple[int, bool]] = []
    for number, packet in enumerate(packets):
        full, rest = divmod(len(packet), 255)
        lacing += [(255, False)] * full
        if number < len(packets) - 1 or is_whole:
            lacing.append((rest, True))
        elif rest:
            raise damaged()
    most = _SEGMENTS * len(pages)
    if not len(pages) <= len(lacing) <= most:
        raise MarkingNotPossible("This file can't be marked: its tags leave no room for it.")
    data, at, ended, written = b"".join(packets), 0, True, []
    for number, page in enumerate(pages):
        left = len(pages) - number - 1
        segments = lacing[: min(_SEGMENTS, len(lacing) - left)]
        lacing = lacing[len(segments) :]
        length = sum(one for one, _ in segments)
        written.append(_page(page, segments, data[at : at + length], continued=not ended))
        at += length
        ended = segments[-1][1]
    return b"".join(written)


def _page(
    page: OggPage, segments: list[tuple[int, bool]], data: bytes, *, continued: bool
) -> bytes:
    new = OggPage()  # type: ignore[no-untyped-call]
    new.version, new.serial, new.sequence = page.version, page.serial, page.sequence
    new.last = page.last
    new.continued = continued
    new.complete = segments[-1][1]
    # The headers of a stream are at 0; where no packet ends there is no position.
    new.position = max(page.position, 0) if any(end for _, end in segments) else -1
    packets, at, length = [], 0, 0
    for segment, is_end in segments:
        length += segment
        if is_end:
            packets.append(data[at : at + length])
            at, length = at + length, 0
    if at < len(data) or not segments[-1][1]:
        packets.append(data[at:])
    new.packets = packets
    return bytes(new.write())  # type: ignore[no-untyped-call]
