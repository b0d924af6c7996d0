"""Media made on the spot for tests: every function returns the bytes of one small, good file.

The recorded files of real ComfyUI servers are in tests/data/media; `recorded` reads one.
"""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
from PIL import Image

RECORDED = Path(__file__).parent / "data" / "media"
Colour = tuple[int, int, int]


def recorded(name: str) -> bytes:
    """A file as a real ComfyUI server wrote it."""
    return (RECORDED / name).read_bytes()


# Pictures


def picture_bytes(
    format: str, width: int = 16, height: int = 12, colour: Colour = (200, 30, 60)
) -> bytes:
    """A still picture of one colour in any format that Pillow writes ("PNG", "JPEG", …)."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, format)
    return file.getvalue()


def png_bytes(width: int = 16, height: int = 12, colour: Colour = (200, 30, 60)) -> bytes:
    return picture_bytes("PNG", width, height, colour)


def jpeg_bytes(width: int = 16, height: int = 12, colour: Colour = (200, 30, 60)) -> bytes:
    return picture_bytes("JPEG", width, height, colour)


def webp_bytes(width: int = 16, height: int = 12, colour: Colour = (200, 30, 60)) -> bytes:
    return picture_bytes("WEBP", width, height, colour)


def gif_bytes(width: int = 16, height: int = 12, colour: Colour = (200, 30, 60)) -> bytes:
    return picture_bytes("GIF", width, height, colour)


def avif_bytes(width: int = 16, height: int = 12, colour: Colour = (200, 30, 60)) -> bytes:
    return picture_bytes("AVIF", width, height, colour)


def animation_bytes(format: str, frames: int = 3, milliseconds: int = 200) -> bytes:
    """An animated picture ("GIF", "WEBP", "PNG" or "AVIF") of 16 × 12 whose frames differ."""
    pictures = [Image.new("RGB", (16, 12), (80 * n % 256, 30, 60)) for n in range(frames)]
    file = io.BytesIO()
    pictures[0].save(
        file,
        format,
        save_all=True,
        append_images=pictures[1:],
        duration=milliseconds,
        loop=0,
    )
    return file.getvalue()


def noise_picture_bytes(format: str, width: int, height: int) -> bytes:
    """A picture that does not compress, for measuring and for cuts in the middle of its data."""
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format)
    return file.getvalue()


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_of(width: int, height: int, compressed: bytes) -> bytes:
    """A grey 8-bit PNG with the given size in its header and the given IDAT."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", compressed)
        + png_chunk(b"IEND", b"")
    )


# Sound


def _tone(seconds: float, sample_rate: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    return (8000 * np.sin(2 * np.pi * 440 * time)).astype(np.int16)


def wav_bytes(seconds: float = 0.5, sample_rate: int = 8000, channels: int = 1) -> bytes:
    samples = np.repeat(_tone(seconds, sample_rate), channels).astype("<i2").tobytes()
    layout = (1, channels, sample_rate, sample_rate * channels * 2, channels * 2, 16)
    body = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, *layout)
    body += b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(body)) + body


