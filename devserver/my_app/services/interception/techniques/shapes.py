"""What every technique takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from .graphemes import graphemes

LONGEST_TEXT = 24_000  # characters; three times the longest input the server takes
_SHORT_TEXT_ROOM = 400  # a one-word text may grow to a sentence or two


@dataclass(frozen=True)
class RewriteStep:
    """One station of a rewriting: `name` says in snake_case what was done, `text` what came out."""

    name: str
    text: str


@dataclass(frozen=True)
class Rewriting:
    """All steps of one rewriting, at least one, in order."""

    steps: tuple[RewriteStep, ...]

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError("A rewriting has at least one step.")

    @property
    def text(self) -> str:
        """The result: the text of the last step."""
        return self.steps[-1].text


class TechniqueParameters(BaseModel):
    """Base of what a schema file may tell a technique; unknown keys and wrong types are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class NoParameters(TechniqueParameters):
    """The technique takes no parameters."""


class Technique(Protocol):
    """A named way to rewrite a text, the same for the same seed.

    For a text that is not blank the result is not blank, keeps every grapheme cluster whole and
    is at most `longest_result(text)` characters long, for texts of up to 8,000 characters.
    """

    def __call__(self, text: str, *, random: Random, parameters: Mapping[str, object]) -> Rewriting:
        """Rewrite `text`; raises pydantic's `ValidationError` for parameters it does not take."""
        ...

    def check(self, parameters: Mapping[str, object]) -> None:
        """Raise pydantic's `ValidationError` for parameters the technique does not take."""
        ...


P = TypeVar("P", bound=TechniqueParameters)


@dataclass(frozen=True)
class ParametrisedTechnique(Generic[P]):
    """A technique made of a parameters model and a function; a blank text passes through.

    Where `rewrite` finds nothing to change, the text is spelled out in one more step, so that every
    style that `changes` shows itself in every text.
    """

    parameters_model: type[P]
    rewrite: Callable[[str, Random, P], Rewriting]
    changes: bool = True

    def __call__(self, text: str, *, random: Random, parameters: Mapping[str, object]) -> Rewriting:
        checked = self.parameters_model.model_validate(dict(parameters))
        if not text.strip():
            return Rewriting((RewriteStep("unchanged", text),))
        rewriting = self.rewrite(text, random, checked)
        if not self.changes or rewriting.text.strip() != text.strip():
            return rewriting
        return Rewriting((*rewriting.steps, RewriteStep("spell_out", _spelled_out(text.strip()))))

    def check(self, parameters: Mapping[str, object]) -> None:
        self.parameters_model.model_validate(dict(parameters))


def _spelled_out(text: str) -> str:
    """`Hm` → `H-m`; where there is nothing to spell, the text is said twice."""
    spelled = ""
    joins = False
    for cluster in graphemes(text):
        is_gap = cluster[0].isspace()
        spelled += f"-{cluster}" if joins and not is_gap else cluster
        joins = not is_gap
    return spelled if spelled != text else f"{text} {text}"


def longest_result(text: str) -> int:
    """How many characters the rewriting of `text` may have."""
    return min(LONGEST_TEXT, 3 * len(text) + _SHORT_TEXT_ROOM)
