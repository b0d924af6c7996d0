from __future__ import annotations

from random import Random

import pytest

from devserver.my_app.services.interception.techniques import TECHNIQUES, Rewriting
from devserver.my_app.services.interception.techniques.german import gender_of
from devserver.my_app.services.interception.techniques.pieces import lookup
from devserver.my_app.services.interception.techniques.word_data import word_data


def n_plus_7(text: str) -> Rewriting:
    return TECHNIQUES["n_plus_7"](text, random=Random(1), parameters={})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Eine Blume auf der Wiese", "Eine Burg auf der Ziege"),
        ("Ich streichle den Löwen.", "Ich streichle den Piloten."),
        ("An apple for an owl", "An astronaut for a panther"),
        ("The CAT sleeps", "The CHESTNUT sleeps"),
    ],
)
def test_examples(text: str, expected: str) -> None:
    assert n_plus_7(text).text == expected


def test_every_german_noun_keeps_its_gender_and_is_replaced() -> None:
    genders = gender_of()
    for row in word_data("nouns_de"):
        new = n_plus_7(f"Das ist schön: {row['word']}").text.split(": ")[1]
        assert new != row["word"]
        assert genders[lookup(new)] == row["gender"]


def test_every_english_noun_is_replaced() -> None:
    for row in word_data("nouns_en"):
        new = n_plus_7(f"the {row['word']} is").text.split(" ")[1]
        assert new != row["word"]


def test_nouns_written_small_are_known() -> None:
    assert n_plus_7("drei blaue elefanten").text == "drei blaue jungen"


def test_without_latin_letters_it_says_so() -> None:
    assert n_plus_7("猫").steps[0].name == "no_noun_found"
