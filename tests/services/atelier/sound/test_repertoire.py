"""Every sound there is: audible, round at its edges, not sharp; and which thing has which."""

import numpy as np
import pytest

from devserver.my_app.services.atelier.sound.repertoire import (
    LEVEL,
    LONGEST,
    MOTIF,
    PEAK,
    SOUNDS,
    sound_of,
    sounded,
)
from devserver.my_app.services.atelier.sound.score import Cue
from devserver.my_app.services.atelier.sound.tones import Mono, samples

from .pieces import composed, rms, share_above

KEY = composed("Sonne").mood.key


def made(sound: str, word: str = "Banane", **changes: float) -> Mono:
    return sounded(Cue(0.0, sound, word, 0.0, **changes), KEY, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [*SOUNDS, MOTIF])
def test_a_sound_is_pleasant(name: str) -> None:
    sound = made(name)
    assert samples(0.3) < len(sound) <= samples(LONGEST)
    assert np.isfinite(sound).all()
    peak = float(np.abs(sound).max())
    assert peak <= PEAK + 1e-4
    assert abs(sound[0]) < 0.02 * peak
    assert abs(sound[-1]) < 0.02 * peak
    loudest = max(rms(sound[at : at + samples(0.1)]) for at in range(0, len(sound), samples(0.1)))
    assert loudest > LEVEL * 0.4
    assert share_above(sound, 5_000) < 0.06
    assert abs(float(sound.mean())) < 0.01


@pytest.mark.parametrize("name", SOUNDS)
def test_a_sound_is_the_same_again(name: str) -> None:
    assert np.array_equal(made(name), made(name))


def test_no_animal_calls_twice_the_same() -> None:
    assert not np.array_equal(made("meow")[:8_000], made("meow", take=1)[:8_000])


@pytest.mark.parametrize(
    ("pictogram", "sound"),
    [
        ("1F408", "meow"),
        ("1F415", "bark"),
        ("1F682", "train"),
        ("1F475", "hum"),
        ("1F9D9-200D-2640-FE0F", "spell"),
        ("1F9D1-200D-1F3EB", "hum"),
        ("1F34C", MOTIF),
    ],
)
def test_things_have_their_sound(pictogram: str, sound: str) -> None:
    assert sound_of(pictogram) == sound


def test_different_words_have_different_motifs() -> None:
    words = ("Banane", "Kiste", "Buch", "Tasche", "Computer", "spoon", "hat", "猫", "x", "?")
    motifs = [made(MOTIF, word) for word in words]
    for i, first in enumerate(motifs):
        for second in motifs[i + 1 :]:
            assert len(first) != len(second) or np.abs(first - second).max() > 0.05


def test_the_same_word_has_the_same_motif_wherever_it_comes() -> None:
    again = sounded(Cue(3.0, MOTIF, "Banane", 0.4, take=7), KEY, 99)
    assert np.array_equal(made(MOTIF), again)


def test_backwards_faster_and_cut() -> None:
    plain = made("meow")
    assert np.array_equal(made("meow", backwards=True), plain[::-1])
    assert len(made("meow", speed=2.0)) == pytest.approx(len(plain) / 2, abs=2)
    assert len(made("meow", cut=0.1)) == samples(0.1)
