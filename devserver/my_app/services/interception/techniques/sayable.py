"""Words that chance must not put into a child's mouth."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from .pieces import lookup, pieces
from .word_data import word_data


def is_sayable(text: str, known: Collection[str] = ()) -> bool:
    """Whether no word of the list is in the text, but those the child used (`known`, small)."""
    said = {lookup(piece.text) for piece in pieces(text) if piece.kind == "word"}
    return not any(_is_rude(word) for word in said.difference(known))


def _is_rude(word: str) -> bool:
    return word in _rude("words") or any(part in word for part in _rude("parts"))


@cache
def _rude(kind: str) -> frozenset[str]:
    return frozenset(word_data("never_said")[kind])
