"""A text as it is compared: lower case, Latin letters, nothing invisible; and where each came from.

Umlauts and ß stay here; `spelling` writes them out, word by word, as the lists are kept.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass

from .look_alikes import LOOK_ALIKES

# What German and English texts are made of; all of it stays one character in lower case.
_UNUSUAL = re.compile(r"[^\x00-\x7fäöüßÄÖÜ„“”‚‘’«»–—…€°·•]")
# Nothing is seen of these: joiners, soft hyphens, variation selectors, directions, tags, fillers.
_INVISIBLE_CATEGORIES = ("Cf", "Cc")
_MARK_CATEGORIES = ("Mn", "Me")
_INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5\u180b\u180c\u180d\u2800")
_REVERSED = re.compile("\u202e([^\u202c\n]*)")
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_UMLAUTS = {"a": "ä", "o": "ö", "u": "ü"}
_DIAERESES = ("\u0308", "\u030b", "\u0364")  # the last is the small e of old prints


@dataclass(frozen=True)
class NormalForm:
    """`text` to compare; `origins` says where each of its characters was (None: at its place)."""

    text: str
    origins: tuple[int, ...] | None

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where a part of `text` stands in the original."""
        if self.origins is None:
            return start, end
        part = self.origins[start:end]
        return min(part), max(part) + 1


def normal_form(text: str) -> NormalForm:
    """What a reader sees, in plain lower-case letters. Linear in the length of the text."""
    if _UNUSUAL.search(text) is None:
        return NormalForm(text.lower(), None)
    shown: list[str] = []
    origins: list[int] = []
    for at, sign in _as_shown(text):
        shown.append(sign)
        origins.append(at)
    return NormalForm("".join(shown), tuple(origins))


def spelling(word: str) -> str:
    """A lower-case word with ae, oe, ue, ss for ä, ö, ü, ß: how lists and texts are compared."""
    return word if word.isascii() else word.translate(_SPELT_OUT)


def _as_shown(text: str) -> list[tuple[int, str]]:
    """Characters with their places, in reading order."""
    signs = [(at, sign) for at, char in enumerate(text) for sign in _plain(char)]
    shown: list[tuple[int, str]] = []
    for at, sign in signs:
        if sign.isascii() or unicodedata.category(sign) not in _MARK_CATEGORIES:
            shown.append((at, sign))
        elif sign in _DIAERESES and shown and shown[-1][1] in _UMLAUTS:
            shown[-1] = (shown[-1][0], _UMLAUTS[shown[-1][1]])
    return _turned(text, shown) if "\u202e" in text else shown


def _plain(char: str) -> str:
    """What one character contributes; marks stay, for the letter before decides about them."""
    if char.isascii():
        return char.lower()
    if char in LOOK_ALIKES:
        return LOOK_ALIKES[char]
    if char in "\u2028\u2029\x85":
        return "\n"
    if char in _INVISIBLE or unicodedata.category(char) in _INVISIBLE_CATEGORIES:
        return ""
    if char in "äöüßÄÖÜ":
        return char.lower()
    apart = unicodedata.normalize("NFKD", char).lower()
    return "".join(LOOK_ALIKES.get(sign, sign) for sign in apart if sign not in _INVISIBLE)


def _turned(text: str, shown: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Stretches after a right-to-left override, as they are read."""
    places = [at for at, _ in shown]
    for match in _REVERSED.finditer(text):
        low, high = bisect_left(places, match.start()), bisect_left(places, match.end())
        shown[low:high] = reversed(shown[low:high])
    return shown
