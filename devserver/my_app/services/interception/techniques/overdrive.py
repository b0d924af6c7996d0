"""Overdrive: everything bigger, brighter, louder, as in tall tales and fairground shouts.

Adjectives become the language's own augmentatives (`klein` → `winzigklein`), nouns get adjectives
that agree or a `Riesen-` in front, verbs are said three times, and a tall tale closes the text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from random import Random
from typing import Any

from .english import indefinite_article
from .german import DETERMINER_STEMS, ENDINGS, adjective_ending, gender_of, inflected, plurals
from .language_guess import known_language
from .nouns import find_nouns
from .pieces import (
    Piece,
    capitalised,
    in_case_of,
    lookup,
    pieces,
    starts_sentence,
    word_before,
)
from .shapes import NoParameters, RewriteStep, Rewriting, longest_result
from .syllables import Language
from .word_data import word_data

_RESERVE = 160  # characters kept for the closing clause
_ARTICLES_DE_TEXT = "der die das dem den des im am zum zur beim vom"
_ARTICLES_DE = frozenset(_ARTICLES_DE_TEXT.split())
_SENTENCE_END = ".!?…"
_NEVER_REPEATED_AFTER_TEXT = "to nicht not zu"
_NEVER_REPEATED_AFTER = frozenset(_NEVER_REPEATED_AFTER_TEXT.split())


def overdrive(text: str, random: Random, _parameters: NoParameters) -> Rewriting:
    """Exaggerate the words, then the ending; the child's own words stay recognisable."""
    language = known_language(text)
    if language is None:
        return Rewriting((RewriteStep("multiply", _multiplied(text.strip())),))
    data = word_data(f"overdrive_{language}")
    parts = pieces(text.strip())
    grown = _grow_words(parts, language, data, random, longest_result(text) - _RESERVE)
    steps = [RewriteStep("grow_words", grown)] if grown != text else []
    steps.append(RewriteStep("tall_tale", _closed(grown, random.choice(data["clauses"]))))
    return Rewriting(tuple(steps))


def _multiplied(text: str) -> str:
    """For signs and other languages: one, two, three of them."""
    if len(text) > 200:
        return f"{text}!!!"
    if len(text) > 8 or " " in text:
        return f"{text}! {text}!! {text}!!!"
    return f"{text} {text * 2} {text * 3}!!!"


def _closed(text: str, clause: str) -> str:
    body = text.rstrip(_SENTENCE_END + " \n")
    if body != text.rstrip() or "\n" in text:
        return f"{body or text}! {capitalised(clause)}!!!"
    return f"{body}, {clause}!!!"


def _grow_words(
    parts: Sequence[Piece], language: Language, data: Any, random: Random, room: int
) -> str:
    strong = list(data["strong"])
    random.shuffle(strong)
    nouns = {noun.index for noun in find_nouns(parts, language)}
    said: list[str] = []
    size = sum(len(piece.text) for piece in parts)
    repeated = False
    for index, piece in enumerate(parts):
        if piece.kind == "mark" and piece.text == "." and index + 1 < len(parts):
            repeated = False
        grown = piece.text
        if piece.kind == "word":
            grown = _grown(piece.text, language, data)
            if grown == piece.text and language == "en":
                grown = _english_noun(parts, index, data, strong)
            elif grown == piece.text and (index in nouns or piece.text[:1].isupper()):
                grown = _german_noun(parts, index, data, strong)
            if grown == piece.text and not repeated and _may_repeat(parts, index, data):
                link = "und" if language == "de" else "and"
                again = lookup(piece.text)
                grown, repeated = f"{piece.text} {link} {again} {link} {again}", True
        size += len(grown) - len(piece.text)
        if size > room:
            size -= len(grown) - len(piece.text)
            grown = piece.text
        said.append(grown)
    if language == "en":
        _fit_articles(parts, said)
    return "".join(said)


def _may_repeat(parts: Sequence[Piece], index: int, data: Any) -> bool:
    before = word_before(parts, index)
    if before is not None and lookup(parts[before].text) in _NEVER_REPEATED_AFTER:
        return False
    return lookup(parts[index].text) in _repeated_words(tuple(data["repeated"]))


@cache
def _repeated_words(repeated: tuple[str, ...]) -> frozenset[str]:
    return frozenset(repeated)


def _grown(word: str, language: Language, data: Any) -> str:
    """The adjective or the small word with its own augmentative."""
    key = lookup(word)
    adjective = _adjectives(language).get(key)
    if adjective is not None:
        return in_case_of(word, adjective)
    return in_case_of(word, data["more"][key]) if key in data["more"] else word


def _next(strong: list[str]) -> str:
    """The next adjective; they come round again only when all were used."""
    strong.append(strong.pop(0))
    return str(strong[-1])


def _german_noun(parts: Sequence[Piece], index: int, data: Any, strong: list[str]) -> str:
    word = parts[index].text
    if word.isupper() and len(word) > 1:
        return word
    before = word_before(parts, index)
    article = lookup(parts[before].text) if before is not None else ""
    known = lookup(word) in gender_of() or lookup(word) in plurals()
    is_article = article in _ARTICLES_DE or any(
        article in {stem + ending for ending in ENDINGS} for stem in DETERMINER_STEMS
    )
    if is_article and (ending := adjective_ending(article, word)) is not None:
        first, second = _next(strong), _next(strong)
        if article.startswith("ein"):
            return f"{inflected(first, ending)}, {inflected(second, ending)} {word}"
        return f"{inflected(first, ending)} {word}"
    if known or is_article:
        prefix = data["augmentatives"][len(word) % len(data["augmentatives"])]
        compound = f"{prefix}-{word}" if "-" in word else f"{prefix}{lookup(word)}"
        return in_case_of(word, compound)
    return word


def _english_noun(parts: Sequence[Piece], index: int, data: Any, strong: list[str]) -> str:
    word = parts[index].text
    key = lookup(word)
    if key not in _english_nouns():
        return word
    before = word_before(parts, index)
    article = lookup(parts[before].text) if before is not None else ""
    if article in _adjectives("en"):
        return str(data["augmentatives"][len(word) % len(data["augmentatives"])]) + word
    first, second = _next(strong), _next(strong)
    adjectives = f"{first}, {second}" if article in {"a", "an", ""} else first
    if starts_sentence(parts, index):
        return f"{capitalised(adjectives)} {lookup(word)}"
    return f"{adjectives} {word}"


@cache
def _english_nouns() -> frozenset[str]:
    rows = word_data("nouns_en")
    return frozenset(form for row in rows for form in (row["word"], row["plural"]) if form)


@cache
def _adjectives(language: Language) -> Mapping[str, str]:
    words: dict[str, str] = word_data(f"overdrive_{language}")["adjectives"]
    if language == "en":
        return words
    return {
        inflected(word, ending): inflected(grown, ending)
        for word, grown in words.items()
        for ending in ENDINGS
    }


def _fit_articles(parts: Sequence[Piece], said: list[str]) -> None:
    for index, piece in enumerate(parts):
        before = word_before(parts, index) if piece.kind == "word" else None
        if before is not None and lookup(parts[before].text) in {"a", "an"}:
            fitted = indefinite_article(said[index].split(" ")[0])
            said[before] = in_case_of(parts[before].text, fitted)
