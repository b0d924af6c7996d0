"""Ordinary words of German and English: what compounds are made of, and what is no fragment.

They come from the noun lists of the interception, the function words beside them, the keywords of
Unicode CLDR of the atelier, and our own `words/ordinary.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..schema_files import SchemaFile, load_schema_file
from .inflections import forms
from .normal_form import spelling

_LANGUAGES = ("de", "en")
_SHORTEST_NOUN = 3


class WordGroups(SchemaFile):
    """Words by the name of a group, each in its language's spelling."""

    note: str
    groups: dict[str, dict[str, list[str]]]


class OrdinaryWords:
    """`words`: all of them, with inflections; `parts`: those German compounds are made of."""

    def __init__(self, schemas: Path) -> None:
        """Read them from below `schemas`. Raises SchemaFileInvalid for a broken own list."""
        own = load_schema_file(schemas / "safety" / "words" / "ordinary.json", WordGroups).groups
        self.function_words: dict[str, frozenset[str]] = {
            language: frozenset(
                {
                    *map(_spelt, _read(schemas, "function_words")[language]),
                    *map(_spelt, own["function_words"][language]),
                }
            )
            for language in _LANGUAGES
        }
        nouns = frozenset(_inflected(_german_nouns(schemas)))
        compound_parts = frozenset(_inflected(own["compound_parts"]["de"]))
        keywords = frozenset(_keywords(schemas, "de"))
        self.parts = nouns | compound_parts | keywords
        self.words = self.parts.union(
            *self.function_words.values(),
            _keywords(schemas, "en"),
            _english_nouns(schemas),
            map(_spelt, own["words"]["de"]),
            *(forms(word, "en") for word in own["words"]["en"]),
        )


def _spelt(word: str) -> str:
    return spelling(word.lower())


def _inflected(nouns: Iterator[str] | list[str]) -> Iterator[str]:
    for noun in nouns:
        yield from forms(noun, "de")


def _german_nouns(schemas: Path) -> Iterator[str]:
    for name in ("nouns_de", "more_nouns_de"):
        for row in _read(schemas, name):
            yield row["word"]
            if row["plural"]:
                yield row["plural"]


def _english_nouns(schemas: Path) -> Iterator[str]:
    for name in ("nouns_en", "more_nouns_en"):
        for row in _read(schemas, name):
            yield from forms(row if isinstance(row, str) else row["word"], "en")


def _keywords(schemas: Path, language: str) -> Iterator[str]:
    path = schemas / "atelier" / "keywords.json"
    for phrase in json.loads(path.read_text(encoding="utf-8"))[language]["words"]:
        yield from (_spelt(word) for word in phrase.split() if len(word) >= _SHORTEST_NOUN)


def _read(schemas: Path, name: str) -> Any:
    path = schemas / "interception_words" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))
