"""How a text is spoken: its words in syllables, and how high each one lies.

A rough ear: groups of vowels are the middles of syllables. That is right for most German and
English words, and near enough for a rhythm in the rest.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import islice

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
VOWELS = re.compile(r"[aeiouyäöüáàâéèêíìîóòôúùû]+")
DIPHTHONGS = re.compile(r"ei|ai|eu|äu|au|ie|ee|aa|oo|ou|ea|oa|ui|ey|ay|oy|ow|qu(?=[aeiou])")
# The higher the tongue's front, the higher the vowel's second formant sounds.
HEIGHTS = {"i": 4, "í": 4, "y": 3, "ü": 3, "e": 2, "é": 2, "ä": 1, "ö": 0, "a": 0, "o": -2, "u": -3}
LONGEST_WORD = 8  # syllables; more would be one word for a whole piece
MOST_WORDS = 200


@dataclass(frozen=True)
class Spoken:
    """A word and the height of each of its syllables, from -4 to 4."""

    word: str
    heights: tuple[int, ...]


def spoken(text: str) -> tuple[Spoken, ...]:
    """The first words of a text; empty for a text without letters and digits."""
    found = islice(WORD.finditer(text), MOST_WORDS)
    return tuple(Spoken(match.group(), _heights(match.group())) for match in found)


def _heights(word: str) -> tuple[int, ...]:
    folded = unicodedata.normalize("NFC", word[:64]).casefold()
    middles = [piece for run in VOWELS.findall(folded) for piece in _split(run)]
    if len(middles) > 1 and folded.endswith("e") and folded.isascii() and folded[-2:] != "ee":
        # A last "e" is its own syllable in "Katze", and silent in "snake": both are heard low.
        middles[-1] = "ö"
    if not middles:
        # No vowels we know: every second letter, as high as its number says.
        return tuple(ord(letter) % 9 - 4 for letter in folded[:: 2 if len(folded) > 2 else 1])[
            :LONGEST_WORD
        ]
    first = ord(folded[0]) % 3 - 1
    return tuple(
        max(-4, min(4, HEIGHTS.get(middle[0], 1) + (first if i == 0 else 0)))
        for i, middle in enumerate(middles[:LONGEST_WORD])
    )


def _split(run: str) -> list[str]:
    """A run of vowels in its sounds: "eua" in Bauernhof's middle are two."""
    pieces, at = [], 0
    while at < len(run):
        pair = DIPHTHONGS.match(run, at)
        pieces.append(pair.group() if pair else run[at])
        at += len(pieces[-1])
    return pieces
