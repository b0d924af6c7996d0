"""Small words: articles, pronouns, prepositions, which are never names or nouns."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from .pieces import lookup
from .syllables import Language
from .word_data import word_data

_SPELLED_ALIKE: Mapping[Language, tuple[str, ...]] = {
    "de": ("die", "in", "so", "am", "an", "war", "was", "man", "hat", "will", "also"),
    "en": ("in", "so", "am", "an", "as", "was", "will", "also"),
}


def is_small_word(word: str, language: Language) -> bool:
    """Whether the word is one of the language's small frequent words."""
    return lookup(word) in small_words(language)


@cache
def small_words(language: Language) -> frozenset[str]:
    """Those that tell the languages apart, those that both spell alike, and numbers."""
    numbers: dict[str, int] = word_data(f"technical_{language}")["numbers"]
    return frozenset([*word_data("function_words")[language], *numbers, *_SPELLED_ALIKE[language]])
