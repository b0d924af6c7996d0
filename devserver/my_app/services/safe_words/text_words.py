"""The words of a normal form, and the words it may stand for when somebody hides one."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from itertools import chain, islice, pairwise, product
from typing import NamedTuple

from .normal_form import spelling

_WORD = re.compile(r"[^\W_]+")
_HAS_STANDING_IN = re.compile(r"[^\W\d_][0-9@$€|+*#%]|[0-9@$€|+*#%!(][^\W\d_]")
_CHUNK = re.compile(r"[\w@$€|+*#%!(]+")
_STANDS_IN = {
    "0": ("o", "oe"), "1": ("i", "l"), "2": ("z",), "3": ("e",), "4": ("a", "ae"), "5": ("s",),
    "6": ("g", "b"), "7": ("t",), "8": ("b",), "9": ("g",), "@": ("a", "ae"), "$": ("s",),
    "€": ("e",), "|": ("i", "l"), "+": ("t",), "!": ("i", "l"), "(": ("c",),
}  # fmt: skip
_MASKS = frozenset("*#%")
_STAND_INS = _MASKS.union(_STANDS_IN)
_LETTERS = (*"abcdefghijklmnopqrstuvwxyz", "ae", "oe", "ue", "ss")
_MOST_MASKS = 2
_MOST_VARIANTS = 32
_LONGEST_CHUNK = 40
_REPEATED = re.compile(r"([^\W\d_])\1\1+")
# Two of these in a row are as good as never written.
_RARE_PAIR = re.compile(r"([iuäöü])\1")
_PAIR = re.compile(r"([^\W\d_])\1")
_MOST_PIECES = 4
_LONGEST_JOINED = 24
_WIDEST_GAP = 4
_FEWEST_LETTERS = 3
# So many letters of a beginning tell most words from listed ones.
GRAM = 3
_SHORTEST_BACKWARDS = 5


class Word(NamedTuple):
    """A word as compared, its place in the normal form, and the words of the text it takes up."""

    form: str
    start: int
    end: int
    first: int
    after: int


def words_of(text: str) -> list[Word]:
    """The words of a normal form, one after another."""
    found = [(match.group(), *match.span()) for match in _WORD.finditer(text)]
    if not text.isascii():
        found = [(spelling(word), start, end) for word, start, end in found]
    return [Word(form, start, end, at, at + 1) for at, (form, start, end) in enumerate(found)]


def hidden_words(
    text: str,
    words: Sequence[Word],
    listed: Container[str],
    ordinary: Container[str],
    beginnings: Container[str],
) -> list[Word]:
    """What words may stand behind digits, signs, repeated letters, and pieces of words.

    `listed` holds the forms to find, `beginnings` their first letters, GRAM of them.
    Time in the length of the text; each kind is looked for only where the text has its mark.
    """
    found: list[Word] = []
    if not _STAND_INS.isdisjoint(text) and _HAS_STANDING_IN.search(text):
        found += _behind_signs(text, words, listed)
    if _PAIR.search(text):
        found += _without_repeats(text, words, listed, ordinary)
    found += _joined(text, words, listed, ordinary, beginnings)
    found += _backwards(text, words, listed, ordinary)
    return found


def single_letters(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Runs of three and more single letters; wider gaps part them as well as not."""
    run: list[Word] = []
    for word in chain(words, (None,)):
        is_letter = word is not None and word.end - word.start == 1
        if is_letter and (not run or word.start - run[-1].end <= _WIDEST_GAP):  # type: ignore[union-attr]
            run.append(word)  # type: ignore[arg-type]
            continue
        if len(run) >= _FEWEST_LETTERS:
            yield run
            yield from _parted(run)
        run = [word] if word is not None and is_letter else []


def _parted(run: list[Word]) -> Iterator[list[Word]]:
    gaps = [right.start - left.end for left, right in pairwise(run)]
    usual = min(gaps)
    if max(gaps) == usual:
        return
    part = [run[0]]
    for gap, word in zip(gaps, run[1:], strict=True):
        if gap > usual:
            yield part
            part = []
        part.append(word)
    yield part


def letters_behind(form: str) -> Iterator[str]:
    """A word as it is, and with digits and signs read as letters in a bounded number of ways."""
    yield form
    if form.isalpha():
        return
    choices = [_STANDS_IN.get(sign, (sign,)) for sign in form]
    if len(form) > _LONGEST_CHUNK:
        yield "".join(choice[0] for choice in choices)
        yield "".join(choice[-1] for choice in choices)
        return
    yield from map("".join, islice(product(*choices), _MOST_VARIANTS))


