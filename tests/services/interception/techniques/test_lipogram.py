from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devserver.my_app.services.interception.techniques import TECHNIQUES, Rewriting
from devserver.my_app.services.interception.techniques.graphemes import base_letter, graphemes

from .texts import seeds, texts


def lipogram(text: str, seed: int = 7, **parameters: object) -> Rewriting:
    return TECHNIQUES["lipogram"](text, random=Random(seed), parameters=parameters)


@settings(max_examples=100, deadline=None)
@given(text=texts.filter(str.strip), letter=st.sampled_from("aeioubdstz"), seed=seeds)
def test_the_letter_is_gone(text: str, letter: str, seed: int) -> None:
    said = lipogram(text, seed, letter=letter).text
    assert letter not in [base_letter(cluster) for cluster in graphemes(said)]


@pytest.mark.parametrize(
    ("text", "letter", "expected"),
    [
        ("Hund", "u", {"Dackel", "Pudel"} - {"Pudel"}),
        ("cat", "a", {"kitten", "tiger"}),
        ("Katze", None, {"Kutze", "Kitze", "Ketze"}),
    ],
)
def test_examples(text: str, letter: str | None, expected: set[str]) -> None:
    assert lipogram(text, letter=letter).text in expected


def test_a_rude_word_is_never_the_result() -> None:
    assert all(lipogram("Katze", seed).text != "Kotze" for seed in range(40))


def test_a_text_without_the_letter_stays() -> None:
    assert lipogram("Hund", letter="e").steps[0].name == "already_without"
