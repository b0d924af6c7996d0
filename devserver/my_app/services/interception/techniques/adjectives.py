"""The adjectives of our word lists."""

from __future__ import annotations

from functools import cache

from .german import ENDINGS, inflected
from .pieces import lookup
from .syllables import Language
from .word_data import word_data


def is_adjective(word: str, language: Language) -> bool:
    """Whether the word is an adjective that we know, in German in any of its forms."""
    return lookup(word) in adjectives(language)


@cache
def adjectives(language: Language) -> frozenset[str]:
    """All forms, written small."""
    words = {word for pair in word_data(f"opposites_{language}")["adjectives"] for word in pair}
    words |= word_data(f"overdrive_{language}")["adjectives"].keys()
    endings = ENDINGS if language == "de" else ("",)
    return frozenset(inflected(lookup(word), ending) for word in words for ending in endings)
