"""One question to a language model as one step on the run's record."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from devserver.my_app.services.checked_text import CheckedText
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.interception.assembling import answered_text
from devserver.my_app.services.language.models import ChosenModel
from devserver.my_app.services.language.port import (
    LanguageModelFailed,
    LanguageModelRefused,
    LanguageRequest,
    details_of,
)
from devserver.my_app.services.run_metadata import StageRecord, utc_now
from devserver.my_app.services.text_at_work import TextAtWork


@dataclass(frozen=True)
class Question:
    """A step that a model takes: which one it is, its text, and what the model is asked.

    `mark` is the word that tells the text from the rest, see `assembling`.
    """

    stage: Literal[2, 3]
    step: str
    text: CheckedText
    chosen: ChosenModel
    request: LanguageRequest
    mark: str


def ask(question: Question, at_work: TextAtWork) -> StageRecord:
    """The model's answer as a record that has been put down, as has a failure.

    Raises what `LanguageModel.ask` raises, LanguageModelFailed also for an answer without a text.
    """
    started_at, started = utc_now(), time.monotonic()

    def record(status: Literal["passed", "transformed", "failed", "blocked"]) -> StageRecord:
        return StageRecord(
            stage=question.stage,
            step=question.step,
            status=status,
            input=question.text,
            backend=question.chosen.server.backend,
            model=question.chosen.model,
            started_at=started_at,
            duration_seconds=round(time.monotonic() - started, 6),
        )

    try:
        answer = question.chosen.server.ask(
            question.request, check_wanted=at_work.check_wanted, waiting=at_work.waiting
        )
        text = answered_text(answer.text, mark=question.mark)
        if not text:
            raise LanguageModelFailed(f"The model {question.chosen.model} gave no text.")
    except ServerError as error:
        at_work.check_wanted()  # a run that is over gets no record of what was given up for it
        failed = record("blocked" if isinstance(error, LanguageModelRefused) else "failed")
        details = {
            **details_of(question.request, None),
            "error": {"code": error.code, "message": str(error)},
        }
        at_work.put_on_record(failed.model_copy(update={"details": details}))
        raise
    done = record("passed" if text == question.text else "transformed").model_copy(
        update={"output": text, "details": details_of(question.request, answer)}
    )
    at_work.put_on_record(done)
    return done
