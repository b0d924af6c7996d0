"""Finds the terms of word lists in a text, whatever they are dressed up as."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import get_args

from devserver.config import SafetyLevel

from .compounds import Compounds, segmented
from .context import EVERY_LIST, Context, harmless_lists
from .normal_form import NormalForm, normal_form
from .ordinary_words import OrdinaryWords
from .term_index import Term, TermIndex
from .text_words import GRAM, Word, hidden_words, letters_behind, single_letters, words_of
from .word_lists import Category, load_groups, load_word_lists

SCHEMAS = Path(__file__).parents[3] / "schemas"

_SHORTEST_COMPOUND = 6
# Letters in a row without spaces are cut into words; a listed word of so many letters is one even
# where the rest is unknown.
_SURE_LETTERS = 5
_SHORTEST_CUT, _LONGEST_CUT = 3, 20
_RUN_TOGETHER = 7
_LONGEST_WORD = 80
_SHORTEST_RUN_TOGETHER = 4
_SHORTEST_LITTLE_WORD = 3
# Words are looked into once; people use the same ones again and again.
_REMEMBERED = 16_384
_LEVELS = get_args(SafetyLevel)
_NOWHERE: Mapping[int, int] = {}


@dataclass(frozen=True)
class Hit:
    """A listed term in a text; `start` and `end` are places in the text as it came."""

    list: str
    category: str
    term: str
    start: int
    end: int
    clearable: bool


@dataclass(frozen=True)
class _Find:
    term: Term
    word: Word


class WordLists:
    """All lists, ready to be asked; shares nothing between calls and may be used by threads."""

    def __init__(self, schemas: Path = SCHEMAS, extension: Path | None = None) -> None:
        """Read the lists below `schemas`, and a workshop's own file.

        Raises SchemaFileInvalid with file and line for the first fault.
        """
        folder = schemas / "safety"
        lists, has_extension = load_word_lists(folder, extension)
        groups = load_groups(folder)
        self.categories: Mapping[str, Category] = {
            name: category for found in lists for name, category in found.categories.items()
        }
        self.versions: Mapping[str, str] = {found.id: found.version for found in lists}
        self._index = TermIndex()
        for found in lists:
            self._index.add(found, dict(self.categories), groups)
        if has_extension:
            for harmless in lists[-1].harmless:
                for text in harmless.terms:
                    self._index.add_harmless(text, harmless.language, EVERY_LIST)
        self._index.freeze()
        self._ordinary = OrdinaryWords(schemas)
        # A listed word explains nothing away, whatever dictionary it stands in.
        self._ordinary_words = self._ordinary.words.difference(self._index.words)
        self._compounds = Compounds(self._ordinary.parts)
        self._remembered_terms = lru_cache(maxsize=_REMEMBERED)(self._terms_of)
        self._little_words = {
            language: frozenset(word for word in words if len(word) >= _SHORTEST_LITTLE_WORD)
            for language, words in self._ordinary.function_words.items()
        }

    def check(self, text: str, level: SafetyLevel) -> list[Hit]:
        """The terms that hold at `level` (none at `off`), in the order of the text.

        Raises ValueError for a level that is none. Takes time in the length of the text, whatever
        it holds.
        """
        if level == "off":
            return []
        if level not in _LEVELS:
            raise ValueError(f"There is no safety level {level}.")
        normal = normal_form(text)
        words = words_of(normal.text)
        runs = list(single_letters(words))
        index = self._index
        hidden = hidden_words(
            normal.text, words, index.words, self._ordinary_words, index.beginnings
        )
        readings = [*words, *hidden, *_spelled_out(runs, index)]
        terms_of = self._remembered_terms
        finds = [_Find(term, word) for word in readings for term in terms_of(word.form)]
        finds += self._in_single_letters(runs)
        filled = _filled_slots(index, readings)
        harmless: list[tuple[str, Word]] = []
        for find in self._phrases(filled, words):
            if isinstance(find, _Find):
                finds.append(find)
            else:
                harmless.append(find)
        context = Context(normal.text, words, harmless, self._ordinary.function_words)
        finds += self._near(filled, words, context)
        hits = [
            _hit(find, normal)
            for find in finds
            if level in find.term.levels and not context.explains_away(find.term, find.word)
        ]
        hits += self._signs(text, level)
        return sorted(set(hits), key=lambda hit: (hit.start, hit.end, hit.list, hit.term))

    def _terms_of(self, form: str) -> tuple[Term, ...]:
        """The terms that one word holds by itself."""
        return tuple(self._terms_in_word(form))

    def _terms_in_word(self, form: str) -> Iterator[Term]:
        index = self._index
        direct = index.words.get(form)
        if direct is not None:
            yield from (term for term in direct if not self._is_harmless(form, 0, len(form), term))
        if len(form) < _SHORTEST_COMPOUND or form in self._ordinary_words:
            return
        for at in range(len(form) - GRAM + 1):
            for inside in index.inside.get(form[at : at + GRAM], ()):
                if not form.startswith(inside.form, at) or len(inside.form) == len(form):
                    continue
                end = at + len(inside.form)
                counts = inside.anywhere or self._compounds.surround(form, at, end)
                if counts and not self._is_harmless(form, at, end, inside.term):
                    yield inside.term
        if len(form) >= _RUN_TOGETHER:
            yield from self._run_together(form)

    def _is_harmless(self, form: str, start: int, end: int, term: Term) -> bool:
        """Whether `form[start:end]` lies inside a word known to be harmless."""
        return any(self._covered(form, start, end, list_id) for list_id in harmless_lists(term))

    def _covered(self, form: str, start: int, end: int, list_id: str) -> bool:
        harmless = self._index.harmless.get(list_id, ())
        if form in harmless:
            return True
        return any(
            form[low:high] in harmless
            for low in range(max(0, start - _LONGEST_CUT), start + 1)
            for high in range(end, min(len(form), end + _LONGEST_CUT) + 1)
        )

    def _run_together(self, form: str) -> Iterator[Term]:
        """Terms in words written as one (ichwill…), where all the rest is little words."""
        parts = list(self._listed_parts(form, _SHORTEST_RUN_TOGETHER))
        if not parts:
            return
        for language, little in self._little_words.items():
            before, after = segmented(form, little)
            for start, end in parts:
                # Nobody writes words as long as that; what is in there was hidden there.
                is_sure = len(form) > _LONGEST_WORD and end - start >= _SURE_LETTERS
                if is_sure or (before[start] and after[end]):
                    for term in self._index.words[form[start:end]]:
                        if term.language == language and (
                            not self._is_harmless(form, start, end, term)
                        ):
                            yield term

    def _listed_parts(self, form: str, shortest: int) -> Iterator[tuple[int, int]]:
        listed = self._index.words
        for start in range(len(form) - shortest + 1):
            if form[start : start + GRAM] not in self._index.beginnings:
                continue
            for end in range(start + shortest, min(len(form), start + _LONGEST_CUT) + 1):
                if form[start:end] in listed:
                    yield start, end

    def _in_single_letters(self, runs: Sequence[Sequence[Word]]) -> Iterator[_Find]:
        for run in runs:
            for joined in set(letters_behind("".join(letter.form for letter in run))):
                yield from self._in_letters(joined, run)

    def _in_letters(self, joined: str, run: Sequence[Word]) -> Iterator[_Find]:
        parts = list(self._listed_parts(joined, _SHORTEST_CUT))
        if not parts or joined in self._ordinary_words:
            return
        before, after = segmented(joined, self._ordinary.words)
        found: set[Term] = set()
        place = Word(joined, run[0].start, run[-1].end, run[0].first, run[-1].after)
        for start, end in parts:
            if end - start < _SURE_LETTERS and not (before[start] and after[end]):
                continue
            for term in self._index.words[joined[start:end]]:
                if term not in found and not self._is_harmless(joined, start, end, term):
                    found.add(term)
                    yield _Find(term, place)

    def _phrases(
        self, filled: Mapping[int, Mapping[int, int]], words: Sequence[Word]
    ) -> Iterator[_Find | tuple[str, Word]]:
        """Phrases with a term, and the places of the harmless ones."""
        for first, places in filled.items():
            for phrase in self._index.phrases.get(first, ()):
                if phrase.slots[1] not in filled or phrase.slots[-1] not in filled:
                    continue
                for start, following in places.items():
                    after: int | None = following
                    for slot in phrase.slots[1:]:
                        after = None if after is None else filled.get(slot, _NOWHERE).get(after)
                    if after is None:
                        continue
                    place = _stretch(words, start, after)
                    if phrase.term is not None:
                        yield _Find(phrase.term, place)
                    else:
                        yield phrase.list_id, place

    def _near(
        self, filled: Mapping[int, Mapping[int, int]], words: Sequence[Word], context: Context
    ) -> Iterator[_Find]:
        for key in filled:
            for near in self._index.near.get(key, ()):
                slots = (key, *near.others)
                if not all(slot in filled for slot in slots):
                    continue
                places, *others = (
                    [
                        at
                        for at in sorted(filled[slot])
                        if not context.is_harmless(near.term, at, at + 1)
                    ]
                    for slot in slots
                )
                for at in places:
                    closest = [_closest(at, other) for other in others]
                    ends = [at, *(place for place in closest if place is not None)]
                    if len(ends) == len(slots) and max(ends) - min(ends) <= near.within:
                        yield _Find(near.term, _stretch(words, min(ends), max(ends) + 1))

    def _signs(self, text: str, level: str) -> Iterator[Hit]:
        for sign, terms in self._index.signs.items():
            start = text.find(sign)
            if start < 0:
                continue
            for term in terms:
                if level in term.levels:
                    end = start + len(sign)
                    yield Hit(term.list_id, term.category, sign, start, end, term.clearable)


def _spelled_out(runs: Sequence[Sequence[Word]], index: TermIndex) -> Iterator[Word]:
    """Single letters that make a word of a phrase."""
    for run in runs:
        for joined in letters_behind("".join(letter.form for letter in run)):
            if joined in index.slots:
                yield Word(joined, run[0].start, run[-1].end, run[0].first, run[-1].after)


def _filled_slots(index: TermIndex, readings: Sequence[Word]) -> dict[int, dict[int, int]]:
    """Slot → the words where it is filled, each with the word that follows."""
    filled: dict[int, dict[int, int]] = defaultdict(dict)
    for word in readings:
        for slot in index.slots.get(word.form, ()):
            filled[slot].setdefault(word.first, word.after)
    return dict(filled)


def _closest(at: int, places: Sequence[int]) -> int | None:
    """The nearest other place, if there is any."""
    right = bisect_left(places, at)
    beside = [place for place in places[max(0, right - 1) : right + 2] if place != at]
    return min(beside, key=lambda place: abs(place - at), default=None)


def _stretch(words: Sequence[Word], first: int, after: int) -> Word:
    after = min(after, len(words))
    return Word("", words[first].start, words[after - 1].end, first, after)


def _hit(find: _Find, normal: NormalForm) -> Hit:
    start, end = normal.place(find.word.start, find.word.end)
    term = find.term
    return Hit(term.list_id, term.category, term.text, start, end, term.clearable)
