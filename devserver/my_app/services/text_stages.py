"""Stages 1 to 3: the child's text is checked, rewritten, perhaps edited, checked, translated."""

from __future__ import annotations

from collections.abc import Callable

from devserver.my_app.services.catalogue import Catalogue
from devserver.my_app.services.checked_text import CheckedText
from devserver.my_app.services.interception.interception import Idea, Rewrite
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_metadata import RunMetadata, StageRecord
from devserver.my_app.services.run_progress import RunProgress
from devserver.my_app.services.safety_gate import SafetyGate
from devserver.my_app.services.text_at_work import StoredTextAtWork, TextAtWork
from devserver.my_app.services.translation import ENGLISH, STEP, translation_of

EDIT = "edit"

Translate = Callable[[RunMetadata, CheckedText, TextAtWork], StageRecord | None]


class TextStages:
    """Takes a run's text as far as stage 4 needs it. Keeps nothing of any run."""

    def __init__(
        self,
        storage: MediaStorageService,
        catalogue: Catalogue,
        gate: SafetyGate,
        *,
        rewrite: Rewrite,
        translate: Translate,
        progress: RunProgress,
    ) -> None:
        self._storage = storage
        self._catalogue = catalogue
        self._gate = gate
        self._rewrite = rewrite
        self._translate = translate
        self._progress = progress

    def __call__(self, run: RunMetadata) -> RunMetadata:
        """The run with its text ready, or `awaiting_edit`. What is on record is not repeated.

        Steps of a model are written down one by one; all others in one go at the end, since they
        take but milliseconds. Raises TextBlocked, and what asking a model raises.
        """
        at_work = StoredTextAtWork(self._storage, self._progress, run)
        text = run.transformed_text
        if text is None:
            text = self._rewritten(run, at_work)
        if run.request.awaits_edit and not _has(run, 2, EDIT):
            at_work.keep_text(text)
            return self._storage.await_edit(run.run_id)
        ready = self._gate.check(run, 3, text, at_work)
        self._make_english(run, ready, at_work)
        at_work.keep_text(ready)
        return self._storage.get_metadata(run.run_id)

    def are_done(self, run: RunMetadata) -> bool:
        """Whether the text of a run is ready for stage 4, and all that was to be done is on record.

        In doubt it says no: then the stages are gone through again, which repeats nothing.
        """
        text = run.transformed_text
        if text is None or (run.request.awaits_edit and not _has(run, 2, EDIT)):
            return False
        if not self._gate.has_settled(run, 3, text):
            return False
        if not self._wants_english(run):
            return True
        english = translation_of(run)
        return _has(run, 3, STEP) and (english is None or self._gate.has_settled(run, 3, english))

    def _rewritten(self, run: RunMetadata, at_work: StoredTextAtWork) -> str:
        text = self._gate.check(run, 1, run.input_text, at_work)
        rules = None
        if run.request.context:
            rules = self._gate.check(run, 1, run.request.context, at_work, subject="context")
        schema = self._catalogue.schema(run.schema_id or "")
        return self._rewrite(Idea(run, text, rules), schema, at_work)

    def _make_english(self, run: RunMetadata, text: CheckedText, at_work: StoredTextAtWork) -> None:
        if not self._wants_english(run):
            return
        if not _has(run, 3, STEP):
            record = self._translate(run, text, at_work)
            if record is not None:
                at_work.pending.append(record)
                return
            run = self._storage.get_metadata(run.run_id)
        english = translation_of(run)
        if english is not None:
            self._gate.check(run, 3, english, at_work, subject="translation")

    def _wants_english(self, run: RunMetadata) -> bool:
        configs = (
            self._catalogue.output_configs.get(config_id)
            for config_id in run.request.output_configs
        )
        return any(config and config.prompt_language == ENGLISH for config in configs)


def _has(run: RunMetadata, stage: int, step: str) -> bool:
    """Whether the step is on record, and did not fail."""
    return any(
        record.stage == stage and record.step == step and record.status != "failed"
        for record in run.stages
    )
