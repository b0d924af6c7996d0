"""Pictures: walked by our own reading of the format for wholeness, then opened by Pillow.

All but PNG are decoded too. A PNG has a checksum over every chunk, so that nothing can have been
lost on the way; only the beginning of its pixels is unpacked, which costs a tenth.
"""

from __future__ import annotations

import re
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import AvifImagePlugin, Image, WebPImagePlugin

from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.media_kinds import MediaKind
from devserver.my_app.services.media_probe.boxes import (
    find_box,
    media_header_seconds,
    top_level_boxes,
)
from devserver.my_app.services.media_probe.facts import MediaFacts, ProbeLimits

# Imported by name, else Pillow imports all its formats to find these two.
_PLUGINS = (AvifImagePlugin, WebPImagePlugin)
_PIXELS_UNPACKED = 64 * 1024
_PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # a pixel, by colour type (PNG 3rd ed. §11.2.1)
_CUT = "The picture is cut off: its end is missing."


@dataclass(frozen=True, slots=True)
class _Animation:
    """Frames shown one after the other, and how long all of them take together."""

    frames: int
    seconds: float


_STILL = _Animation(frames=1, seconds=0.0)


def measure_image(path: Path, kind: MediaKind, limits: ProbeLimits) -> MediaFacts:
    """Size of a picture, and frames and seconds of an animated one."""
    data = path.read_bytes()
    animation = _WALKS[kind.format](data, limits)
    if animation.frames > limits.max_frames:
        raise MediaRejected(f"The picture has more than {limits.max_frames} frames.")
    width, height = _open(data, kind, limits, animated=animation.frames > 1)
    facts = MediaFacts(kind=kind, file_size_bytes=len(data), width=width, height=height)
    if animation.frames < 2:
        return facts
    seconds = round(animation.seconds, 6)
    return MediaFacts(
        kind=kind,
        file_size_bytes=len(data),
        width=width,
        height=height,
        duration_seconds=seconds,
        frame_count=animation.frames,
        frame_rate=round(animation.frames / seconds, 3) if seconds else None,
    )


def _open(data: bytes, kind: MediaKind, limits: ProbeLimits, *, animated: bool) -> tuple[int, int]:
    with warnings.catch_warnings():
        # Pillow only warns of a bomb (ours is the limit below) and of odd but harmless metadata.
        warnings.simplefilter("ignore")
        with Image.open(BytesIO(data), formats=[kind.format.upper()]) as image:
            width, height = image.size
            _check_pixels(width, height, limits, animated=animated)
            if kind.format != "png":
                image.load()
    if not width or not height:
        raise MediaRejected("The picture has no pixels.")
    return width, height


def _walk_png(data: bytes, limits: ProbeLimits) -> _Animation:
    """Every chunk whole with a right checksum, up to IEND (PNG 3rd ed. §5.3, §5.6, §11.3.6).

    What stands behind IEND is no part of the picture and is left alone.
    """
    declared, shown, seconds = None, 0, 0.0
    has_pixels, least_bytes = False, 0
    for name, at, end in _png_chunks(data, limits):
        if name == b"IHDR":
            width, height = struct.unpack_from(">II", data, at)
            _check_pixels(width, height, limits)
            bits = data[at + 8] * _PNG_SAMPLES.get(data[at + 9], 1)
            least_bytes = width * height * bits // 8
        elif name == b"IDAT" and not has_pixels:
            _unpack_beginning(data[at:end], least_bytes)
            has_pixels = True
        elif name == b"acTL" and end - at == 8:
            declared = struct.unpack_from(">I", data, at)[0]
        elif name == b"fcTL" and end - at == 26:
            numerator, denominator = struct.unpack_from(">HH", data, at + 20)
            seconds += numerator / (denominator or 100)
            shown += 1
    if not has_pixels:
        raise MediaRejected("The picture has no pixels.")
    if declared is None:
        return _STILL
    if declared != shown:
        raise MediaRejected("The animated picture does not have the frames it declares.")
    return _Animation(frames=shown, seconds=seconds)


def _png_chunks(data: bytes, limits: ProbeLimits) -> Iterator[tuple[bytes, int, int]]:
    """Name, begin and end of the content of each chunk up to IEND, its checksum compared."""
    at = 8
    for _ in range(limits.max_chunks):
        if at + 12 > len(data):
            raise MediaRejected(_CUT)
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            raise MediaRejected(_CUT)
        checksum = zlib.crc32(memoryview(data)[at + 4 : end - 4])
        if checksum != struct.unpack_from(">I", data, end - 4)[0]:
            raise MediaRejected("The picture is damaged: a checksum is wrong.")
        if name == b"IEND":
            return
        yield name, at + 8, end - 4
        at = end
    raise MediaRejected("The picture has too many parts.")


def _unpack_beginning(compressed: bytes, least_bytes: int) -> None:
    """Refuse a first IDAT that isn't packed pixels, or that ends before `least_bytes` of them."""
    unpacking = zlib.decompressobj()
    try:
        pixels = unpacking.decompress(compressed, _PIXELS_UNPACKED)
    except zlib.error as error:
        raise MediaRejected("The picture is damaged: its pixels can't be unpacked.") from error
    if unpacking.eof and len(pixels) < min(least_bytes, _PIXELS_UNPACKED):
        raise MediaRejected("The picture is damaged: pixels are missing.")


