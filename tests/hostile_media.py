"""Files that want to do harm, each made by code: bombs, liars, polyglots, and what is no media.

Every file has a few megabytes at most; what it asks of a reader is much more. `HOSTILE` names them
all and says of each what has to become of it: stored as the format it really is, or refused.
"""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

from tests import media_samples as samples
from tests.media_samples import glb_of, gltf_document, id3_tag, png_chunk, png_of

MEBIBYTE = 1024 * 1024
BEACON = "/beacon"
"""The path that a script in one of these files asks for when it runs."""
_ASK = f"fetch('{BEACON}',{{mode:'no-cors'}});(new Image).src='{BEACON}'"
_SCRIPT = f"<script>{_ASK}</script>"
_PAGE = f"<!DOCTYPE html><html><body>{_SCRIPT}</body></html>".encode()
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class HostileFile:
    """One file: how it is made, and as which format it may be stored; None when it is refused."""

    make: Callable[[], bytes]
    stored_as: str | None = None


@cache
def zeros(mebibytes: int) -> bytes:
    """That many mebibytes of zeros in a zlib stream of a thousandth of it."""
    packing = zlib.compressobj(9)
    piece = bytes(MEBIBYTE)
    return b"".join(packing.compress(piece) for _ in range(mebibytes)) + packing.flush()


# PNG


def _png_with(chunk: bytes) -> bytes:
    """A good small PNG with one more chunk behind its header."""
    good = samples.png_bytes()
    return good[:33] + chunk + good[33:]


def _png_of_size(width: int, height: int) -> bytes:
    return png_of(width, height, zlib.compress(bytes(100)))


def _largest_png() -> bytes:
    """A true picture of all but a hundred million pixels, in a tenth of a megabyte."""
    return png_of(9_999, 9_999, zeros(96))


def _png_with_many_frames() -> bytes:
    """Twenty thousand frames, each of them there."""
    good = samples.png_bytes()
    frames = b"".join(
        png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", 2 * n, 16, 12, 0, 0, 1, 100, 0, 0))
        + png_chunk(b"fdAT", struct.pack(">I", 2 * n + 1) + zlib.compress(bytes(592)))
        for n in range(20_000)
    )
    return good[:33] + png_chunk(b"acTL", struct.pack(">II", 20_000, 0)) + frames + good[33:]


def _apng_that_promises() -> bytes:
    good = samples.animation_bytes("PNG")
    at = good.index(b"acTL")
    return good[: at - 4] + png_chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)) + good[at + 16 :]


def _png_that_is_html() -> bytes:
    """A whole PNG, and behind its end a page with a script."""
    return samples.png_bytes(64, 48) + _PAGE


def _png_with_html_inside() -> bytes:
    """A page inside the first text chunk, where a guess at the type might look."""
    return _png_with(png_chunk(b"tEXt", b"Comment\0" + _PAGE))


# GIF


def _gif(width: int, height: int, blocks: bytes) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6) + blocks


_FRAME = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"


def _gif_comment(text: bytes) -> bytes:
    return b"\x21\xfe" + bytes([len(text)]) + text + b"\x00"


def _gif_that_is_javascript() -> bytes:
    """`GIF89a/* … */=1; … /* … */`: a picture of 10,799 × 1 and a script without a fault."""
    script = f"*/=1;{_ASK}/*".encode()
    return _gif(0x2A2F, 1, _gif_comment(script) + _FRAME) + b";*/"


def _gif_with_a_frame_beyond_it() -> bytes:
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 65_535, 65_535, 0) + b"\x02\x02\x44\x01\x00"
    return _gif(1, 1, frame + b";")


def _largest_gif() -> bytes:
    file = io.BytesIO()
    Image.new("P", (9_000, 9_000)).save(file, "GIF")
    return file.getvalue()


# JPEG, WebP, AVIF