def _behind_signs(text: str, words: Sequence[Word], listed: Container[str]) -> Iterator[Word]:
    at = 0
    for match in _CHUNK.finditer(text):
        chunk = match.group()
        while at < len(words) and words[at].end <= match.start():
            at += 1
        if len(chunk) > _LONGEST_CHUNK or chunk.isalpha() or not any(map(str.isalpha, chunk)):
            continue
        after = at
        while after < len(words) and words[after].start < match.end():
            after += 1
        bare = spelling(chunk.strip("!+#%*_|("))
        core = bare.strip("0123456789")
        seen: set[str] = {core} if core != bare else set()
        if any(sign in _MASKS for sign in bare):
            seen |= {form for form in _unmasked(bare) if form in listed}
        else:
            seen |= set(letters_behind(bare))
        for form in seen:
            yield Word(form, match.start(), match.end(), at, max(after, at + 1))


def _unmasked(form: str) -> Iterator[str]:
    masks = sum(sign in _MASKS for sign in form)
    letters = sum(map(str.isalpha, form))
    if masks > _MOST_MASKS or letters < 2 or len(form) < 4:
        return
    choices = [_LETTERS if sign in _MASKS else _STANDS_IN.get(sign, (sign,)) for sign in form]
    yield from map("".join, islice(product(*choices), 4 * len(_LETTERS) ** _MOST_MASKS))


def _without_repeats(
    text: str, words: Sequence[Word], listed: Container[str], ordinary: Container[str]
) -> Iterator[Word]:
    for word in words:
        if word.form in ordinary:
            continue
        shown = text[word.start : word.end]
        if _PAIR.search(shown) is None:
            continue
        forms: set[str] = set()
        if _REPEATED.search(shown):
            forms |= {spelling(form) for form in _shortened(shown)}
        else:
            forms.add(spelling(_RARE_PAIR.sub(r"\1", shown)))
            single = spelling(_PAIR.sub(r"\1", shown))
            if len(single) >= 5 and single in listed:
                forms.add(single)
        for form in forms - {word.form}:
            yield Word(form, word.start, word.end, word.first, word.after)


def _shortened(shown: str) -> Iterator[str]:
    """With each run of three and more letters as one letter or two; other pairs as they are."""
    pieces = _REPEATED.split(shown)
    runs = len(pieces) // 2
    if runs > 4:
        yield _PAIR.sub(r"\1", _REPEATED.sub(r"\1", shown))
        return
    for lengths in product((1, 2), repeat=runs):
        form = "".join(
            piece * lengths[at // 2] if at % 2 else piece for at, piece in enumerate(pieces)
        )
        yield form
    yield _PAIR.sub(r"\1", _REPEATED.sub(r"\1", shown))


def _backwards(
    text: str, words: Sequence[Word], listed: Container[str], ordinary: Container[str]
) -> Iterator[Word]:
    for word in words:
        if len(word.form) < _SHORTEST_BACKWARDS:
            continue
        form = spelling(text[word.start : word.end][::-1])
        if form in listed and word.form not in ordinary:
            yield Word(form, word.start, word.end, word.first, word.after)


def _joined(
    text: str,
    words: Sequence[Word],
    listed: Container[str],
    ordinary: Container[str],
    beginnings: Container[str],
) -> Iterator[Word]:
    """Words cut by a space, a sign, or the end of a line."""
    forms = [word.form for word in words]
    for at, first in enumerate(forms):
        if len(first) >= GRAM and first[:GRAM] not in beginnings:
            continue
        joined = first
        for last, form in enumerate(forms[at + 1 : at + _MOST_PIECES], at + 1):
            joined += form
            if len(joined) > _LONGEST_JOINED:
                break
            if joined in listed and _is_cut(text, words[at : last + 1], len(joined), ordinary):
                yield Word(joined, words[at].start, words[last].end, at, last + 1)


def _is_cut(text: str, pieces: Sequence[Word], length: int, ordinary: Container[str]) -> bool:
    """Whether these pieces are more likely one cut word than words of their own."""
    gaps = [text[a.end : b.start] for a, b in pairwise(pieces)]
    unknown = sum(piece.form not in ordinary for piece in pieces)
    if all(piece.end - piece.start == 1 for piece in pieces):
        return False  # `single_letters` sees to those
    if unknown == 0 or any(len(gap) > _WIDEST_GAP for gap in gaps):
        return False
    if length >= 5:
        return True
    has_letter = any(len(piece.form) == 1 for piece in pieces)
    return length == 4 and (unknown > 1 or has_letter or not any(" " in gap for gap in gaps))
