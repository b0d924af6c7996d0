"""Clauses: a style's own concerns, added to the child's text in the child's language."""

from __future__ import annotations

from random import Random
from typing import Annotated, Literal

from pydantic import Field

from .language_guess import known_language
from .pieces import capitalised
from .shapes import RewriteStep, Rewriting, TechniqueParameters, longest_result

Clause = Annotated[str, Field(min_length=3, max_length=160, pattern=r"\S")]
Sign = Annotated[str, Field(min_length=1, max_length=16, pattern=r"\S")]
Clauses = Annotated[tuple[Clause, ...], Field(min_length=1, max_length=60, strict=False)]

_SENTENCE_END = ".!?…。！？؟"


class ClauseLists(TechniqueParameters):
    """The clauses of each language, each without a capital or a full stop."""

    de: Clauses
    en: Clauses


class ClausesParameters(TechniqueParameters):
    """Which clauses there are, how many are taken, and where they stand.

    `signs` take the place of the clauses in texts of other languages.
    """

    clauses: ClauseLists
    signs: Annotated[tuple[Sign, ...], Field(max_length=60, strict=False)] = ()
    count: Annotated[int, Field(ge=1, le=6)] = 2
    position: Literal["after", "before"] = "after"


def clauses(text: str, random: Random, parameters: ClausesParameters) -> Rewriting:
    """Add `count` different clauses after or before the text, which itself stays word for word."""
    language = known_language(text)
    if language is None and parameters.signs:
        return _signed(text, random, parameters)
    offered = parameters.clauses.en if language == "en" else parameters.clauses.de
    chosen = random.sample(offered, min(parameters.count, len(offered)))
    steps: list[RewriteStep] = []
    said = text.strip()
    ends = said.endswith(tuple(_SENTENCE_END)) or "\n" in said
    for number, clause in enumerate(chosen, start=1):
        if parameters.position == "before":
            added = (
                f"{capitalised(clause)}: {said}"
                if number == 1
                else f"{capitalised(clause)}, {said}"
            )
        elif ends:
            added = f"{said} {capitalised(clause)}."
        else:
            added = f"{said}, {clause}"
        if len(added) > longest_result(text) and steps:
            break
        said = added
        steps.append(RewriteStep(f"clause_{number}", said))
    return Rewriting(tuple(steps))


def _signed(text: str, random: Random, parameters: ClausesParameters) -> Rewriting:
    signs = random.sample(parameters.signs, min(parameters.count, len(parameters.signs)))
    said = text.strip()
    steps: list[RewriteStep] = []
    for number, sign in enumerate(signs, start=1):
        said = f"{sign} {said}" if parameters.position == "before" else f"{said} {sign}"
        steps.append(RewriteStep(f"sign_{number}", said))
    return Rewriting(tuple(steps))
