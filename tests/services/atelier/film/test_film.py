"""Whole films: any text, the same every time, playable, and telling what the picture tells."""

import hashlib
import io
import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from devserver.my_app.services.atelier import Manner, make_picture
from devserver.my_app.services.atelier.film import make_film
from devserver.my_app.services.atelier.film.clock import Clock
from devserver.my_app.services.atelier.film.film import frames_of
from devserver.my_app.services.atelier.picture import scene_of
from devserver.my_app.services.atelier.scene import Scene
from devserver.my_app.services.atelier.work import subject_of
from devserver.my_app.services.media_probe import measure

ROOT = Path(__file__).parents[4]
STYLES = ("papercut", "montage", "geometric")
MANNERS = tuple(Manner(style=style) for style in STYLES)  # type: ignore[arg-type]  # the literals


def drawings(text: str, manner: Manner, size: int = 128, seconds: float = 5.0) -> np.ndarray:
    """Every drawing of a film before it is encoded: (drawings, size, size, 3)."""
    subject = subject_of(text, "")
    scene = None if subject.source == "letters" else scene_of(subject, 1, manner)
    frames = frames_of(subject, scene, seed=1, manner=manner, clock=Clock(seconds), size=size)
    return np.stack([np.asarray(frame).astype(int) for frame, _ in frames])


def scene(text: str, manner: Manner) -> Scene:
    return scene_of(subject_of(text, ""), 1, manner)


def decoded(film: bytes) -> list[np.ndarray]:
    with av.open(io.BytesIO(film), "r") as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def picture(text: str, manner: Manner, size: int = 128) -> np.ndarray:
    png = make_picture(text, seed=1, manner=manner, size=size).data
    return np.asarray(Image.open(io.BytesIO(png))).astype(int)


@pytest.fixture(scope="module")
def film() -> bytes:
    return make_film("Eine Katze auf der Wiese", seed=1, size=128, seconds=2.0).data


def test_a_film_says_what_is_in_it() -> None:
    film = make_film("blorp", original_text="Eine Katze am Meer", seed=1, size=64, seconds=1.0)
    assert [(thing.word, thing.name) for thing in film.things] == [
        ("Katze", "cat"),
        ("Meer", "sea"),
    ]
    assert film.drawn_from == "input_text"
    assert film.license == "CC BY-SA 4.0"
    assert "OpenMoji" in (film.credit or "")


def test_a_film_is_what_it_says_it_is(film: bytes, tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(film)
    facts = measure(path)
    assert facts.kind.mime_type == "video/mp4"
    assert (facts.width, facts.height, facts.frame_rate) == (128, 128, 24.0)
    assert (facts.duration_seconds, facts.frame_count) == (2.0, 48)
    assert (facts.video_codec, facts.audio_codec) == ("h264", "aac")
    assert (facts.sample_rate, facts.channels) == (44100, 2)


def test_sound_and_film_have_the_same_length_and_something_is_heard(film: bytes) -> None:
    with av.open(io.BytesIO(film), "r") as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        lengths = [float((s.duration or 0) * (s.time_base or 0)) for s in (video, audio)]
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio)], axis=1)
    assert lengths == [2.0, 2.0]
    assert np.abs(heard).max() > 0.02


def test_a_player_can_jump_to_the_middle(film: bytes) -> None:
    everything = decoded(film)
    with av.open(io.BytesIO(film), "r") as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        container.seek(round(1.0 / stream.time_base), stream=stream)
        first = next(container.decode(video=0))
        assert first.time == 1.0
        assert (first.to_ndarray(format="rgb24") == everything[24]).all()


@pytest.mark.parametrize("manner", MANNERS, ids=STYLES)
@pytest.mark.parametrize("text", ["Ein Hund im Garten und ein Vogel", "Ein Boot im Regen", "xyzzy"])
def test_the_film_ends_as_the_picture_and_at_rest(text: str, manner: Manner) -> None:
    film = drawings(text, manner)
    assert np.abs(film[-1] - picture(text, manner)).mean() < 1.0
    if "Regen" not in text:
        assert (film[-5:] == film[-1]).all()


@pytest.mark.parametrize("manner", MANNERS, ids=STYLES)
def test_every_part_of_the_film_moves_until_the_rest(manner: Manner) -> None:
    film = drawings("Ein Hund im Garten und ein Vogel", manner)
    changes = np.abs(np.diff(film, axis=0)).mean(axis=(1, 2, 3))
    arriving, living = changes[:20], changes[22:44]
    assert arriving.max() > 1.0
    assert np.count_nonzero(living > 0.02) > len(living) / 2


