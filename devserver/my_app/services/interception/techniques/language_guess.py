"""A guess whether a text is German or English, by function words, letters and our word lists."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from devserver.my_app.services.language_recognition import recognised_language

from .graphemes import is_latin
from .syllables import Language
from .word_data import word_data

_OURS = ("de", "en", None)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")

_GERMAN_LETTERS = re.compile(r"[äöüß]")
_PATTERNS: Mapping[Language, re.Pattern[str]] = {
    "de": re.compile(
        r"sch|tz|pf|zw|cht|(?:en|ung|chen|lein|heit|keit|lich|ig|eln|ern|tet|iert)$|^ge"
    ),
    "en": re.compile(
        r"wh|sh|oo|ough|ea|ck(?:ed|s|y)|ay|ow|(?:ing|ed|ly|tion|ful|ness|y|'s|n't|ous|th)$|^th|^qu"
    ),
}


# Letters of languages we do not write; the marks of café and piñata are at home in ours too.
_OTHER_LETTERS = re.compile(r"[ğışİąćęłńśźżčďěňřšťůžőűțșăåøæãõ¿¡ĉĝĥĵŝŭđ]")


def known_language(text: str) -> Language | None:
    """`de` or `en`; None where the text is in neither, so that no word of ours fits into it.

    None is said of texts without Latin letters (emoji, other scripts), with letters that only
    other languages have, or with more of their small words than of ours; and of texts without any
    word we know that a recogniser takes for another language.
    """
    letters = [char for char in text[:2000] if char.isalpha()]
    latin = sum(is_latin(char) or unicodedata.combining(char) > 0 for char in letters)
    if not latin or latin * 2 < len(letters):
        return None
    composed = unicodedata.normalize("NFC", text[:2000])
    if _OTHER_LETTERS.search(composed) or _OTHER_LETTERS.search(composed.lower()):
        return None
    said = [match.group() for match in _WORD.finditer(composed.lower())]
    foreign = sum(word in _other_function_words() for word in said)
    if foreign > sum(word in _function_words("de") | _function_words("en") for word in said):
        return None
    if not any(_is_ours(word) for word in said) and recognised_language(text) not in _OURS:
        return None
    return guess_language(text)


def guess_language(text: str) -> Language:
    """`de` or `en`; German where nothing speaks for either."""
    score = 0.0
    for index, match in enumerate(_WORD.finditer(unicodedata.normalize("NFC", text[:2000]))):
        word = match.group().replace("’", "'")
        score += _weight(word.lower())
        if index and word[0].isupper() and not word.isupper() and word.lower() != "i":
            score += 0.6  # German writes nouns with a capital inside a sentence
    return "en" if score < 0 else "de"


def _weight(word: str) -> float:
    weight = 0.0
    if _GERMAN_LETTERS.search(word):
        weight += 3
    weight += 2 * (word in _function_words("de")) - 2 * (word in _function_words("en"))
    weight += 2 * (word in _list_words("de")) - 2 * (word in _list_words("en"))
    weight += 0.7 * bool(_PATTERNS["de"].search(word))
    weight -= 0.7 * bool(_PATTERNS["en"].search(word))
    return weight


def _is_ours(word: str) -> bool:
    return any(word in _function_words(own) or word in _list_words(own) for own in ("de", "en"))


@cache
def _function_words(language: Language) -> frozenset[str]:
    """Small frequent words; those both languages spell alike (in, so, war) are left out."""
    return frozenset(word_data("function_words")[language])


@cache
def _other_function_words() -> frozenset[str]:
    return frozenset(word_data("function_words")["other"])


@cache
def _list_words(language: Language) -> frozenset[str]:
    """The nouns and adjectives of our own word lists."""
    known: set[str] = set()
    for row in [*word_data(f"nouns_{language}"), *word_data(f"more_nouns_{language}")]:
        known.update(form.lower() for form in (row["word"], row["plural"]) if form)
    opposites = word_data(f"opposites_{language}")
    for first, second in [*opposites["adjectives"], *opposites["words"]]:
        known.update({first, second})
        if language == "de":
            known.update({f"{first}e", f"{second}e"})
    return frozenset(known)
