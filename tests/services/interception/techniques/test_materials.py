from __future__ import annotations

from random import Random
from typing import Any, cast

import pytest

from devserver.my_app.services.interception.techniques import TECHNIQUES, Rewriting

from .texts import PARAMETERS

MATERIALS: list[Any] = cast("list[Any]", PARAMETERS["materials"]["materials"])
WOOD = {"materials": MATERIALS[:1], "count": 1}


def materials(text: str, seed: int = 1) -> Rewriting:
    return TECHNIQUES["materials"](text, random=Random(seed), parameters=WOOD)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("Eine Blume auf der Wiese", "Eine Holzblume auf der Holzwiese"),
        ("Hund", "Holzhund"),
        ("Ich bin müde.", "Ich bin müde, ganz aus Holz geschnitzt"),
        ("An owl!", "A wooden owl!"),
        ("I am tired", "I am tired, carved entirely from wood"),
    ],
)
def test_everything_is_of_wood(text: str, made: str) -> None:
    steps = materials(text).steps
    assert steps[0].text == made
    sentence = made if made.endswith("!") else f"{made}."
    language = "en" if "ow" in text or "tired" in text else "de"
    assert steps[1].text in {f"{sentence} {detail}" for detail in MATERIALS[0][language]["details"]}


@pytest.mark.parametrize("text", ["🌈", "Кіт спить", "Kedi çatıda uyuyor"])
def test_other_languages_get_the_sign(text: str) -> None:
    assert materials(text).text == f"{text} 🪵"


def test_one_material_is_drawn_by_the_seed() -> None:
    technique = TECHNIQUES["materials"]
    names = {
        technique("Hund", random=Random(seed), parameters=PARAMETERS["materials"]).steps[0].name
        for seed in range(200)
    }
    assert names == {material["name"] for material in MATERIALS}
