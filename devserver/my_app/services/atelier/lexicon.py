"""The words the atelier knows, and what each stands for.

Hand-made entries (`things.json`, `settings.json`, `words.json`) come first, then names and keywords
of Unicode CLDR (`keywords.json`, licence Unicode-3.0). Everything is loaded once, on first use.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import snowballstemmer  # type: ignore[import-untyped]

Language = Literal["de", "en"]
Home = Literal["ground", "sky", "water", "air"]
Kind = Literal[
    "thing",
    "group",
    "place",
    "time",
    "weather",
    "colour",
    "number",
    "size",
    "relation",
    "motion",
    "pause",
]

LANGUAGES: tuple[Language, Language] = ("de", "en")
SCHEMAS = Path(__file__).parents[3] / "schemas" / "atelier"
# Smileys, hands, hearts, comic signs.
FLOATING = ((0x1F600, 0x1F64F), (0x1F90C, 0x1F92F), (0x1F970, 0x1F97A), (0x1F493, 0x1F4AF))
SIZES = {"tiny": 0.5, "small": 0.74, "middle": 1.0, "large": 1.22, "huge": 1.42}


@dataclass(frozen=True)
class Thing:
    """Something to show: an OpenMoji file name and how it sits in the world.

    `size` is relative to a child (1.0), already drawn together so that a mouse stays visible beside
    an elephant. `colour` names the tint it has unless the text says another.
    """

    pictogram: str
    size: float = 0.74
    home: Home = "ground"
    colour: str | None = None


@dataclass(frozen=True)
class Meaning:
    """What one word or phrase does in a picture; a `group` is several at once."""

    kind: Kind
    value: Thing | tuple[Meaning, ...] | str | float


@dataclass(frozen=True)
class Dictionary:
    """The words of one language: exactly as written (case folded) and by stem."""

    exact: Mapping[str, Meaning]
    by_stem: Mapping[str, Meaning]
    parts: Mapping[str, Meaning]
    part_stems: Mapping[str, Meaning]
    left_out: frozenset[str]
    first_parts: frozenset[str]
    longest_phrase: int
    stem: Callable[[str], str] = field(repr=False)

    def find(self, word: str) -> Meaning | None:
        """The meaning of a folded word, inflected or not; hand-made entries before CLDR's."""
        stem = self.stem(word)
        own_stem = self.part_stems.get(stem) if len(word) > 3 else None
        return (
            self.parts.get(word)
            or own_stem
            or self.exact.get(word)
            or self.by_stem.get(stem)
            or self.exact.get(stem)
        )

    def is_base_form(self, word: str) -> bool:
        """Whether a folded word is known as it stands, and not as the plural of another."""
        known_inflected = len(word) > 3 and self.stem(word) in self.part_stems
        return word in self.parts or (word in self.exact and not known_inflected)


def _read(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SCHEMAS / name).read_text("utf-8"))
    return loaded


def _hand_made(language: Language) -> Iterable[tuple[str, Meaning]]:
    for row in _read("things.json")["groups"]:
        several = tuple(Meaning("thing", thing_for(name)) for name in row["pictograms"])
        yield from ((word, Meaning("group", several)) for word in row[language])
    words, settings = _read("words.json"), _read("settings.json")
    for row in _read("things.json")["things"]:
        thing = Thing(row["pictogram"], SIZES[row["size"]], row["home"], row.get("colour"))
        yield from ((word, Meaning("thing", thing)) for word in row[language])
    named: tuple[tuple[Kind, list[dict[str, Any]]], ...] = (
        ("place", settings["places"]),
        ("time", settings["times"]),
        ("weather", settings["weathers"]),
        ("colour", words["colours"]),
        ("relation", words["relations"]),
        ("motion", words["motions"]),
        ("number", words["numbers"]),
        ("size", words["sizes"]),
    )
    for kind, rows in named:
        for row in rows:
            meaning = Meaning(kind, row["value"] if kind in ("number", "size") else row["name"])
            yield from ((word, meaning) for word in row[language])


