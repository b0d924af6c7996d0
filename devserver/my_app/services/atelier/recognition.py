"""Which words of a text the atelier knows.

A word is looked up in the language the text seems to be written in, longest phrase first, then by
its stem, then (German) by its parts. A false match is worse than none: small words and verbs are
left out, and a compound counts only when known words cover all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import emoji

from .lexicon import (
    LANGUAGES,
    Dictionary,
    Language,
    Meaning,
    dictionary,
    left_out_pictograms,
    thing_for,
)
from .pictograms import exists

# 8,000 characters are about 1,300 words; a longer word is no word.
LONGEST_WORD = 40
SHORTEST_PART = 3
SURE_LENGTH = 5  # a shorter inflected word may be one of either language
LINKS = ("", "s", "n", "en", "es", "e", "er")
WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*|[.!?;:,\n]")
SENTENCE_END = frozenset(".!?;:\n")
COMMA = ","
TYPED = "xemoji"  # begins the word a typed emoji is turned into


@dataclass(frozen=True)
class Found:
    """A recognised piece of the text."""

    word: str
    meaning: Meaning
    exact: bool = True


def tokens_of(text: str) -> list[str]:
    """Words, commas and ends of sentences; each emoji is a word of its own."""
    return [match.group() for match in WORD.finditer(_spell_out_emoji(text))]


def guess_language(text: str) -> Language:
    """German or English, by the small words, the umlauts and the known words."""
    words = [token for token in tokens_of(text[:4000]) if token[0].isalnum()]
    score = dict.fromkeys(LANGUAGES, 0.0)
    for word in words[:400]:
        folded = word.casefold()
        if any(letter in "äöüß" for letter in folded):
            score["de"] += 2
        for language in LANGUAGES:
            known = dictionary(language)
            score[language] += 2 * (folded in known.left_out) + (folded in known.parts)
            score[language] += 0.5 * (known.stem(folded) in known.part_stems)
    # German nouns have a capital letter also inside a sentence.
    inside = [word for word in words[1:] if word[0].isupper() and not word.isupper()]
    score["de"] += 2.5 * bool(inside)
    if score["de"] == score["en"]:
        return "de" if len(words) < 2 else "en"
    return "de" if score["de"] > score["en"] else "en"


def recognise(text: str, language: Language) -> Iterator[Found | None]:
    """The recognised pieces of a text in order; None marks the end of a sentence."""
    tokens = tokens_of(text)
    german = language == "de"
    upper = sum(token[0].isupper() for token in tokens)
    ends = sum(token in SENTENCE_END for token in tokens)
    recogniser = _Recogniser(
        dictionary(language),
        dictionary("en" if german else "de"),
        capitals=german and upper > ends + 1,
    )
    at = 0
    sentence_starts = True
    while at < len(tokens):
        token = tokens[at]
        at += 1
        if token in SENTENCE_END:
            yield None
            sentence_starts = True
            continue
        if token == COMMA:
            yield Found(COMMA, Meaning("pause", COMMA))
            continue
        found, length = _longest(tokens, at - 1, recogniser.own)
        if found is None:
            following = tokens[at] if at < len(tokens) else "."
            capital = token[0].isupper() and not (sentence_starts and following[0].isupper())
            found = recogniser.single(token, noun=capital and german)
        if found is not None:
            yield from _visible_parts(found)
        at, sentence_starts = at + length - 1, False


def _spell_out_emoji(text: str) -> str:
    """Each emoji becomes a word of its own, `xemoji` and its OpenMoji file name."""

    def word(found: str, _: object) -> str:
        return f" {TYPED}{'-'.join(f'{ord(part):04X}' for part in found)} "

    return emoji.replace_emoji(text, replace=word)


def _typed_emoji(token: str) -> Found | None:
    code = token.removeprefix(TYPED)
    written = "".join(chr(int(part, 16)) for part in code.split("-"))
    # A skin tone or a missing variation selector still means the same picture.
    plain = re.sub(r"-1F3F[B-F]", "", code)
    bare = plain.removesuffix("-FE0F")
    if left_out_pictograms() & {plain, bare, bare.split("-")[0]} or "1F1E6" <= code < "1F200":
        return None
    drawn = next((name for name in (bare, plain, f"{bare}-FE0F") if exists(name)), None)
    return Found(written, Meaning("thing", thing_for(drawn))) if drawn else None


def _longest(tokens: list[str], at: int, own: Dictionary) -> tuple[Found | None, int]:
    """The longest phrase of several words that starts here."""
    for length in range(min(own.longest_phrase, len(tokens) - at), 1, -1):
        phrase = " ".join(tokens[at : at + length])
        folded = phrase.casefold()
        for form in (folded, folded[:-1] if folded.endswith("s") else folded):
            if form in own.left_out:
                return Found(phrase, Meaning("pause", COMMA)), length
            if form in own.exact:
                return Found(phrase, own.exact[form], exact=form == folded), length
    return None, 1


@dataclass(frozen=True)
class _Recogniser:
    """Finds words in the text's own language, then in the other one."""

    own: Dictionary
    other: Dictionary
    # Where nouns have their capital letter, a small word may look like one but is none ("bauen").
    capitals: bool

    def single(self, token: str, *, noun: bool) -> Found | None:
        """The meaning of one word; `noun` says that its capital letter makes it one."""
        if token.startswith(TYPED):
            return _typed_emoji(token)
        folded = token.casefold().replace("’", "'").removesuffix("'s")
        if len(folded) > LONGEST_WORD:
            return None
        own = self.own
        exact = own.exact.get(folded)
        if exact is not None and exact.kind not in ("thing", "group"):
            return Found(token, exact)
        if folded in own.left_out and not (noun and folded in own.parts):
            return None
        if folded in own.parts:
            return Found(token, own.parts[folded])
        inflected = None
        if not (self.capitals and token[0].islower()):
            inflected = self._inflected(token, folded)
        return inflected or _foreign(token, own, self.other)

    def _inflected(self, token: str, folded: str) -> Found | None:
        if len(folded) < SHORTEST_PART:
            return None
        meaning = self.own.find(folded)
        exact = self.own.is_base_form(folded)
        return Found(token, meaning, exact) if meaning else _compound(token, self.own)


