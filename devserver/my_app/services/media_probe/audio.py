"""Sound files: their own declared sizes against what is there, then decoded.

PyAV forgives a file that ends too early, so what each format says of its own length is checked
first. Tags (ID3, covers) are never unpacked: they may hold bombs, and no fact is needed from them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from mutagen.flac import StreamInfo
from mutagen.ogg import OggPage

from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.media_headers import MAX_TAGS, id3v2_length, mp3_header
from devserver.my_app.services.media_kinds import MediaKind
from devserver.my_app.services.media_probe.facts import MediaFacts, ProbeLimits
from devserver.my_app.services.media_probe.sound import decode_sound

_CUT = "The sound is cut off: its end is missing."
_UNKNOWN_LENGTH = 0xFFFFFFFF  # written by encoders that stream and cannot go back


def measure_audio(path: Path, kind: MediaKind, limits: ProbeLimits) -> MediaFacts:
    """Seconds, sample rate and channels of a WAV, FLAC, MP3 or Ogg file, by decoding it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        least_samples = _WALKS[kind.format](file, size)
        tags = _skip_id3(file) if kind.format in ("mp3", "flac") else 0
    sound = decode_sound(path, _DEMUXERS[kind.format], limits, skip_bytes=tags)
    if sound.decoded_whole and sound.samples < least_samples:
        raise MediaRejected(_CUT)
    return MediaFacts(
        kind=kind,
        file_size_bytes=size,
        duration_seconds=sound.seconds,
        sample_rate=sound.sample_rate,
        channels=sound.channels,
        audio_codec=sound.codec,
        has_audio=True,
    )


def _walk_wav(file: BinaryIO, size: int) -> int:
    """The chunks lie inside the file (RIFF; RF64 sizes from ds64, EBU Tech 3306 §3)."""
    file.seek(0)
    magic, riff_size = struct.unpack("<4sI4x", _exactly(file, 12))
    long_data_size = None
    at = 12
    while at + 8 <= size:
        file.seek(at)
        name, length = struct.unpack("<4sI", _exactly(file, 8))
        if name == b"ds64" and magic == b"RF64":
            riff_size, long_data_size = struct.unpack("<QQ", _exactly(file, 16))
        if name == b"data":
            if length == _UNKNOWN_LENGTH and long_data_size is None:
                return 0
            length = long_data_size if long_data_size is not None else length
            if at + 8 + length > size:
                raise MediaRejected(_CUT)
            # Some writers count a padding byte that they never wrote.
            padding = length & 1
            if riff_size != _UNKNOWN_LENGTH and riff_size + 8 - padding > size:
                raise MediaRejected(_CUT)
            return 0
        at += 8 + length + (length & 1)
    raise MediaRejected(_CUT)


def _walk_flac(file: BinaryIO, size: int) -> int:  # noqa: ARG001 — one signature
    """The number of samples that STREAMINFO promises, 0 for unknown (RFC 9639 §8.2)."""
    _skip_id3(file)
    return int(StreamInfo(BytesIO(_exactly(file, 42)[8:])).total_samples)  # type: ignore[no-untyped-call]


def _walk_mp3(file: BinaryIO, size: int) -> int:
    """Frame after frame; only tags may stand behind the last. A Xing header's promise is kept.

    Source for Xing/Info: its four flags, then frames and bytes, big-endian, behind the side
    information, whose length is by MPEG version and channels (ISO/IEC 11172-3 §2.4.1.7).
    """
    start = _skip_id3(file)
    data = file.read()
    at = len(data) - len(data.lstrip(b"\x00"))
    first = header = mp3_header(data, at)
    if first is None:
        raise MediaRejected("The MP3 file has no sound in it.")
    side = (32 if first.channels == 2 else 17) if first.mpeg1 else 17 if first.channels == 2 else 9
    promised_frames, promised_bytes = _xing(data[at : at + first.frame_bytes], 4 + side)
    begin, frames = at, 0
    while header is not None:
        if at + header.frame_bytes > len(data):
            raise MediaRejected(_CUT)
        frames += 1
        at += header.frame_bytes
        header = mp3_header(data, at)
    behind = data[at : at + 16]
    if behind.strip(b"\x00") and not behind.startswith((b"TAG", b"APETAGEX", b"LYRICS", b"ID3")):
        raise MediaRejected("The MP3 file is damaged or cut off.")
    # The header's own frame is silent, and counted by some writers only.
    if frames < promised_frames or start + begin + promised_bytes > size:
        raise MediaRejected(_CUT)
    return 0


def _xing(frame: bytes, at: int) -> tuple[int, int]:
    """(frames, bytes) that the header in the first frame promises; 0 where it says nothing."""
    if frame[at : at + 4] not in (b"Xing", b"Info") or len(frame) < at + 16:
        return 0, 0
    flags = struct.unpack_from(">I", frame, at + 4)[0]
    numbers = iter(struct.unpack_from(">II", frame, at + 8))
    promised_frames = next(numbers) if flags & 1 else 0
    return promised_frames, next(numbers) if flags & 2 else 0


def _walk_ogg(file: BinaryIO, size: int) -> int:
    """Page after page; each stream's last page says so (RFC 3533 §6), else the end is missing."""
    file.seek(0)
    open_streams: set[int] = set()
    while file.tell() < size:
        page = OggPage(file)  # type: ignore[no-untyped-call]
        if page.last:
            open_streams.discard(page.serial)
        else:
            open_streams.add(page.serial)
    if open_streams:
        raise MediaRejected(_CUT)
    return 0


def _skip_id3(file: BinaryIO) -> int:
    """Leave `file` behind all its leading ID3v2 tags; the position there."""
    at = 0
    for _ in range(MAX_TAGS + 1):
        file.seek(at)
        length = id3v2_length(file.read(10))
        if not length:
            file.seek(at)
            return at
        at += length
    raise MediaRejected("The sound has too many tags in front of it.")


def _exactly(file: BinaryIO, length: int) -> bytes:
    data = file.read(length)
    if len(data) < length:
        raise MediaRejected(_CUT)
    return data


_WALKS: dict[str, Callable[[BinaryIO, int], int]] = {
    "wav": _walk_wav,
    "flac": _walk_flac,
    "mp3": _walk_mp3,
    "ogg": _walk_ogg,
    "opus": _walk_ogg,
}
_DEMUXERS = {"wav": "wav", "flac": "flac", "mp3": "mp3", "ogg": "ogg", "opus": "ogg"}
