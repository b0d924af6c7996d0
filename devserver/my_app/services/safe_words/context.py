"""What stands around a find and may explain it away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from .term_index import Term
from .text_words import Word

EVERY_LIST = "*"
"""Whose harmless words hold for all lists, those that hold for adults excepted."""

# Within so many words on either side, an `unless` word explains a hit away.
_NEARBY = 12
_LONGEST_HARMLESS = 8
# So much more often must the other language's little words stand there.
_PLAINLY = 2


def harmless_lists(term: Term) -> tuple[str, ...]:
    """The lists whose harmless words and phrases hold for a term."""
    return (term.list_id,) if "adult" in term.levels else (term.list_id, EVERY_LIST)


class Context:
    """One text: its words and the harmless phrases in it (list, place)."""

    def __init__(
        self,
        text: str,
        words: Sequence[Word],
        harmless: Iterable[tuple[str, Word]],
        little_words: Mapping[str, Collection[str]],
    ) -> None:
        self._text = text
        self._words = words
        self._little_words = little_words
        self._harmless: dict[str, dict[int, int]] = defaultdict(dict)
        for list_id, place in harmless:
            ends = self._harmless[list_id]
            ends[place.first] = max(place.after, ends.get(place.first, 0))

    def is_harmless(self, term: Term, first: int, after: int) -> bool:
        """Whether these words lie inside a phrase known to be harmless."""
        if not self._harmless:
            return False
        return any(
            self._harmless[list_id].get(start, 0) >= after
            for list_id in harmless_lists(term)
            if list_id in self._harmless
            for start in range(first - _LONGEST_HARMLESS, first + 1)
        )

    def explains_away(self, term: Term, word: Word) -> bool:
        """Whether a term found at `word` is no hit here."""
        if self.is_harmless(term, word.first, word.after):
            return True
        if term.unless:
            nearby = self._words[max(0, word.first - _NEARBY) : word.after + _NEARBY]
            if any(near.form in term.unless for near in nearby):
                return True
        if not term.own_language_only:
            return False
        if term.language == "en" and "ß" in self._text[word.start : word.end]:
            return True
        return self._is_plainly_not_in(term.language)

    def _is_plainly_not_in(self, language: str) -> bool:
        own = other = 0
        for word in self._words:
            for name, little in self._little_words.items():
                if word.form in little:
                    own, other = own + (name == language), other + (name != language)
        return other > _PLAINLY * own
