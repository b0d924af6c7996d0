"""N+7 after Jean Lescure and the Oulipo (1961): every noun becomes the seventh noun after it.

The dictionary is our own list. In German the seventh noun of the same gender is taken, in the same
form (singular, plural, genitive, dative plural), so that articles and adjectives still agree.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping, Sequence
from functools import cache
from random import Random

from .english import indefinite_article
from .german import PLURAL_WORDS, Noun, dative_plural, genitive, nouns
from .graphemes import base_letter, graphemes, is_latin
from .language_guess import known_language
from .nouns import only_looks_like_noun
from .pieces import Piece, has_no_capitals, in_case_of, lookup, pieces, replace_words, word_before
from .shapes import NoParameters, RewriteStep, Rewriting
from .syllables import Language
from .word_data import word_data

_STEPS = 7
_SHORTEST_HEAD = 4  # letters of a compound's last part


def n_plus_7(text: str, _random: Random, _parameters: NoParameters) -> Rewriting:
    """Replace the nouns; where the list knows none, the text's longest word counts as one.

    A text in another language is its own dictionary: each of its words becomes the seventh after
    it. With one word only there is nothing to find, in a step `no_noun_found`.
    """
    language = known_language(text)
    if language is None:
        return _own_dictionary(text)
    parts = pieces(text)
    small = has_no_capitals(text)
    new = {
        index: found
        for index, piece in enumerate(parts)
        if piece.kind == "word" and (found := _seventh(parts, index, language, small)) is not None
    }
    if not new:
        index = _longest(parts)
        if index is None:
            return Rewriting((RewriteStep("no_noun_found", text),))
        new = {index: _from_dictionary(parts[index].text, language)}
    if language == "en":
        new = {**_articles(parts, new), **new}
    changed = replace_words(parts, new.get)
    return Rewriting((RewriteStep("n_plus_7", changed),))


def _own_dictionary(text: str) -> Rewriting:
    parts = pieces(text)
    spoken = [piece.text for piece in parts if piece.is_cuttable]
    if len(set(spoken)) < 2:
        return Rewriting((RewriteStep("no_noun_found", text),))
    steps = _STEPS if len(spoken) % _STEPS else 1
    found = iter([*spoken[steps % len(spoken) :], *spoken[: steps % len(spoken)]])
    said = "".join(next(found) if piece.is_cuttable else piece.text for piece in parts)
    return Rewriting((RewriteStep("seventh_of_the_text", said),))


def _seventh(parts: Sequence[Piece], index: int, language: Language, small: bool) -> str | None:
    word = parts[index].text
    key = lookup(word)
    if language == "en":
        found = None if only_looks_like_noun(parts, index, "en") else _english().get(key)
        return None if found is None else in_case_of(word, found)
    if not word[:1].isupper() and (not small or only_looks_like_noun(parts, index, "de")):
        return None
    before = word_before(parts, index)
    many = before is not None and lookup(parts[before].text) in PLURAL_WORDS
    found = (_german_plural().get(key) if many else None) or _german().get(key)
    if found is not None:
        return in_case_of(word, found)
    letters = graphemes(word)
    for start in range(2, len(letters) - _SHORTEST_HEAD + 1):
        head = _german().get(lookup("".join(letters[start:])))
        if head is not None and "-" not in head:
            compound = "".join(letters[:start]) + head.lower()
            return in_case_of(word, compound)
    return None


@cache
def _german() -> Mapping[str, str]:
    forms: dict[str, str] = {}
    for noun, seventh in _pairs():
        forms.setdefault(lookup(noun.word), seventh.word)
    for noun, seventh in _pairs():
        if noun.plural:
            many = seventh.plural or noun.plural
            forms.setdefault(lookup(noun.plural), many)
            forms.setdefault(lookup(dative_plural(noun.plural)), dative_plural(many))
        if noun.gender != "f":
            forms.setdefault(lookup(genitive(noun)), genitive(seventh))
    return forms


@cache
def _german_plural() -> Mapping[str, str]:
    """For nouns whose plural looks like their singular."""
    return {
        lookup(noun.plural): seventh.plural
        for noun, seventh in _pairs()
        if noun.plural and seventh.plural and noun.plural == noun.word
    }


@cache
def _pairs() -> tuple[tuple[Noun, Noun], ...]:
    pairs: list[tuple[Noun, Noun]] = []
    for gender, weak in (("m", False), ("m", True), ("f", False), ("n", False)):
        alike = [noun for noun in nouns() if (noun.gender, noun.weak) == (gender, weak)]
        # Words without a plural are only reached from words without one.
        for countable in (True, False):
            row = [noun for noun in alike if bool(noun.plural) is countable]
            for place, noun in enumerate(row):
                step = _STEPS if len(row) > _STEPS and len(row) % _STEPS else 1
                pairs.append((noun, row[(place + step) % len(row)]))
    return tuple(pairs)


@cache
def _english() -> Mapping[str, str]:
    rows = word_data("nouns_en")
    forms: dict[str, str] = {}
    for countable in (True, False):
        row = [noun for noun in rows if bool(noun["plural"]) is countable]
        for place, noun in enumerate(row):
            seventh = row[(place + _STEPS) % len(row)]
            forms[noun["word"]] = seventh["word"]
            if countable:
                forms.setdefault(noun["plural"], seventh["plural"])
    return forms


def _longest(parts: Sequence[Piece]) -> int | None:
    latin = [
        index
        for index, piece in enumerate(parts)
        if piece.kind == "word" and all(map(is_latin, graphemes(piece.text)))
    ]
    return max(latin, key=lambda index: len(parts[index].text), default=None)


def _from_dictionary(word: str, language: Language) -> str:
    """The seventh noun after the place where the word would stand."""
    rows = [noun["word"] for noun in word_data(f"nouns_{language}")]
    spelled = "".join(base_letter(cluster) for cluster in graphemes(word))
    keys = ["".join(base_letter(char) for char in row) for row in rows]
    return in_case_of(word, rows[(bisect(keys, spelled) + _STEPS - 1) % len(rows)])


def _articles(parts: Sequence[Piece], new: Mapping[int, str]) -> dict[int, str]:
    """`a` or `an`, as the new noun sounds."""
    fitted: dict[int, str] = {}
    for index, noun in new.items():
        before = word_before(parts, index)
        if before is not None and lookup(parts[before].text) in {"a", "an"}:
            fitted[before] = in_case_of(parts[before].text, indefinite_article(noun))
    return fitted
