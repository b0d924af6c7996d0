"""Word lists as data: `schemas/safety/*.json`, and one more file of a workshop's own.

A list names its categories, each with the levels at which it holds and a message for the child, and
its terms in blocks of one language and one way of matching.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ..schema_files import (
    KeyPath,
    LocalisedText,
    PartInvalid,
    SchemaFile,
    SchemaPart,
    load_schema_file,
    schema_file_paths,
)
from .ordinary_words import WordGroups

Language = Literal["de", "en"]
HoldingLevel = Literal["kids", "youth", "adult"]
Matching = Literal["word", "inflected", "compound", "part", "phrase", "near", "sign"]
"""How a term is found.

- `word`: a word of the text, as listed; `inflected`: or one of its forms.
- `compound`: as `inflected`, and inside a German compound whose other parts are words.
- `part`: as `inflected`, and anywhere inside a word.
- `phrase`: these words (each inflected) after one another; `@group` for any word of a group.
- `near`: all of the things joined by ` + ` within `within` words, in any order. Each is one word,
  several joined by `/`, or a `@group` of `words/groups.json`. With `joined`, two things also
  count written as one compound.
- `sign`: these characters anywhere (not for letters).
"""

GroupWords = Mapping[str, Mapping[str, Collection[str]]]
"""The name of a group → language → words."""

Word = Annotated[str, Field(min_length=1, max_length=300, pattern=r"\S")]


class Category(SchemaPart):
    """A kind of hit; `message` says to the child what happened and what to try next."""

    name: LocalisedText
    levels: list[HoldingLevel]
    clearable_by_guard: bool
    message: LocalisedText


class Terms(SchemaPart):
    """Terms of one language that are matched alike.

    With a word of `unless` within a dozen words, a hit is none. `own_language_only` leaves out
    texts that are plainly in the other language. `levels` narrows the category's.
    """

    category: str
    language: Language
    matching: Matching
    terms: list[Word] = Field(min_length=1)
    unless: list[Word] = Field(default_factory=list)
    within: int = Field(default=6, ge=1, le=30)
    joined: bool = False
    own_language_only: bool = False
    levels: list[HoldingLevel] | None = None


class HarmlessTerms(SchemaPart):
    """Words and phrases (inflected) inside which nothing of the same list is a hit."""

    language: Language
    terms: list[Word] = Field(min_length=1)


class WordList(SchemaFile):
    """One list. `note` says what it is for, to whoever opens the file."""

    note: str
    name: LocalisedText
    version: str
    categories: dict[str, Category]
    lists: list[Terms] = Field(default_factory=list)
    harmless: list[HarmlessTerms] = Field(default_factory=list)


def load_word_lists(folder: Path, extension: Path | None = None) -> tuple[list[WordList], bool]:
    """The lists of a folder in the order of their ids, then the workshop's own file if any.

    The second value says whether the last list is the workshop's. Its terms may use the categories
    of the others. Raises SchemaFileInvalid with file and line for the first fault.
    """
    groups = load_groups(folder)
    lists: list[WordList] = []
    known: set[str] = set()
    for path in schema_file_paths(folder):
        lists.append(load_schema_file(path, WordList, _checked(set(), known, groups)))
        known |= set(lists[-1].categories)
    if extension is not None:
        taken = {*known, *(found.id for found in lists)}
        lists.append(load_schema_file(extension, WordList, _checked(known, taken, groups)))
    return lists, extension is not None


def load_groups(folder: Path) -> GroupWords:
    """What the names after `@` stand for. Raises SchemaFileInvalid."""
    return load_schema_file(folder / "words" / "groups.json", WordGroups).groups


class _checked:  # noqa: N801 - called like a function
    """Checks what one file says about others; raises PartInvalid."""

    def __init__(self, usable: set[str], taken: set[str], groups: GroupWords) -> None:
        self._usable = usable
        self._taken = taken
        self._groups = groups

    def __call__(self, found: WordList) -> None:
        if found.id in self._taken:
            raise PartInvalid((), f"There is a list {found.id} already.")
        for name in found.categories:
            if name in self._taken:
                raise PartInvalid(("categories", name), "This category exists already.")
        known = self._usable | set(found.categories)
        for at, terms in enumerate(found.lists):
            where: KeyPath = ("lists", at)
            if terms.category not in known:
                raise PartInvalid((*where, "category"), f"No such category: {terms.category}.")
            for number, term in enumerate(terms.terms):
                fault = self._fault(term, terms.matching)
                if fault:
                    raise PartInvalid((*where, "terms", number), fault)

    def _fault(self, term: str, matching: Matching) -> str | None:
        words = term.split()
        if matching == "near":
            return self._near_fault(term)
        if matching == "phrase":
            return self._phrase_fault(words)
        if matching == "sign":
            has_letter = any(char.isalnum() for char in term if char.isascii())
            return "A sign holds no letters or digits." if has_letter else None
        if not term.isalnum():
            return "This is not one word; use the matching `phrase`."
        shortest = {"compound": 3, "part": 4}.get(matching, 1)
        return None if len(term) >= shortest else f"Too short for `{matching}`: {shortest} letters."

    def _phrase_fault(self, words: list[str]) -> str | None:
        if len(words) < 2:
            return "A phrase has at least two words."
        for word in words:
            if word.startswith("@") and word[1:] not in self._groups:
                return f"No such group: {word}."
            if not word.removeprefix("@").isalnum():
                return f"Only letters and digits make a word: {word}."
        return None

    def _near_fault(self, term: str) -> str | None:
        things = term.split(" + ")
        if len(things) < 2:
            return "Near needs at least two things joined by ` + `."
        for thing in things:
            if thing.startswith("@"):
                if thing[1:] not in self._groups:
                    return f"No such group: {thing}."
            elif not all(word.isalnum() for word in thing.split("/")):
                return f"Neither words joined by / nor a group: {thing}."
        return None
