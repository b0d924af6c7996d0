"""The snowball (boule de neige), a form of the Oulipo: every line is one bigger than the last.

The Oulipo counts letters; this one counts the child's own words and keeps their order. Where the
words do not fill the last line, some stick to the ball: the last word of a line opens the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from .graphemes import graphemes
from .pieces import join_words, lookup, pieces, words
from .sayable import is_sayable
from .shapes import NoParameters, RewriteStep, Rewriting


def snowball(text: str, random: Random, _parameters: NoParameters) -> Rewriting:
    """Lay the words in lines of one, two, three … words; a single word grows by its letters."""
    flakes = _with_marks(text)
    if len(flakes) > 1:
        rows = [join_words(row) for row in _grow(flakes, random)]
    else:
        letters = graphemes(words(text)[0])
        if len(letters) == 1:
            rows = [join_words(letters * size) for size in (1, 2, 3)]
        elif len(letters) <= 20:
            rows = ["".join(letters[:size]) for size in range(1, len(letters) + 1)]
            rows = [row for row in rows if is_sayable(row, {lookup(rows[-1])})]
        else:
            rows = ["".join(row) for row in _grow(letters, random)]
    return Rewriting(
        (
            RewriteStep("flakes", " · ".join(flakes)),
            RewriteStep("roll", "\n".join(rows)),
        )
    )


def _with_marks(text: str) -> list[str]:
    """The words with the marks that touch them."""
    flakes: list[str] = []
    opening = ""
    touching = False
    for piece in pieces(text):
        if piece.is_cuttable:
            flakes.append(opening + piece.text)
            opening, touching = "", True
        elif piece.kind == "gap":
            touching = False
        elif touching and flakes:
            flakes[-1] += piece.text
        else:
            opening += piece.text
    if opening and flakes:
        flakes[-1] += opening
    return flakes or words(text)


def _grow(flakes: Sequence[str], random: Random) -> list[list[str]]:
    height = 1
    while height * (height + 1) // 2 < len(flakes):
        height += 1
    missing = height * (height + 1) // 2 - len(flakes)  # always fewer than there are joints
    sticky = set(random.sample(range(1, height), missing))
    rows: list[list[str]] = []
    taken = 0
    for number in range(height):
        start = taken - 1 if number in sticky else taken
        rows.append(list(flakes[start : start + number + 1]))
        taken = start + number + 1
    return rows
