"""Stage 2 by a language model."""

from __future__ import annotations

from dataclasses import dataclass

from devserver.my_app.services.asking import Question, ask
from devserver.my_app.services.checked_text import CheckedText
from devserver.my_app.services.interception.assembling import mark_for, rewriting
from devserver.my_app.services.interception.interception import Idea, Rewrite
from devserver.my_app.services.language.models import ChosenModel, LanguageModels
from devserver.my_app.services.language.port import LanguageRequest
from devserver.my_app.services.language_recognition import recognised_language
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.safety_gate import SafetyGate
from devserver.my_app.services.schemas import InterceptionSchema, LanguageModelChoice
from devserver.my_app.services.text_at_work import StoredTextAtWork

ONLY_STEP = "rewriting"


@dataclass(frozen=True)
class _Place:
    """A step's place in the chain, its name, and what the model is told there beside the stance."""

    number: int
    step: str
    stance: str | None


class ModelInterception:
    """Asks the model that is configured for the run's mode; without one `embedded` rewrites.

    A configured model that fails is a failure of the run, never a reason to rewrite otherwise.
    """

    def __init__(
        self, models: LanguageModels, embedded: Rewrite, gate: SafetyGate, *, seconds: float
    ) -> None:
        self._models = models
        self._gate = gate
        self._embedded = embedded
        self._seconds = seconds

    def __call__(self, idea: Idea, schema: InterceptionSchema, at_work: StoredTextAtWork) -> str:
        """See `Rewrite`; steps that an attempt which was cut off took are not taken again.

        What one step of a chain gives passes the gate before the next one gets it. Raises as
        `asking.ask` does, TextBlocked and LanguageModelNotConfigured.
        """
        choice = schema.language_model
        chosen = self._choose(idea.run, schema)
        if choice is None or chosen is None:
            return self._embedded(idea, schema, at_work)
        places = _places(schema)
        steps = {place.step for place in places}
        taken = [
            record
            for record in idea.run.stages
            if record.stage == 2 and record.step in steps and record.output is not None
        ]
        text: str = (taken[-1].output if taken else None) or idea.text
        chain = _Chain(idea, schema, choice, chosen, at_work, self._seconds)
        for place in places[len(taken) :]:
            checked = (
                self._gate.check(idea.run, 3, text, at_work, ask_guard=False)
                if place.number
                else idea.text
            )
            text = chain.rewritten(checked, place)
        return text

    def _choose(self, run: RunMetadata, schema: InterceptionSchema) -> ChosenModel | None:
        if schema.language_model is None:
            return None
        return self._models.choose(
            "interception", run.execution_mode or "", schema.language_model.models
        )


@dataclass(frozen=True)
class _Chain:
    """What is the same for every step that a model takes for one run."""

    idea: Idea
    schema: InterceptionSchema
    choice: LanguageModelChoice
    chosen: ChosenModel
    at_work: StoredTextAtWork
    seconds: float

    def rewritten(self, text: CheckedText, place: _Place) -> str:
        """What the model makes of `text` at `place`; the step is on record then."""
        run, schema = self.idea.run, self.schema
        rules = self.idea.rules if schema.needs_context else None
        mark = mark_for(run.request.seed, place.number, texts=[text, rules or ""])
        request = LanguageRequest(
            model=self.chosen.model,
            messages=rewriting(
                text,
                schema.stance,
                mark=mark,
                station=place.stance,
                language=recognised_language(self.idea.text) or run.request.language,
                rules=rules,
            ),
            seed=(run.request.seed or 0) + place.number,
            temperature=self.choice.temperature,
            max_tokens=self.choice.max_tokens,
            seconds=self.seconds,
        )
        question = Question(2, place.step, text, self.chosen, request, mark)
        return ask(question, self.at_work).output or ""


def _places(schema: InterceptionSchema) -> list[_Place]:
    if not schema.steps:
        return [_Place(0, ONLY_STEP, None)]
    return [_Place(number, step.id, step.stance) for number, step in enumerate(schema.steps)]
