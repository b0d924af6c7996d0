"""Words for what is no accepted media, so that a person learns what a service sent instead."""

from __future__ import annotations

import json
import struct

from devserver.my_app.services.media_headers import is_text, unmarked
from devserver.my_app.services.media_kinds import HEAD_BYTES, HEIC_BRANDS

_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<script", "an HTML page"),
    (b"<svg", "an SVG drawing"),
    (b"%pdf-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"#!", "a script"),
    (b"BM", "a BMP picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x1a\x45\xdf\xa3", "a Matroska file that is not WebM"),
    (b"RIFF", "an unsupported RIFF file, such as AVI"),
    (b"OggS", "an Ogg file with video or an unsupported sound"),
    (b"ID3", "an ID3 tag with no sound behind it"),
    (b"{", "a JSON document"),
    (b"[", "a JSON document"),
)


def looks_like(head: bytes) -> str:
    """What a file that opens with `head` seems to be, as words for a sentence: "an HTML page"."""
    text = unmarked(head).lower()
    for signature, words in _OTHERS:
        if text.startswith(signature) or head.startswith(signature):
            return words
    if text.startswith(b"<"):
        return _markup(text[:4096])
    if _is_safetensors(head):
        return "a ComfyUI latent or model (safetensors)"
    if head[4:8] == b"ftyp":
        return "an HEIC picture" if head[8:12] in HEIC_BRANDS else "an unsupported kind of MP4"
    return "text" if is_text(head, whole=len(head) < HEAD_BYTES) else "unknown data"


def _markup(text: bytes) -> str:
    if b"<svg" in text:
        return "an SVG drawing"
    return "an HTML page" if b"<html" in text else "an XML document"


def _is_safetensors(head: bytes) -> bool:
    """An 8-byte little-endian length, then that much JSON (the safetensors format's README)."""
    if len(head) < 10 or head[8:9] != b"{":
        return False
    length = struct.unpack_from("<Q", head)[0]
    if length > 100_000_000:
        return False
    if 8 + length > len(head):
        return head[9:10] in (b'"', b" ", b"\n", b"}")
    try:
        return isinstance(json.loads(head[8 : 8 + length]), dict)
    except (ValueError, RecursionError):
        return False