def _foreign(token: str, own: Dictionary, other: Dictionary) -> Found | None:
    """A hand-made word of the other language in a mixed text ("ein cat auf dem moon")."""
    folded = token.casefold()
    if folded in other.left_out or folded in own.left_out or len(folded) < SHORTEST_PART:
        return None
    meaning = other.parts.get(folded)
    if meaning is None and len(folded) >= SURE_LENGTH:
        meaning = other.part_stems.get(other.stem(folded))
    return Found(token, meaning, exact=folded in other.parts) if meaning else None


def _compound(token: str, own: Dictionary) -> Found | None:
    parts = compound_parts(token.casefold(), own)
    return Found(token, Meaning("group", parts)) if parts else None


def compound_parts(folded: str, own: Dictionary) -> tuple[Meaning, ...]:
    """`baumhaus` gives a tree and a house; a word not covered by known words gives ().

    A first part that only says what the thing is made of or how great it is goes without a picture.
    """
    if "-" in folded:
        pieces = [own.parts.get(piece) for piece in folded.split("-")]
        return tuple(piece for piece in pieces if piece) if all(pieces) else ()
    for cut in range(SHORTEST_PART, len(folded) - SHORTEST_PART + 1):
        first, second = folded[:cut], folded[cut:]
        base = None if first in own.first_parts else _without_link(first, own)
        if base is None and first not in own.first_parts:
            continue
        head = own.parts.get(second)
        if head is None and len(second) > SHORTEST_PART:
            head = own.part_stems.get(own.stem(second))
        if head is not None:
            return (own.parts[base], head) if base else (head,)
    return ()


def _without_link(first: str, own: Dictionary) -> str | None:
    for link in LINKS:
        base = first.removesuffix(link) if link else first
        if (link == "" or base != first) and len(base) >= SHORTEST_PART and base in own.parts:
            return base
    shortened = first + "e"  # "Schul-" of "Schule", "Sonn-" of "Sonne"
    return shortened if len(first) > SHORTEST_PART and shortened in own.parts else None


def _visible_parts(found: Found) -> Iterator[Found]:
    """A family as its members, a compound as its parts ("Waldhaus" is a forest and a house)."""
    if isinstance(found.meaning.value, tuple):
        for part in found.meaning.value:
            yield Found(found.word, part)
    else:
        yield found
