"""German compounds: whether what is left of one around a listed word is made of words."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache

_SHORTEST_PART = 3
_LONGEST_REST = 40


class Compounds:
    """Splits by a dictionary; `parts` holds the words in all their forms, in `spelling`."""

    def __init__(self, parts: Collection[str]) -> None:
        self._parts = parts
        self._remembered = lru_cache(maxsize=4096)(self._split)

    def surround(self, word: str, start: int, end: int) -> bool:
        """Whether `word[:start]` and `word[end:]` are empty or made of words."""
        return self.are_words(word[:start]) and self.are_words(word[end:])

    def are_words(self, rest: str) -> bool:
        """Whether `rest` is empty, or a few words written as one."""
        if not rest:
            return True
        return len(rest) <= _LONGEST_REST and self._remembered(rest, 3)

    def _split(self, rest: str, most: int) -> bool:
        if rest in self._parts:
            return True
        if most == 1:
            return False
        return any(
            rest[:at] in self._parts and self._split(rest[at:], most - 1)
            for at in range(_SHORTEST_PART, len(rest) - _SHORTEST_PART + 1)
        )


def segmented(
    text: str, words: Collection[str], longest: int = 18
) -> tuple[list[bool], list[bool]]:
    """For each place of a text without spaces: whether what is before it is all words; and after.

    Takes time in the length of the text times `longest`.
    """
    before = list(_reachable(text, words, longest))
    turned = frozenset(_turned(text, words, longest))
    after = list(_reachable(text[::-1], turned, longest))[::-1]
    return before, after


def _reachable(text: str, words: Collection[str], longest: int) -> Iterator[bool]:
    reached = [True]
    yield True
    for end in range(1, len(text) + 1):
        reached.append(
            any(
                reached[start] and text[start:end] in words
                for start in range(max(0, end - longest), end)
            )
        )
        yield reached[-1]


def _turned(text: str, words: Collection[str], longest: int) -> Iterator[str]:
    """The words that occur in the text, backwards."""
    for start in range(len(text)):
        for end in range(start + 1, min(len(text), start + longest) + 1):
            if text[start:end] in words:
                yield text[start:end][::-1]
