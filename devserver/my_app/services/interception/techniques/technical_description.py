"""The text as a construction drawing would have it: parts with numbers, measures, views, scale.

Measures are those on the sheet of paper, so that a planet may well be twelve centimetres wide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from .function_words import is_small_word
from .graphemes import graphemes
from .language_guess import known_language
from .nouns import find_nouns
from .pieces import Piece, lookup, pieces, word_before, words
from .shapes import NoParameters, RewriteStep, Rewriting, longest_result
from .syllables import Language
from .word_data import word_data

_MOST_PARTS = 6
_LONGEST_NAME = 40  # characters
_CIRCLED = "①②③④⑤⑥"


def technical_description(text: str, random: Random, _parameters: NoParameters) -> Rewriting:
    """List the parts of the idea with their measures, then how the sheet is drawn.

    Parts are the nouns in their dictionary form; where none is known, the telling words as they
    are. The child's text stands as the title, word for word. Texts in another language get numbers,
    arrows and measures only.
    """
    language = known_language(text)
    if language is None:
        return _in_signs(text, random)
    data = word_data(f"technical_{language}")
    parts = pieces(text.strip())
    rows = [f"{data['title']}: {text.strip()}"]
    steps = [RewriteStep("title", rows[0])]
    for number, (name, count) in enumerate(_parts(parts, language, data["numbers"]), start=1):
        measure = random.choice(data["measures"]).format(_size(random, language))
        many = data["pieces"].format(count) if count > 1 else ""
        row = f"{data['part']} {number}: {name}{many}, {measure}"
        if sum(map(len, rows)) + len(row) > longest_result(text) - 240:
            break
        rows.append(row)
        steps.append(RewriteStep(f"part_{number}", "\n".join(rows)))
    motion = next(
        (p.text for p in parts if p.kind == "word" and lookup(p.text) in data["motions"]), None
    )
    if motion is not None:
        rows.append(data["motion"].format(lookup(motion)))
        steps.append(RewriteStep("motion", "\n".join(rows)))
    rows.append(random.choice(data["views"]))
    steps.append(RewriteStep("views", "\n".join(rows)))
    rows.append(data["scale"].format(random.choice((1, 2, 5, 10, 20, 50, 100))))
    rows[-1] += f" {random.choice(data['sheets'])}"
    steps.append(RewriteStep("sheet", "\n".join(rows)))
    return Rewriting(tuple(steps))


def _parts(
    parts: Sequence[Piece], language: Language, numbers: Mapping[str, int]
) -> list[tuple[str, int]]:
    """Name and number of pieces of every part, each once."""
    found: dict[str, int] = {}
    for noun in find_nouns(parts, language):
        count = 1
        if noun.is_plural:
            count = _count_before(parts, noun.index, numbers)
        name = noun.word if count > 1 or not noun.is_plural else noun.plural or noun.word
        found.setdefault(_short(name), count)
    if not found:
        for piece in parts:
            if piece.is_cuttable and not is_small_word(piece.text, language):
                found.setdefault(_short(piece.text), 1)
    if not found:
        found = {_short(word): 1 for word in words("".join(p.text for p in parts))}
    return list(found.items())[:_MOST_PARTS]


def _count_before(parts: Sequence[Piece], index: int, numbers: Mapping[str, int]) -> int:
    """The number among the two words before: `drei Hunde`, `three small dogs`."""
    place: int | None = index
    for _ in range(2):
        place = word_before(parts, place) if place is not None else None
        if place is None:
            break
        word = lookup(parts[place].text)
        if word.isascii() and word.isdecimal() and len(word) < 5:
            return int(word)
        if word in numbers:
            return numbers[word]
    return 1


def _short(name: str) -> str:
    clusters = graphemes(name)
    cut = "".join(clusters[:_LONGEST_NAME])
    if len(cut) > 3 * _LONGEST_NAME:
        cut = clusters[0]
    return cut if len(clusters) <= _LONGEST_NAME else f"{cut}…"


def _size(random: Random, language: Language) -> str:
    size = f"{random.randint(4, 36) / 2:g}"
    return size.replace(".", ",") if language == "de" else size


def _in_signs(text: str, random: Random) -> Rewriting:
    rows = [f"📐 {text.strip()}"]
    names = list(dict.fromkeys(map(_short, words(text))))[: len(_CIRCLED)]
    for number, name in zip(_CIRCLED, names, strict=False):
        rows.append(f"{number} {name} {random.choice('↔↕')} {random.randint(2, 18)} cm")
    rows.append(f"1 : {random.choice((1, 2, 5, 10, 20, 50, 100))}")
    whole = "\n".join(rows)
    if len(whole) > longest_result(text):
        whole = rows[0]
    return Rewriting((RewriteStep("sheet", whole),))
