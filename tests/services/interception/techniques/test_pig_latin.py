from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.interception.techniques import TECHNIQUES


def pig_latin(text: str, **parameters: object) -> str:
    return TECHNIQUES["pig_latin"](text, random=Random(1), parameters=parameters).text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A flower in the meadow.", "Away owerflay inway ethay eadowmay."),
        ("My queen, don't cry!", "Ymay eenquay, on'tday ycray!"),
        ("The DRAGON is yellow", "Ethay AGONDRAY isway ellowyay"),
        ("Eine Katze!", "Eibeinebe Kabatzebe!"),
        ("Der Hund und die Maus", "Deber Hubund ubund diebie Maubaus"),
        ("ÄPFEL und Übung", "ÄBÄPFEBEL ubund Übübubung"),
        ("🌈", "🌈b🌈"),
    ],
)
def test_examples(text: str, expected: str) -> None:
    assert pig_latin(text) == expected


def test_the_spoon_language_by_parameter() -> None:
    assert pig_latin("Die Katze", de="spoon_language") == "Dielewie Kalewatzelewe"


@given(st.text("cdfghjklmnpqrstvwxzaeiou", min_size=2, max_size=12))
def test_b_language_can_be_read_back(word: str) -> None:
    said = pig_latin(f"Süß {word}").split(" ")[1]
    assert re.sub(r"([aeiou]{1,2})b\1", r"\1", said) == word


@given(
    st.text("bcdfghjklmnprstvwz", min_size=1, max_size=3), st.text("aeiou", min_size=1, max_size=1)
)
def test_pig_latin_can_be_read_back(onset: str, rest: str) -> None:
    said = pig_latin(f"the {onset}{rest}n", de="pig_latin").split(" ")[1]
    assert said.endswith("ay")
    moved = said[:-2]
    assert moved[-len(onset) :] + moved[: -len(onset)] == f"{onset}{rest}n"
