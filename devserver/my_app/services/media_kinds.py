"""What a file is, decided by its first bytes alone: never by a name, a header or a config.

`identify` is a cheap look at the opening; `media_probe.measure` then really opens the file. A file
that is two things at once (a polyglot) is judged by its opening: a PNG with a web page behind its
IEND is a PNG, is served as one with `nosniff`, and can do no harm as one.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Literal

from devserver.my_app.services.media_headers import (
    behind_id3,
    ebml_number,
    is_text,
    mp3_header,
    unmarked,
)

MediaType = Literal["image", "audio", "video", "3d"]
Format = Literal[
    "png",
    "jpeg",
    "webp",
    "gif",
    "avif",
    "wav",
    "flac",
    "mp3",
    "ogg",
    "opus",
    "m4a",
    "mp4",
    "mov",
    "webm",
    "glb",
    "obj",
    "stl",
    "ply",
]

HEAD_BYTES = 64 * 1024
"""How many of a file's first bytes `identify` wants; fewer only when the file is shorter."""


@dataclass(frozen=True, slots=True)
class MediaKind:
    """One kind of media: `format` names it in metadata and ends its file name."""

    type: MediaType
    format: Format
    mime_type: str


PNG = MediaKind("image", "png", "image/png")
JPEG = MediaKind("image", "jpeg", "image/jpeg")
WEBP = MediaKind("image", "webp", "image/webp")
GIF = MediaKind("image", "gif", "image/gif")
AVIF = MediaKind("image", "avif", "image/avif")
WAV = MediaKind("audio", "wav", "audio/wav")
FLAC = MediaKind("audio", "flac", "audio/flac")
MP3 = MediaKind("audio", "mp3", "audio/mpeg")
OGG = MediaKind("audio", "ogg", "audio/ogg")
OPUS = MediaKind("audio", "opus", "audio/ogg")  # RFC 7845 §9: .opus, audio/ogg
M4A = MediaKind("audio", "m4a", "audio/mp4")
MP4 = MediaKind("video", "mp4", "video/mp4")
MOV = MediaKind("video", "mov", "video/quicktime")
WEBM = MediaKind("video", "webm", "video/webm")
GLB = MediaKind("3d", "glb", "model/gltf-binary")
OBJ = MediaKind("3d", "obj", "model/obj")
STL = MediaKind("3d", "stl", "model/stl")
PLY = MediaKind("3d", "ply", "model/ply")  # not registered with IANA; named like the others

KINDS: tuple[MediaKind, ...] = (
    PNG,
    JPEG,
    WEBP,
    GIF,
    AVIF,
    WAV,
    FLAC,
    MP3,
    OGG,
    OPUS,
    M4A,
    MP4,
    MOV,
    WEBM,
    GLB,
    OBJ,
    STL,
    PLY,
)
_BY_FORMAT: dict[str, MediaKind] = {kind.format: kind for kind in KINDS}


def mime_type_of(format: str) -> str:
    """The Content-Type to serve a stored `format` with; KeyError when there is none."""
    return _BY_FORMAT[format].mime_type


def identify(head: bytes, *, size: int | None = None) -> MediaKind | None:
    """The kind of a file that opens with `head` (its first HEAD_BYTES), or None.

    `size` is the whole file's size in bytes where it is known; without it a binary STL, which has
    no signature, is only recognised when `head` is all of it. Never raises, whatever the bytes.
    An MP3 or FLAC behind an ID3 tag longer than `head` is called MP3; `measure` looks behind it.
    Not media here: HEIC, Matroska that is not WebM, Ogg video, AVI, BMP, TIFF, and any text but
    OBJ, ASCII STL and PLY.
    """
    if size is None and len(head) < HEAD_BYTES:
        size = len(head)
    signed = (_by_signature, _riff, _iso_brand, _webm, _ogg, _behind_id3)
    kind = next(filter(None, (recognise(head) for recognise in signed)), None)
    if kind is not None or _opens_like_a_document(head):
        return kind
    if size is not None and _is_binary_stl(head, size):
        return STL
    return _unsigned(head)


def _by_signature(head: bytes) -> MediaKind | None:
    if head.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"):  # PNG 3rd ed. §5.2, §11.2.1
        return PNG
    if head.startswith(b"\xff\xd8\xff"):  # ITU-T T.81 §B.2
        return JPEG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if head.startswith(b"fLaC") and head[4:8] in (b"\x00\x00\x00\x22", b"\x80\x00\x00\x22"):
        return FLAC  # RFC 9639 §8.1-8.2: STREAMINFO, 34 bytes, comes first
    if head.startswith(b"glTF\x02\x00\x00\x00"):  # glTF 2.0 §4.4.2
        return GLB
    return None


def _riff(head: bytes) -> MediaKind | None:
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":  # RF64: EBU Tech 3306
        return WAV
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":  # RFC 9649 §2.4
        return WEBP if head[12:16] in (b"VP8 ", b"VP8L", b"VP8X") else None
    return None


_AVIF_BRANDS = (b"avif", b"avis")
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_AUDIO_BRANDS = (b"M4A ", b"M4B ")
_VIDEO_BRANDS = (b"avc1", b"dash", b"M4V ", b"M4VH", b"M4VP", b"MSNV", b"mp41", b"mp42", b"isom")