def _jpeg_of_size(width: int, height: int) -> bytes:
    good = bytearray(samples.jpeg_bytes())
    at = good.index(b"\xff\xc0") + 5
    good[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(good)


def _jpeg_of_many_scans() -> bytes:
    """The last scan of a progressive picture again and again: each one costs a whole decoding."""
    file = io.BytesIO()
    Image.new("L", (8_000, 8_000), 90).save(file, "JPEG", progressive=True)
    data = file.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * 20_000 + b"\xff\xd9"


def _jpeg_with_a_page_inside() -> bytes:
    good = samples.jpeg_bytes()
    return good[:2] + b"\xff\xfe" + struct.pack(">H", len(_PAGE) + 2) + _PAGE + good[2:]


def _jpeg_of_fill_bytes() -> bytes:
    return samples.jpeg_bytes()[:-2] + b"\xff" * MEBIBYTE + b"\x00"


def _webp_of_canvas(width: int, height: int) -> bytes:
    good = samples.animation_bytes("WEBP")
    sizes = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return good[:24] + sizes + good[30:]


def _lossless_webp_of_size(width: int, height: int) -> bytes:
    bits = struct.pack("<I", width - 1 | height - 1 << 14) + bytes(64)
    chunk = b"VP8L" + struct.pack("<I", len(bits) + 1) + b"\x2f" + bits + b"\0"
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


def _avif_of_size(width: int, height: int) -> bytes:
    good = samples.avif_bytes()
    at = good.index(b"ispe") + 8
    return good[:at] + struct.pack(">II", width, height) + good[at + 8 :]


# Film


def _box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), name) + body


def _with_field(data: bytes, box: bytes, offset: int, value: bytes) -> bytes:
    """`data` with other bytes at `offset` behind the name of its first such box."""
    at = data.index(box) + 4 + offset
    return data[:at] + value + data[at + len(value) :]


def _mp4_nested_deeply() -> bytes:
    body = b""
    for _ in range(20_000):
        body = _box(b"moov", body)
    good = samples.recorded("v_00001_.mp4")
    start = struct.unpack_from(">I", good)[0]
    return good[:start] + body + _box(b"mdat", bytes(100))


def _mp4_of_tiny_boxes() -> bytes:
    good = samples.recorded("v_00001_.mp4")
    return good + _box(b"free", b"") * 200_000


def _mp4_with_a_box_of_64_bits() -> bytes:
    good = samples.recorded("v_00001_.mp4")
    return good + struct.pack(">I4sQ", 1, b"free", 2**63)


def _mp4_that_points_elsewhere() -> bytes:
    """Its pictures are said to be in another file of this machine."""
    good = samples.recorded("v_00001_.mp4")
    at = good.index(b"url \x00\x00\x00\x01")
    return good[:at] + b"url \x00\x00\x00\x00" + good[at + 8 :]


def _mp4_of_size(width: int, height: int) -> bytes:
    return _with_field(
        samples.recorded("v_00001_.mp4"), b"avc1", 24, struct.pack(">HH", width, height)
    )


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


# Sound


def _flac_crc(data: bytes, polynomial: int, bits: int) -> int:
    value, top = 0, 1 << (bits - 1)
    for byte in data:
        value ^= byte << (bits - 8)
        for _ in range(8):
            value = (value << 1 ^ polynomial if value & top else value << 1) & ((1 << bits) - 1)
    return value


