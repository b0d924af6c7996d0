"""Every place, hour and weather can be painted."""

import itertools
from random import Random

import pytest

from devserver.my_app.services.atelier.geometry import GROUNDS
from devserver.my_app.services.atelier.lexicon import SCHEMAS, dictionary
from devserver.my_app.services.atelier.places import GROUND, HORIZON, PLACES
from devserver.my_app.services.atelier.surroundings import LIGHTS, surroundings

WEATHERS = ("", "rain", "snowfall", "storm", "fog", "clouds", "wind")


@pytest.mark.parametrize(("place", "time"), list(itertools.product(PLACES, LIGHTS)))
def test_every_place_at_every_hour(place: str, time: str) -> None:
    for weather in WEATHERS:
        around = surroundings(place, time, frozenset((weather,)), Random(1))
        sheets = (*around.back, *around.front, *around.weather)
        assert all(0 <= part <= 255 for sheet in sheets for part in sheet.colour)
        assert sheets


def test_every_word_for_a_place_or_hour_has_its_paper() -> None:
    for language in ("de", "en"):
        for meaning in dictionary(language).exact.values():
            if meaning.kind == "place":
                assert meaning.value in PLACES
            if meaning.kind == "time":
                assert meaning.value in LIGHTS
            if meaning.kind == "weather":
                assert meaning.value in WEATHERS
    assert GROUNDS.keys() <= PLACES.keys() == GROUND.keys() == HORIZON.keys()


def test_the_licence_of_the_keywords_stands_beside_them() -> None:
    notice = (SCHEMAS / "UNICODE-LICENSE.txt").read_text("utf-8")
    assert "UNICODE LICENSE V3" in notice
