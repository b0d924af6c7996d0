"""The words of a text with their places, and what is known of some words.

Umlauts are compared as they are spelled out (Jörg, Joerg), other marks on letters not at all.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from devserver.my_app.services.schema_files import SchemaFile, load_schema_file

_FILE = Path(__file__).resolve().parents[3] / "schemas" / "personal_data.json"
_WORD = re.compile(r"(?:[^\W\d_]|[\u0300-\u036f])+")
_SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_PLAIN = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ð": "d"})
_ENDS = frozenset('.,;:!?…)]"“”»«\n\r')
_NEAR = 60


class Word(NamedTuple):
    """A run of letters: as it is compared, and its place."""

    form: str
    start: int
    end: int
    is_capital: bool
    is_all_capitals: bool


def spelled_out(word: str) -> str:
    """The form by which words are compared."""
    return plain(unicodedata.normalize("NFC", word).lower().translate(_SPELLED_OUT))


def plain(word: str) -> str:
    """In lower case and without marks on letters: Jörg is jorg."""
    folded = unicodedata.normalize("NFKD", word.casefold())
    bare = "".join(char for char in folded if not unicodedata.combining(char))
    return bare.translate(_PLAIN)


def word_set(*lines: str) -> frozenset[str]:
    """The words that stand in `lines`, with spaces between them."""
    return frozenset(" ".join(lines).split())


class Text:
    """A text and its words."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = [
            Word(spelled_out(said), *found.span(), said[0].isupper(), _is_shouted(said))
            for found in _WORD.finditer(text)
            for said in (found.group(),)
        ]
        self._starts = [word.start for word in self.words]

    def first_from(self, place: int) -> int:
        """The number of the first word that begins at `place` or later."""
        return bisect_right(self._starts, place - 1)

    def gap(self, number: int) -> str:
        """What stands before word `number`, after the word before."""
        before = self.words[number - 1].end if number else 0
        return self.text[before : self.words[number].start]

    def ends_at(self, place: int) -> bool:
        """Whether a sentence, a line or the like ends at `place`."""
        after = self.text[place : place + 2].lstrip(" \t")[:1]
        return place >= len(self.text.rstrip()) or after in _ENDS

    def form_at(self, number: int) -> str:
        """The form of word `number`; empty where there is none."""
        return self.words[number].form if 0 <= number < len(self.words) else ""

    def said_before(self, number: int, forms: frozenset[str], *, within: int = 8) -> bool:
        """Whether one of `forms` is among the few words before word `number`, and near."""
        if not self.words:
            return False
        here = self.words[number].start if number < len(self.words) else len(self.text)
        before = self.words[max(0, number - within) : number]
        return any(word.form in forms and here - word.end <= _NEAR for word in before)


def _is_shouted(said: str) -> bool:
    return len(said) > 1 and said.isupper()


class KnownWords(SchemaFile):
    """`schemas/personal_data.json`; all words are read in the form they are compared in.

    `given_names` are names only or nearly so. `not_names` are words that follow "my name is" or
    "ich heiße" and name nobody; `figures` are what somebody in a story may be or be called.
    """

    note: str
    given_names: list[str] = Field(min_length=1)
    figures: list[str] = Field(min_length=1)
    not_names: list[str] = Field(min_length=1)
    towns: list[str] = Field(min_length=1)
    ordinary_places: list[str] = Field(min_length=1)

    def forms(self, key: str) -> frozenset[str]:
        """The words of one of the lists."""
        return frozenset(" ".join(map(spelled_out, one.split())) for one in getattr(self, key))


@cache
def known_words(key: str) -> frozenset[str]:
    """One list of the file, read once."""
    return _file().forms(key)


@cache
def _file() -> KnownWords:
    return load_schema_file(_FILE, KnownWords)
