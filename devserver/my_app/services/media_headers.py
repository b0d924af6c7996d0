"""The few headers that both the look at a file's opening and the real measuring have to read."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_TAGS = 16
"""ID3v2 tags in a row; two are common enough where programs forget that there is one."""


def id3v2_length(head: bytes) -> int:
    """Length in bytes of the ID3v2 tag at the start (header and footer included), 0 when none.

    Source: ID3v2.4.0 main structure §3.1; the size is a 28-bit "syncsafe" integer.
    """
    if len(head) < 10 or not head.startswith(b"ID3") or head[3] not in (2, 3, 4):
        return 0
    if any(byte & 0x80 for byte in head[6:10]):
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    footer = 10 if head[5] & 0x10 else 0
    return 10 + size + footer


def behind_id3(head: bytes) -> int:
    """Where the ID3v2 tags at the start end: 0 without any, and never behind more than MAX_TAGS."""
    at = 0
    for _ in range(MAX_TAGS):
        length = id3v2_length(head[at : at + 10])
        if not length:
            break
        at += length
    return at


@dataclass(frozen=True, slots=True)
class Mp3Header:
    """One frame header of MPEG-1/2/2.5 Layer III (ISO/IEC 11172-3 §2.4.1.3, 13818-3)."""

    mpeg1: bool
    sample_rate: int
    channels: int
    frame_bytes: int
    samples: int


_MP3_BITRATES_MPEG1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MP3_BITRATES_MPEG2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MP3_SAMPLE_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def mp3_header(data: bytes, at: int = 0) -> Mp3Header | None:
    """The Layer III frame header at `at`, or None when the four bytes there are none.

    "Free format" frames (bitrate index 0) have no knowable length and count as none.
    """
    if len(data) < at + 4 or data[at] != 0xFF or data[at + 1] & 0xE0 != 0xE0:
        return None
    version = data[at + 1] >> 3 & 3
    layer = data[at + 1] >> 1 & 3
    bitrate_index = data[at + 2] >> 4
    rate_index = data[at + 2] >> 2 & 3
    if version == 1 or layer != 1 or bitrate_index in (0, 15) or rate_index == 3:
        return None
    mpeg1 = version == 3
    bitrate = (_MP3_BITRATES_MPEG1 if mpeg1 else _MP3_BITRATES_MPEG2)[bitrate_index]
    sample_rate = _MP3_SAMPLE_RATES[version][rate_index]
    samples = 1152 if mpeg1 else 576
    padding = data[at + 2] >> 1 & 1
    return Mp3Header(
        mpeg1=mpeg1,
        sample_rate=sample_rate,
        channels=1 if data[at + 3] >> 6 == 3 else 2,
        frame_bytes=samples // 8 * bitrate * 1000 // sample_rate + padding,
        samples=samples,
    )


def ebml_number(data: bytes, at: int) -> tuple[int, int] | None:
    """(value, bytes used) of the EBML size number at `at`, -1 for "unknown"; None when broken.

    Source: RFC 8794 §4 and §6.2.
    """
    if at >= len(data) or data[at] == 0:
        return None
    length = 9 - data[at].bit_length()
    if at + length > len(data):
        return None
    value = int.from_bytes(data[at : at + length], "big") & ((1 << 7 * length) - 1)
    return (-1 if value == (1 << 7 * length) - 1 else value), length


def unmarked(head: bytes) -> bytes:
    """Without the byte order mark and white space that browsers skip when they guess a type."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n\x0c")


def is_text(head: bytes, *, whole: bool = True) -> bool:
    """No control characters, and UTF-8; a last letter may be cut where `head` is not `whole`."""
    if re.search(rb"[\x00-\x08\x0e-\x1f\x7f]", head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return not whole and error.start >= len(head) - 3
    return bool(head)
