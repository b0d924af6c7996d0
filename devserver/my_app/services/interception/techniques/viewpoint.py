"""One point of view out of several: the child's text seen by an ant, in another age, at dusk.

An opening stands before the text and a few sentences after it say what can be noticed from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Annotated

from pydantic import Field

from .language_guess import known_language
from .nouns import find_nouns
from .pieces import pieces
from .sentences import as_sentence, fitting, lead_in
from .shapes import RewriteStep, Rewriting, TechniqueParameters, longest_result

Sentence = Annotated[str, Field(min_length=3, max_length=200, pattern=r"\S")]
Sentences = Annotated[tuple[Sentence, ...], Field(min_length=1, max_length=20, strict=False)]


class ViewWords(TechniqueParameters):
    """How one language says it: `opening` leads to the text, `details` are whole sentences."""

    opening: Annotated[str, Field(min_length=3, max_length=160, pattern=r":$")]
    details: Sentences


class NounSentences(TechniqueParameters):
    """What can be noticed of a noun, by its dictionary form, in each language."""

    de: Mapping[str, Sentence] = Field(default_factory=dict)
    en: Mapping[str, Sentence] = Field(default_factory=dict)


class View(TechniqueParameters):
    """A point of view; `sign` stands for it in texts of other languages."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,30}$")]
    sign: Annotated[str, Field(min_length=1, max_length=8)]
    de: ViewWords
    en: ViewWords


class ViewpointParameters(TechniqueParameters):
    """The points of view, one of which is drawn, and how many details are told.

    Sentences `of_nouns` that the text names are told first, at most one less than `count`.
    """

    views: Annotated[tuple[View, ...], Field(min_length=1, max_length=40, strict=False)]
    of_nouns: NounSentences = Field(default_factory=NounSentences)
    count: Annotated[int, Field(ge=1, le=4)] = 2


def viewpoint(text: str, random: Random, parameters: ViewpointParameters) -> Rewriting:
    """Look at the text from one of the views; the child's words all stay, in their order.

    A text in another language stands between two of the view's signs instead.
    """
    view = random.choice(parameters.views)
    language = known_language(text)
    if language is None:
        framed = f"{view.sign} {text.strip()} {view.sign}"
        return Rewriting((RewriteStep(view.name, framed),))
    words = view.de if language == "de" else view.en
    opened = f"{words.opening} {lead_in(text, language)}"
    known = parameters.of_nouns.de if language == "de" else parameters.of_nouns.en
    nouns = find_nouns(pieces(text), language)
    noticed = list(dict.fromkeys(known[noun.word] for noun in nouns if noun.word in known))
    details = noticed[: parameters.count - 1]
    more = parameters.count - len(details)
    details += random.sample(words.details, min(more, len(words.details)))
    told = as_sentence(opened)
    steps = [RewriteStep(view.name, told)]
    for number, detail in enumerate(fitting(told, details, longest_result(text)), start=1):
        told = f"{told} {detail}"
        steps.append(RewriteStep(f"detail_{number}", told))
    return Rewriting(tuple(steps))
