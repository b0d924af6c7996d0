"""The cut-up after Tristan Tzara's recipe "To Make a Dadaist Poem" (1920).

Cut out the words, put them in a bag, shake, take them out one after the other, copy them down. A
text of a single word is cut into syllables; a single syllable becomes a sound poem in the way
Hugo Ball read his (1916).
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from .graphemes import base_letter, graphemes, is_latin
from .language_guess import guess_language
from .pieces import Piece, join_words, pieces, words
from .shapes import NoParameters, RewriteStep, Rewriting
from .syllables import syllables, vowel_groups

_SENTENCE_END = ".!?…。！？؟"
_SHOUTS = "!?！？؟"
_SCISSORS = " · "


def cut_up(text: str, random: Random, _parameters: NoParameters) -> Rewriting:
    """Lay the words in a new order, a few per line.

    Each word stays as it was cut, with its capital and its own `!` or `?`; commas and quotation
    marks fall on the floor; the text's last mark closes the poem. Two different words are enough
    for the order to differ from the input's.
    """
    cuttings, ending = _cut(text)
    if not _differ(cuttings):
        language = guess_language(text)
        cuttings = [part for word in cuttings for part in syllables(word, language)]
        if not _differ(cuttings):
            return _sound_poem(cuttings)
    shaken = _shake(cuttings, random)
    poem = "\n".join(join_words(line) for line in _lines(shaken, random)) + ending
    return Rewriting(
        (
            RewriteStep("cut", _SCISSORS.join(cuttings)),
            RewriteStep("shake", _SCISSORS.join(shaken)),
            RewriteStep("lay", poem),
        )
    )


def _cut(text: str) -> tuple[list[str], str]:
    parts = pieces(text)
    if not any(piece.is_cuttable for piece in parts):
        return words(text), ""
    cuttings: list[str] = []
    last_mark = next((p for p in reversed(parts) if p.kind != "gap"), Piece("gap", ""))
    ending = "".join(c for c in graphemes(last_mark.text) if c in _SENTENCE_END)
    if last_mark.kind != "mark":
        ending = ""
    for piece in parts:
        if piece.is_cuttable:
            cuttings.append(piece.text)
        elif piece.kind == "mark" and piece is not last_mark and cuttings:
            cuttings[-1] += "".join(c for c in graphemes(piece.text) if c in _SHOUTS)[:3]
    return cuttings, ending[:3]


def _word(cutting: str) -> str:
    """The word on a cutting: `Ja!` and `ja` are the same one."""
    return cutting.rstrip(_SHOUTS).casefold() or cutting


def _differ(cuttings: Sequence[str]) -> bool:
    return len({_word(cutting) for cutting in cuttings}) > 1


def _shake(cuttings: Sequence[str], random: Random) -> list[str]:
    before = [_word(cutting) for cutting in cuttings]
    shaken = list(cuttings)
    for _ in range(8):
        random.shuffle(shaken)
        if [_word(cutting) for cutting in shaken] != before:
            return shaken
    # A bag of nearly equal words: turning it until the first differs always ends.
    shaken = list(cuttings)
    while [_word(cutting) for cutting in shaken] == before:
        shaken = [*shaken[1:], shaken[0]]
    return shaken


def _lines(cuttings: Sequence[str], random: Random) -> list[list[str]]:
    few = (1, 2) if len(cuttings) < 5 else (2, 4)
    lines: list[list[str]] = []
    taken = 0
    while taken < len(cuttings):
        size = random.randint(*few)
        if len(cuttings) - taken - size == 1 and len(cuttings) > 4:
            size += 1  # no lonely last word
        lines.append(list(cuttings[taken : taken + size]))
        taken += size
    return lines


def _sound_poem(cuttings: Sequence[str]) -> Rewriting:
    sound = cuttings[0]
    clusters = graphemes(sound)
    groups = vowel_groups([base_letter(cluster) for cluster in clusters], "de")
    if len(clusters) == 1 or not groups or not all(map(is_latin, clusters)):
        # The same again and again, more often than the child wrote it.
        rows = [[sound], *([[sound, sound]] * ((len(cuttings) + 2) // 2))]
        lines = [join_words(row) for row in rows]
    else:
        start, end = groups[0]
        opening = "".join(clusters[:end]) if end < len(clusters) else "".join(clusters[:start])
        closing = "".join(clusters[start:]).lower()
        echo = [closing] * 2 if start else ["".join(clusters[end:]).lower()] * 2
        opening = opening or "".join(clusters[:1])
        echo = [part for part in echo if part]
        lines = [
            join_words([opening, opening.lower(), sound.lower()]),
            *([join_words(echo)] if echo else []),
            sound,
        ]
        if len(cuttings) > 2:
            lines.append(join_words(cuttings[1:]))
    return Rewriting(
        (RewriteStep("cut", _SCISSORS.join(clusters)), RewriteStep("sound", "\n".join(lines)))
    )
