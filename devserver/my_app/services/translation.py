"""Stage 3: the text in English, for media models that understand no other language."""

from __future__ import annotations

from devserver.my_app.services.asking import Question, ask
from devserver.my_app.services.checked_text import CheckedText
from devserver.my_app.services.interception.assembling import mark_for, translating
from devserver.my_app.services.language.models import LanguageModels
from devserver.my_app.services.language.port import LanguageRequest
from devserver.my_app.services.language_recognition import recognised_language
from devserver.my_app.services.run_metadata import RunMetadata, StageRecord
from devserver.my_app.services.text_at_work import TextAtWork

STEP = "translation"
ENGLISH = "en"

_MAX_TOKENS = 1_500
_TEMPERATURE = 0.0


class Translation:
    """Translates where a model is configured for it, and says on record why where it isn't."""

    def __init__(self, models: LanguageModels, *, seconds: float) -> None:
        self._models = models
        self._seconds = seconds

    def __call__(
        self, run: RunMetadata, text: CheckedText, at_work: TextAtWork
    ) -> StageRecord | None:
        """A record still to be put down; None when a model was asked, whose step is down already.

        Raises as `asking.ask` does, and LanguageModelNotConfigured.
        """
        if recognised_language(text) == ENGLISH:
            return _skipped(text, "The text is in English already.")
        chosen = self._models.choose("translation", run.execution_mode or "")
        if chosen is None:
            return _skipped(text, "No language model is configured for translation.")
        at_work.keep_text(text)
        mark = mark_for(run.request.seed, STEP, texts=[text])
        request = LanguageRequest(
            model=chosen.model,
            messages=translating(text, mark=mark),
            seed=run.request.seed or 0,
            temperature=_TEMPERATURE,
            max_tokens=_MAX_TOKENS,
            seconds=self._seconds,
        )
        ask(Question(3, STEP, text, chosen, request, mark), at_work)
        return None


def translation_of(run: RunMetadata) -> str | None:
    """The English text that stage 3 made of the rewritten one; None when it made none."""
    for record in reversed(run.stages):
        if record.stage == 3 and record.step == STEP and record.status in ("passed", "transformed"):
            return record.output
    return None


def _skipped(text: str, reason: str) -> StageRecord:
    return StageRecord(stage=3, step=STEP, status="skipped", input=text, details={"reason": reason})
