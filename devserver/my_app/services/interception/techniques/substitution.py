"""Word by word: a schema file brings a small dictionary, and the text is said in its words.

German adjectives of the dictionary are found and put in every form (`schöne` → `starke`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Annotated

from pydantic import Field

from .adjectives import is_adjective
from .english import indefinite_article
from .german import ENDINGS, inflected
from .language_guess import known_language
from .nouns import FoundNoun, find_nouns, says_where, with_quality
from .pieces import Piece, in_case_of, lookup, pieces, replace_words, starts_sentence, word_before
from .sentences import SENTENCE_END, as_sentence, lead_in
from .shapes import RewriteStep, Rewriting, TechniqueParameters, longest_result
from .syllables import Language

_INTENSIFIERS_TEXT = "sehr so ganz zu ziemlich wirklich very too really quite rather"
_INTENSIFIERS = frozenset(_INTENSIFIERS_TEXT.split())

Word = Annotated[str, Field(min_length=1, max_length=60, pattern=r"\S")]
Choices = Annotated[tuple[Word, ...], Field(min_length=1, max_length=8, strict=False)]
Phrase = Annotated[str, Field(min_length=1, max_length=160, pattern=r"\S")]
Phrases = Annotated[tuple[Phrase, ...], Field(max_length=60, strict=False)]


class DictionaryWords(TechniqueParameters):
    """The dictionary of one language.

    `words` are replaced as they are, `adjectives` in all their forms. `qualities` are put onto the
    first noun. One of `openers` leads into the text, one of `closers` follows: after a comma, or as
    a sentence of its own where the text has an end.
    """

    words: Mapping[str, Choices] = Field(default_factory=dict)
    adjectives: Mapping[str, Choices] = Field(default_factory=dict)
    qualities: Phrases = ()
    openers: Phrases = ()
    closers: Annotated[Phrases, Field(min_length=1)]


class SubstitutionParameters(TechniqueParameters):
    """The dictionaries, and `signs`, one of which follows a text in another language."""

    de: DictionaryWords
    en: DictionaryWords
    signs: Annotated[tuple[str, ...], Field(min_length=1, max_length=40, strict=False)]


def substitution(text: str, random: Random, parameters: SubstitutionParameters) -> Rewriting:
    """Replace the words, put a quality on the first noun, open and close.

    What stays is word for word the child's. Raises nothing; the closer makes every text differ.
    """
    language = known_language(text)
    if language is None:
        sign = random.choice(parameters.signs)
        return Rewriting((RewriteStep("sign", f"{text.strip()} {sign}"),))
    words = parameters.de if language == "de" else parameters.en
    room = longest_result(text) - 330
    said = text.strip()
    steps: list[RewriteStep] = []

    def step(name: str, new: str, most: int) -> None:
        nonlocal said
        if new != said and len(new) <= most:
            said = new
            steps.append(RewriteStep(name, new))

    if words.qualities:
        parts = pieces(said)
        found = find_nouns(parts, language)
        acting = [noun for noun in found if not says_where(parts, noun.index, language)]
        quality = random.choice(words.qualities)
        step("quality", _praised(parts, (acting or found)[:1], language, quality), room)
    step("other_words", _replaced(pieces(said), words, language, random), room)
    if words.openers:
        opener = random.choice(words.openers)
        step("opening", f"{opener} {lead_in(said, language)}", room + 165)
    steps.append(RewriteStep("closing", _closed(said, random.choice(words.closers))))
    return Rewriting(tuple(steps))


def _praised(
    parts: Sequence[Piece], nouns: Sequence[FoundNoun], language: Language, quality: str
) -> str:
    """In English the quality stands before other adjectives: `a legendary big horse`."""
    places = []
    for noun in nouns:
        index = noun.index
        before = word_before(parts, index)
        while language == "en" and before is not None and _qualifies(parts[before].text):
            index, before = before, word_before(parts, before)
        places.append(replace(noun, index=index))
    return with_quality(parts, places, language, quality)


def _replaced(
    parts: Sequence[Piece], words: DictionaryWords, language: Language, random: Random
) -> str:
    forms: dict[str, tuple[str, str]] = {}
    for word in words.adjectives:
        for ending in ENDINGS if language == "de" else ("",):
            forms.setdefault(inflected(lookup(word), ending), (word, ending))
    exact = {lookup(word): choices for word, choices in words.words.items()}
    new: dict[int, str] = {}
    for index, piece in enumerate(parts):
        if piece.kind != "word":
            continue
        key = lookup(piece.text)
        other = None
        if key in exact:
            other = random.choice(exact[key])
        elif key in forms and not (
            _is_german_noun(parts, index, language) or _is_intensified(parts, index)
        ):
            word, ending = forms[key]
            other = inflected(random.choice(words.adjectives[word]), ending)
        if other is None:
            continue
        new[index] = in_case_of(piece.text, other)
        before = word_before(parts, index)
        if language == "en" and before is not None and lookup(parts[before].text) in {"a", "an"}:
            new[before] = in_case_of(parts[before].text, indefinite_article(other))
    return replace_words(parts, new.get)


def _qualifies(word: str) -> bool:
    return lookup(word) in _INTENSIFIERS or is_adjective(word, "en")


def _is_intensified(parts: Sequence[Piece], index: int) -> bool:
    """`sehr groß` is strong enough."""
    before = word_before(parts, index)
    return before is not None and lookup(parts[before].text) in _INTENSIFIERS


def _is_german_noun(parts: Sequence[Piece], index: int, language: Language) -> bool:
    """`das Rot` is no adjective."""
    word = parts[index].text
    return language == "de" and word[:1].isupper() and not starts_sentence(parts, index)


def _closed(text: str, closer: str) -> str:
    if text.endswith(tuple(SENTENCE_END)) or "\n" in text:
        return f"{as_sentence(text)} {as_sentence(closer[:1].upper() + closer[1:])}"
    return f"{text}, {closer}"