def _flac_of_silence() -> bytes:
    """A minute and a half at 655,350 Hz in eight channels: 500 million samples, all zero.

    One frame of 65,535 samples is some thirty bytes (RFC 9639 §9: constant subframes).
    """
    rate, channels, samples_a_frame, frames = 655_350, 8, 65_535, 1_000
    total = samples_a_frame * frames
    info = struct.pack(">HH", samples_a_frame, samples_a_frame) + bytes(6)
    info += (rate << 44 | (channels - 1) << 41 | 15 << 36 | total).to_bytes(8, "big") + bytes(16)
    pieces = [b"fLaC\x80\x00\x00\x22", info]
    for number in range(frames):
        # 0x7: the block size in 16 bits behind the header; 0xE: the rate in tens of Hz.
        head = b"\xff\xf8\x7e" + bytes([(channels - 1) << 4 | 4 << 1])
        head += _flac_number(number) + struct.pack(">HH", samples_a_frame - 1, rate // 10)
        head += bytes([_flac_crc(head, 0x07, 8)])
        frame = head + bytes(3) * channels
        pieces.append(frame + struct.pack(">H", _flac_crc(frame, 0x8005, 16)))
    return b"".join(pieces)


def _flac_number(number: int) -> bytes:
    """A frame's number, coded as UTF-8 codes a letter (RFC 9639 §9.1.5)."""
    if number < 0x80:
        return bytes([number])
    if number < 0x800:
        return bytes([0xC0 | number >> 6, 0x80 | number & 0x3F])
    return bytes([0xE0 | number >> 12, 0x80 | number >> 6 & 0x3F, 0x80 | number & 0x3F])


def _flac_that_promises() -> bytes:
    """STREAMINFO promises 2^36 − 1 samples."""
    good = bytearray(samples.flac_bytes())
    good[21] |= 0x0F
    good[22:26] = b"\xff" * 4
    return bytes(good)


def _wav(**changed: int) -> bytes:
    """A WAV whose header says something else than is true."""
    fields = {"riff": None, "channels": None, "rate": None, "align": None, "data": None}
    data = bytearray(samples.wav_bytes())
    places = {"riff": (4, "<I"), "channels": (22, "<H"), "rate": (24, "<I"), "align": (32, "<H")}
    places["data"] = (40, "<I")
    for name, value in {**fields, **changed}.items():
        if value is not None:
            at, layout = places[name]
            struct.pack_into(layout, data, at, value)
    return bytes(data)


def _id3_with_a_bomb() -> bytes:
    """A compressed cover picture that would unfold to 100 MiB (ID3v2.4 §4.1: flags, size)."""
    packed = zeros(100)
    size = _syncsafe(len(packed) + 4)
    frame = b"APIC" + size + b"\x00\x09" + _syncsafe(100 * MEBIBYTE) + packed
    return b"ID3\x04\x00\x00" + _syncsafe(len(frame)) + frame + samples.mp3_bytes()


def _syncsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _ogg_without_an_end() -> bytes:
    good = samples.recorded("opus_00001_.opus")
    last = good.rindex(b"OggS")
    return good[: last + 5] + bytes([good[last + 5] & ~4]) + good[last + 6 :]


# 3D


def _glb_with_length(length: int) -> bytes:
    good = samples.glb_bytes()
    return good[:8] + struct.pack("<I", length) + good[12:]


def _glb_of_text(text: bytes) -> bytes:
    """A GLB whose JSON part is `text`, whatever that is."""
    text += b" " * (-len(text) % 4)
    body = struct.pack("<I4s", len(text), b"JSON") + text
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def _glb_having(**parts: object) -> bytes:
    return glb_of({**gltf_document(), **parts}, bytes(72))


def _glb_of_many_views() -> bytes:
    """Each of 20,000 index accessors makes a careless reader look through 200,000 views."""
    views = [{"buffer": 0, "byteOffset": 0, "byteLength": 4}] * 200_000
    position = {"componentType": 5126, "count": 1, "type": "VEC3"}
    indices = {"bufferView": 199_999, "componentType": 5121, "count": 1, "type": "SCALAR"}
    primitives = [
        {"attributes": {"POSITION": 0}, "indices": number, "mode": 0} for number in range(1, 20_001)
    ]
    return glb_of(
        {
            "asset": {"version": "2.0"},
            "buffers": [{"byteLength": 4}],
            "bufferViews": views,
            "accessors": [position, *[indices] * 20_000],
            "meshes": [{"primitives": primitives}],
        },
        bytes(4),
    )


def _glb_of_one_part_many_times() -> bytes:
    """The same two million indices under 20,000 names."""
    count = 2_000_000
    position = {"componentType": 5126, "count": 1, "type": "VEC3"}
    indices = {"bufferView": 0, "componentType": 5121, "count": count, "type": "SCALAR"}
    primitives = [
        {"attributes": {"POSITION": 0}, "indices": number, "mode": 0} for number in range(1, 20_001)
    ]
    return glb_of(
        {
            "asset": {"version": "2.0"},
            "buffers": [{"byteLength": count}],
            "bufferViews": [{"buffer": 0, "byteLength": count}],
            "accessors": [position, *[indices] * 20_000],
            "meshes": [{"primitives": primitives}],
        },
        bytes(count),
    )


def _glb_with_an_empty_reach() -> bytes:
    """A thousand million vertices that no data stand behind: zeros, by the specification."""
    position = {"componentType": 5126, "count": 10**9, "type": "VEC3"}
    return _glb_having(accessors=[position, gltf_document()["accessors"][1]])  # type: ignore[index]


def _ply(count: str, layout: str = "binary_little_endian", body: bytes = b"") -> bytes:
    return (
        f"ply\nformat {layout} 1.0\nelement vertex {count}\nproperty float x\nproperty float y\n"
        "property float z\nelement face 1\nproperty list uint int vertex_indices\nend_header\n"
    ).encode() + body


def _stl_of_one_number() -> bytes:
    return b"solid x\nfacet normal " + b"1" * MEBIBYTE + b"\n"


# What is no media


def _tiff_bomb() -> bytes:
    file = io.BytesIO()
    Image.new("L", (4_000, 4_000)).save(file, "TIFF", compression="tiff_deflate")
    return file.getvalue()


def _zip_bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("output_image.png", bytes(50 * MEBIBYTE))
        archive.writestr("../../metadata.json", b"{}")
    return file.getvalue()


def _svg(more: str = "") -> bytes:
    return (
        f'{more}<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="{_ASK}">'
        f"{_SCRIPT}</svg>"
    ).encode()


_ENTITIES = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
_PDF = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>\n"

HOSTILE: dict[str, HostileFile] = {
    "nothing": HostileFile(lambda: b""),
    "one byte": HostileFile(lambda: b"\x89"),
    "zeros": HostileFile(lambda: bytes(MEBIBYTE)),
    "noise": HostileFile(lambda: np.random.default_rng(4).bytes(MEBIBYTE)),
    "png: signature alone": HostileFile(lambda: _SIGNATURE),
    "png: signature, then HTML": HostileFile(lambda: _SIGNATURE + _PAGE),
    "png: 100 million pixels": HostileFile(lambda: _png_of_size(10_001, 10_000)),
    "png: 2^62 pixels": HostileFile(lambda: _png_of_size(2**31 - 1, 2**31 - 1)),
    "png: no pixels": HostileFile(lambda: _png_of_size(0, 0)),
    "png: all but 100 million pixels": HostileFile(_largest_png, "png"),
    "png: bomb behind its pixels": HostileFile(lambda: png_of(8, 8, zeros(100)), "png"),
    "png: bomb in its text": HostileFile(
        lambda: _png_with(png_chunk(b"zTXt", b"a\0\0" + zeros(100)))
    ),
    "png: bomb in its colour profile": HostileFile(
        lambda: _png_with(png_chunk(b"iCCP", b"a\0\0" + zeros(100)))
    ),
    "png: a chunk of 4 GiB": HostileFile(lambda: _png_with(b"\xff\xff\xff\xfftEXt")),
    "png: half a million chunks": HostileFile(lambda: _png_with(png_chunk(b"prVt", b"") * 500_000)),
    "png: cut off": HostileFile(lambda: _cut(samples.png_bytes())),
    "png: promises 2^31 frames": HostileFile(_apng_that_promises),
    "png: 20,000 frames": HostileFile(_png_with_many_frames),
    "png and HTML": HostileFile(_png_that_is_html, "png"),
    "png with HTML inside": HostileFile(_png_with_html_inside, "png"),
    "gif: 65,535 squared": HostileFile(lambda: _gif(65_535, 65_535, _FRAME + b";")),
    "gif: a frame beyond it": HostileFile(_gif_with_a_frame_beyond_it),
    "gif: 81 million pixels": HostileFile(_largest_gif, "gif"),
    "gif: endless": HostileFile(lambda: _gif(1, 1, _FRAME * 200_000)),
    "gif: 20,000 frames": HostileFile(lambda: _gif(1, 1, _FRAME * 20_000 + b";")),
    "gif: no frame": HostileFile(lambda: _gif(1, 1, b";")),
    "gif and JavaScript": HostileFile(_gif_that_is_javascript, "gif"),
    "gif: signature, then HTML": HostileFile(lambda: b"GIF89a" + _PAGE),
    "jpeg: 65,535 squared": HostileFile(lambda: _jpeg_of_size(65_535, 65_535)),
    "jpeg: 20,000 scans": HostileFile(_jpeg_of_many_scans),
    "jpeg: fill bytes": HostileFile(_jpeg_of_fill_bytes),
    "jpeg: cut off": HostileFile(lambda: _cut(samples.jpeg_bytes())),
    "jpeg with HTML inside": HostileFile(_jpeg_with_a_page_inside, "jpeg"),
    "webp: a canvas of 16,384 squared": HostileFile(lambda: _webp_of_canvas(16_384, 16_384)),
    "webp: a canvas of 2^48 pixels": HostileFile(lambda: _webp_of_canvas(2**24, 2**24)),
    "webp: 16,383 squared, lossless": HostileFile(lambda: _lossless_webp_of_size(16_383, 16_383)),
    "webp: says it is longer": HostileFile(
        lambda: b"RIFF\xff\xff\xff\xff" + samples.webp_bytes()[8:]
    ),
    "avif: 60,000 squared": HostileFile(lambda: _avif_of_size(60_000, 60_000)),
    "avif: cut off": HostileFile(lambda: _cut(samples.avif_bytes())),
    "tiff: 16 million pixels": HostileFile(_tiff_bomb),
    "mp4: cut off": HostileFile(lambda: _cut(samples.recorded("v_00001_.mp4"))),
    "mp4: nested 20,000 deep": HostileFile(_mp4_nested_deeply),
    "mp4: 200,000 boxes": HostileFile(_mp4_of_tiny_boxes),
    "mp4: a box of 2^63 bytes": HostileFile(_mp4_with_a_box_of_64_bits),
    "mp4: a box of 3 bytes": HostileFile(
        lambda: samples.recorded("v_00001_.mp4") + b"\x00\x00\x00\x03free"
    ),
    "mp4: 2^32 samples": HostileFile(
        lambda: _with_field(samples.recorded("v_00001_.mp4"), b"stsz", 8, b"\xff" * 4)
    ),
    "mp4: says it is 65,535 squared": HostileFile(lambda: _mp4_of_size(65_535, 65_535), "mp4"),
    "mp4: says its data are elsewhere": HostileFile(_mp4_that_points_elsewhere, "mp4"),
    "mp4: a header alone": HostileFile(lambda: _box(b"ftyp", b"isom\0\0\0\0isommp42")),
    "webm: cut off": HostileFile(lambda: _cut(samples.recorded("webm_00001_.webm"))),
    "webm: a header alone": HostileFile(lambda: samples.recorded("webm_00001_.webm")[:40]),
    "a playlist of this machine's files": HostileFile(
        lambda: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
    ),
    "a list of files to join": HostileFile(lambda: b"ffconcat version 1.0\nfile /etc/passwd\n"),
    "id3: garbage": HostileFile(lambda: b"ID3\x04\x00\xff\x7f\x7f\x7f\x7f" + bytes(range(256)) * 4),
    "id3: says 256 MiB": HostileFile(
        lambda: b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + samples.mp3_bytes()
    ),
    "id3: 6,000 tags, then nothing": HostileFile(lambda: id3_tag(0) * 6_000),
    "id3: 300,000 tags": HostileFile(lambda: id3_tag(0) * 300_000 + samples.mp3_bytes()),
    "id3: bomb in its cover": HostileFile(_id3_with_a_bomb, "mp3"),
    "mp3: noise behind its frames": HostileFile(lambda: samples.mp3_bytes() + b"\x01" * 5_000),
    "wav: says it is longer": HostileFile(lambda: _wav(data=2**31)),
    "wav: no channels": HostileFile(lambda: _wav(channels=0)),
    "wav: 65,535 channels": HostileFile(lambda: _wav(channels=65_535)),
    "wav: rate 0": HostileFile(lambda: _wav(rate=0)),
    "wav: blocks of nothing": HostileFile(lambda: _wav(align=0, channels=0, rate=0)),
    "flac: cut off": HostileFile(lambda: _cut(samples.flac_bytes())),
    "flac: promises 2^36 samples": HostileFile(_flac_that_promises),
    "flac: 500 million samples of silence": HostileFile(_flac_of_silence, "flac"),
    "ogg: cut off": HostileFile(lambda: _cut(samples.recorded("opus_00001_.opus"))),
    "ogg: without an end": HostileFile(_ogg_without_an_end),
    "glb: says it is longer": HostileFile(lambda: _glb_with_length(2**32 - 1)),
    "glb: says it is shorter": HostileFile(lambda: _glb_with_length(20)),
    "glb: a chunk of 4 GiB": HostileFile(
        lambda: struct.pack("<4sIII4s", b"glTF", 2, 24, 2**32 - 4, b"JSON") + b"{}  "
    ),
    "glb: 17 MiB of JSON": HostileFile(lambda: _glb_of_text(b'{"a":"' + b"a" * 17 * MEBIBYTE)),
    "glb: 4 million objects": HostileFile(
        lambda: _glb_of_text(b'{"meshes":[' + b"{}," * 4_000_000 + b"{}]}")
    ),
    "glb: nested a million deep": HostileFile(lambda: _glb_of_text(b"[" * 1_000_000)),
    "glb: a number of a million digits": HostileFile(
        lambda: _glb_of_text(b'{"a":' + b"9" * 1_000_000 + b"}")
    ),
    "glb: 2^60 vertices": HostileFile(
        lambda: glb_of(
            {
                **gltf_document(),
                "accessors": [
                    {"bufferView": 0, "componentType": 5126, "count": 2**60, "type": "VEC3"}
                ],
            },
            bytes(72),
        )
    ),
    "glb: 10^9 vertices of nothing": HostileFile(_glb_with_an_empty_reach),
    "glb: 20,000 times 200,000 views": HostileFile(_glb_of_many_views, "glb"),
    "glb: 20,000 times 2 million indices": HostileFile(_glb_of_one_part_many_times),
    "glb: a picture elsewhere": HostileFile(
        lambda: _glb_having(images=[{"uri": "file:///etc/passwd"}])
    ),
    "ply: 4,000 million vertices": HostileFile(lambda: _ply("4000000000", body=bytes(100))),
    "ply: a number of 5,000 digits": HostileFile(lambda: _ply("9" * 5_000)),
    "ply: a face of 2^32 corners": HostileFile(
        lambda: _ply("1", body=bytes(12) + b"\xff\xff\xff\xff" + bytes(12))
    ),
    "ply: a face of -1 and more corners": HostileFile(
        lambda: _ply("1", "ascii", b"0 0 0\n-1 0 0 0\n")
    ),
    "ply: a header without an end": HostileFile(
        lambda: b"ply\nformat ascii 1.0\n" + b"comment a\n" * 200_000
    ),
    "obj: one line of 8 MiB": HostileFile(lambda: b"v" + b" 1" * 4 * MEBIBYTE),
    "obj: a corner of 5,000 digits": HostileFile(
        lambda: b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 " + b"3" * 5_000 + b"\n"
    ),
    "obj: other files": HostileFile(
        lambda: samples.obj_bytes() + b"mtllib http://10.0.0.1/a.mtl\n"
    ),
    "obj: not a number": HostileFile(lambda: b"v 1e999 0 0\nv 0 0 0\nv 1 1 1\nf 1 2 3\n"),
    "stl: says it is longer": HostileFile(
        lambda: bytes(80) + struct.pack("<I", 2**32 - 1) + bytes(500)
    ),
    "stl: a number of a million digits": HostileFile(_stl_of_one_number),
    "HTML": HostileFile(lambda: _PAGE),
    "HTML behind a mark and blanks": HostileFile(lambda: b"\xef\xbb\xbf \r\n\t" + _PAGE),
    "HTML in UTF-16": HostileFile(lambda: _PAGE.decode().encode("utf-16")),
    "svg with a script": HostileFile(_svg),
    "svg with a script, as XML": HostileFile(lambda: _svg('<?xml version="1.0"?><!-- a -->')),
    "svg of a thousand million laughs": HostileFile(
        lambda: _svg(f'<!DOCTYPE svg [<!ENTITY a0 "ha">{_ENTITIES}]>')
    ),
    "script": HostileFile(f"#!/bin/sh\ncurl {BEACON}\n".encode),
    "JavaScript": HostileFile(_ASK.encode),
    "JSON": HostileFile(lambda: json.dumps({"error": "no picture"}).encode()),
    "text": HostileFile(lambda: "Heute leider kein Bild für dich.\n".encode() * 1_000),
    "pdf with a script": HostileFile(lambda: _PDF),
    "gzip bomb": HostileFile(lambda: gzip.compress(bytes(50 * MEBIBYTE))),
    "zip bomb": HostileFile(_zip_bomb),
    "a program": HostileFile(lambda: b"\x7fELF\x02\x01\x01" + bytes(4_000)),
    "a program of Windows": HostileFile(lambda: b"MZ\x90\x00" + bytes(4_000)),
    "an image of a disk's start": HostileFile(lambda: bytes(510) + b"\x55\xaa" + bytes(MEBIBYTE)),
}


POLYGLOTS = tuple(
    name
    for name, file in HOSTILE.items()
    if file.stored_as and ("HTML" in name or "JavaScript" in name)
)
"""Those that are stored although they hold a script."""
