from __future__ import annotations

import re
from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings

from devserver.my_app.services.interception.techniques import TECHNIQUES, Rewriting
from devserver.my_app.services.interception.techniques.pieces import pieces

from .texts import seeds, texts


def cut_up(text: str, seed: int = 7) -> Rewriting:
    return TECHNIQUES["cut_up"](text, random=Random(seed), parameters={})


def cuttings(text: str) -> list[str]:
    return [piece.text.casefold() for piece in pieces(text) if piece.is_cuttable]


@settings(max_examples=200, deadline=None)
@given(text=texts, seed=seeds)
def test_the_words_stay_and_their_order_does_not(text: str, seed: int) -> None:
    before = cuttings(text)
    if len(set(before)) > 1:
        after = cuttings(cut_up(text, seed).text)
        assert Counter(after) == Counter(before)
        assert after != before


@pytest.mark.parametrize("seed", range(20))
def test_a_word_is_cut_into_syllables(seed: int) -> None:
    poem = cut_up("Schmetterling", seed).text
    assert sorted(poem.split()) == ["Schmet", "ling", "ter"]
    assert poem.split() != ["Schmet", "ter", "ling"]


@pytest.mark.parametrize("text", ["Hund", "ja ja ja", "ja", "a", "a a a", "🌈", "Ei", "?", "猫猫"])
def test_one_sound_becomes_a_sound_poem(text: str) -> None:
    poem = cut_up(text)
    assert poem.steps[-1].name == "sound"
    assert re.sub(r"\s", "", poem.text).casefold() != re.sub(r"\s", "", text).casefold()


def test_steps_of_the_recipe() -> None:
    assert [step.name for step in cut_up("Eine Blume auf der Wiese.").steps] == [
        "cut",
        "shake",
        "lay",
    ]


def test_the_last_mark_closes_the_poem_and_shouts_stay_with_their_word() -> None:
    poem = cut_up("Halt! Wer da, kleine Maus?").text
    assert poem.endswith("?")
    assert "Halt!" in poem
    assert "," not in poem


def test_lines_are_short_and_never_blank() -> None:
    lines = cut_up("Der kleine Hund rennt durch den dunklen Wald. " * 40).text.split("\n")
    assert all(1 <= len(line.split()) <= 5 for line in lines)
