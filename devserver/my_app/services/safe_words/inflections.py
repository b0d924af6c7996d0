"""The forms a listed word takes in German and English.

Forms are made from the list once instead of stemming every word of every text: a stemmer written in
Python takes longer for one word than the whole check may, and Snowball's German one makes the same
of `töten` (to kill) and `die Toten`, of `Mord` and `Mörder`. Some forms made here are no words;
that does no harm, nobody writes them.

Words are taken in `spelling` (ä as ae). In German lists the capital letter tells a noun and -en a
verb, as everywhere in German. Forms with another vowel (erschoss, Schwänze) are listed themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from .normal_form import spelling

Language = Literal["de", "en"]

_ADJECTIVE = ("", "e", "em", "en", "er", "es")
_COMPARED = (*_ADJECTIVE, *(f"er{ending}" for ending in _ADJECTIVE[1:]))
_NOUN = ("", "e", "en", "er", "ern", "es", "s", "n", "ens", "se", "sen")
_NOUN_AFTER_E = ("", "n", "s", "ns")
_NOUN_AFTER_ER = ("", "n", "s", "in", "innen", "ins")
_VERB = (
    "", "e", "st", "est", "t", "et", "en", "n", "te", "test", "ten", "tet", "ete", "eten", "etest",
    "etet", "end", "nd", *(f"{nd}{ending}" for nd in ("end", "nd") for ending in _ADJECTIVE[1:]),
)  # fmt: skip
_PARTICIPLE = tuple(f"{t}{ending}" for t in ("t", "et", "en") for ending in _ADJECTIVE)
_PARTICIPLE_IN_N = tuple(f"{t}{ending}" for t in ("t", "n") for ending in _ADJECTIVE)
_NO_GE = ("be", "ent", "er", "ge", "miss", "ver", "zer")
_APART = (
    "zusammen", "nieder", "voll", "ueber", "durch", "auf", "aus", "ab", "an", "ein", "hin", "los",
    "tot", "um", "vor", "weg", "zu",
)  # fmt: skip
_VOWELS = "aeiouy"
# Shorter words of a phrase are pronouns, articles and the like.
_LONGEST_FIXED = 3


def forms(term: str, language: Language) -> frozenset[str]:
    """A listed word and its inflected forms, all in `spelling`."""
    word = spelling(term.lower())
    if language == "en":
        return frozenset(_english(word))
    if term[:1].isupper():
        return frozenset(_german_noun(word))
    if word.endswith(("en", "ern", "eln")):
        return frozenset(_german_verb(word))
    return frozenset(word + ending for ending in _COMPARED)


def phrase_forms(term: str, language: Language) -> frozenset[str]:
    """As `forms`; short words (pronouns, articles) stay as they are."""
    word = spelling(term.lower())
    return frozenset((word,)) if len(word) <= _LONGEST_FIXED else forms(term, language)


def _german_noun(word: str) -> Iterator[str]:
    endings: tuple[str, ...] = _NOUN
    if word.endswith("e"):
        endings = _NOUN_AFTER_E
    elif word.endswith("er"):
        endings = _NOUN_AFTER_ER
    elif word.endswith("in"):
        endings = ("", "nen", "s")
    return (word + ending for ending in endings)


def _german_verb(word: str) -> Iterator[str]:
    in_n = not word.endswith("en")
    base = word[:-1] if in_n else word[:-2]
    yield from (base + ending for ending in _VERB)
    participle = _PARTICIPLE_IN_N if in_n else _PARTICIPLE
    yield from (base + ending for ending in participle)
    if word.startswith(_NO_GE):
        return
    yield from (f"ge{base}{ending}" for ending in participle)
    apart = next((part for part in _APART if base.startswith(part)), None)
    if apart is not None and len(base) > len(apart) + 2:
        rest = base[len(apart) :]
        yield from (f"{apart}ge{rest}{ending}" for ending in participle)
        yield f"{apart}zu{rest}en"


def _english(word: str) -> Iterator[str]:
    yield word
    if word.endswith("y") and word[-2:-1] not in _VOWELS:
        yield from (word[:-1] + ending for ending in ("ies", "ied", "ier", "iest"))
        yield word + "ing"
        return
    yield word + ("es" if word.endswith(("s", "x", "z", "ch", "sh")) else "s")
    bases = [word[:-1] if word.endswith("e") else word]
    if word[-1] not in "aeiouwxy" and word[-2:-1] in _VOWELS and word[-3:-2] not in _VOWELS:
        bases.append(word + word[-1])
    for base in bases:
        yield from (base + ending for ending in ("ed", "er", "ers", "ing", "ings", "in"))