def _iso_brand(head: bytes) -> MediaKind | None:
    """By the brands of the first box (ISO/IEC 14496-12 §4.3): the major one, then the others."""
    if head[4:8] != b"ftyp":
        return None
    length = struct.unpack_from(">I", head)[0]
    if not 16 <= length <= min(len(head), 4096):
        return None
    major = head[8:12]
    brands = [major, *(head[at : at + 4] for at in range(16, length - 3, 4))]
    if major in _AVIF_BRANDS + HEIC_BRANDS:
        # AVIF may open with the general brands it shares with HEIC.
        return AVIF if set(_AVIF_BRANDS) & set(brands) else None
    if major == b"qt  ":
        return MOV
    if major in _AUDIO_BRANDS:
        return M4A
    known = any(brand in _VIDEO_BRANDS or re.fullmatch(rb"iso[2-9a-c]", brand) for brand in brands)
    return MP4 if known else None


def _webm(head: bytes) -> MediaKind | None:
    """Only DocType "webm" (RFC 8794 §11.2.5): browsers play WebM, not Matroska at large."""
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    size = ebml_number(head, 4)
    if size is None or size[0] < 0:
        return None
    at = 4 + size[1]
    end = min(at + size[0], len(head))
    while at < end:
        id_length = 9 - head[at].bit_length()  # 9 for a zero byte: no valid id, ends below
        number = ebml_number(head, at + id_length)
        if id_length > 4 or number is None or number[0] < 0:
            return None
        value_at = at + id_length + number[1]
        if head[at : at + id_length] == b"\x42\x82":
            doc_type = head[value_at : value_at + number[0]].rstrip(b"\x00")
            return WEBM if doc_type == b"webm" else None
        at = value_at + number[0]
    return None


_OGG_VIDEO = (b"\x80theora", b"BBCD\x00", b"\x01video\x00", b"fishead\x00")


def _ogg(head: bytes) -> MediaKind | None:
    """By the first packet of each stream; all first pages come before any other (RFC 3533 §4)."""
    at, found = 0, None
    while head[at : at + 5] == b"OggS\x00" and len(head) > at + 27 and head[at + 5] & 2:
        segments = head[at + 27 : at + 27 + head[at + 26]]
        packet_at = at + 27 + len(segments)
        packet = head[packet_at : packet_at + 16]
        if packet.startswith(_OGG_VIDEO):
            return None
        if found is None:
            if packet.startswith(b"OpusHead"):
                found = OPUS
            elif packet.startswith((b"\x01vorbis", b"\x7fFLAC")):
                found = OGG
        at = packet_at + sum(segments)
    return found


def _behind_id3(head: bytes) -> MediaKind | None:
    at = behind_id3(head)
    if not at:
        return None
    rest = head[at:]
    if not rest and len(head) >= HEAD_BYTES:
        return MP3
    if rest.startswith(b"fLaC"):
        return FLAC
    # Some writers pad behind the tag's declared end.
    return MP3 if _starts_mp3_frames(rest.lstrip(b"\x00"), frames=2) else None


def _unsigned(head: bytes) -> MediaKind | None:
    if _ASCII_STL.match(head):
        return STL
    if _PLY.match(head):
        return PLY
    if _starts_mp3_frames(head, frames=3):
        return MP3
    return OBJ if _is_obj(head) else None


def _starts_mp3_frames(data: bytes, *, frames: int) -> bool:
    """True when `frames` alike headers follow each other; fewer (but two) where the data ends."""
    first = mp3_header(data)
    if first is None:
        return False
    at, seen, header = 0, 0, mp3_header(data)
    while header is not None and seen < frames:
        if (header.mpeg1, header.sample_rate) != (first.mpeg1, first.sample_rate):
            return False
        seen += 1
        at += header.frame_bytes
        header = mp3_header(data, at)
    return seen >= frames or (seen >= 2 and at >= len(data))


_ASCII_STL = re.compile(rb"\s{0,64}solid\b[^\n]{0,1024}\n\s{0,256}(?:facet\s+normal\s|endsolid\b)")
_PLY = re.compile(
    rb"ply\r?\n(?:(?:comment|obj_info)[^\n]*\n)*"
    rb"format (?:ascii|binary_little_endian|binary_big_endian) 1\.0\s*\n"
)
_OBJ_WORDS = (
    rb"v|vt|vn|vp|f|l|p|o|g|s|mg|mtllib|usemtl|usemap|maplib|cstype|deg|bmat|step|curv|curv2|surf|"
    rb"parm|trim|hole|scrv|sp|end|con|bevel|c_interp|d_interp|lod|shadow_obj|trace_obj|ctech|stech"
)
_OBJ_LINE = re.compile(rb"[ \t]*(?:#.*|(?:" + _OBJ_WORDS + rb")(?:[ \t].*)?)?\r?")
_OBJ_VERTEX = re.compile(rb"^[ \t]*v(?:[ \t]+[-+]?[0-9.]+(?:[eE][-+]?\d+)?){3}", re.MULTILINE)


def _is_obj(head: bytes) -> bool:
    """Strict, since OBJ has no signature: each line a known statement, one of them a vertex."""
    whole = head if len(head) < HEAD_BYTES else head[: head.rfind(b"\n") + 1]
    if not whole or not is_text(whole) or not _OBJ_VERTEX.search(whole):
        return False
    return all(_OBJ_LINE.fullmatch(line) for line in whole.split(b"\n"))


def _is_binary_stl(head: bytes, size: int) -> bool:
    """80 bytes of anything, a count, 50 bytes for each triangle: the size has to fit exactly."""
    if len(head) < 134:
        return False
    return bool(84 + 50 * struct.unpack_from("<I", head, 80)[0] == size)


_DOCUMENTS = (b"<", b"{", b"[", b"%PDF-", b"#!", b"PK\x03\x04", b"PK\x05\x06", b"\x7fELF", b"MZ")


def _opens_like_a_document(head: bytes) -> bool:
    return unmarked(head).startswith(_DOCUMENTS)
