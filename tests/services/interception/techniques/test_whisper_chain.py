from __future__ import annotations

import re
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings

from devserver.my_app.services.interception.techniques import TECHNIQUES, Rewriting
from devserver.my_app.services.interception.techniques.sayable import is_sayable

from .texts import HARD_TEXTS, seeds, texts


def whisper(text: str, seed: int) -> Rewriting:
    return TECHNIQUES["whisper_chain"](text, random=Random(seed), parameters={})


@settings(max_examples=150, deadline=None)
@given(text=texts.filter(lambda text: text.strip()), seed=seeds)
def test_eight_listeners_each_hear_something_else(text: str, seed: int) -> None:
    steps = whisper(text, seed).steps
    assert [step.name for step in steps] == [f"listener_{n}" for n in range(1, 9)]
    said = [text, *(step.text for step in steps)]
    assert all(before != after for before, after in pairwise(said))
    assert text not in said[1:]


@pytest.mark.parametrize("text", HARD_TEXTS[:24], ids=lambda text: text[:12])
def test_no_two_listeners_say_the_same(text: str) -> None:
    said = [step.text for step in whisper(text, 3).steps]
    assert len(set(said)) == 8


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize(
    "text", ["Der kleine Hund rennt durch den dunklen Wald.", "The duck sits on the ship."]
)
def test_what_comes_out_can_be_said_aloud(text: str, seed: int) -> None:
    said = whisper(text, seed).text
    assert not re.search(r"[bcdfghjklmnpqrstvwxz]{6,}", said, re.IGNORECASE)
    assert abs(len(said) - len(text)) <= 16
    assert is_sayable(said)


def test_words_take_the_place_of_words_that_rhyme() -> None:
    rhymes = {whisper("Maus", seed).steps[0].text for seed in range(30)}
    assert rhymes & {"Haus", "Laus", "Strauß"}
    assert {whisper("cat", seed).steps[0].text for seed in range(30)} & {"hat", "bat", "mat"}
