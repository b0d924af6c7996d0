"""The kind of a file is decided by its first bytes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devserver.my_app.services.media_headers import ebml_number, id3v2_length, mp3_header
from devserver.my_app.services.media_kinds import (
    HEAD_BYTES,
    KINDS,
    identify,
    mime_type_of,
)
from tests.media_samples import GOOD, NOT_MEDIA, flac_bytes, id3_tag, mp3_bytes, stl_bytes

KIND_OF_FORMAT = {kind.format: kind for kind in KINDS}
SIGNATURES = [b"", b"ID3\x04\x00\x00", b"OggS\x00\x02", b"\x1a\x45\xdf\xa3", b"RIFF", b"glTF"]
SIGNATURES += [b"\x00\x00\x00\x18ftyp", b"\xff\xfb\x90\x00", b"ply\nformat ", b"solid x\n", b"v "]


@pytest.mark.parametrize("name", GOOD)
def test_every_accepted_file_is_recognised(name: str) -> None:
    format, make = GOOD[name]
    data = make()
    kind = identify(data[:HEAD_BYTES], size=len(data))
    assert kind is not None
    assert kind.format == format


@pytest.mark.parametrize("name", NOT_MEDIA)
def test_documents_and_programs_are_never_media(name: str) -> None:
    assert identify(NOT_MEDIA[name]) is None


@pytest.mark.parametrize("name", ["HTML", "SVG", "JSON", "script"])
def test_a_document_in_the_header_of_a_binary_stl_is_no_stl(name: str) -> None:
    disguised = NOT_MEDIA[name][:80].ljust(80, b" ") + stl_bytes()[80:]
    assert identify(disguised) is None


@pytest.mark.parametrize(
    ("brands", "format"),
    [
        (b"isom\0\0\0\0isom", "mp4"),
        (b"mp42\0\0\0\0mp42", "mp4"),
        (b"zzzz\0\0\0\0iso6", "mp4"),
        (b"M4V \0\0\0\0M4V ", "mp4"),
        (b"M4A \0\0\0\0isom", "m4a"),
        (b"qt  \0\0\0\0qt  ", "mov"),
        (b"avif\0\0\0\0mif1", "avif"),
        (b"avis\0\0\0\0msf1", "avif"),
        (b"mif1\0\0\0\0avif", "avif"),
        (b"mif1\0\0\0\0heic", None),
        (b"heic\0\0\0\0mif1", None),
        (b"zzzz\0\0\0\0zzzz", None),
    ],
)
def test_brands_decide_between_the_relatives_of_mp4(brands: bytes, format: str | None) -> None:
    kind = identify(struct.pack(">I", 8 + len(brands)) + b"ftyp" + brands)
    assert (kind.format if kind else None) == format


@pytest.mark.parametrize(("doc_type", "known"), [(b"webm", True), (b"matroska", False)])
def test_only_the_webm_kind_of_matroska_is_accepted(doc_type: bytes, known: bool) -> None:
    body = b"\x42\x86\x81\x01\x42\x82" + bytes([0x80 | len(doc_type)]) + doc_type
    head = b"\x1a\x45\xdf\xa3" + bytes([0x80 | len(body)]) + body
    assert (identify(head) is not None) is known


def _ogg_page(packet: bytes) -> bytes:
    return b"OggS\0\x02" + bytes(20) + b"\x01" + bytes([len(packet)]) + packet


def test_ogg_video_is_refused_even_behind_a_sound() -> None:
    sound, film = _ogg_page(b"\x01vorbis" + bytes(20)), _ogg_page(b"\x80theora" + bytes(20))
    assert identify(sound) is KIND_OF_FORMAT["ogg"]
    assert identify(film) is None
    assert identify(sound + film) is None


def test_a_frame_sync_alone_is_no_mp3() -> None:
    one_frame = mp3_bytes()
    start = id3v2_length(one_frame)
    header = mp3_header(one_frame, start)
    assert header is not None
    assert identify(one_frame[start:]) is KIND_OF_FORMAT["mp3"]
    assert identify(one_frame[start : start + header.frame_bytes]) is None
    assert identify(b"\xff\xfb\x90\x00" * 4096) is None
    assert identify(b"\xff" * 8192) is None


def test_an_id3_tag_is_judged_by_what_stands_behind_it() -> None:
    assert identify(id3_tag() + flac_bytes()) is KIND_OF_FORMAT["flac"]
    assert identify(id3_tag() + id3_tag() + flac_bytes()) is KIND_OF_FORMAT["flac"]
    assert identify(id3_tag() + mp3_bytes()) is KIND_OF_FORMAT["mp3"]
    assert identify(id3_tag() + b"<html>" * 50) is None
    assert identify(id3_tag()) is None


def test_binary_stl_needs_its_size_to_fit() -> None:
    data = stl_bytes()
    assert identify(data) is KIND_OF_FORMAT["stl"]
    assert identify(data, size=len(data) + 1) is None


def test_header_numbers() -> None:
    assert ebml_number(b"\x81", 0) == (1, 1)
    assert ebml_number(b"\x40\x7f", 0) == (127, 2)
    assert ebml_number(b"\xff", 0) == (-1, 1)
    assert ebml_number(b"\x40", 0) is None
    assert id3v2_length(id3_tag(300)) == 310
    assert id3v2_length(b"ID3\x04\x00\x00\xff\x00\x00\x00") == 0


def test_every_kind_can_be_served_and_named() -> None:
    assert len({kind.format for kind in KINDS}) == len(KINDS)
    assert mime_type_of("png") == "image/png"
    assert mime_type_of("glb") == "model/gltf-binary"
    with pytest.raises(KeyError):
        mime_type_of("svg")


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(SIGNATURES), st.binary(max_size=400))
def test_identify_never_raises(signature: bytes, rest: bytes) -> None:
    identify(signature + rest)
    identify(signature + rest, size=10**9)
