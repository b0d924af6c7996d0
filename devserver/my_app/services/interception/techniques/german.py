"""What the techniques need to know of German grammar: endings of adjectives, forms of nouns."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal, NamedTuple

from .pieces import lookup
from .word_data import word_data

Gender = Literal["m", "f", "n"]
Case = Literal["nominative", "accusative", "dative"]
ENDINGS = ("", "e", "en", "em", "er", "es")

_DETERMINER_STEMS_TEXT = "mein dein sein ihr unser euer kein ein"
DETERMINER_STEMS = frozenset(_DETERMINER_STEMS_TEXT.split())
_PLURAL_WORDS_TEXT = (
    "die viele alle zwei drei vier fünf sechs sieben acht neun zehn hundert tausend tausende keine "
    "meine deine seine ihre unsere diese einige mehrere"
)
PLURAL_WORDS = frozenset(_PLURAL_WORDS_TEXT.split())

_DEFINITE: Mapping[Gender, tuple[str, str, str]] = {
    "m": ("der", "den", "dem"),
    "f": ("die", "die", "der"),
    "n": ("das", "das", "dem"),
}

_POSSESSIVE_ENDINGS: Mapping[Gender, tuple[str, str, str]] = {
    "m": ("", "en", "em"),
    "f": ("e", "e", "er"),
    "n": ("", "", "em"),
}

# The other article in the same case: (article, from gender, to gender).
_ARTICLES: Mapping[tuple[str, str, str], str] = {
    ("der", "m", "f"): "die",
    ("der", "m", "n"): "das",
    ("den", "m", "f"): "die",
    ("den", "m", "n"): "das",
    ("dem", "m", "f"): "der",
    ("dem", "n", "f"): "der",
    ("die", "f", "m"): "der",
    ("die", "f", "n"): "das",
    ("der", "f", "m"): "dem",
    ("der", "f", "n"): "dem",
    ("das", "n", "m"): "der",
    ("das", "n", "f"): "die",
    ("ein", "m", "f"): "eine",
    ("ein", "n", "f"): "eine",
    ("ein", "m", "n"): "ein",
    ("ein", "n", "m"): "ein",
    ("einen", "m", "f"): "eine",
    ("einen", "m", "n"): "ein",
    ("eine", "f", "m"): "ein",
    ("eine", "f", "n"): "ein",
    ("einem", "m", "f"): "einer",
    ("einem", "n", "f"): "einer",
    ("einer", "f", "m"): "einem",
    ("einer", "f", "n"): "einem",
    ("im", "m", "f"): "in der",
    ("im", "n", "f"): "in der",
    ("am", "m", "f"): "in der",
    ("zum", "m", "f"): "zur",
    ("zum", "n", "f"): "zur",
    ("zur", "f", "m"): "zum",
    ("zur", "f", "n"): "zum",
}


class Noun(NamedTuple):
    """A noun of the list: nominative singular, gender, plural (None where it has none)."""

    word: str
    gender: Gender
    plural: str | None
    weak: bool


def article_for(article: str, old: str, new: str) -> str | None:
    """The article (in small letters) that the new gender needs; None where it is not known."""
    if old == new:
        return article
    for stem in DETERMINER_STEMS - {"ein", "kein"}:
        tail = article.removeprefix(stem)
        if tail != article and tail in ENDINGS:
            fitted = _ARTICLES.get((f"ein{tail}", old, new))
            return None if fitted is None else stem + fitted.removeprefix("ein")
    return _ARTICLES.get((article, old, new))


def inflected(adjective: str, ending: str) -> str:
    """`dunkel` + `e` → `dunkle`, `hoch` + `e` → `hohe`, `teuer` + `es` → `teures`."""
    if not ending:
        return adjective
    if adjective.endswith("hoch"):
        return f"{adjective[:-2]}h{ending}"
    if adjective.endswith("el"):
        return f"{adjective[:-2]}l{ending}"
    if adjective.endswith(("auer", "euer")):
        return f"{adjective[:-2]}r{ending}"
    if adjective.endswith("e"):
        return f"{adjective[:-1]}{ending}"
    return f"{adjective}{ending}"


@cache
def nouns() -> tuple[Noun, ...]:
    """The nouns of `nouns_de.json` in the order of a dictionary."""
    return _nouns_of("nouns_de")


@cache
def known_nouns() -> tuple[Noun, ...]:
    """These and those of `more_nouns_de.json`, which are known but never chosen."""
    return (*nouns(), *_nouns_of("more_nouns_de"))


def _nouns_of(name: str) -> tuple[Noun, ...]:
    return tuple(
        Noun(row["word"], row["gender"], row["plural"], row.get("weak", False))
        for row in word_data(name)
    )


@cache
def gender_of() -> Mapping[str, Gender]:
    """Gender by singular form, as written in word lists."""
    return {lookup(noun.word): noun.gender for noun in reversed(known_nouns())}


@cache
def plurals() -> frozenset[str]:
    """All plural forms, with the dative's."""
    found = {lookup(noun.plural) for noun in known_nouns() if noun.plural}
    return frozenset(found | {dative_plural(form) for form in found})


def dative_plural(plural: str) -> str:
    """`Bäume` → `Bäumen`; forms in -n and -s stay."""
    return plural if plural.endswith(("n", "s")) else f"{plural}n"


def declined(noun: str, gender: Gender, case: Case, possessive: str | None = None) -> str:
    """Article and noun in the singular: `den Hund`, `der Katze`; `meinem Bruder` with `mein`."""
    place = ("nominative", "accusative", "dative").index(case)
    if possessive is None:
        return f"{_DEFINITE[gender][place]} {noun}"
    return f"{possessive}{_POSSESSIVE_ENDINGS[gender][place]} {noun}"


def genitive(noun: Noun) -> str:
    """Genitive singular: `des Hundes`, `des Löwen`, `der Katze`."""
    if noun.gender == "f":
        return noun.word
    if noun.weak and noun.plural:
        return noun.plural
    vowels = sum(char in "aeiouäöüAEIOUÄÖÜ" for char in noun.word)
    if noun.word.endswith(("s", "ß", "x", "z")):
        return f"{noun.word}es"
    return f"{noun.word}es" if vowels == 1 else f"{noun.word}s"


def adjective_ending(article: str, noun: str) -> str | None:
    """The ending an adjective takes between `article` and `noun`; None where it is not clear."""
    article, noun = lookup(article), lookup(noun)
    gender = gender_of().get(noun)
    is_plural = noun in plurals() and (gender is None or (article == "die" and gender != "f"))
    stem = next(
        (s for s in DETERMINER_STEMS if article.startswith(s) and article != "einige"), None
    )
    ending: str | None = None
    if stem is not None:
        tail = article[len(stem) :]
        if tail in {"em", "en", "es", "er"}:
            ending = "en"
        elif tail == "e":
            ending = "en" if is_plural else "e"
        elif tail == "" and gender is not None:
            ending = {"m": "er", "n": "es"}.get(gender)
    elif article in {"dem", "den", "des", "im", "am", "zum", "zur", "beim", "vom"}:
        ending = "en"
    elif article == "das":
        ending = "e"
    elif article == "der":
        ending = {"m": "e", "f": "en"}.get(gender or "", "en" if is_plural else None)
    elif article == "die":
        ending = "en" if is_plural else ("e" if gender == "f" else None)
    return ending
