"""XMP in pictures: where it goes, and where it may be already (XMP specification, part 3)."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

from devserver.my_app.services.exports.marking import xmp
from devserver.my_app.services.exports.marking.said import Marking
from devserver.my_app.services.exports.marking.splice import (
    Piece,
    damaged,
    exactly,
    replaced,
    too_many_parts,
)

_MOST_PARTS = 100_000
_PNG_KEYWORD = b"XML:com.adobe.xmp\x00"
_JPEG_NAME = b"http://ns.adobe.com/xap/1.0/\x00"
_JPEG_MOST = 65535 - 2
_GIF_NAME = b"\x21\xff\x0bXMP DataXMP"
_GIF_TRAILER = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"
_VP8X_XMP, _VP8X_ALPHA = 0x04, 0x10


def png(file: BinaryIO, size: int, marking: Marking) -> list[Piece]:
    """An iTXt chunk behind IHDR (PNG 3rd ed. §11.3.3.4); one that is there already goes."""
    at, existing, changes = 8, b"", []
    for _ in range(_MOST_PARTS):
        length, name = struct.unpack(">I4s", exactly(file, at, 8))
        end = at + 12 + length
        if end > size:
            raise damaged()
        opening = exactly(file, at + 8, min(length, len(_PNG_KEYWORD))) if name == b"iTXt" else b""
        if opening == _PNG_KEYWORD:
            if length <= xmp.MOST_BYTES:
                existing = existing or _png_text(exactly(file, at + 8, length))
            changes.append((at, end, b""))
        if name == b"IEND":
            break
        at = end
    else:
        raise too_many_parts()
    packet = xmp.packet(marking, existing)
    body = b"iTXt" + _PNG_KEYWORD + b"\x00\x00\x00\x00" + packet
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return replaced(size, [(33, 33, chunk), *changes])


def _png_text(body: bytes) -> bytes:
    rest = body[len(_PNG_KEYWORD) :]
    is_packed = rest[:1] == b"\x01"
    parts = rest[2:].split(b"\x00", 2)
    if len(parts) < 3:
        return b""
    if not is_packed:
        return parts[2]
    try:
        return zlib.decompressobj().decompress(parts[2], xmp.MOST_BYTES + 1)
    except zlib.error:
        return b""


def jpeg(file: BinaryIO, size: int, marking: Marking) -> list[Piece]:
    """An APP1 segment behind JFIF and Exif, which want to be first; one that is there goes.

    A prompt that doesn't fit into the 64 KiB of a segment is cut.
    """
    at, existing, changes = 2, b"", []
    place, may_move = 2, True
    for _ in range(_MOST_PARTS):
        head = exactly(file, at, 4)
        if head[0] != 0xFF:
            raise damaged()
        if head[1] == 0xFF:  # a fill byte
            at += 1
            continue
        if head[1] in (0x01, 0xDA, 0xD9) or 0xD0 <= head[1] <= 0xD7:
            break
        end = at + 2 + struct.unpack(">H", head[2:])[0]
        if end > size or end < at + 4:
            raise damaged()
        opening = exactly(file, at + 4, min(len(_JPEG_NAME), end - at - 4))
        if head[1] == 0xE1 and opening == _JPEG_NAME:
            begin = at + 4 + len(_JPEG_NAME)
            existing = existing or exactly(file, begin, end - begin)
            changes.append((at, end, b""))
        elif may_move and (head[1] == 0xE0 or (head[1] == 0xE1 and opening[:4] == b"Exif")):
            place = end
        else:
            may_move = False
        at = end
    else:
        raise too_many_parts()
    body = _JPEG_NAME
    body += xmp.packet(marking, existing, most_bytes=_JPEG_MOST - len(body))
    segment = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    return replaced(size, [(place, place, segment), *changes])


def webp(file: BinaryIO, size: int, marking: Marking) -> list[Piece]:
    """An XMP chunk at the end, and a VP8X that tells of it (RFC 9649 §2.7); an old chunk goes."""
    end = 8 + struct.unpack("<I", exactly(file, 4, 4))[0]
    if end > size:
        raise damaged()
    at, existing, changes = 12, b"", []
    for _ in range(_MOST_PARTS):
        if at + 8 > end:
            break
        name, length = struct.unpack("<4sI", exactly(file, at, 8))
        behind = min(at + 8 + length + (length & 1), end)
        if at + 8 + length > end:
            raise damaged()
        if name == b"XMP ":
            if length <= xmp.MOST_BYTES:
                existing = existing or exactly(file, at + 8, length)
            changes.append((at, behind, b""))
        at = behind
    else:
        raise too_many_parts()
    first = exactly(file, 12, min(30, size - 12))
    if first[:4] == b"VP8X":
        changes.append((20, 21, bytes([first[8] | _VP8X_XMP])))
    else:
        changes.append((12, 12, _vp8x(first)))
    packet = xmp.packet(marking, existing)
    chunk = b"\x00" * (end & 1) + b"XMP " + struct.pack("<I", len(packet)) + packet
    chunk += b"\x00" * (len(packet) & 1)
    changes.append((end, end, chunk))
    grown = sum(len(data) - (stop - start) for start, stop, data in changes)
    if end - 8 + grown > 0xFFFFFFFE:
        raise damaged()
    changes.append((4, 8, struct.pack("<I", end - 8 + grown)))
    return replaced(size, changes)


def _vp8x(first: bytes) -> bytes:
    """The chunk a simple file lacks, from the opening of its picture (RFC 9649 §2.5-2.7, §3.4)."""
    flags = _VP8X_XMP
    if first[:4] == b"VP8L":
        bits: int = struct.unpack_from("<I", first, 9)[0]
        width, height = bits & 0x3FFF, bits >> 14 & 0x3FFF
        flags |= _VP8X_ALPHA if bits >> 28 & 1 else 0
    elif first[:4] == b"VP8 ":
        width, height = (max(1, side & 0x3FFF) - 1 for side in struct.unpack_from("<HH", first, 14))
    else:
        raise damaged()
    sides = int(width).to_bytes(3, "little") + int(height).to_bytes(3, "little")
    return b"VP8X" + struct.pack("<IB3x", 10, flags) + sides


def gif(file: BinaryIO, size: int, marking: Marking) -> list[Piece]:
    """An application extension behind the colour table; one before the first picture goes.

    Extensions are of GIF89a, so a GIF87a is called one.
    """
    head = exactly(file, 0, 13)
    place = at = 13 + (3 * 2 ** ((head[10] & 7) + 1) if head[10] & 0x80 else 0)
    existing, changes = b"", [(3, 6, b"89a")]
    for _ in range(_MOST_PARTS):
        opening = exactly(file, at, 2)
        if opening[:1] != b"\x21":
            break
        begin = at
        is_xmp = exactly(file, at, min(14, size - at)) == _GIF_NAME
        at += 2
        for _ in range(_MOST_PARTS):
            block = exactly(file, at, 1)[0]
            at += 1 + block
            if not block:
                break
        else:
            raise too_many_parts()
        if is_xmp:
            existing = existing or exactly(file, begin + 14, at - begin - 14)[:-258]
            changes.append((begin, at, b""))
    extension = _GIF_NAME + xmp.packet(marking, existing) + _GIF_TRAILER
    return replaced(size, [(place, place, extension), *changes])