def rf64_bytes(seconds: float = 0.5) -> bytes:
    """The same sound with its sizes in a ds64 chunk (EBU Tech 3306)."""
    wav = wav_bytes(seconds)
    samples = len(wav) - 44
    ds64 = b"ds64" + struct.pack("<IQQQI", 28, len(wav) + 28, samples, samples // 2, 0)
    unknown = b"\xff\xff\xff\xff"
    return b"RF64" + unknown + b"WAVE" + ds64 + wav[12:40] + unknown + wav[44:]


def sound_bytes(
    container: str, codec: str, *, seconds: float = 0.5, sample_rate: int = 48000
) -> bytes:
    """A tone through PyAV, for example ("mp3", "libmp3lame") or ("ogg", "libopus")."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=sample_rate)
        assert isinstance(stream, av.AudioStream)
        stream.codec_context.options = {"strict": "experimental"}
        stream.layout = "stereo"
        tone = np.repeat(_tone(seconds, sample_rate), 2).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="stereo")
        frame.sample_rate = sample_rate
        frame.time_base = Fraction(1, sample_rate)
        frame.pts = 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    return file.getvalue()


def mp3_bytes(seconds: float = 0.5) -> bytes:
    return sound_bytes("mp3", "libmp3lame", seconds=seconds)


def flac_bytes(seconds: float = 0.5) -> bytes:
    return sound_bytes("flac", "flac", seconds=seconds)


def opus_bytes(seconds: float = 0.5) -> bytes:
    return sound_bytes("ogg", "libopus", seconds=seconds)


def ogg_bytes(seconds: float = 0.5) -> bytes:
    return sound_bytes("ogg", "flac", seconds=seconds)


def vorbis_bytes(seconds: float = 0.5) -> bytes:
    return sound_bytes("ogg", "vorbis", seconds=seconds)


def m4a_bytes(seconds: float = 0.5) -> bytes:
    return sound_bytes("ipod", "aac", seconds=seconds)


def id3_tag(body_bytes: int = 20) -> bytes:
    size = bytes(body_bytes >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\x00\x00" + size + bytes(body_bytes)


# Video


def video_bytes(
    container: str = "mp4",
    codec: str = "libx264",
    *,
    seconds: float = 0.5,
    rate: int = 10,
    width: int = 32,
    height: int = 24,
    options: dict[str, str] | None = None,
) -> bytes:
    """A film without sound whose pictures differ, through PyAV ("mp4", "mov", "webm", …)."""
    file = io.BytesIO()
    with av.open(file, "w", format=container, options=options or {}) as output:
        stream = output.add_stream(codec, rate=rate)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = 1
        for number in range(round(seconds * rate)):
            pixels = np.full((height, width, 3), 20 * number % 256, dtype=np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        output.mux(stream.encode(None))
    return file.getvalue()


@cache  # threads make an encoder give other bytes now and then
def mp4_bytes(seconds: float = 0.5, width: int = 32, height: int = 24) -> bytes:
    return video_bytes("mp4", "libx264", seconds=seconds, width=width, height=height)


def mov_bytes(seconds: float = 0.5) -> bytes:
    return video_bytes("mov", "libx264", seconds=seconds)


def webm_bytes(seconds: float = 0.5) -> bytes:
    return video_bytes("webm", "libvpx-vp9", seconds=seconds)


# 3D

_CORNERS = [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)]
_TRIANGLES = [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]


def gltf_document(vertices: int = 4, indices: int = 12) -> dict[str, object]:
    """The JSON of `glb_bytes`: one mesh, its positions and its 16-bit indices in the BIN chunk."""
    views = [
        {"buffer": 0, "byteOffset": 0, "byteLength": vertices * 12},
        {"buffer": 0, "byteOffset": vertices * 12, "byteLength": indices * 2},
    ]
    positions = {"bufferView": 0, "componentType": 5126, "count": vertices, "type": "VEC3"}
    corners = {"bufferView": 1, "componentType": 5123, "count": indices, "type": "SCALAR"}
    return {
        "asset": {"version": "2.0"},
        "buffers": [{"byteLength": vertices * 12 + indices * 2}],
        "bufferViews": views,
        "accessors": [{**positions, "min": [0, 0, 0], "max": [1, 1, 1]}, corners],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "nodes": [{"mesh": 0}],
        "scenes": [{"nodes": [0]}],
        "scene": 0,
    }


def glb_of(document: object, binary: bytes) -> bytes:
    """A GLB from any JSON value and any binary part, padded as glTF 2.0 §4.4.3 asks."""
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    binary += bytes(-len(binary) % 4)
    body = struct.pack("<I4s", len(text), b"JSON") + text
    body += struct.pack("<I4s", len(binary), b"BIN\x00") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def glb_bytes() -> bytes:
    """A tetrahedron: 4 vertices, 4 faces."""
    binary = b"".join(struct.pack("<3f", *corner) for corner in _CORNERS)
    binary += b"".join(struct.pack("<3H", *triangle) for triangle in _TRIANGLES)
    return glb_of(gltf_document(), binary)


def obj_bytes() -> bytes:
    lines = ["# a tetrahedron", "o shape", *(f"v {x} {y} {z}" for x, y, z in _CORNERS)]
    lines += [f"f {a + 1} {b + 1} {c + 1}" for a, b, c in _TRIANGLES]
    return "\n".join([*lines, ""]).encode()


def stl_bytes() -> bytes:
    body = struct.pack("<80sI", b"a tetrahedron", len(_TRIANGLES))
    for triangle in _TRIANGLES:
        corners = [value for corner in triangle for value in _CORNERS[corner]]
        body += struct.pack("<12fH", 0, 0, 0, *corners, 0)
    return body


def ascii_stl_bytes() -> bytes:
    lines = ["solid shape"]
    for triangle in _TRIANGLES:
        lines += ["facet normal 0 0 0", "outer loop"]
        lines += ["vertex " + " ".join(map(str, _CORNERS[corner])) for corner in triangle]
        lines += ["endloop", "endfacet"]
    return "\n".join([*lines, "endsolid shape", ""]).encode()


def _ply_header(layout: str) -> bytes:
    return (
        f"ply\nformat {layout} 1.0\ncomment a tetrahedron\nelement vertex 4\nproperty float x\n"
        "property float y\nproperty float z\nelement face 4\n"
        "property list uchar int vertex_indices\nend_header\n"
    ).encode()


def ply_bytes() -> bytes:
    body = b"".join(struct.pack("<3f", *corner) for corner in _CORNERS)
    body += b"".join(struct.pack("<B3i", 3, *triangle) for triangle in _TRIANGLES)
    return _ply_header("binary_little_endian") + body


def ascii_ply_bytes() -> bytes:
    rows: list[Sequence[float]] = [*_CORNERS, *((3, *triangle) for triangle in _TRIANGLES)]
    return _ply_header("ascii") + "".join(" ".join(map(str, row)) + "\n" for row in rows).encode()


GOOD: dict[str, tuple[str, Callable[[], bytes]]] = {
    "png": ("png", lambda: noise_picture_bytes("PNG", 24, 20)),
    "apng": ("png", lambda: animation_bytes("PNG")),
    "recorded png": ("png", lambda: recorded("img_b1_00001_.png")),
    "recorded apng": ("png", lambda: recorded("apng_00001_.png")),
    "jpeg": ("jpeg", lambda: noise_picture_bytes("JPEG", 24, 20)),
    "webp": ("webp", lambda: noise_picture_bytes("WEBP", 24, 20)),
    "animated webp": ("webp", lambda: animation_bytes("WEBP")),
    "recorded webp": ("webp", lambda: recorded("awebp_00001_.webp")),
    "gif": ("gif", gif_bytes),
    "animated gif": ("gif", lambda: animation_bytes("GIF")),
    "avif": ("avif", avif_bytes),
    "animated avif": ("avif", lambda: animation_bytes("AVIF")),
    "wav": ("wav", wav_bytes),
    "rf64": ("wav", rf64_bytes),
    "flac": ("flac", flac_bytes),
    "recorded flac": ("flac", lambda: recorded("flac_00001_.flac")),
    "flac behind id3": ("flac", lambda: id3_tag() + flac_bytes()),
    "mp3": ("mp3", mp3_bytes),
    "recorded mp3": ("mp3", lambda: recorded("mp3_00001_.mp3")),
    "ogg flac": ("ogg", ogg_bytes),
    "ogg vorbis": ("ogg", vorbis_bytes),
    "opus": ("opus", opus_bytes),
    "recorded opus": ("opus", lambda: recorded("opus_00001_.opus")),
    "m4a": ("m4a", m4a_bytes),
    "mp4": ("mp4", mp4_bytes),
    "recorded mp4": ("mp4", lambda: recorded("v_00001_.mp4")),
    "recorded mp4 with sound": ("mp4", lambda: recorded("va_00001_.mp4")),
    "mov": ("mov", mov_bytes),
    "webm": ("webm", webm_bytes),
    "recorded webm": ("webm", lambda: recorded("webm_00001_.webm")),
    "recorded av1 webm": ("webm", lambda: recorded("webmav1_00001_.webm")),
    "glb": ("glb", glb_bytes),
    "recorded glb": ("glb", lambda: recorded("basic_00001_.glb")),
    "obj": ("obj", obj_bytes),
    "stl": ("stl", stl_bytes),
    "ascii stl": ("stl", ascii_stl_bytes),
    "ply": ("ply", ply_bytes),
    "ascii ply": ("ply", ascii_ply_bytes),
}
"""One good file of everything accepted: its `format`, and how to make it."""

NOT_MEDIA: dict[str, bytes] = {
    "HTML": b"<!DOCTYPE html><html><body>404</body></html>",
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "XML": b'<?xml version="1.0"?><a/>',
    "JSON": b'{"error": "out of memory"}',
    "PDF": b"%PDF-1.7\n1 0 obj\n",
    "ZIP": b"PK\x03\x04" + bytes(60),
    "script": b"#!/bin/sh\nv 1 2 3\n",
    "program": b"\x7fELF" + bytes(200),
    "text": "Ein Häuschen am See, in Farbe.\n".encode(),
    "safetensors": recorded("l_00001_.latent"),
    "HEIC": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
    "data": bytes(range(256)),
    "BMP": b"BM" + bytes(60),
    "base64": base64.b64encode(bytes(300)),
}
