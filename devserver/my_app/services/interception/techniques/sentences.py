"""Sentences put beside a child's text, which itself stays word for word."""

from __future__ import annotations

from collections.abc import Sequence

from .function_words import is_small_word
from .graphemes import graphemes, lower
from .pieces import pieces
from .syllables import Language

SENTENCE_END = ".!?…。！？؟।"
_CLOSING = "\"'»“”‘’)]"


def ends_sentence(text: str) -> bool:
    """Whether the text closes with a mark after which a new sentence can begin."""
    return text.rstrip().rstrip(_CLOSING).endswith(tuple(SENTENCE_END))


def as_sentence(text: str) -> str:
    """The text with a full stop, where it has no mark of its own at its end."""
    said = text.strip()
    return said if ends_sentence(said) else f"{said.rstrip(',;:–-').rstrip() or said}."


def lead_in(text: str, language: Language) -> str:
    """The text as it continues a sentence: a small word at its start loses the capital."""
    said = text.strip()
    first = pieces(said)[0].text if said else ""
    if (first.isupper() and len(first) > 1) or first in {"I", "I'm", "I’m"}:
        return said
    if not is_small_word(first, language):
        return said
    clusters = graphemes(said)
    return "".join([lower(clusters[0]), *clusters[1:]])


def fitting(text: str, sentences: Sequence[str], room: int) -> list[str]:
    """The sentences that `text` has room for, the first in any case."""
    taken: list[str] = []
    size = len(text)
    for sentence in sentences:
        size += len(sentence) + 1
        if taken and size > room:
            break
        taken.append(sentence)
    return taken
