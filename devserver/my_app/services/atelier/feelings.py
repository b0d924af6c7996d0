"""Feelings in a text that names no thing: "Ich bin traurig" becomes a crying face.

Beside things a feeling is left out ("a sad robot" is a robot), since a face more would be somebody
else in the picture.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

from .lexicon import SCHEMAS, Language
from .recognition import tokens_of

MOST = 2
ENDINGS = ("", "e", "r", "s", "n", "m", "er", "es", "en", "em")


def felt_in(text: str, language: Language) -> tuple[tuple[str, str], ...]:
    """The first few feelings of a text, each as its word and its pictogram's code point."""
    known = _feelings()[language]
    found: dict[str, str] = {}
    for token in tokens_of(text):
        pictogram = _look_up(token.casefold(), known)
        if pictogram is not None and pictogram not in found.values():
            found[token] = pictogram
        if len(found) == MOST:
            break
    return tuple(found.items())


def _look_up(word: str, known: Mapping[str, str]) -> str | None:
    for ending in ENDINGS:
        base = word.removesuffix(ending) if ending else word
        if base in known:
            return known[base]
    return None


@cache
def _feelings() -> Mapping[Language, Mapping[str, str]]:
    table: Mapping[Language, Mapping[str, str]] = json.loads(
        (SCHEMAS / "feelings.json").read_text(encoding="utf-8")
    )
    return table
