"""The lipogram: a text that does without one letter, as in Georges Perec's novel without an e.

Words of our list give way to words without the letter; in the rest another vowel takes its place,
as in the song of the "Drei Chinesen mit dem Kontrabass".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Annotated

from pydantic import Field

from .graphemes import base_letter, graphemes, is_latin
from .language_guess import guess_language
from .pieces import in_case_of, lookup, pieces, replace_words
from .sayable import is_sayable
from .shapes import RewriteStep, Rewriting, TechniqueParameters
from .word_data import word_data

_VOWELS = "aeiou"
_STAND_INS = dict(zip("bcdfghjklmnpqrstvwxyz", "pktwkckgrnmbklzdwvsis", strict=True))


class LipogramParameters(TechniqueParameters):
    """The letter to avoid; without one, the most frequent vowel of the text."""

    letter: Annotated[str, Field(pattern=r"^[a-z]$")] | None = None


def lipogram(text: str, random: Random, parameters: LipogramParameters) -> Rewriting:
    """Write the text without the letter, marked forms (ä, é) included.

    A text in other scripts leaves out its most frequent character instead, if something remains;
    a text that already does without stays, in a step that says so.
    """
    bases = [base_letter(cluster) for cluster in graphemes(text)]
    letter = parameters.letter or _most_frequent(bases)
    if letter is None:
        return _leave_out(text)
    if letter not in bases:
        return Rewriting((RewriteStep("already_without", text),))
    others = word_data(f"lipogram_{guess_language(text)}")["others"]
    fitting_words = {lookup(word): fitting for word, fitting in others.items()}
    chosen: dict[str, str] = {}

    def substitute(_index: int, word: str) -> str:
        if letter not in map(base_letter, graphemes(word)):
            return word
        key = lookup(word)
        fitting = [
            other for other in fitting_words.get(key, []) if letter not in map(base_letter, other)
        ]
        if fitting and key not in chosen:
            chosen[key] = random.choice(fitting)
        return in_case_of(word, chosen[key]) if key in chosen else word

    replaced = replace_words(pieces(text), substitute)
    known = {lookup(piece.text) for piece in pieces(text)}
    without = ""
    for stand_in in _stand_ins(letter, random):
        without = "".join(
            in_case_of(cluster, stand_in) if base_letter(cluster) == letter else cluster
            for cluster in graphemes(replaced)
        )
        if is_sayable(without, known):
            break
    steps = [RewriteStep("other_words", replaced)] if replaced != text else []
    return Rewriting((*steps, RewriteStep(f"without_{letter}", without)))


def _most_frequent(bases: Sequence[str]) -> str | None:
    counts = Counter(base for base in bases if base in _VOWELS and base)
    return counts.most_common(1)[0][0] if counts else None


def _stand_ins(letter: str, random: Random) -> list[str]:
    """What may take the letter's place, the first choice first."""
    if letter in _VOWELS:
        others = [vowel for vowel in _VOWELS if vowel != letter]
        return random.sample(others, len(others))
    return [_STAND_INS[letter]]


def _leave_out(text: str) -> Rewriting:
    counts = Counter(c for c in graphemes(text) if c[0].isalpha() and not is_latin(c))
    if len(counts) < 2:
        return Rewriting((RewriteStep("already_without", text),))
    letter = counts.most_common(1)[0][0]
    rest = "".join(c for c in graphemes(text) if c != letter)
    return Rewriting((RewriteStep("leave_out", rest),))
