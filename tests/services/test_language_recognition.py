from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.language_recognition import recognised_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Eine Blume auf der Wiese", "de"),
        ("Pferd im Wald", "de"),
        ("A horse in the woods", "en"),
        ("My dog eats pizza", "en"),
        ("Bir kedi denizde yüzüyor", "tr"),
        ("Кіт на місяці", "uk"),
        ("قطة على القمر", "ar"),
        ("月の上の猫", "ja"),
        ("Ein Drache\n\nfliegt über\tdas Meer", "de"),
    ],
)
def test_languages_of_children(text: str, language: str) -> None:
    assert recognised_language(text) == language


@pytest.mark.parametrize("text", ["", "  \n", "🌸🌸", "Mama", "\ud800"])
def test_what_is_not_clear_is_not_guessed(text: str) -> None:
    assert recognised_language(text) is None


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    language = recognised_language(text)
    assert language is None or language.isalpha()