@cache
def homes() -> Mapping[str, Thing]:
    """What the hand-made list says about a pictogram, for words that only CLDR knows."""
    things: dict[str, Thing] = {}
    for row in _read("things.json")["things"]:
        thing = Thing(row["pictogram"], SIZES[row["size"]], row["home"], row.get("colour"))
        things.setdefault(row["pictogram"], thing)
    return things


@cache
def _keywords() -> dict[str, Any]:
    return _read("keywords.json")


@cache
def colours() -> Mapping[str, str]:
    """Colour name to `#rrggbb` (or the word `rainbow`)."""
    return {row["name"]: row["hex"] for row in _read("words.json")["colours"]}


@cache
def left_out_pictograms() -> frozenset[str]:
    """Pictograms a children's workshop does not show, whatever the text says."""
    return frozenset(_read("words.json")["left_out_pictograms"])


@cache
def irregular_plurals() -> frozenset[str]:
    """English plurals that no stem betrays (mice, geese)."""
    return frozenset(_read("words.json")["irregular_plurals"])


@cache
def _own_names() -> Mapping[str, str]:
    """The first English word of each hand-made entry, for what CLDR has no name for."""
    rows = [row for row in _read("things.json")["things"] if row["en"]]
    return {row["pictogram"]: row["en"][0] for row in reversed(rows)}


def name_of(pictogram: str) -> str:
    """The English name of a pictogram, from CLDR or our own list; its code where none has one."""
    names: Mapping[str, str] = _keywords()["en"]["names"]
    own = _own_names()
    first = pictogram.split("-", maxsplit=1)[0]
    return names.get(pictogram) or own.get(pictogram) or names.get(first) or pictogram


def thing_for(pictogram: str) -> Thing:
    """The thing a pictogram stands for; faces and hearts float, all else unknown has a base."""
    first = int(pictogram.split("-", maxsplit=1)[0], 16)
    floats = any(low <= first <= high for low, high in FLOATING)
    return homes().get(pictogram) or Thing(pictogram, home="air" if floats else "ground")


def _stemmer(language: Language) -> Callable[[str], str]:
    """A stemmer that remembers what is asked often and may be shared by threads."""
    stemmer = snowballstemmer.stemmer({"de": "german", "en": "english"}[language])
    # A stemmer keeps the word it works on in itself.
    lock = Lock()

    @lru_cache(maxsize=16_384)
    def stem(word: str) -> str:
        with lock:
            stemmed: str = stemmer.stemWord(word)
            return stemmed

    return stem


@cache
def dictionary(language: Language) -> Dictionary:
    """The words of `language`, made once per process."""
    stem = _stemmer(language)
    hand: dict[str, Meaning] = {}
    for word, meaning in _hand_made(language):
        hand.setdefault(word.casefold(), meaning)
    keywords = _keywords()[language]
    exact = {
        word: Meaning("thing", thing_for(pictogram))
        for word, pictogram in keywords["words"].items()
    }
    by_stem = {stem_: exact[word] for stem_, word in keywords["stems"].items()}
    inflected = ("thing", "group", "place", "weather")
    # A stem shared by two hand-made words goes to the first, which is the more usual one.
    own_stems: dict[str, Meaning] = {}
    for word, meaning in hand.items():
        if meaning.kind in inflected and " " not in word:
            own_stems.setdefault(stem(word), meaning)
    exact |= hand
    by_stem = {**by_stem, **own_stems}
    left_out = frozenset(
        word.casefold() for word in _read("words.json")["left_out_words"][language]
    )
    first_parts = frozenset(
        word.casefold() for word in _read("words.json")["first_parts"][language]
    )
    parts = {w: m for w, m in hand.items() if m.kind in inflected and " " not in w}
    longest = max(len(word.split()) for word in (*exact, *left_out))
    return Dictionary(exact, by_stem, parts, own_stems, left_out, first_parts, longest, stem)
