"""Syllables of German and English words, by vowel groups and onsets.

German: one consonant (`ch`, `sch`, `ck`, `ph`, `th` count as one) goes to the next syllable, as in
the official rules of orthography, § 107 to 113. English: the longest possible onset does. Neither
knows where compounds are joined (`Bleis-tift`): good enough for scissors, not for hyphenation.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from .graphemes import base_letter, graphemes

Language = Literal["de", "en"]

VOWELS = frozenset("aeiouæøœаеёиоуыэюяіїєαεηιουω")
_DIPHTHONGS = frozenset({"ei", "ai", "au", "eu", "ie", "aa", "ee", "oo", "ey", "ay", "oi", "ou"})
_HIATUS = frozenset({"ia", "io", "iu", "eo", "ua", "uo"})
_ONE_SOUND = ("sch", "ch", "ck", "ph", "th", "sh")
_ENGLISH_ONSETS_TEXT = (
    "bl br ch cl cr dr fl fr gl gr ph pl pr sc sh sk sl sm sn sp st str sw th tr tw wh wr thr shr "
    "spr scr spl qu squ"
)
_ENGLISH_ONSETS = frozenset(_ENGLISH_ONSETS_TEXT.split())


def is_vowel(letters: Sequence[str], index: int) -> bool:
    """Whether the letter sounds as a vowel where it stands (`y` may, `u` after `q` does not)."""
    letter = letters[index]
    if letter == "u" and index and letters[index - 1] == "q":
        return False
    if letter == "y":
        after = letters[index + 1] if index + 1 < len(letters) else ""
        return (index > 0 and after not in VOWELS) or len(letters) == 1
    return letter in VOWELS


def vowel_groups(letters: Sequence[str], language: Language) -> list[tuple[int, int]]:
    """Start and end of every vowel or diphthong among base letters."""
    groups: list[tuple[int, int]] = []
    index = 0
    while index < len(letters):
        if not is_vowel(letters, index):
            index += 1
            continue
        end = index + 1
        while end < len(letters) and is_vowel(letters, end) and end - index < 3:
            pair = letters[end - 1] + letters[end]
            if language == "de":
                joins = pair in _DIPHTHONGS and end - index < 2
            else:
                joins = pair not in _HIATUS or (
                    pair == "io" and index > 0 and letters[index - 1] in {"t", "s", "c"}
                )
            if not joins:
                break
            end += 1
        groups.append((index, end))
        index = end
    if language == "en" and len(groups) > 1 and _is_silent(letters, groups[-1]):
        groups.pop()
    return groups


def _is_silent(letters: Sequence[str], group: tuple[int, int]) -> bool:
    start, end = group
    if end - start != 1 or letters[start] != "e" or start < 2:
        return False
    before, tail = letters[start - 1], "".join(letters[end:])
    if before in VOWELS:
        return False
    if tail == "":
        return not (before == "l" and letters[start - 2] not in VOWELS)
    if tail == "d":
        return before not in {"t", "d"}
    return tail == "s" and before not in {"s", "x", "z", "c", "g", "h"}


def _onset_start(letters: Sequence[str], start: int, end: int, language: Language) -> int:
    if end - start <= 1:
        return start
    run = "".join(letters[start:end])
    if language == "de":
        size = next((len(one) for one in _ONE_SOUND if run.endswith(one)), 1)
        if run.endswith("qu"):
            size = 2
        return end - size
    for size in range(min(3, len(run)), 1, -1):
        if run[-size:] in _ENGLISH_ONSETS:
            return end - size
    return end - 1


def syllables(word: str, language: Language) -> list[str]:
    """Cut a word into syllables; a word without vowels, as in other scripts, into its characters.

    Joined again the syllables are exactly the word.
    """
    clusters = graphemes(word)
    letters = [base_letter(cluster) for cluster in clusters]
    groups = vowel_groups(letters, language)
    if not groups:
        return clusters
    cuts = [0]
    for (_, end), (start, _) in pairwise(groups):
        cuts.append(_onset_start(letters, end, start, language))
    cuts.append(len(clusters))
    return ["".join(clusters[a:b]) for a, b in pairwise(cuts)]
