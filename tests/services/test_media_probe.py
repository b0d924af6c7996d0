"""Good files are measured as they are; nothing broken, lying or hostile gets through."""

from __future__ import annotations

import pickle
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from devserver.my_app.services.errors import MediaRejected
from devserver.my_app.services.media_probe import MediaFacts, ProbeLimits, measure, sound
from devserver.my_app.services.media_probe.sound import open_media
from tests import media_samples as samples
from tests.media_samples import GOOD, NOT_MEDIA

Measure = Callable[..., MediaFacts]


@pytest.fixture(name="probe")
def _probe(tmp_path: Path) -> Measure:
    def probe(data: bytes, limits: ProbeLimits | None = None) -> MediaFacts:
        path = tmp_path / "secret-name"
        path.write_bytes(data)
        return measure(path, limits or ProbeLimits())

    return probe


@pytest.mark.parametrize("name", GOOD)
def test_good_files_are_measured(name: str, probe: Measure) -> None:
    format, make = GOOD[name]
    data = make()
    facts = probe(data)
    assert facts.format == format
    assert facts.file_size_bytes == len(data)
    assert pickle.loads(pickle.dumps(facts)) == facts  # noqa: S301 — our own bytes
    if facts.type in ("image", "video"):
        assert facts.width and facts.height
    if facts.type == "audio":
        assert facts.duration_seconds == pytest.approx(0.5, abs=0.02)
        assert facts.sample_rate and facts.channels
    if facts.type == "3d":
        assert facts.vertices and facts.faces


def test_facts_of_recorded_files(probe: Measure) -> None:
    film = probe(samples.recorded("va_00001_.mp4"))
    assert (film.width, film.height, film.duration_seconds) == (64, 64, 1.0)
    assert (film.frame_rate, film.frame_count, film.has_audio) == (6.0, 6, True)
    assert (film.video_codec, film.audio_codec) == ("h264", "aac")
    assert (film.sample_rate, film.channels) == (44100, 2)
    model = probe(samples.recorded("basic_00001_.glb"))
    assert (model.vertices, model.faces) == (384, 192)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "AVIF"])
def test_animations_have_frames_and_seconds(format: str, probe: Measure) -> None:
    facts = probe(samples.animation_bytes(format, frames=3, milliseconds=200))
    assert (facts.frame_count, facts.duration_seconds, facts.frame_rate) == (3, 0.6, 5.0)


def test_a_still_has_no_duration(probe: Measure) -> None:
    facts = probe(samples.png_bytes(16, 12))
    assert (facts.width, facts.height) == (16, 12)
    assert facts.duration_seconds is facts.frame_count is None


# Text has no end mark: what a cut leaves may be a smaller good file (said in measure's docstring).
TEXT = {"obj", "ascii stl", "ascii ply"}


@pytest.mark.parametrize("name", sorted(set(GOOD) - TEXT))
def test_no_cut_file_gets_through(name: str, probe: Measure) -> None:
    data = GOOD[name][1]()
    cuts = {len(data) * part // 12 for part in range(12)} | set(range(len(data) - 9, len(data)))
    for cut in sorted(cuts):
        with pytest.raises(MediaRejected):
            probe(data[:cut])


@pytest.mark.parametrize("name", NOT_MEDIA)
def test_other_files_are_named_and_refused(name: str, probe: Measure) -> None:
    with pytest.raises(MediaRejected, match="not a picture, sound, video or 3D file but") as caught:
        probe(NOT_MEDIA[name])
    assert "secret-name" not in str(caught.value)


def test_an_empty_file_is_refused(probe: Measure) -> None:
    with pytest.raises(MediaRejected, match="empty"):
        probe(b"")


def test_a_missing_file_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        measure(tmp_path / "nothing")


# Pictures


def test_too_many_pixels_are_refused_before_decoding(probe: Measure) -> None:
    with pytest.raises(MediaRejected, match="too large: 20000 × 20000"):
        probe(samples.png_of(20000, 20000, zlib.compress(b"")))
    with pytest.raises(MediaRejected, match="too large"):
        probe(samples.jpeg_bytes(40, 40), ProbeLimits(max_pixels=1000))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
def test_the_pixel_limit_holds_for_every_format(format: str, probe: Measure) -> None:
    data = samples.picture_bytes(format, 40, 25)
    assert probe(data, ProbeLimits(max_pixels=1000)).width == 40
    with pytest.raises(MediaRejected, match="too large"):
        probe(data, ProbeLimits(max_pixels=999))


def test_a_huge_webp_canvas_is_refused_before_pillow_makes_room_for_it(probe: Measure) -> None:
    data = samples.animation_bytes("WEBP")
    huge = data[:24] + b"\xff\x3f\x00" * 2 + data[30:]
    with pytest.raises(MediaRejected, match="too large: 16384 × 16384"):
        probe(huge)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "AVIF"])