def _check_pixels(width: int, height: int, limits: ProbeLimits, *, animated: bool = False) -> None:
    """Before Pillow decodes it: Pillow only warns, or has its own limit and another sentence."""
    most = min(limits.max_pixels, limits.max_animated_pixels) if animated else limits.max_pixels
    if width * height > most:
        raise MediaRejected(
            f"The picture is too large: {width} × {height} pixels, "
            f"at most {most / 1e6:g} million are allowed."
        )


# A marker inside compressed data: not a stuffed zero, not a restart, not fill (ITU-T T.81 §B.1.1).
# Of fill bytes only the last one is looked at: a megabyte of them must not be read a million times.
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


def _walk_jpeg(data: bytes, limits: ProbeLimits) -> _Animation:
    """Segment by segment to the end-of-image marker; an EOI inside a thumbnail is not it.

    Each scan is a pass of the decoder over all pixels, and may be but a few bytes in the file.
    """
    at, scans = 2, 0
    while True:
        found = _JPEG_MARKER.search(data, at)
        if found is None:
            raise MediaRejected(_CUT)
        marker = data[found.end() - 1]
        if marker == 0xD9:
            return _STILL
        if marker == 0x01:
            at = found.end()
            continue
        if found.end() + 2 > len(data):
            raise MediaRejected(_CUT)
        length = struct.unpack_from(">H", data, found.end())[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and length >= 8:
            height, width = struct.unpack_from(">HH", data, found.end() + 3)
            _check_pixels(width, height, limits)
        scans += marker == 0xDA
        if scans > limits.max_scans:
            raise MediaRejected(f"The picture has more than {limits.max_scans} scans.")
        at = found.end() + length


def _walk_gif(data: bytes, limits: ProbeLimits) -> _Animation:
    """Block by block to the trailer (GIF89a specification §18-27); delays are in 1/100 s."""
    if len(data) < 13:
        raise MediaRejected(_CUT)
    at = 13 + _colour_table_bytes(data[10])
    frames, hundredths = 0, 0
    while frames <= limits.max_frames:
        if at >= len(data):
            raise MediaRejected(_CUT)
        block = data[at]
        if block == 0x3B:
            return _Animation(frames=frames, seconds=hundredths / 100)
        if block == 0x2C:
            if at + 10 > len(data):
                raise MediaRejected(_CUT)
            frames += 1
            at = _behind_sub_blocks(data, at + 11 + _colour_table_bytes(data[at + 9]))
        elif block == 0x21:
            if data[at + 1 : at + 3] == b"\xf9\x04" and at + 6 <= len(data):
                hundredths += struct.unpack_from("<H", data, at + 4)[0]
            at = _behind_sub_blocks(data, at + 2)
        else:
            raise MediaRejected("The GIF picture is damaged.")
    return _Animation(frames=frames, seconds=hundredths / 100)


def _colour_table_bytes(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _behind_sub_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += 1 + data[at]
    return at + 1


def _walk_webp(data: bytes, limits: ProbeLimits) -> _Animation:
    """The RIFF chunks up to the declared size (RFC 9649 §2.4-2.7); delays are in ms."""
    end = 8 + struct.unpack_from("<I", data, 4)[0]
    if end > len(data):
        raise MediaRejected(_CUT)
    # Pillow makes room for the whole canvas when it opens the file, whatever the frames' sizes.
    animated = data[12:16] == b"VP8X" and bool(data[20] & 2)
    _check_pixels(*_webp_size(data), limits, animated=animated)
    at, frames, milliseconds = 12, 0, 0
    while at < end and frames <= limits.max_frames:
        if at + 8 > end:
            raise MediaRejected("The WebP picture is damaged.")
        name, length = struct.unpack_from("<4sI", data, at)
        if at + 8 + length > end:
            raise MediaRejected(_CUT)
        if name == b"ANMF" and length >= 16:
            frames += 1
            milliseconds += int.from_bytes(data[at + 20 : at + 23], "little")
        at += 8 + length + (length & 1)
    return _Animation(frames=max(frames, 1), seconds=milliseconds / 1000)


def _webp_size(data: bytes) -> tuple[int, int]:
    """Canvas or picture size from the first chunk (RFC 9649 §2.7, §3.4; RFC 6386 §9.1)."""
    if len(data) < 30:
        raise MediaRejected(_CUT)
    if data[12:16] == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        return width, int.from_bytes(data[27:30], "little") + 1
    if data[12:16] == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def _walk_avif(data: bytes, limits: ProbeLimits) -> _Animation:  # noqa: ARG001 — one signature
    """The boxes fit the file (ISO/IEC 14496-12 §4.2); a sequence has a track with its duration."""
    boxes = top_level_boxes(BytesIO(data), len(data))
    if not any(box.name == b"mdat" for box in boxes):
        raise MediaRejected(_CUT)
    movie = next((box for box in boxes if box.name == b"moov"), None)
    if movie is None:
        return _STILL
    track = find_box(data[movie.body : movie.end], b"trak")
    media = find_box(track, b"mdia")
    count_box = find_box(find_box(find_box(media, b"minf"), b"stbl"), b"stsz")
    if len(count_box) < 12:
        raise MediaRejected("The animated AVIF picture is damaged.")
    frames = struct.unpack_from(">I", count_box, 8)[0]
    return _Animation(frames=frames, seconds=media_header_seconds(find_box(media, b"mdhd")))


_WALKS: dict[str, Callable[[bytes, ProbeLimits], _Animation]] = {
    "png": _walk_png,
    "jpeg": _walk_jpeg,
    "gif": _walk_gif,
    "webp": _walk_webp,
    "avif": _walk_avif,
}
