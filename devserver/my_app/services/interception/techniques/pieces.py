"""A text cut into words, signs, marks and gaps, and put together again."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from .graphemes import graphemes, lower, upper

Kind = Literal["word", "sign", "mark", "gap"]

_INSIDE_WORDS = frozenset("'’-‐‑_")
_INSIDE_NUMBERS = frozenset(".,:")
_WORDLESS_SCRIPTS = (
    ("\u3040", "\u30ff"),
    ("\u3400", "\u4dbf"),
    ("\u4e00", "\u9fff"),
    ("\uf900", "\ufaff"),
    ("\U00020000", "\U0003ffff"),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text: a word, a sign (emoji, ideograph), a punctuation mark or a gap."""

    kind: Kind
    text: str

    @property
    def is_cuttable(self) -> bool:
        """Whether scissors would take it for a word."""
        return self.kind in {"word", "sign"}


def is_ideograph(cluster: str) -> bool:
    """Whether the cluster belongs to a script that is written without gaps between words."""
    return any(first <= cluster[0] <= last for first, last in _WORDLESS_SCRIPTS)


def _kind(cluster: str) -> Kind:
    category = unicodedata.category(cluster[0])
    if cluster.isspace():
        return "gap"
    if is_ideograph(cluster) or category in {"So", "Sk"} or "\u20e3" in cluster:
        return "sign"
    if "\ufe0f" in cluster or "\u200d" in cluster[:-1]:
        return "sign" if not cluster[0].isalpha() else "word"
    return "word" if category[0] in "LNM" else "mark"


def pieces(text: str) -> list[Piece]:
    """Cut `text` into pieces; joined again they are exactly `text`.

    Apostrophes and hyphens inside a word belong to it, so do points and commas inside a number.
    """
    clusters = graphemes(text)
    kinds = [_kind(cluster) for cluster in clusters]
    for index in range(1, len(clusters) - 1):
        before, here, after = clusters[index - 1 : index + 2]
        joined = here in _INSIDE_WORDS or (
            here in _INSIDE_NUMBERS and before.isdigit() and after.isdigit()
        )
        if joined and kinds[index - 1] == kinds[index + 1] == "word":
            kinds[index] = "word"
    found: list[Piece] = []
    run: list[str] = []
    for index, (cluster, kind) in enumerate(zip(clusters, kinds, strict=True)):
        run.append(cluster)
        ends = index + 1 == len(clusters) or kinds[index + 1] != kind or kind == "sign"
        if ends:
            found.append(Piece(kind, "".join(run)))
            run = []
    return found


def words(text: str) -> list[str]:
    """The words and signs of a text; where it has none, its marks, so that nothing is lost."""
    parts = pieces(text)
    found = [piece.text for piece in parts if piece.is_cuttable]
    if found:
        return found
    return [mark for piece in parts if piece.kind == "mark" for mark in graphemes(piece.text)]


def join_words(parts: Sequence[str]) -> str:
    """Lay words side by side: a blank between them, none between two ideographs."""
    joined: list[str] = []
    for number, part in enumerate(parts):
        before = parts[number - 1] if number else ""
        close = is_ideograph(part) and bool(before) and is_ideograph(graphemes(before)[-1])
        joined.append(part if close or not number else f" {part}")
    return "".join(joined)


def replace_words(parts: Sequence[Piece], new: Callable[[int, str], str]) -> str:
    """The text with every word `parts[i]` replaced by `new(i, word)`; all else stays."""
    return "".join(
        new(index, piece.text) if piece.kind == "word" else piece.text
        for index, piece in enumerate(parts)
    )


def word_before(parts: Sequence[Piece], index: int) -> int | None:
    """Where the word stands that only a gap separates from the one at `index`."""
    if index >= 2 and parts[index - 1].kind == "gap" and parts[index - 2].kind == "word":
        return index - 2
    return None


def word_after(parts: Sequence[Piece], index: int) -> int | None:
    """Where the word stands that only a gap separates from the one at `index`."""
    if (
        index + 2 < len(parts)
        and parts[index + 1].kind == "gap"
        and parts[index + 2].kind == "word"
    ):
        return index + 2
    return None


def starts_sentence(parts: Sequence[Piece], index: int) -> bool:
    """Whether the word at `index` begins the text or follows a mark that ends a sentence."""
    for piece in reversed(parts[:index]):
        if piece.kind == "gap" and "\n" not in piece.text:
            continue
        return piece.kind == "gap" or any(mark in piece.text for mark in '.!?…:"“„»«')
    return True


def has_no_capitals(text: str) -> bool:
    """Whether nothing but perhaps the first letter is a capital: nouns are then written small."""
    return text[1:] == text[1:].lower()


def lookup(word: str) -> str:
    """The form of a word under which word lists keep it."""
    return unicodedata.normalize("NFC", word).lower().replace("’", "'")


def capitalised(word: str) -> str:
    """The word with a capital first letter."""
    clusters = graphemes(word)
    return "".join([upper(clusters[0]), *clusters[1:]]) if clusters else word


def is_shouted(word: str) -> bool:
    """Whether the word is written in capitals, of which ß has none."""
    return word.replace("ß", "").isupper() and len(graphemes(word)) > 1


def in_case_of(model: str, word: str) -> str:
    """`word` written as `model` is: SHOUTED, Capital or small."""
    clusters = graphemes(word)
    if not clusters:
        return word
    if is_shouted(model):
        return "".join(map(upper, clusters))
    if model[:1].isupper():
        return "".join([upper(clusters[0]), *clusters[1:]])
    return "".join([lower(clusters[0]), *clusters[1:]])
