"""The opposite: every word that has one is replaced by it, endings and capitals kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from random import Random
from typing import NamedTuple

from .english import indefinite_article
from .german import ENDINGS, article_for, inflected
from .language_guess import known_language
from .pieces import (
    Piece,
    has_no_capitals,
    in_case_of,
    join_words,
    lookup,
    pieces,
    replace_words,
    word_after,
    word_before,
    words,
)
from .shapes import NoParameters, RewriteStep, Rewriting
from .syllables import Language
from .word_data import word_data

_VERB_ENDINGS = ("en", "e", "st", "t", "te", "ten", "end", "ende", "enden", "ender", "endes")
_UPSIDE_DOWN = "🙃"
_DETERMINERS_TEXT = (
    "der die das den dem ein eine einen einem einer mein meine meinem meiner meinen dein deine "
    "deinem deiner dem seinem seiner ihrem ihrer the a an my your his her its our "
    "their this that"
)
_DETERMINERS = frozenset(_DETERMINERS_TEXT.split())


class _Opposite(NamedTuple):
    word: str
    gender: str = ""
    opposite_gender: str = ""


def opposites(text: str, _random: Random, _parameters: NoParameters) -> Rewriting:
    """Turn the text into its opposite, word by word.

    Where no word has one, the text is framed honestly as `Das Gegenteil von: …` or
    `The opposite of: …`. A text in another language is said from its end, under a sign that
    stands on its head.
    """
    language = known_language(text)
    if language is None:
        turned = join_words(words(text)[::-1])
        return Rewriting((RewriteStep("turn_round", f"{_UPSIDE_DOWN} {turned}"),))
    parts = pieces(text)
    new = _german(parts) if language == "de" else _english(parts)
    changed = replace_words(parts, new.get)
    if changed != text:
        return Rewriting((RewriteStep("turn_round", changed),))
    framing = word_data(f"opposites_{language}")["framing"]
    return Rewriting((RewriteStep("frame", f"{framing}{text.strip()}"),))


def _german(parts: Sequence[Piece]) -> dict[int, str]:
    new: dict[int, str] = {}
    small = has_no_capitals("".join(piece.text for piece in parts))
    for index, piece in enumerate(parts):
        if piece.kind != "word":
            continue
        found = _plain(parts, index, "de")
        is_noun = small or piece.text[:1].isupper()
        noun = _german_nouns().get(lookup(piece.text)) if is_noun else None
        if noun is not None:
            found = _with_article(parts, index, noun, new)
        if found is not None:
            new[index] = in_case_of(piece.text, found)
    return new


def _with_article(
    parts: Sequence[Piece], index: int, noun: _Opposite, new: dict[int, str]
) -> str | None:
    """The opposite noun, with the article before it fitted; None where it cannot be fitted."""
    if noun.gender == noun.opposite_gender:
        return noun.word
    before = word_before(parts, index)
    if before is None:
        return noun.word
    article = parts[before].text
    fitted = article_for(lookup(article), noun.gender, noun.opposite_gender)
    if fitted is None:
        return None
    new[before] = in_case_of(article, fitted)
    return noun.word


def _english(parts: Sequence[Piece]) -> dict[int, str]:
    new: dict[int, str] = {}
    for index, piece in enumerate(parts):
        if piece.kind != "word":
            continue
        found = _plain(parts, index, "en")
        if found is None:
            continue
        new[index] = in_case_of(piece.text, found)
        before = word_before(parts, index)
        if before is not None and lookup(parts[before].text) in {"a", "an"}:
            new[before] = in_case_of(parts[before].text, indefinite_article(found))
    return new


def _plain(parts: Sequence[Piece], index: int, language: Language) -> str | None:
    key = lookup(parts[index].text)
    preposition = _prepositions(language).get(key)
    if preposition is not None:
        after = word_after(parts, index)
        # Only before an article: "steht auf" and "goes on" mean something else.
        if after is not None and lookup(parts[after].text) in _DETERMINERS:
            return preposition
        return None
    return _plain_words(language).get(key)


def _verb(stem: str, ending: str) -> str:
    """`kletter` + `en` → `klettern`."""
    short = stem.endswith(("er", "el")) and ending.startswith("en")
    return stem + (ending[1:] if short else ending)


def _both_ways(pairs: Sequence[Sequence[str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for first, second in pairs:
        found.setdefault(lookup(first), second)
    for first, second in pairs:
        found.setdefault(lookup(second), first)
    return found


@cache
def _prepositions(language: Language) -> Mapping[str, str]:
    return _both_ways(word_data(f"opposites_{language}")["prepositions"])


@cache
def _plain_words(language: Language) -> Mapping[str, str]:
    data = word_data(f"opposites_{language}")
    found: dict[str, str] = {}
    # Adjectives first: `ein kleiner Hund` is more frequent than the comparative.
    for word, opposite in _both_ways(data["adjectives"]).items():
        for ending in ENDINGS if language == "de" else ("",):
            found.setdefault(inflected(word, ending), inflected(opposite, ending))
    for word, opposite in _both_ways(data["words"]).items():
        found.setdefault(word, opposite)
    for word, opposite in _both_ways(data.get("verbs", [])).items():
        for ending in _VERB_ENDINGS:
            found.setdefault(_verb(word, ending), _verb(opposite, ending))
        found.setdefault(f"ge{word}t", f"ge{opposite}t")
    return found


@cache
def _german_nouns() -> Mapping[str, _Opposite]:
    found: dict[str, _Opposite] = {}
    rows = word_data("opposites_de")["nouns"]
    for row in rows:
        found.setdefault(
            lookup(row["word"]), _Opposite(row["opposite"], row["gender"], row["opposite_gender"])
        )
    for row in rows:
        found.setdefault(
            lookup(row["opposite"]), _Opposite(row["word"], row["opposite_gender"], row["gender"])
        )
    return found
