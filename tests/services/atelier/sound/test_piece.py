"""Whole pieces: any text, the same every time, pleasant by every measure there is."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devserver.my_app.services.atelier import Depiction, Manner
from devserver.my_app.services.atelier.sound import make_sound, waveform
from devserver.my_app.services.atelier.sound.mixing import CEILING
from devserver.my_app.services.atelier.work import subject_of
from devserver.my_app.services.media_probe import measure

from .pieces import MANNERS, TEXTS, decibels, played, rms, share_above
from .test_encoding import read_back

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("text", TEXTS)
def test_a_piece_is_pleasant(text: str, manner: Manner) -> None:
    wave = played(text, manner, seconds=6)
    assert wave.shape == (6 * 44_100, 2)
    assert wave.dtype == np.float32
    assert decibels(rms(wave)) == pytest.approx(-18, abs=0.5)
    assert np.abs(wave).max() <= CEILING
    assert np.abs(wave.mean(axis=0)).max() < 0.001
    assert np.abs(wave[[0, -1]]).max() < 0.0005
    assert share_above(wave, 6_000) < 0.005
    assert share_above(wave, 3_000) < 0.06
    seconds = [decibels(rms(wave[at : at + 44_100])) for at in range(0, 5 * 44_100, 11_025)]
    assert min(seconds) > -40
    assert rms(wave[:, 0]) == pytest.approx(rms(wave[:, 1]), rel=0.5)
    assert rms(wave.mean(axis=1)) > 0.6 * rms(wave)  # heard in mono, nothing cancels


def test_different_texts_seeds_and_manners_give_different_pieces() -> None:
    waves = [played(text, manner, seconds=2) for text in TEXTS[3:] for manner in MANNERS]
    waves += [played(TEXTS[5], seed=2, seconds=2), played(TEXTS[5] + " Mond", seconds=2)]
    for i, first in enumerate(waves):
        for second in waves[:i]:
            assert rms(first - second) > 0.3 * rms(first)


def test_what_can_be_heard_is_told() -> None:
    work = make_sound("Eine Katze auf der Wiese", seed=1, seconds=2)
    assert work.things == (
        Depiction("Katze", "cat", "1F408"),
        Depiction("Wiese", "meadow", None),
    )
    assert work.drawn_from == "transformed_text"
    assert (work.license, work.credit) == (None, None)


def test_the_childs_own_words_are_played_when_nothing_else_is_known() -> None:
    work = make_sound("atcay onyay", original_text="a cat", seed=1, seconds=1)
    assert (work.drawn_from, work.things) == ("input_text", (Depiction("cat", "cat", "1F408"),))
    letters = make_sound("xyzzy", original_text="plugh", seed=1, seconds=1)
    assert (letters.drawn_from, letters.things) == ("letters", ())


@pytest.mark.parametrize("seconds", [1.0, 3.3, 12.0])
def test_the_probe_accepts_the_file(seconds: float, tmp_path: Path) -> None:
    path = tmp_path / "piece"
    path.write_bytes(make_sound("Ein Hund am Meer", seed=1, seconds=seconds).data)
    facts = measure(path)
    assert (facts.kind.mime_type, facts.kind.format) == ("audio/flac", "flac")
    assert facts.duration_seconds == pytest.approx(seconds, abs=0.0001)
    assert (facts.sample_rate, facts.channels) == (44_100, 2)


def test_the_file_is_the_waveform() -> None:
    wave = waveform(subject_of("Ein Hund", ""), 3, Manner(), 2.0)
    back = read_back(make_sound("Ein Hund", seed=3, seconds=2.0).data)
    assert np.abs(back / 32_767 - wave).max() < 0.0001


@pytest.mark.parametrize("seconds", [0.99, 0, -1, 60.1, float("nan"), float("inf")])
def test_length_has_limits(seconds: float) -> None:
    with pytest.raises(ValueError, match="1 to 60"):
        make_sound("cat", seed=1, seconds=seconds)


def test_a_minute_has_a_minute() -> None:
    wave = played("Hund", seconds=60)
    assert len(wave) == 60 * 44_100
    assert decibels(rms(wave)) == pytest.approx(-18, abs=0.5)


def test_parameters_change_the_piece() -> None:
    plain = played("Ein Hund", seconds=5)
    for manner in (
        Manner(upside_down=True),
        Manner(time="night"),
        Manner(palette="cool"),
        Manner(exaggeration=2.0),
    ):
        assert rms(played("Ein Hund", manner, seconds=5) - plain) > 0.3 * rms(plain), manner


def test_the_same_samples_in_another_process() -> None:
    program = (
        "import hashlib\n"
        "from devserver.my_app.services.atelier import Manner\n"
        "from devserver.my_app.services.atelier.sound import make_sound\n"
        "from tests.services.atelier.sound.test_encoding import read_back\n"
        "for style in ('papercut', 'montage', 'geometric'):\n"
        "    for text in ('Drei Katzen im Wald bei Nacht', 'قطة', 'dragon in a storm'):\n"
        "        data = make_sound(text, seed=9, manner=Manner(style=style), seconds=1).data\n"
        "        print(hashlib.sha256(read_back(data).tobytes()).hexdigest())\n"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "OMP_NUM_THREADS": threads},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone, threads in (("1", "UTC", "1"), ("2", "Asia/Tokyo", "4"))
    }
    assert len(answers) == 1
    assert len(set(answers.pop().split())) == 9


SIGNS = (
    "drei Katze cat 🐱 Haus auf dem unter blau riesig Meer night fliegt Banane "
    ", . é\u0301 \u202e ١٢ 👩\u200d🚀 Ⅷ"
)
WORDS = st.sampled_from(tuple(SIGNS.split()))
ANY_TEXT = st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=12).map(" ".join))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANY_TEXT, st.integers(0, 2**53 - 1), st.sampled_from(MANNERS), st.floats(1, 1.4))
def test_any_text_gives_a_piece(text: str, seed: int, manner: Manner, seconds: float) -> None:
    first = make_sound(text, seed=seed, manner=manner, seconds=seconds)
    assert first == make_sound(text, seed=seed, manner=manner, seconds=seconds)
    samples = read_back(first.data)
    assert samples.shape == (round(seconds * 44_100), 2)
    assert -20 < decibels(rms(samples / 32_768)) < -16.5


@pytest.mark.parametrize(
    "text",
    [
        "a" * 8000,
        "Katze " * 1333,
        "\u0301" * 8000,
        "🐱" * 8000,
        "\x00\x1b\u200d" * 2000,
        "\ud800 cat",
        "\ud800",
        "," * 8000,
        "Baumhaus" * 1000,
        "-".join("x" * 4000),
        "Apfelbaumhausboot " * 400,
    ],
    ids=range(11),
)
def test_long_and_strange_texts(text: str) -> None:
    work = make_sound(text, seed=1, seconds=1.5)
    assert len(read_back(work.data)) == round(1.5 * 44_100)
