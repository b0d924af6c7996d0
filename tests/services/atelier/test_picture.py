"""Whole pictures: what is on them, for any text, the same every time."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from devserver.my_app.services.atelier import Depiction, Manner, make_picture

ROOT = Path(__file__).parents[3]
SMALL = 256
MANNERS = tuple(Manner(style=style) for style in ("papercut", "montage", "geometric"))


def pixels(text: str, manner: Manner | None = None, seed: int = 1) -> np.ndarray:
    png = make_picture(text, seed=seed, manner=manner, size=SMALL).data
    return np.asarray(Image.open(io.BytesIO(png))).astype(int)


def test_a_picture_says_what_is_on_it() -> None:
    picture = make_picture("Eine Katze auf der Wiese", seed=1, size=SMALL)
    assert picture.things == (
        Depiction("Katze", "cat", "1F408"),
        Depiction("Wiese", "meadow", None),
    )
    assert picture.drawn_from == "transformed_text"
    assert picture.license == "CC BY-SA 4.0"
    assert "OpenMoji" in (picture.credit or "")


def test_the_childs_own_words_are_drawn_when_nothing_else_is_known() -> None:
    picture = make_picture("atcay onyay", original_text="a cat", seed=1, size=SMALL)
    assert picture.drawn_from == "input_text"
    assert picture.things == (Depiction("cat", "cat", "1F408"),)
    letters = make_picture("xyzzy", original_text="plugh", seed=1, size=SMALL)
    assert (letters.drawn_from, letters.things) == ("letters", ())


def test_night_is_dark_and_day_is_light() -> None:
    night, day = pixels("ein Haus in der Nacht"), pixels("ein Haus am Tag")
    assert night[20:60, 20:-20].mean() < 110
    assert day[20:60, 20:-20].mean() > 170


def test_a_meadow_is_green_and_the_sea_blue() -> None:
    red, green, blue = pixels("Eine Wiese")[200:230, 20:-20].reshape(-1, 3).mean(axis=0)
    assert green > red
    assert green > blue
    red, green, blue = pixels("Das Meer")[200:230, 20:-20].reshape(-1, 3).mean(axis=0)
    assert blue > green > red


@pytest.mark.parametrize("manner", MANNERS)
def test_each_manner_is_its_own_and_changes_with_the_seed(manner: Manner) -> None:
    text = "Ein Hund und ein Haus"
    others = [other for other in MANNERS if other is not manner]
    assert all((pixels(text, manner) != pixels(text, other)).any() for other in others)
    assert (pixels(text, manner, 1) != pixels(text, manner, 2)).any()


def test_parameters_change_the_picture() -> None:
    text = "Ein Hund"
    plain = pixels(text)
    assert (pixels(text, Manner(upside_down=True)) == plain[::-1, ::-1]).all()
    assert pixels(text, Manner(time="night"))[20:60, 20:-20].mean() < plain[20:60, 20:-20].mean()
    grey = pixels(text, Manner(palette="monochrome"))
    assert np.ptp(grey, axis=2).mean() < np.ptp(plain, axis=2).mean() * 0.6
    assert (pixels(text, Manner(frame=False)) != plain).any()
    red_paper = pixels(text, Manner(paper="#ff0000"))[1, SMALL // 2]
    assert red_paper[0] > 200 > red_paper[1] + 100


def test_the_same_pixels_in_another_process() -> None:
    program = (
        "import hashlib, io\n"
        "from PIL import Image\n"
        "from devserver.my_app.services.atelier import Manner, make_picture\n"
        "for style in ('papercut', 'montage', 'geometric'):\n"
        "    for text in ('Drei Katzen im Wald bei Nacht', 'قطة', 'qwrt äß'):\n"
        "        png = make_picture(text, seed=9, manner=Manner(style=style), size=128).data\n"
        "        print(hashlib.sha256(Image.open(io.BytesIO(png)).tobytes()).hexdigest())\n"
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
    assert len(answers.pop().split()) == 9


SIGNS = (
    "drei Katze cat 🐱 Haus auf dem unter blau riesig Meer night fliegt "
    ", . é\u0301 \u202e ١٢ 👩\u200d🚀 Ⅷ"
)
WORDS = st.sampled_from(tuple(SIGNS.split()))
TEXTS = st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=12).map(" ".join))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS, st.integers(0, 2**53 - 1), st.sampled_from(MANNERS))
def test_any_text_gives_a_picture(text: str, seed: int, manner: Manner) -> None:
    first = make_picture(text, seed=seed, manner=manner, size=96)
    again = make_picture(text, seed=seed, manner=manner, size=96)
    image = Image.open(io.BytesIO(first.data))
    image.load()
    assert (image.size, image.mode, image.format) == ((96, 96), "RGB", "PNG")
    assert first == again


@pytest.mark.parametrize(
    "text",
    [
        "a" * 8000,
        "Katze " * 1333,
        "\u0301" * 8000,
        "🐱" * 8000,
        "\x00\x1b\u200d" * 2000,
        "\ud800 cat",
        "," * 8000,
        "Baumhaus" * 1000,
        "-".join("x" * 4000),
        "Apfelbaumhausboot " * 400,
    ],
    ids=range(10),
)
def test_long_and_strange_texts(text: str) -> None:
    picture = make_picture(text, seed=1, size=64)
    assert Image.open(io.BytesIO(picture.data)).size == (64, 64)


@pytest.mark.parametrize("size", [0, 63, 2049])
def test_size_has_limits(size: int) -> None:
    with pytest.raises(ValueError, match="64 to 2048"):
        make_picture("cat", seed=1, size=size)