@pytest.mark.parametrize("manner", MANNERS, ids=STYLES)
@pytest.mark.parametrize("text", ["Ein roter Ball", "Ein Bus", "xyzzy"])
def test_the_first_frame_already_shows_something(text: str, manner: Manner) -> None:
    film = drawings(text, manner)
    middle = film[0][20:-20, 20:-20].reshape(-1, 3)
    assert middle.std(axis=0).max() > 12
    nearly, empty = film[0], film[0][:1, :1]
    assert np.abs(nearly - empty).mean() > 10


def test_houses_stand_while_birds_fly() -> None:
    text, manner, size = "Ein Haus und ein Vogel", Manner(style="geometric"), 256
    film = drawings(text, manner, size)[26:]
    figures = {figure.word: figure for figure in scene(text, manner).figures}
    house, bird = figures["Haus"], figures["Vogel"]
    left, top, right, bottom = (round(edge * size) for edge in house.box)
    inside = film[:, (top + bottom) // 2 : bottom - 4, left + 4 : right - 4]  # below the roof
    assert (inside == inside[0]).all()
    left, top, right, bottom = (round(edge * size) for edge in bird.box)
    sky = film[:, top:bottom, left:right]
    assert np.abs(sky - sky[0]).mean() > 5


def test_the_manner_is_respected() -> None:
    text = "Ein Hund"
    plain = drawings(text, Manner(), 64, 1.0)
    turned = drawings(text, Manner(upside_down=True), 64, 1.0)
    assert (turned == plain[:, ::-1, ::-1]).all()
    grey = drawings(text, Manner(palette="monochrome"), 64, 1.0)
    assert np.ptp(grey, axis=3).mean() < np.ptp(plain, axis=3).mean() * 0.6
    night = drawings(text, Manner(time="night"), 64, 1.0)
    assert night[:, 6:20].mean() < plain[:, 6:20].mean() - 40
    unframed = drawings(text, Manner(frame=False), 64, 1.0)
    assert (unframed[:, 0] != plain[:, 0]).any()


def test_the_same_frames_in_another_process() -> None:
    program = (
        "import hashlib\n"
        "from tests.services.atelier.film.test_film import STYLES, decoded\n"
        "from devserver.my_app.services.atelier import Manner\n"
        "from devserver.my_app.services.atelier.film import make_film\n"
        "for style, text in zip(STYLES, ('Drei Katzen am Meer', 'Ein Bus', 'qwrt äß')):\n"
        "    film = make_film(text, seed=9, manner=Manner(style=style), size=64, seconds=1.0)\n"
        "    frames = b''.join(frame.tobytes() for frame in decoded(film.data))\n"
        "    print(hashlib.sha256(frames).hexdigest(), hashlib.sha256(film.data).hexdigest())\n"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(answers) == 1
    assert len(answers.pop().split()) == 6


def test_another_seed_is_another_film() -> None:
    films = [make_film("Ein Hund", seed=seed, size=64, seconds=1.0).data for seed in (1, 2)]
    hashes = {
        hashlib.sha256(b"".join(f.tobytes() for f in decoded(film))).digest() for film in films
    }
    assert len(hashes) == 2


SIGNS = (
    "drei Katze bird 🐱 Haus auf Boot in blau riesig Meer night fliegt tanzt "
    "Regen Schnee Bus , é\u0301 ١٢"
)
WORDS = st.sampled_from(tuple(SIGNS.split()))
TEXTS = st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=12).map(" ".join))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS, st.integers(0, 2**53 - 1), st.sampled_from(MANNERS), st.floats(1.0, 2.0))
def test_any_text_gives_a_film(text: str, seed: int, manner: Manner, seconds: float) -> None:
    film = make_film(text, seed=seed, manner=manner, size=64, seconds=seconds)
    frames = decoded(film.data)
    assert len(frames) == round(seconds * 24)
    assert {frame.shape for frame in frames} == {(64, 64, 3)}


@pytest.mark.parametrize("text", ["", "a" * 8000, "Katze " * 1333, "\ud800 cat", "🐱" * 8000])
def test_long_and_strange_texts(text: str) -> None:
    assert len(decoded(make_film(text, seed=1, size=64, seconds=1.0).data)) == 24


@pytest.mark.parametrize("size", [0, 62, 65, 1082])
def test_size_has_limits(size: int) -> None:
    with pytest.raises(ValueError, match="even and 64 to 1080"):
        make_film("cat", seed=1, size=size)


@pytest.mark.parametrize("seconds", [0.0, 0.99, 20.01, float("nan")])
def test_seconds_have_limits(seconds: float) -> None:
    with pytest.raises(ValueError, match="1 to 20"):
        make_film("cat", seed=1, seconds=seconds)
