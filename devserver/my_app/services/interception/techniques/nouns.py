"""Which words of a text are nouns that we know, and how to put a quality onto them.

`Katze` + `Holz` → `Holzkatze`; `an owl` + `wooden` → `a wooden owl`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from .adjectives import is_adjective
from .english import indefinite_article
from .german import (
    DETERMINER_STEMS,
    ENDINGS,
    PLURAL_WORDS,
    Gender,
    dative_plural,
    genitive,
    known_nouns,
)
from .graphemes import graphemes
from .pieces import (
    Piece,
    capitalised,
    has_no_capitals,
    in_case_of,
    lookup,
    replace_words,
    word_before,
)
from .syllables import Language
from .word_data import word_data

_SHORTEST_HEAD = 4  # letters of a compound's last part
_LONGEST_COMPOUND = 60  # letters
_ARTICLES_TEXT = "der die das dem den des im am zum zur beim vom ins ans"
_ARTICLES = frozenset(_ARTICLES_TEXT.split())
_ENGLISH_DETERMINERS_TEXT = "a an the my your his her its our their this that"
_ENGLISH_DETERMINERS = frozenset(_ENGLISH_DETERMINERS_TEXT.split())
_GERMAN_PREPOSITIONS_TEXT = (
    "in im ins auf an am unter über vor hinter neben zwischen mit von vom zu zum zur bei beim aus "
    "nach für durch ohne gegen um"
)
_ENGLISH_PREPOSITIONS_TEXT = (
    "in on at under over behind beside between with from to by into through without of for near "
    "above below"
)
_PREPOSITIONS: Mapping[Language, frozenset[str]] = {
    "de": frozenset(_GERMAN_PREPOSITIONS_TEXT.split()),
    "en": frozenset(_ENGLISH_PREPOSITIONS_TEXT.split()),
}
_BEFORE_ENGLISH_VERBS_TEXT = "to can could will would don't not i you he she it we they who"
_BEFORE_ENGLISH_VERBS = frozenset(_BEFORE_ENGLISH_VERBS_TEXT.split())
_BEFORE_SMALL_NOUNS_TEXT = "und oder mit ohne aus auf in von für als wie mag liebt bunte"
_BEFORE_SMALL_NOUNS = frozenset(_BEFORE_SMALL_NOUNS_TEXT.split())


@dataclass(frozen=True, slots=True)
class FoundNoun:
    """A noun where it stands in the text, with its dictionary form.

    `gender` is German grammar's, empty in English; `plural` is None where there is none.
    """

    index: int
    word: str
    gender: Gender | None
    plural: str | None
    is_plural: bool
    is_weak: bool = False


def find_nouns(parts: Sequence[Piece], language: Language) -> list[FoundNoun]:
    """The nouns of our lists among the words of a text, in their order; German compounds too."""
    small = has_no_capitals("".join(piece.text for piece in parts))
    found = []
    for index, piece in enumerate(parts):
        if piece.kind != "word":
            continue
        if language == "en":
            noun = _english(index, piece.text)
        elif small or piece.text[:1].isupper():
            noun = _german(index, piece.text)
        else:
            noun = None
        if noun is not None and not only_looks_like_noun(parts, index, language):
            found.append(noun)
    return found


def with_quality(
    parts: Sequence[Piece], nouns: Sequence[FoundNoun], language: Language, quality: str
) -> str:
    """The text with `quality` on the nouns: as first part in German, as adjective in English.

    A noun that has it already stays, and so does one whose compound would be twice the same word.
    """
    new: dict[int, str] = {}
    places = {noun.index for noun in nouns}
    for noun in nouns:
        word = parts[noun.index].text
        if language == "en" and word_before(parts, noun.index) in places:
            continue  # the second noun of "tree house"
        if lookup(word).startswith(lookup(quality)) or lookup(quality).startswith(lookup(word)):
            continue
        if language == "de":
            joint = "-" if "-" in word or (word.isupper() and len(word) > 1) else ""
            new[noun.index] = in_case_of(word, quality + joint + (word if joint else lookup(word)))
            continue
        shouted = word.isupper() and len(word) > 1
        said = quality.upper() if shouted else quality
        if word[:1].isupper() and not shouted:
            said, word = in_case_of(word, said), lookup(word)
        new[noun.index] = f"{said} {word}"
        before = word_before(parts, noun.index)
        if before is not None and lookup(parts[before].text) in {"a", "an"}:
            new[before] = in_case_of(parts[before].text, indefinite_article(quality))
    return replace_words(parts, new.get)


def only_looks_like_noun(parts: Sequence[Piece], index: int, language: Language) -> bool:
    """Whether the word only looks like a noun here: `I can fly`, `ich kann fliegen`."""
    place = word_before(parts, index)
    before = lookup(parts[place].text) if place is not None else ""
    if language == "en":
        return before in _BEFORE_ENGLISH_VERBS
    if parts[index].text[:1].isupper() or not before:
        return False
    return not (
        is_article(before, "de")
        or is_adjective(before, "de")
        or before in PLURAL_WORDS
        or before in _BEFORE_SMALL_NOUNS
    )


def says_where(parts: Sequence[Piece], index: int, language: Language) -> bool:
    """Whether a preposition stands among the three words before: `im dunklen Wald`."""
    before = [lookup(piece.text) for piece in parts[:index] if piece.kind != "gap"][-3:]
    return any(word in _PREPOSITIONS[language] for word in before)


def is_article(word: str, language: Language) -> bool:
    """Whether the word is an article or a possessive: a noun follows."""
    key = lookup(word)
    if language == "en":
        return key in _ENGLISH_DETERMINERS
    return key in _ARTICLES or any(
        key == stem + ending for stem in DETERMINER_STEMS for ending in ENDINGS
    )


def _english(index: int, word: str) -> FoundNoun | None:
    row = _english_forms().get(lookup(word))
    if row is None:
        return None
    singular, plural, is_plural = row
    return FoundNoun(index, singular, None, plural, is_plural)


def _german(index: int, word: str) -> FoundNoun | None:
    key = lookup(word)
    row = _german_forms().get(key)
    if row is not None:
        singular, gender, plural, is_plural, weak = row
        return FoundNoun(index, singular, gender, plural, is_plural, weak)
    letters = graphemes(word)
    if len(letters) > _LONGEST_COMPOUND:
        return None
    for start in range(3, len(letters) - _SHORTEST_HEAD + 1):
        row = _german_forms().get(lookup("".join(letters[start:])))
        if row is not None and "-" not in row[0]:
            singular, gender, plural, is_plural, weak = row
            first = lookup("".join(letters[:start]))
            joined = None if plural is None else capitalised(first + lookup(plural))
            whole = capitalised(first + lookup(singular))
            return FoundNoun(index, whole, gender, joined, is_plural, weak)
    return None


@cache
def _german_forms() -> Mapping[str, tuple[str, Gender, str | None, bool, bool]]:
    forms: dict[str, tuple[str, Gender, str | None, bool, bool]] = {}
    for noun in known_nouns():
        row = (noun.word, noun.gender, noun.plural, False, noun.weak)
        forms.setdefault(lookup(noun.word), row)
    for noun in known_nouns():
        row = (noun.word, noun.gender, noun.plural, False, noun.weak)
        many = (noun.word, noun.gender, noun.plural, True, noun.weak)
        if noun.weak and noun.plural:
            # "den Löwen" is one lion more often in children's texts than several.
            forms.setdefault(lookup(noun.plural), many)
        elif noun.plural:
            forms.setdefault(lookup(noun.plural), many)
            forms.setdefault(lookup(dative_plural(noun.plural)), many)
        if noun.gender != "f":
            forms.setdefault(lookup(genitive(noun)), row)
    return forms


@cache
def _english_forms() -> Mapping[str, tuple[str, str | None, bool]]:
    forms: dict[str, tuple[str, str | None, bool]] = {}
    rows = [*word_data("nouns_en"), *word_data("more_nouns_en")]
    for row in rows:
        forms.setdefault(row["word"], (row["word"], row["plural"], False))
    for row in rows:
        if row["plural"]:
            forms.setdefault(row["plural"], (row["word"], row["plural"], True))
    return forms
