"""A tiny story grows out of an idea: opening, trouble, turn, ending.

The hero is a noun of the child's own text, named with the right article and pronoun in every
sentence; where no noun is known, the story goes on without naming one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Annotated

from pydantic import AfterValidator, Field

from .german import Gender, declined
from .language_guess import known_language
from .nouns import FoundNoun, find_nouns, says_where
from .pieces import Piece, capitalised, lookup, pieces, word_before, words
from .sentences import as_sentence, lead_in
from .shapes import RewriteStep, Rewriting, TechniqueParameters, longest_result
from .syllables import Language

_PRONOUNS: Mapping[Gender, Mapping[str, str]] = {
    "m": {"er": "er", "ihn": "ihn", "ihm": "ihm", "sein": "sein"},
    "f": {"er": "sie", "ihn": "sie", "ihm": "ihr", "sein": "ihr"},
    "n": {"er": "es", "ihn": "es", "ihm": "ihm", "sein": "sein"},
}
_POSSESSIVE_ENDINGS = ("", "e", "en", "em", "er")
_PLACES = frozenset(
    {"der", "den", "dem", *_PRONOUNS["m"], *(f"sein{ending}" for ending in _POSSESSIVE_ENDINGS)}
)
_PLACE = re.compile(r"\{(\w+)\}")
_GERMAN_POSSESSIVES = ("mein", "dein", "sein", "ihr")
_ENGLISH_POSSESSIVES = frozenset({"my", "your", "his", "her", "our", "their"})
_LONGEST_HERO = 40  # characters
_FEW_WORDS = 3


def _known_places(template: str) -> str:
    for name in _PLACE.findall(template):
        if name.lower() not in _PLACES | {"the"}:
            raise ValueError(f"{{{name}}} is no place of a story; see story.py for those it has.")
    return template


Template = Annotated[
    str, Field(min_length=3, max_length=200, pattern=r"\S"), AfterValidator(_known_places)
]
Templates = Annotated[tuple[Template, ...], Field(min_length=1, max_length=30, strict=False)]


class StoryArc(TechniqueParameters):
    """The sentences that follow the idea, one of each list."""

    trouble: Templates
    turn: Templates
    ending: Templates


class StoryWords(TechniqueParameters):
    """How one language tells.

    `openings` end in a colon and lead to the idea. `with_hero` may hold places for the hero: in
    German {der}, {den}, {dem} (with article), {er}, {ihn}, {ihm}, {sein}, {seine} …, in English
    {the}; with a capital at the start of a sentence.
    """

    openings: Annotated[
        tuple[Annotated[str, Field(max_length=120, pattern=r":$")], ...],
        Field(min_length=1, max_length=30, strict=False),
    ]
    with_hero: StoryArc
    without_hero: StoryArc


class StoryParameters(TechniqueParameters):
    """The sentences of each language, and four signs for the acts in any other."""

    de: StoryWords
    en: StoryWords
    signs: Annotated[tuple[str, ...], Field(min_length=4, max_length=4, strict=False)]


def story(text: str, random: Random, parameters: StoryParameters) -> Rewriting:
    """Tell on from the child's text, which stands at the beginning word for word.

    A text in another language is staged in four acts of its own words, each under a sign.
    """
    language = known_language(text)
    if language is None:
        return _acts(text, parameters.signs)
    told_in = parameters.de if language == "de" else parameters.en
    hero = _hero_forms(text, language)
    arc = told_in.without_hero if hero is None else told_in.with_hero
    told = as_sentence(f"{random.choice(told_in.openings)} {lead_in(text, language)}")
    steps = [RewriteStep("beginning", told)]
    for name, templates in (("trouble", arc.trouble), ("turn", arc.turn), ("ending", arc.ending)):
        sentence = _in_places(random.choice(templates), hero or {})
        if len(told) + len(sentence) + 1 <= longest_result(text):
            told = f"{told} {sentence}"
            steps.append(RewriteStep(name, told))
    return Rewriting(tuple(steps))


def _hero(parts: Sequence[Piece], language: Language) -> FoundNoun | None:
    """The first noun that does not say where; in a text of a few words one that does."""
    found = find_nouns(parts, language)
    acting = [noun for noun in found if not says_where(parts, noun.index, language)]
    if not acting and sum(piece.kind == "word" for piece in parts) <= _FEW_WORDS:
        acting = found
    first = next(iter(acting), None)
    if first is None or first.is_plural or len(first.word) > _LONGEST_HERO:
        return None
    return first


def _possessive(parts: Sequence[Piece], index: int, language: Language) -> str | None:
    """`mein` for `Mein großer Bruder`, `my` for `my brother`."""
    place: int | None = index
    for _ in range(2):
        place = word_before(parts, place) if place is not None else None
        if place is None:
            return None
        word = lookup(parts[place].text)
        if language == "en" and word in _ENGLISH_POSSESSIVES:
            return word
        if language == "de":
            for stem in _GERMAN_POSSESSIVES:
                if word.removeprefix(stem) in _POSSESSIVE_ENDINGS and word.startswith(stem):
                    return stem
    return None


def _hero_forms(text: str, language: Language) -> Mapping[str, str] | None:
    """What stands in the places for the hero; None without one."""
    parts = pieces(text.strip())
    hero = _hero(parts, language)
    if hero is None:
        return None
    possessive = _possessive(parts, hero.index, language)
    if language == "en" or hero.gender is None:
        return {"the": f"{possessive or 'the'} {hero.word}"}
    forms = dict(_PRONOUNS[hero.gender])
    weak = hero.plural if hero.is_weak and hero.plural else hero.word
    forms["der"] = declined(hero.word, hero.gender, "nominative", possessive)
    forms["den"] = declined(weak, hero.gender, "accusative", possessive)
    forms["dem"] = declined(weak, hero.gender, "dative", possessive)
    stem = forms["sein"]
    return forms | {f"sein{ending}": stem + ending for ending in _POSSESSIVE_ENDINGS}


def _in_places(template: str, forms: Mapping[str, str]) -> str:
    def said(match: re.Match[str]) -> str:
        name = match.group(1)
        form = forms.get(name.lower(), match.group())
        return capitalised(form) if name[0].isupper() else form

    return _PLACE.sub(said, template)


def _acts(text: str, signs: Sequence[str]) -> Rewriting:
    said = text.strip()
    spoken = [word for word in words(said) if len(word) <= 80] or [said[:1]]
    longest = max(spoken, key=len)
    acts = [said, longest, spoken[0], spoken[-1]]
    rows: list[str] = []
    steps = []
    for sign, act, name in zip(
        signs, acts, ("beginning", "trouble", "turn", "ending"), strict=True
    ):
        rows.append(f"{sign} {act}")
        steps.append(RewriteStep(name, "\n".join(rows)))
    return Rewriting(tuple(steps))
