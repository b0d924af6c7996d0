"""Stage 2: the child's text is rewritten through the stance of a schema."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from devserver.my_app.services.checked_text import CheckedText
from devserver.my_app.services.interception.techniques import TECHNIQUES, RewriteStep, Rewriting
from devserver.my_app.services.run_metadata import RunMetadata, StageRecord, utc_now
from devserver.my_app.services.schemas import InterceptionSchema
from devserver.my_app.services.text_at_work import StoredTextAtWork

EMBEDDED = "embedded"

GIVEN_UP = "given_up"
"""The step of a text that is left as it is, since each rewriting would have been stopped."""

_TRIES = 5
Stops = Callable[[RunMetadata, str], bool]
ApplyTechnique = Callable[[str, str, str, Mapping[str, object]], Rewriting]


@dataclass(frozen=True)
class Idea:
    """What a run begins with: the child's text and rules of its own, as they passed the gate."""

    run: RunMetadata
    text: CheckedText
    rules: CheckedText | None


class Rewrite(Protocol):
    """What the pipeline asks of stage 2."""

    def __call__(self, idea: Idea, schema: InterceptionSchema, at_work: StoredTextAtWork) -> str:
        """The rewritten text, not checked yet; each step is on record, or pending there."""


def apply_technique(name: str, text: str, seed: str, parameters: Mapping[str, object]) -> Rewriting:
    """Rewrite `text` by the technique `name`; the same for the same seed."""
    return TECHNIQUES[name](text, random=random.Random(seed), parameters=parameters)


class EmbeddedInterception:
    """Rewrites without a language model, by the technique that the schema names.

    `apply` says where the work is done: in this process, or in a worker process.
    """

    def __init__(
        self, apply: ApplyTechnique = apply_technique, stops: Stops = lambda _, __: False
    ) -> None:
        """`stops` tells which results would be stopped for safety."""
        self._apply = apply
        self._stops = stops

    def __call__(self, idea: Idea, schema: InterceptionSchema, at_work: StoredTextAtWork) -> str:
        """The rewritten text; its steps are left pending, since they are no work to repeat."""
        steps = self.steps(idea, schema)
        at_work.pending += steps
        return steps[-1].output or ""

    def steps(self, idea: Idea, schema: InterceptionSchema) -> list[StageRecord]:
        """The record of every step, in order; the last one's output is the rewritten text.

        No child is stopped for a word that chance has made of harmless ones: what would be stopped
        is tried again by another chance, and at last given up, with the text left as it is.
        """
        run, choice = idea.run, schema.technique
        started_at, started = utc_now(), time.monotonic()
        parameters = dict(choice.parameters)
        if schema.needs_context:
            parameters["rules"] = idea.rules or ""
        for number in range(_TRIES):
            seed = f"{run.request.seed}:{schema.id}{f':{number}' if number else ''}"
            rewriting = self._apply(choice.name, idea.text, seed, parameters)
            if not self._stops(run, rewriting.text):
                break
        else:
            rewriting = Rewriting((RewriteStep(GIVEN_UP, idea.text),))
        seconds = round(time.monotonic() - started, 6)
        texts = [idea.text, *(step.text for step in rewriting.steps)]
        return [
            StageRecord(
                stage=2,
                step=step.name,
                status="passed" if before == after else "transformed",
                input=before,
                output=after,
                backend=EMBEDDED,
                model=f"technique:{choice.name}",
                started_at=started_at,
                # The steps are one calculation; its time stands at the last of them.
                duration_seconds=seconds if number == len(rewriting.steps) else 0.0,
                details={"seed": run.request.seed},
            )
            for number, (step, before, after) in enumerate(
                zip(rewriting.steps, texts, texts[1:], strict=False), start=1
            )
        ]
