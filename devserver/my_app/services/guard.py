"""A language model's verdict on a text, where one is configured for it. Anything else is none."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.guard_instructions import (
    CATEGORIES,
    NONE,
    OTHER,
    GuardedLevel,
    judging,
)
from devserver.my_app.services.interception.assembling import mark_for
from devserver.my_app.services.language.answers import json_schema_of, read_json
from devserver.my_app.services.language.models import ChosenModel, LanguageModels, Step
from devserver.my_app.services.language.port import (
    LanguageAnswer,
    LanguageAnswerUnusable,
    LanguageModelFailed,
    LanguageModelNotConfigured,
    LanguageModelRefused,
    LanguageModelTimedOut,
    LanguageModelUnreachable,
    LanguageRequest,
    details_of,
)
from devserver.my_app.services.run_metadata import utc_now
from devserver.my_app.services.text_at_work import TextAtWork

STEP: Step = "guard"
"""The step's name, among the steps of language models and on record."""

_MAX_TOKENS = 300
_TEMPERATURE = 0.0
_LONGEST_KEPT = 2_000
_SAFE_CATEGORIES = frozenset({NONE, ""})
_FAILURES = (
    LanguageModelFailed,
    LanguageModelNotConfigured,
    LanguageModelTimedOut,
    LanguageModelUnreachable,
)
_SENTENCE = "The model that checks texts gave no verdict, so nothing is made of this text."


class Verdict(BaseModel):
    """What a guard model has to answer: these three keys and nothing else.

    Servers that keep to a schema give a category of ours; of others any word is taken, and seen to.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    safe: bool
    category: Annotated[str, Field(json_schema_extra={"enum": [NONE, *CATEGORIES["kids"], OTHER]})]
    reason: str


@dataclass(frozen=True)
class GuardCall:
    """One question to a guard model, for the record of the stage.

    `details` are those of `language.port.details_of`, with `verdict` as it was given, or `error`
    (`code`, `message`) and, where there was one, the unusable `answer`. For researchers only.
    """

    backend: str | None
    model: str | None
    started_at: str
    duration_seconds: float
    details: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class GuardVerdict:
    """Whether a text is safe. `category` is one that is known, `other`, or `none` when safe."""

    safe: bool
    category: str
    reason: str = field(repr=False)
    call: GuardCall


class SafetyUnavailable(ServerError):
    """A text could not be judged. It is not safe, then; `call` is for the record."""

    code = "safety_unavailable"

    def __init__(self, call: GuardCall) -> None:
        super().__init__(_SENTENCE)
        self.call = call


class Guard:
    """Asks the model of the step `guard` for verdicts. Safe to share between threads."""

    def __init__(self, models: LanguageModels, *, seconds: float) -> None:
        """`seconds` is the longest one verdict may take, the waiting for a place included."""
        self._models = models
        self._seconds = seconds

    def configured_for(self, execution_mode: str) -> bool:
        """Whether a guard model is configured for this mode; without one there are no verdicts."""
        return self._models.choose(STEP, execution_mode) is not None

    def judge(
        self,
        text: str,
        *,
        level: GuardedLevel,
        execution_mode: str,
        seed: int,
        at_work: TextAtWork,
        listed: Sequence[str] = (),
    ) -> GuardVerdict:
        """The verdict on `text` for `level`; `listed` are the word lists' categories that hit.

        A service whose own moderation refuses the text has judged it: unsafe, `other`. Whatever
        else is not one whole verdict in the form asked for raises SafetyUnavailable: a failure of
        the server, no model for the mode, an answer that is cut off, in another form, or calls a
        text safe and names what is unsafe in it. What `at_work.check_wanted` raises comes through
        unchanged.
        """
        asked = _Asked()
        try:
            chosen = asked.chosen = self._models.choose(STEP, execution_mode)
            if chosen is None:
                raise LanguageModelNotConfigured("No guard model is configured for this mode.")
            request = asked.request = LanguageRequest(
                model=chosen.model,
                messages=judging(
                    text, mark=mark_for(seed, STEP, texts=[text]), level=level, listed=listed
                ),
                seed=seed,
                temperature=_TEMPERATURE,
                max_tokens=_MAX_TOKENS,
                seconds=self._seconds,
                json_schema=json_schema_of(Verdict),
            )
            answer = asked.answer = chosen.server.ask(
                request, check_wanted=at_work.check_wanted, waiting=at_work.waiting
            )
            said = _read(answer)
        except LanguageModelRefused as error:
            at_work.check_wanted()
            return GuardVerdict(False, OTHER, str(error), asked.failed(error))
        except _FAILURES as error:
            at_work.check_wanted()  # a run that is over is not blocked any more
            raise SafetyUnavailable(asked.failed(error)) from error
        category = said.category if said.category in {*CATEGORIES[level], *listed} else OTHER
        call = asked.call(verdict=said.model_dump(mode="json"))
        return GuardVerdict(said.safe, NONE if said.safe else category, said.reason, call)


def _read(answer: LanguageAnswer) -> Verdict:
    """The verdict that an answer is. Raises LanguageAnswerUnusable."""
    if answer.is_cut_off:
        raise LanguageAnswerUnusable("The verdict is cut off.")
    said = read_json(answer.text, Verdict)
    if said.safe and said.category not in _SAFE_CATEGORIES:
        raise LanguageAnswerUnusable("The verdict contradicts itself.")
    return said


class _Asked:
    """One question, as far as it has come."""

    def __init__(self) -> None:
        self.chosen: ChosenModel | None = None
        self.request: LanguageRequest | None = None
        self.answer: LanguageAnswer | None = None
        self._started_at, self._started = utc_now(), time.monotonic()

    def failed(self, error: ServerError) -> GuardCall:
        """The call for the record, with why it gave no verdict."""
        more: dict[str, Any] = {"error": {"code": error.code, "message": str(error)}}
        if self.answer is not None:
            more["answer"] = self.answer.text[:_LONGEST_KEPT]
        return self.call(**more)

    def call(self, **more: Any) -> GuardCall:
        """The call for the record, with `more` details."""
        details = details_of(self.request, self.answer) if self.request else {}
        return GuardCall(
            backend=self.chosen.server.backend if self.chosen else None,
            model=self.chosen.model if self.chosen else None,
            started_at=self._started_at,
            duration_seconds=round(time.monotonic() - self._started, 6),
            details={**details, **more},
        )
