"""Secret languages of playgrounds: Pig Latin in English, B-Sprache and Löffelsprache in German.

Pig Latin: `flower` → `owerflay`, `apple` → `appleway`. B-Sprache: every vowel once more after a b:
`Katze` → `Kabatzebe`. Löffelsprache: the same with `lew`: `Katze` → `Kalewatzelewe`.
"""

from __future__ import annotations

import unicodedata
from random import Random
from typing import Literal

from .graphemes import base_letter, graphemes, is_latin, lower, upper
from .language_guess import guess_language
from .pieces import Piece, pieces, words
from .shapes import RewriteStep, Rewriting, TechniqueParameters, longest_result
from .syllables import is_vowel, vowel_groups

Rule = Literal["pig_latin", "b_language", "spoon_language"]


class PigLatinParameters(TechniqueParameters):
    """Which secret language is spoken to which tongue."""

    de: Rule = "b_language"
    en: Rule = "pig_latin"


def pig_latin(text: str, _random: Random, parameters: PigLatinParameters) -> Rewriting:
    """Say every word in the secret language; capitals and punctuation stay where they were.

    Words of other scripts follow the rule as far as they can: the first character goes to the
    end. A text without any such word gets the rule's ending at each sign.
    """
    rule = parameters.de if guess_language(text) == "de" else parameters.en
    parts = pieces(text)
    spoken = _say(parts, rule)
    if len(spoken) > longest_result(text):
        rule = "b_language"
        spoken = _say(parts, rule)
    if spoken == text:
        spoken = _say_signs(text, parts, rule)
    return Rewriting((RewriteStep(rule, spoken),))


def _say(parts: list[Piece], rule: Rule) -> str:
    return "".join(_word(p.text, rule) if p.kind == "word" else p.text for p in parts)


def _word(word: str, rule: Rule) -> str:
    clusters = graphemes(word)
    if not any(cluster[0].isalpha() for cluster in clusters):
        return word
    if not all(is_latin(c) for c in clusters if c[0].isalpha()):
        return _foreign(clusters, rule)
    if rule == "pig_latin":
        return _pig(clusters)
    return _filled(clusters, "b" if rule == "b_language" else "lew")


def _pig(clusters: list[str]) -> str:
    letters = [base_letter(cluster) for cluster in clusters]
    shouted = len(clusters) > 1 and "".join(clusters).isupper()
    start = next((i for i in range(len(letters)) if is_vowel(letters, i)), None)
    if start == 0:
        said = [*clusters, *"way"]
    elif start is None:
        said = [*clusters, *"ay"]
    else:
        rest, onset = clusters[start:], clusters[:start]
        if onset[0].isupper() and not shouted:
            onset, rest = [lower(onset[0]), *onset[1:]], [upper(rest[0]), *rest[1:]]
        said = [*rest, *onset, *"ay"]
    return "".join(map(upper, said) if shouted else said)


def _filled(clusters: list[str], filler: str) -> str:
    letters = [base_letter(cluster) for cluster in clusters]
    shouted = len(clusters) > 1 and "".join(clusters).isupper()
    said: list[str] = []
    taken = 0
    for start, end in vowel_groups(letters, "de"):
        again = [*filler, *map(lower, clusters[start:end])]
        said += clusters[taken:end] + (list(map(upper, again)) if shouted else again)
        taken = end
    return "".join(said + clusters[taken:])


def _foreign(clusters: list[str], rule: Rule) -> str:
    if rule != "pig_latin" and vowel_groups([base_letter(c) for c in clusters], "de"):
        return _filled(clusters, _fillers(clusters)[rule == "spoon_language"])
    return "".join([*clusters[1:], clusters[0]])


def _fillers(clusters: list[str]) -> tuple[str, str]:
    """The b and the lew in the letters of the word's own alphabet."""
    names = [unicodedata.name(cluster[0], "") for cluster in clusters]
    if any(name.startswith("CYRILLIC") for name in names):
        return "б", "лев"
    if any(name.startswith("GREEK") for name in names):
        return "β", "λευ"
    return "b", "lew"


def _say_signs(text: str, parts: list[Piece], rule: Rule) -> str:
    ending = {"pig_latin": "-way", "b_language": "b", "spoon_language": "lew"}[rule]
    wanted = {"word", "sign"} if any(p.is_cuttable for p in parts) else {"mark"}
    said = []
    for piece in parts:
        again = "" if rule == "pig_latin" else piece.text
        said.append(piece.text + ending + again if piece.kind in wanted else piece.text)
    whole = "".join(said)
    if len(whole) <= longest_result(text):
        return whole
    return f"{text}{ending}{'' if rule == 'pig_latin' else words(text)[0]}"
