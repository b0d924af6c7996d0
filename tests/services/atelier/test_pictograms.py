"""Pictograms: whole, clean, coloured."""

import numpy as np
import pytest

from devserver.my_app.services.atelier import pictograms
from devserver.my_app.services.atelier.completion import completions
from devserver.my_app.services.atelier.lexicon import (
    LANGUAGES,
    Thing,
    dictionary,
    left_out_pictograms,
)


def mean_colour(name: str, colour: str | None) -> tuple[float, ...]:
    pixels = np.asarray(pictograms.image(name, 96, colour)).reshape(-1, 4)
    coloured = pixels[(pixels[:, 3] == 255) & (pixels[:, :3].max(axis=1) > 70)]
    return tuple(coloured[:, :3].mean(axis=0))


def test_every_known_word_has_a_pictogram_that_may_be_shown() -> None:
    for language in LANGUAGES:
        for word, meaning in dictionary(language).exact.items():
            if isinstance(meaning.value, Thing):
                assert pictograms.exists(meaning.value.pictogram), word
                assert meaning.value.pictogram not in left_out_pictograms(), word


def test_an_image_is_cropped_and_of_the_asked_height() -> None:
    image = pictograms.image("1F408", 200)
    assert image.mode == "RGBA"
    assert abs(image.height - 200) <= 4
    assert image.getchannel("A").getbbox() == (0, 0, image.width, image.height)


def test_a_blue_horse_is_blue_and_a_red_rose_keeps_its_leaves() -> None:
    red, green, blue = mean_colour("1F40E", "blue")
    assert blue > red + 40
    assert blue > green
    pixels = np.asarray(pictograms.image("1F339", 200, "blue")).astype(int)
    greens = (pixels[..., 1] > pixels[..., 0] + 30) & (pixels[..., 1] > pixels[..., 2] + 30)
    assert greens.any()


@pytest.mark.parametrize("name", ["1F467", "1F98A", "1F33C", "1F916"])
def test_busts_faces_and_flowers_are_completed(name: str) -> None:
    assert pictograms.outline(name).height > 1.2


def test_a_boat_brings_no_water_of_its_own() -> None:
    assert pictograms.outline("26F5").bottom < 0.72


def test_eyes_lie_inside_their_animal() -> None:
    for name, eyes in completions()["eyes"].items():
        edge = pictograms.outline(name)
        for x, y in eyes:
            assert edge.left < x / 72 < edge.right, name
            assert edge.top < y / 72 < edge.bottom, name