def test_animated_pictures_have_their_own_pixel_limit(format: str, probe: Measure) -> None:
    data = samples.animation_bytes(format)
    assert probe(data, ProbeLimits(max_animated_pixels=16 * 12)).width == 16
    with pytest.raises(MediaRejected, match="too large"):
        probe(data, ProbeLimits(max_animated_pixels=16 * 12 - 1))


def test_a_bomb_in_the_pixels_or_the_text_of_a_png_does_not_unfold(probe: Measure) -> None:
    bomb = zlib.compress(bytes(50_000_000))
    facts = probe(samples.png_of(8, 8, bomb))  # decoding ends where the picture is full
    assert (facts.width, facts.height) == (8, 8)
    good = samples.png_bytes()
    text = samples.png_chunk(b"zTXt", b"prompt\0\0" + bomb)
    with pytest.raises(MediaRejected):
        probe(good[:33] + text + good[33:])


def test_pixels_that_are_missing_or_damaged_are_refused(probe: Measure) -> None:
    with pytest.raises(MediaRejected):
        probe(samples.png_of(64, 64, zlib.compress(bytes(100))))
    damaged = bytearray(samples.noise_picture_bytes("PNG", 24, 20))
    damaged[len(damaged) // 2] ^= 1
    with pytest.raises(MediaRejected, match="checksum"):
        probe(bytes(damaged))


def test_what_stands_behind_a_picture_is_left_alone(probe: Measure) -> None:
    assert probe(samples.png_bytes() + NOT_MEDIA["HTML"]).mime_type == "image/png"


def test_html_that_only_names_a_png_is_refused(probe: Measure) -> None:
    with pytest.raises(MediaRejected, match="HTML"):
        probe(b"<html>\x89PNG\r\n\x1a\n</html>")


def test_an_endless_gif_is_refused(probe: Measure) -> None:
    good = samples.animation_bytes("GIF", frames=2)
    frame = b"\x2c" + bytes(4) + b"\x01\0\x01\0\0" + b"\x02\x02\x4c\x01\0"
    with pytest.raises(MediaRejected, match="more than 10000 frames"):
        probe(good[:-1] + frame * 20_000 + b";")


def test_an_animated_png_has_the_frames_it_declares(probe: Measure) -> None:
    data = samples.animation_bytes("PNG")
    at = data.index(b"acTL")
    lying = data[: at - 4] + samples.png_chunk(b"acTL", struct.pack(">II", 2**31, 0))
    with pytest.raises(MediaRejected, match="frames it declares"):
        probe(lying + data[at + 16 :])


def test_a_jpeg_has_a_limit_of_scans(probe: Measure) -> None:
    file = BytesIO()
    Image.new("RGB", (40, 40)).save(file, "JPEG", progressive=True)
    scans = file.getvalue().count(b"\xff\xda")
    assert scans > 2
    assert probe(file.getvalue(), ProbeLimits(max_scans=scans)).width == 40
    with pytest.raises(MediaRejected, match="scans"):
        probe(file.getvalue(), ProbeLimits(max_scans=scans - 1))


def test_a_png_has_a_limit_of_parts(probe: Measure) -> None:
    data = samples.png_bytes()  # IHDR, IDAT, IEND
    assert probe(data, ProbeLimits(max_chunks=3)).width == 16
    with pytest.raises(MediaRejected, match="too many parts"):
        probe(data, ProbeLimits(max_chunks=2))


# Sound


def test_a_streamed_wav_without_sizes_is_measured(probe: Measure) -> None:
    wav = samples.wav_bytes(0.5)
    streamed = wav[:4] + b"\xff" * 4 + wav[8:40] + b"\xff" * 4 + wav[44:]
    assert probe(streamed).duration_seconds == 0.5


def test_tags_without_sound_are_refused(probe: Measure) -> None:
    for data in (samples.id3_tag(), samples.id3_tag(200_000), samples.id3_tag() + bytes(5000)):
        with pytest.raises(MediaRejected):
            probe(data)


def test_several_tags_are_read_over_but_not_any_number_of_them(probe: Measure) -> None:
    assert probe(samples.id3_tag() * 3 + samples.mp3_bytes()).format == "mp3"
    assert probe(samples.id3_tag(200_000) * 3 + samples.mp3_bytes()).format == "mp3"
    for tag in (samples.id3_tag(0) * 6_000, samples.id3_tag(200_000) * 20):
        with pytest.raises(MediaRejected):
            probe(tag + samples.mp3_bytes())


def test_tags_are_not_even_read(probe: Measure, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = b"TIT2\x00\x00\x00\x08\x00\x00\x03Walross"
    tagged = b"ID3\x04\x00\x00\x00\x00\x00" + bytes([len(frame)]) + frame + samples.mp3_bytes()
    seen: list[dict[str, str]] = []

    def open_and_tell(*args: Any, **options: Any) -> Any:
        container = open_media(*args, **options)
        seen.append(container.metadata)
        return container

    monkeypatch.setattr(sound, "open_media", open_and_tell)
    assert probe(tagged).duration_seconds == probe(samples.mp3_bytes()).duration_seconds
    assert seen == [{}, {}]


def test_a_long_tag_does_not_hide_what_is_behind_it(probe: Measure) -> None:
    assert probe(samples.id3_tag(200_000) + samples.flac_bytes()).format == "flac"
    assert probe(samples.id3_tag(200_000) + samples.mp3_bytes()).format == "mp3"


def test_sound_beyond_the_decoding_limit_is_still_counted(probe: Measure) -> None:
    limits = ProbeLimits(max_decoded_seconds=0.2)
    for data in (samples.flac_bytes(2.0), samples.wav_bytes(2.0)):
        assert probe(data, limits).duration_seconds == pytest.approx(2.0, abs=0.05)


# Video


def test_an_mp4_without_pictures_is_m4a_and_the_other_way_round(probe: Measure) -> None:
    sound = samples.sound_bytes("mp4", "aac")
    assert (probe(sound).type, probe(sound).format) == ("audio", "m4a")
    film = samples.mp4_bytes().replace(b"ftypisom", b"ftypM4A ")
    assert probe(film).format == "mp4"


def test_a_webm_without_pictures_is_refused(probe: Measure) -> None:
    with pytest.raises(MediaRejected, match="no picture"):
        probe(samples.sound_bytes("webm", "libopus"))


def test_matroska_is_refused_by_name(probe: Measure) -> None:
    with pytest.raises(MediaRejected, match="Matroska"):
        probe(samples.video_bytes("matroska", "libx264"))


@pytest.mark.parametrize("box", [b"moov", b"mdat"])
def test_mp4_without_one_of_its_parts_is_refused(box: bytes, probe: Measure) -> None:
    with pytest.raises(MediaRejected, match="missing"):
        probe(samples.mp4_bytes().replace(box, b"free", 1))


@pytest.mark.parametrize("length", [2, 7, 100, 0x7FFFFFFF])
def test_mp4_with_a_lying_box_is_refused(length: int, probe: Measure) -> None:
    data = samples.mp4_bytes()
    at = data.index(b"mdat") - 4
    with pytest.raises(MediaRejected):
        probe(data[:at] + struct.pack(">I", length) + data[at + 4 :])


def test_the_real_duration_wins_over_a_gross_lie(probe: Measure) -> None:
    data = samples.mp4_bytes(0.5)
    at = data.index(b"mvhd") + 4
    timescale = struct.unpack_from(">I", data, at + 12)[0]
    lying = data[: at + 16] + struct.pack(">I", timescale * 3600) + data[at + 20 :]
    assert probe(lying).duration_seconds == pytest.approx(0.5, abs=0.1)


def test_a_fragmented_mp4_is_measured(probe: Measure) -> None:
    options = {"movflags": "frag_keyframe+empty_moov"}
    assert probe(samples.video_bytes(options=options)).duration_seconds == pytest.approx(
        0.5, abs=0.1
    )


# Anything at all

OPENINGS = [b"", *(make()[:60] for name, (_, make) in GOOD.items() if not name.startswith("rec"))]


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(opening=st.sampled_from(OPENINGS), rest=st.binary(max_size=600))
def test_nothing_but_rejection_is_raised(opening: bytes, rest: bytes, probe: Measure) -> None:
    try:
        probe(opening + rest)
    except MediaRejected as error:
        assert str(error).endswith(".")


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_changed_byte_raises_anything_else(data: st.DataObject, probe: Measure) -> None:
    good = bytearray(data.draw(st.sampled_from(_MADE)))
    for _ in range(3):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    try:
        probe(bytes(good))
    except MediaRejected as error:
        assert str(error).endswith(".")


_MADE = [make() for _, make in GOOD.values()]
