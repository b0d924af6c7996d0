"""All terms of all lists, by the forms in which a text may hold them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

from .inflections import forms, phrase_forms
from .normal_form import spelling
from .text_words import GRAM
from .word_lists import Category, GroupWords, Language, Terms, WordList

# Phrases are also found written as one word (#siegheil) when they are at least so long.
_LONG_ENOUGH_JOINED = 7


@dataclass(frozen=True, eq=False)
class Term:
    """A term as it was listed, and what is known of a hit of it."""

    list_id: str
    category: str
    text: str
    levels: frozenset[str]
    clearable: bool
    unless: frozenset[str]
    language: Language
    own_language_only: bool
    longest: int = 1
    """In words."""


@dataclass(frozen=True)
class Inside:
    """A form that counts inside a longer word: anywhere, or where the other parts are words."""

    form: str
    term: Term
    anywhere: bool


@dataclass(frozen=True)
class Phrase:
    """Slots that follow one another; without a term it is a harmless phrase of `list_id`."""

    slots: tuple[int, ...]
    term: Term | None
    list_id: str


@dataclass(frozen=True)
class Near:
    """A slot and the others that must be within so many words of it."""

    others: tuple[int, ...]
    within: int
    term: Term


@dataclass
class TermIndex:
    """Look-ups from a form. A slot is a place in a phrase that any of several forms fills."""

    words: dict[str, list[Term]] = field(default_factory=lambda: defaultdict(list))
    inside: dict[str, list[Inside]] = field(default_factory=lambda: defaultdict(list))
    slots: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    phrases: dict[int, list[Phrase]] = field(default_factory=lambda: defaultdict(list))
    near: dict[int, list[Near]] = field(default_factory=lambda: defaultdict(list))
    signs: dict[str, list[Term]] = field(default_factory=lambda: defaultdict(list))
    harmless: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """List → words inside which nothing of it counts."""
    beginnings: frozenset[str] = frozenset()
    """What the words begin with."""

    def __post_init__(self) -> None:
        self._slot_numbers: dict[frozenset[str], int] = {}

    def freeze(self) -> None:
        """Turn the growing look-ups into plain ones; call when all lists are in."""
        for name in ("words", "inside", "slots", "phrases", "near", "signs", "harmless"):
            setattr(self, name, dict(getattr(self, name)))
        self.beginnings = frozenset(form[:GRAM] for form in self.words)

    def add(self, found: WordList, categories: dict[str, Category], groups: GroupWords) -> None:
        """Take in one list."""
        for block in found.lists:
            category = categories[block.category]
            for text in block.terms:
                self._add_term(text, block, _term(text, block, found.id, category), groups)
        for harmless in found.harmless:
            for text in harmless.terms:
                self.add_harmless(text, harmless.language, found.id)

    def add_harmless(self, text: str, language: Language, list_id: str) -> None:
        """A word or phrase inside which no term of the list counts."""
        if len(words := text.split()) > 1:
            slots = self._phrase_slots(words, language, {})
            self.phrases[slots[0]].append(Phrase(slots, None, list_id))
        else:
            self.harmless[list_id] |= forms(text, language)

    def _add_term(self, text: str, block: Terms, term: Term, groups: GroupWords) -> None:
        if block.matching == "sign":
            self.signs[text].append(term)
        elif block.matching == "near":
            self._add_near(text, block, term, groups)
        elif block.matching == "phrase":
            words = text.split()
            slots = self._phrase_slots(words, block.language, groups)
            self.phrases[slots[0]].append(Phrase(slots, term, term.list_id))
            joined = spelling("".join(words).lower())
            if len(joined) >= _LONG_ENOUGH_JOINED:
                self.words[joined].append(term)
        elif block.matching == "word":
            self.words[spelling(text.lower())].append(term)
        else:
            for form in forms(text, block.language):
                self.words[form].append(term)
                if block.matching in ("compound", "part") and len(form) >= GRAM:
                    found = Inside(form, term, block.matching == "part")
                    self.inside[form[:GRAM]].append(found)

    def _add_near(self, text: str, block: Terms, term: Term, groups: GroupWords) -> None:
        things = text.split(" + ")
        choices = [_choice(thing, block.language, groups) for thing in things]
        if block.joined:
            bases = _bases(things[0], groups)
            for joined in map("".join, product(bases, choices[1])):
                self.words[joined].append(term)
        choices.sort(key=len)  # the one with the fewest forms is met least often
        key, *others = (self._slot(choice) for choice in choices)
        self.near[key].append(Near(tuple(others), block.within, term))

    def _phrase_slots(
        self, words: Sequence[str], language: Language, groups: GroupWords
    ) -> tuple[int, ...]:
        return tuple(self._slot(_choice(word, language, groups)) for word in words)

    def _slot(self, choice: frozenset[str]) -> int:
        number = self._slot_numbers.get(choice)
        if number is None:
            number = self._slot_numbers[choice] = len(self._slot_numbers)
            for form in choice:
                self.slots[form].append(number)
        return number


def _term(text: str, block: Terms, list_id: str, category: Category) -> Term:
    return Term(
        list_id=list_id,
        category=block.category,
        text=text,
        levels=frozenset(category.levels).intersection(block.levels or category.levels),
        clearable=category.clearable_by_guard,
        unless=_all_forms(block.unless, block.language),
        language=block.language,
        own_language_only=block.own_language_only,
        longest=len(text.split()) if block.matching == "phrase" else 1,
    )


def _all_forms(words: Iterable[str], language: Language) -> frozenset[str]:
    return frozenset(form for word in words for form in phrase_forms(word, language))


def _bases(thing: str, groups: GroupWords) -> frozenset[str]:
    """The words of a thing without their inflections, as they begin a compound."""
    if not thing.startswith("@"):
        return frozenset(spelling(word.lower()) for word in thing.split("/"))
    return frozenset(
        spelling(word.lower()) for words in groups[thing[1:]].values() for word in words
    )


def _choice(thing: str, language: Language, groups: GroupWords) -> frozenset[str]:
    if not thing.startswith("@"):
        return _all_forms(thing.split("/"), language)
    by_language = groups[thing[1:]].items()
    return frozenset().union(
        *(_all_forms(words, "en" if name == "en" else "de") for name, words in by_language)
    )
