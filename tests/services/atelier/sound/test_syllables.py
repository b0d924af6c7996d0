"""How texts are spoken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.atelier.sound.syllables import LONGEST_WORD, MOST_WORDS, spoken


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("Hund", 1),
        ("Katze", 2),
        ("Elefant", 3),
        ("Schokolade", 4),
        ("Bauernhof", 3),
        ("Eichhörnchen", 3),
        ("cat", 1),
        ("banana", 3),
        ("rain", 1),
        ("Mäuse", 2),
        ("qwrt", 2),
        ("猫", 1),
    ],
)
def test_syllables_of_a_word(word: str, syllables: int) -> None:
    assert len(spoken(word)[0].heights) == syllables


def test_i_is_high_and_u_is_low() -> None:
    high, low = spoken("Bibi Kuku")
    assert min(high.heights) > max(low.heights)


def test_words_are_kept_in_their_order() -> None:
    assert [word.word for word in spoken("Der Hund, ein Wau-Wau!")] == [
        "Der",
        "Hund",
        "ein",
        "Wau",
        "Wau",
    ]


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    words = spoken(text)
    assert len(words) <= MOST_WORDS
    for word in words:
        assert 1 <= len(word.heights) <= LONGEST_WORD
        assert all(-4 <= height <= 4 for height in word.heights)
