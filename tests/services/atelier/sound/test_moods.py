"""Key and tempo by what a text feels like; the data behind it."""

import pytest

from devserver.my_app.services.atelier import pictograms
from devserver.my_app.services.atelier.manner import Manner
from devserver.my_app.services.atelier.places import PLACES
from devserver.my_app.services.atelier.sound.instruments import NAMES
from devserver.my_app.services.atelier.sound.moods import Mood, data
from devserver.my_app.services.atelier.sound.repertoire import SOUNDS
from devserver.my_app.services.atelier.surroundings import LIGHTS

from .pieces import composed

MOODS = ("feelings", "weathers", "places", "times")


def mood(text: str, manner: Manner | None = None, seed: int = 1) -> Mood:
    return composed(text, manner or Manner(), seed=seed).mood


@pytest.mark.parametrize(
    ("text", "name", "scale"),
    [
        ("ich bin traurig", "sad", "minor"),
        ("I am happy", "happy", "major"),
        ("ich bin wütend", "angry", "phrygian_dominant"),
        ("a sad robot", "sad", "minor"),
        ("Ein Hund im Gewitter", "storm", "harmonic_minor"),
        ("a camel in the desert", "desert", "phrygian_dominant"),
        ("Ein Haus in der Nacht", "night", "dorian"),
        ("Ein Haus", "day", "major"),
    ],
)
def test_the_strongest_mood_leads(text: str, name: str, scale: str) -> None:
    found = mood(text)
    assert (found.names[0], found.key.scale) == (name, scale)


def test_sleep_is_slow_and_joy_is_fast() -> None:
    assert mood("ich bin müde").tempo < 75
    assert mood("ich bin fröhlich").tempo > 105


def test_a_schema_may_set_the_hour() -> None:
    assert mood("Ein Haus", Manner(time="night")).key.scale == "dorian"


def test_the_palette_chooses_the_instruments() -> None:
    assert len(mood("Ein Haus", Manner(palette="monochrome")).instruments) == 1
    plain = mood("Ein Haus").instruments
    for palette in ("warm", "cool", "pastel"):
        changed = mood("Ein Haus", Manner(palette=palette)).instruments
        assert changed
        assert not set(changed) & set(plain)


def test_the_seed_moves_the_key() -> None:
    assert len({mood("Ein Haus", seed=seed).key.root for seed in range(20)}) > 3


def test_the_nearest_tone_is_near_and_of_the_chord() -> None:
    key = mood("Ein Haus").key
    for pitch in range(40, 90):
        found = key.nearest(pitch)
        assert abs(found - pitch) <= 3
        assert (found - key.root) % 12 in {key.steps[degree] for degree in (0, 2, 4)}


def test_every_scale_has_seven_rising_steps_and_ends_at_home() -> None:
    for scale in data()["scales"]:
        steps = scale["steps"]
        assert steps == sorted(set(steps))
        assert len(steps) == 7
        assert steps[0] == 0
        assert steps[-1] < 12
        for harmony in (*scale["open"], *scale["closed"]):
            assert len(harmony) == 4
            assert all(0 <= degree < 7 for degree in harmony)
        assert all(harmony[-1] == 0 for harmony in scale["closed"])
        assert all(harmony[-1] != 0 for harmony in scale["open"])


def test_no_harmony_uses_a_diminished_or_augmented_chord() -> None:
    for scale in data()["scales"]:
        steps = scale["steps"]
        for harmony in (*scale["open"], *scale["closed"]):
            for degree in harmony:
                fifth = (steps[(degree + 4) % 7] - steps[degree]) % 12
                assert fifth == 7, (scale["name"], degree)


def test_moods_name_what_exists() -> None:
    scales = {scale["name"] for scale in data()["scales"]}
    for rows in (data()[kind] for kind in MOODS):
        for row in rows:
            assert row["scale"] in scales
            assert set(row["instruments"]) <= set(NAMES)
            assert 50 <= row["tempo"] <= 140
    assert {row["name"] for row in data()["places"]} == set(PLACES)
    assert {row["name"] for row in data()["times"]} == set(LIGHTS) - {"grey"}


def test_sounds_name_what_exists() -> None:
    rows = data()["sounds"]
    assert {row["sound"] for row in rows} == set(SOUNDS)
    named = [pictogram for row in rows for pictogram in row["pictograms"]]
    assert len(named) == len(set(named))
    felt = [pictogram for row in data()["feelings"] for pictogram in row["pictograms"]]
    assert len(felt) == len(set(felt))
    assert [code for code in (*named, *felt) if not pictograms.exists(code)] == []
