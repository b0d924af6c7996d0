"""Marked copies read back by other libraries; what is to be seen and heard is the same."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

import av
import mutagen
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen import id3
from mutagen.mp3 import MP3
from mutagen.wave import WAVE
from PIL import Image, PngImagePlugin

from devserver.my_app.services import media_probe
from devserver.my_app.services.exports.marking import (
    Marking,
    MarkingNotPossible,
    mark_picture,
    marked_copy,
    marking_of,
)
from devserver.my_app.services.exports.marking.films import XMP_BOX
from devserver.my_app.services.exports.marking.said import ALGORITHMIC, TRAINED
from devserver.my_app.services.media_kinds import identify
from devserver.my_app.services.media_probe.boxes import top_level_boxes
from devserver.my_app.services.run_metadata import Output, RunMetadata
from tests import media_samples as samples
from tests.exported_runs import HOSTILE_TEXTS, LONE_SURROGATES, a_run
from tests.hostile_media import HOSTILE

IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
DC = "{http://purl.org/dc/elements/1.1/}"
frames_of: Any = id3
ONLY_SOURCE = Marking(TRAINED)
ALL = Marking(TRAINED, prompt="Eine <Blume> & keine", schema="dada", run_id="5c1c2d5e")

PICTURES: dict[str, Callable[[], bytes]] = {
    "png": samples.png_bytes,
    "jpeg": samples.jpeg_bytes,
    "webp": samples.webp_bytes,
    "gif": samples.gif_bytes,
    "lossless webp": lambda: saved(picture("RGBA"), "WEBP", lossless=True),
    "animated webp": lambda: samples.animation_bytes("WEBP"),
    "animated png": lambda: samples.animation_bytes("PNG"),
    "animated gif": lambda: samples.animation_bytes("GIF"),
    "webp with exif": lambda: saved(picture(), "WEBP", exif=exif()),
    "jpeg with exif": lambda: saved(picture(), "JPEG", exif=exif()),
    "progressive jpeg": lambda: saved(picture(), "JPEG", progressive=True),
}
SOUNDS: dict[str, Callable[[], bytes]] = {
    "wav": samples.wav_bytes,
    "rf64": samples.rf64_bytes,
    "flac": samples.flac_bytes,
    "mp3": samples.mp3_bytes,
    "opus": samples.opus_bytes,
    "ogg": samples.ogg_bytes,
    "vorbis": samples.vorbis_bytes,
    "m4a": samples.m4a_bytes,
}
FILMS: dict[str, Callable[[], bytes]] = {"mp4": samples.mp4_bytes, "mov": samples.mov_bytes}
MODELS: dict[str, Callable[[], bytes]] = {
    "glb": samples.glb_bytes,
    "obj": samples.obj_bytes,
    "ply": samples.ply_bytes,
    "ascii ply": samples.ascii_ply_bytes,
}
ALL_FILES = PICTURES | SOUNDS | FILMS | MODELS


def picture(mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(1).integers(0, 256, (12, 16, len(mode)), dtype=np.uint8)
    return Image.fromarray(pixels, mode)


def exif() -> Image.Exif:
    data = Image.Exif()
    data[0x0112] = 6
    return data


def saved(image: Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def marked(folder: Path, data: bytes, marking: Marking = ONLY_SOURCE) -> bytes:
    path = folder / "original"
    path.write_bytes(data)
    copy = b"".join(marked_copy(path, marking).chunks())
    assert path.read_bytes() == data
    return copy


def frames(data: bytes) -> list[tuple[tuple[int, int], bytes, object]]:
    """Every picture, and how long it is shown."""
    found = []
    with Image.open(io.BytesIO(data)) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            shown = image.info.get("duration")
            found.append((image.size, image.convert("RGBA").tobytes(), shown))
    return found


def decoded(data: bytes) -> list[tuple[object, bytes]]:
    """Every decoded picture and stretch of sound with its time."""
    with cast(Any, av.open(io.BytesIO(data))) as container:
        return [(frame.pts, frame.to_ndarray().tobytes()) for frame in container.decode()]


def packet_of(data: bytes) -> bytes:
    """The one XMP packet of a file, as Pillow finds it in a picture."""
    kind = identify(data)
    assert kind is not None
    if kind.type == "image":
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            found: Any = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
            if kind.format == "gif":
                at = data.index(b"\x21\xff\x0bXMP DataXMP") + 14
                found = data[at : data.index(b"\x01\xff\xfe\xfd", at)]
        return found.encode() if isinstance(found, str) else bytes(found)
    boxes = [box for box in top_level_boxes(io.BytesIO(data), len(data)) if box.name == b"uuid"]
    (box,) = (box for box in boxes if data[box.body : box.body + 16] == XMP_BOX)
    return data[box.body + 16 : box.end]


def read(packet: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(packet)  # noqa: S314 - ours


def values(data: bytes, name: str) -> list[str | None]:
    return [found.text for found in read(packet_of(data)).iter(name)]


def tags_of(data: bytes) -> dict[str, list[str]]:
    """What mutagen reads of a sound, names in capitals."""
    file: Any = mutagen.File(io.BytesIO(data))
    if type(file) in (MP3, WAVE):
        return {tag.desc.upper(): list(tag.text) for tag in file.tags.getall("TXXX")}
    return {name.upper(): list(value) for name, value in file.tags.items()}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_says_it_and_shows_the_same(tmp_path: Path, name: str) -> None:
    data = PICTURES[name]()
    copy = marked(tmp_path, data, ALL)
    assert values(copy, f"{IPTC}DigitalSourceType") == [TRAINED]
    assert values(copy, f"{IPTC}AIPromptInformation") == ["Eine <Blume> & keine"]
    assert values(copy, f"{DC}identifier") == ["urn:uuid:5c1c2d5e"]
    assert frames(copy) == frames(data)
    with Image.open(io.BytesIO(copy)) as after, Image.open(io.BytesIO(data)) as before:
        assert after.getexif() == before.getexif()
        assert after.mode == before.mode


@pytest.mark.parametrize("name", FILMS | SOUNDS)
def test_films_and_sounds_decode_to_the_same(tmp_path: Path, name: str) -> None:
    data = (FILMS | SOUNDS)[name]()
    assert decoded(marked(tmp_path, data, ALL)) == decoded(data)


@pytest.mark.parametrize("name", [*FILMS, "m4a"])
def test_a_film_says_it_in_a_box_at_the_end(tmp_path: Path, name: str) -> None:
    data = ALL_FILES[name]()
    copy = marked(tmp_path, data, ALL)
    assert copy.startswith(data)
    assert values(copy, f"{IPTC}DigitalSourceType") == [TRAINED]


@pytest.mark.parametrize("name", [name for name in SOUNDS if name not in ("m4a", "rf64")])
def test_a_sound_says_it_in_its_tags(tmp_path: Path, name: str) -> None:
    said = tags_of(marked(tmp_path, SOUNDS[name](), ALL))
    assert said["DIGITALSOURCETYPE"] == [TRAINED]
    assert said["PROMPT"] == ["Eine <Blume> & keine"]
    assert (said["SCHEMA"], said["RUN-ID"]) == (["dada"], ["5c1c2d5e"])


@pytest.mark.parametrize("name", ALL_FILES)
def test_only_what_was_asked_for_is_said(tmp_path: Path, name: str) -> None:
    copy = marked(tmp_path, ALL_FILES[name]())
    for word in (b"Blume", b"dada", b"5c1c2d5e", b"AIPrompt", b"PROMPT"):
        assert word not in copy


@pytest.mark.parametrize("name", ALL_FILES)
def test_the_copy_passes_the_probe_as_what_it_was(tmp_path: Path, name: str) -> None:
    data = ALL_FILES[name]()
    before = tmp_path / "before"
    before.write_bytes(data)
    after = tmp_path / "after"
    after.write_bytes(marked(tmp_path, data, ALL))
    known = media_probe.measure(before)
    measured = media_probe.measure(after)
    assert measured.kind == known.kind
    assert (measured.width, measured.duration_seconds) == (known.width, known.duration_seconds)
    assert (measured.vertices, measured.faces) == (known.vertices, known.faces)


@pytest.mark.parametrize("name", [name for name in ALL_FILES if name not in ("obj", *MODELS)])
def test_marked_again_it_is_said_once(tmp_path: Path, name: str) -> None:
    once = marked(tmp_path, ALL_FILES[name](), ALL)
    again = marked(tmp_path, once, Marking(ALGORITHMIC, prompt="Anders"))
    assert again.count(b"trainedAlgorithmicMedia") == 0 or name in (*FILMS, "m4a")
    if name in SOUNDS and name not in ("m4a", "rf64"):
        assert tags_of(again)["DIGITALSOURCETYPE"] == [ALGORITHMIC]
        assert tags_of(again)["PROMPT"] == ["Anders"]
        assert tags_of(again)["SCHEMA"] == ["dada"]
    elif name != "rf64":
        assert values(again, f"{IPTC}DigitalSourceType") == [ALGORITHMIC]
        assert values(again, f"{IPTC}AIPromptInformation") == ["Anders"]


def test_a_glb_says_it_in_its_asset(tmp_path: Path) -> None:
    data = samples.glb_bytes()
    copy = marked(tmp_path, data, ALL)
    length = struct.unpack_from("<I", copy, 12)[0]
    before = struct.unpack_from("<I", data, 12)[0]
    said = json.loads(copy[20 : 20 + length])
    assert said["asset"]["extras"]["DigitalSourceType"] == TRAINED
    del said["asset"]["extras"]
    assert said == json.loads(data[20 : 20 + before])
    assert copy[20 + length :] == data[20 + before :]
    assert struct.unpack_from("<I", copy, 8)[0] == len(copy)


XMP_BEFORE = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="uuid:7" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" e:DigitalSourceType="old">'
    "<dc:source>Archiv &amp; Söhne</dc:source></rdf:Description></rdf:RDF></x:xmpmeta>"
)


def png_with(packet: str, *, packed: bool = False) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet, zip=packed)
    return saved(picture(), "PNG", pnginfo=info)


@pytest.mark.parametrize(
    "data",
    [
        png_with(XMP_BEFORE),
        png_with(XMP_BEFORE, packed=True),
        saved(picture(), "JPEG", xmp=XMP_BEFORE.encode()),
        saved(picture(), "WEBP", xmp=XMP_BEFORE.encode()),
    ],
)
def test_xmp_that_is_there_is_kept_and_there_is_one(tmp_path: Path, data: bytes) -> None:
    copy = marked(tmp_path, data)
    assert values(copy, f"{IPTC}DigitalSourceType") == [TRAINED]
    assert values(copy, f"{DC}source") == ["Archiv & Söhne"]
    assert b'"old"' not in packet_of(copy)
    abouts = {
        value
        for element in read(packet_of(copy)).iter()
        for name, value in element.attrib.items()
        if name.endswith("about")
    }
    assert abouts == {"uuid:7"}
    assert copy.count(b"<x:xmpmeta") == 1
    assert frames(copy) == frames(data)


@pytest.mark.parametrize(
    "packet",
    [
        "no xml",
        "<a/>",
        '<!DOCTYPE x [<!ENTITY e "x">]><a>&e;</a>',
        "<x>" * 100_000,
        " " * 1_100_000 + XMP_BEFORE,
    ],
)
def test_what_is_no_xmp_is_replaced(tmp_path: Path, packet: str) -> None:
    copy = marked(tmp_path, png_with(packet))
    assert values(copy, f"{IPTC}DigitalSourceType") == [TRAINED]
    assert copy.count(b"XML:com.adobe.xmp") == 1


def test_a_prompt_too_long_for_a_jpeg_is_cut(tmp_path: Path) -> None:
    data = samples.jpeg_bytes()
    copy = marked(tmp_path, data, Marking(TRAINED, prompt="Wiese & Wald " * 20_000))
    (prompt,) = values(copy, f"{IPTC}AIPromptInformation")
    assert prompt is not None
    assert prompt.endswith(" […]")
    assert prompt.startswith("Wiese & Wald " * 3000)
    assert frames(copy) == frames(data)


@given(text=st.text(alphabet=st.characters(exclude_categories=[]), min_size=1))
def test_every_text_is_well_formed_and_says_the_same(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("texts")
    marking = Marking(TRAINED, prompt=text)
    said = dict(marking.tags)["Prompt"]
    for data in (samples.png_bytes(), samples.jpeg_bytes()):
        copy = marked(folder, data, marking)
        assert values(copy, f"{IPTC}AIPromptInformation") == [said or None]
    assert tags_of(marked(folder, SMALL_FLAC, marking))["PROMPT"] == [said]
    assert tags_of(marked(folder, SMALL_MP3, marking))["PROMPT"] == [said]


SMALL_FLAC, SMALL_MP3 = samples.flac_bytes(), samples.mp3_bytes()


@pytest.mark.parametrize("text", [*HOSTILE_TEXTS.values(), LONE_SURROGATES])
@pytest.mark.parametrize("name", ["png", "webp", "gif", "wav", "opus", "mp4", *MODELS])
def test_hostile_texts_break_no_file(tmp_path: Path, name: str, text: str) -> None:
    marking = Marking(TRAINED, prompt=text, schema=text, run_id=text)
    try:
        copy = marked(tmp_path, ALL_FILES[name](), marking)
    except MarkingNotPossible:
        assert name == "opus"  # no room in its pages
        assert len(text) > 50_000
        return
    path = tmp_path / "copy"
    path.write_bytes(copy)
    media_probe.measure(path)


@given(
    text=st.text(st.sampled_from(["ä", "😀", "\U0010ffff", "\\", "u", "U", "0", "f"]), min_size=1)
)
def test_comments_of_models_say_the_same_text_again(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    copy = marked(tmp_path_factory.mktemp("obj"), samples.obj_bytes(), Marking(TRAINED, text))
    begin = b"# Prompt: "
    said = b"".join(
        line.removeprefix(begin) for line in copy.splitlines() if line.startswith(begin)
    )
    assert said.isascii()
    assert not said.endswith(b"\\")
    assert said.decode("unicode_escape") == text


MANY = 100_001


@pytest.mark.parametrize(
    ("data", "at", "part"),
    [
        (samples.png_bytes(), 33, b"\0\0\0\0prVt" + zlib.crc32(b"prVt").to_bytes(4, "big")),
        (saved(picture(), "JPEG"), 20, b"\xff\xfe\0\2"),
        (samples.wav_bytes(), 12, b"JUNK\0\0\0\0"),
    ],
    ids=["png", "jpeg", "wav"],
)
def test_a_sound_file_of_very_many_parts_is_not_called_damaged(
    tmp_path: Path, data: bytes, at: int, part: bytes
) -> None:
    many = bytearray(data[:at] + part * MANY + data[at:])
    if many.startswith(b"RIFF"):
        many[4:8] = (len(many) - 8).to_bytes(4, "little")
    with pytest.raises(MarkingNotPossible, match="too many parts"):
        marked(tmp_path, bytes(many))


@pytest.mark.parametrize("version", [3, 4])
def test_id3_frames_that_are_there_are_kept(tmp_path: Path, version: int) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(samples.mp3_bytes())
    file: Any = mutagen.File(path)
    file.tags.add(frames_of.TIT2(encoding=3 if version == 4 else 1, text=["Lied ÿ"]))
    file.tags.add(frames_of.TXXX(encoding=1, desc="digitalSourceType", text=["mine"]))
    file.tags.add(frames_of.TXXX(encoding=1, desc="DigitalSourceType", text=["old"]))
    file.save(v2_version=version)
    data = path.read_bytes()
    copy = marked(tmp_path, data)
    tagged: Any = mutagen.File(io.BytesIO(copy))
    assert tagged.tags["TIT2"].text == ["Lied ÿ"]
    assert tagged.tags["TXXX:DigitalSourceType"].text == [TRAINED]
    assert tagged.tags["TXXX:digitalSourceType"].text == ["mine"]
    assert decoded(copy) == decoded(data)


@pytest.mark.parametrize("name", ["opus", "ogg", "vorbis", "flac"])
@pytest.mark.parametrize("length", [10, 300, 3000, 30_000, 70_000])
def test_comments_that_are_there_are_kept(tmp_path: Path, name: str, length: int) -> None:
    path = tmp_path / "a"
    path.write_bytes(SOUNDS[name]())
    file: Any = mutagen.File(path)
    file["TITLE"] = "ä" * (length // 2)
    file.save()
    data = path.read_bytes()
    copy = marked(tmp_path, data)
    said = tags_of(copy)
    assert said["TITLE"] == ["ä" * (length // 2)]
    assert said["DIGITALSOURCETYPE"] == [TRAINED]
    assert decoded(copy) == decoded(data)


def test_an_index_of_fragments_stays_last(tmp_path: Path) -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4", options={"movflags": "frag_keyframe"}) as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 24, "yuv420p"
        for number in range(5):
            frame = av.VideoFrame(32, 24, "yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    data = file.getvalue()
    copy = marked(tmp_path, data)
    names = [box.name for box in top_level_boxes(io.BytesIO(copy), len(copy))]
    assert names[-2:] == [b"uuid", b"mfra"]
    assert [one for one, _ in decoded(copy)] == [one for one, _ in decoded(data)]


def test_a_box_up_to_the_end_gets_its_length(tmp_path: Path) -> None:
    data = samples.mp4_bytes()
    boxes = top_level_boxes(io.BytesIO(data), len(data))
    begin = boxes[-2].end
    open_ended = data[:begin] + bytes(4) + data[begin + 4 :]
    copy = marked(tmp_path, open_ended)
    assert copy.startswith(data)
    assert decoded(copy) == decoded(data)


@pytest.mark.parametrize("data", [samples.webm_bytes(), samples.avif_bytes(), samples.stl_bytes()])
def test_what_can_not_be_marked_is_named(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(MarkingNotPossible, match="no way to mark"):
        marked(tmp_path, data)


@pytest.mark.parametrize("name", ALL_FILES)
def test_cut_files_end_in_a_named_failure_or_whole(tmp_path: Path, name: str) -> None:
    data = ALL_FILES[name]()
    for length in {*range(0, len(data), max(1, len(data) // 97)), len(data) - 1}:
        try:
            marked(tmp_path, data[:length], ALL)
        except MarkingNotPossible as error:
            assert str(error).endswith(".")


@pytest.mark.parametrize(
    "name", ["png", "jpeg", "webp", "gif", "wav", "flac", "mp3", "opus", "mp4"]
)
@given(data=st.data())
def test_no_byte_makes_it_fail_otherwise(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    content = bytearray(GOOD[name])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, min(len(content) - 1, 400)))
        content[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(MarkingNotPossible):
        marked(tmp_path_factory.mktemp("bytes"), bytes(content), ALL)


GOOD = {name: make() for name, make in ALL_FILES.items()}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end(tmp_path: Path, name: str) -> None:
    with contextlib.suppress(MarkingNotPossible):
        marked(tmp_path, HOSTILE[name].make(), ALL)


def test_any_part_can_be_read_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(samples.noise_picture_bytes("PNG", 64, 64))
    copy = marked_copy(path, ALL)
    whole = b"".join(copy.chunks())
    assert copy.length == len(whole)
    for start in range(0, len(whole), 211):
        with copy.open() as reader:
            reader.seek(start)
            assert io.BufferedReader(reader, 64).read(1000) == whole[start : start + 1000]


def test_what_is_said_depends_on_who_made_it(tmp_path: Path) -> None:
    run = a_run(tmp_path, "Eine Blume").metadata
    said = {
        backend: marking_of(run, Output(type="image", filename="a.png", backend=backend))
        for backend in ("atelier", "comfyui", "openai", None)
    }
    assert said["atelier"] == Marking(ALGORITHMIC)
    assert said["comfyui"] == said["openai"] == said[None] == Marking(TRAINED)
    known = marking_of(run, run.outputs[0], ("prompt", "schema", "run_id"))
    assert known == Marking(TRAINED, "Eine Blume", "dada", run.run_id)


def test_a_picture_of_a_report_is_marked_and_the_same(tmp_path: Path) -> None:
    run: RunMetadata = a_run(tmp_path).metadata
    data = samples.jpeg_bytes()
    copy = mark_picture(data, run, run.outputs[0])
    assert values(copy, f"{IPTC}DigitalSourceType") == [TRAINED]
    assert frames(copy) == frames(data)
    assert hashlib.sha256(copy).digest() != hashlib.sha256(data).digest()


def test_a_large_file_takes_little_memory(tmp_path: Path) -> None:
    small = samples.wav_bytes()
    begin, length = small.index(b"data"), 256 * 1024**2
    path = tmp_path / "sparse.wav"
    with path.open("wb") as file:
        file.write(small[:4] + struct.pack("<I", begin + length) + small[8:begin])
        file.write(b"data" + struct.pack("<I", length))
        file.truncate(begin + 8 + length)
    tracemalloc.start()
    try:
        copy = marked_copy(path, ALL)
        total = sum(map(len, copy.chunks()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == copy.length > begin + 8 + length
    assert peak < 4 * 1024**2
