from __future__ import annotations

import pytest

from devserver.my_app.services.interception.techniques.nouns import (
    find_nouns,
    says_where,
    with_quality,
)
from devserver.my_app.services.interception.techniques.pieces import pieces
from devserver.my_app.services.interception.techniques.syllables import Language


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Zwei Hunde und eine Feuerwehrkatze", "de", ["Hund+", "Feuerwehrkatze"]),
        ("Ich streichle den Löwen", "de", ["Löwe+"]),
        ("ein roter drache und zwei katzen", "de", ["Drache", "Katze+"]),
        ("Ich kann fliegen", "de", []),
        ("Die Fliegen fliegen", "de", ["Fliege+"]),
        ("mein lieblingstier", "de", ["Lieblingstier"]),
        ("a cat, two mice and a tree house", "en", ["cat", "mouse+", "tree", "house"]),
        ("I dream of a dream", "en", ["dream"]),
    ],
)
def test_nouns_are_found(text: str, language: Language, expected: list[str]) -> None:
    found = find_nouns(pieces(text), language)
    assert [noun.word + "+" * noun.is_plural for noun in found] == expected


@pytest.mark.parametrize(
    ("text", "language", "quality", "expected"),
    [
        ("Die Katze und die LAMPE", "de", "Glas", "Die Glaskatze und die GLAS-LAMPE"),
        ("Das Glashaus und das Glas", "de", "Glas", "Das Glashaus und das Glas"),
        ("An owl on a tree house", "en", "wooden", "A wooden owl on a wooden tree house"),
        ("Cats and DOGS", "en", "paper", "Paper cats and PAPER DOGS"),
        ("a zebra", "en", "orange", "an orange zebra"),
    ],
)
def test_a_quality_is_put_on(text: str, language: Language, quality: str, expected: str) -> None:
    parts = pieces(text)
    assert with_quality(parts, find_nouns(parts, language), language, quality) == expected


def test_where_something_is() -> None:
    parts = pieces("Auf dem alten Mond wohnt eine Katze")
    mond, katze = find_nouns(parts, "de")
    assert says_where(parts, mond.index, "de")
    assert not says_where(parts, katze.index, "de")
    english = pieces("An old robot")
    assert not says_where(english, len(english) - 1, "en")
