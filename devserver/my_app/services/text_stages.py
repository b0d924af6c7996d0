"""Stages 1 to 3: the child's text is checked, rewritten, perhaps edited, checked, translated."""

from __future__ import annotations

from collections.abc import Callable

from devserver.my_app.services import safety
from devserver.my_app.services.catalogue import Catalogue
from devserver.my_app.services.interception.interception import Rewrite
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_metadata import RunMetadata, StageRecord
from devserver.my_app.services.run_progress import RunProgress
from devserver.my_app.services.text_at_work import StoredTextAtWork, TextAtWork
from devserver.my_app.services.translation import ENGLISH

EDIT = "edit"

Translate = Callable[[RunMetadata, str, TextAtWork], StageRecord | None]


class TextStages:
    """Takes a run's text as far as stage 4 needs it. Keeps nothing of any run."""

    def __init__(
        self,
        storage: MediaStorageService,
        catalogue: Catalogue,
        rewrite: Rewrite,
        translate: Translate,
        progress: RunProgress,
    ) -> None:
        self._storage = storage
        self._catalogue = catalogue
        self._rewrite = rewrite
        self._translate = translate
        self._progress = progress

    def __call__(self, run: RunMetadata) -> RunMetadata:
        """The run with its text ready, or `awaiting_edit`. What is on record is not repeated.

        Steps of a model are written down one by one; all others in one go at the end, since they
        take but milliseconds.
        """
        at_work = StoredTextAtWork(self._storage, self._progress, run)
        text = run.transformed_text
        if text is None:
            text = self._rewritten(run, at_work)
        if run.request.awaits_edit and not _has(run, 2, EDIT):
            at_work.keep_text(text)
            return self._storage.await_edit(run.run_id)
        self._make_ready(run, text, at_work)
        at_work.keep_text(text)
        return self._storage.get_metadata(run.run_id)

    def _rewritten(self, run: RunMetadata, at_work: StoredTextAtWork) -> str:
        if not _has(run, 1, safety.STEP):
            at_work.pending.append(safety.check_text(1, run.input_text))
        schema = self._catalogue.schema(run.schema_id or "")
        return self._rewrite(run, schema, at_work)

    def _make_ready(self, run: RunMetadata, text: str, at_work: StoredTextAtWork) -> None:
        if not _has(run, 3, safety.STEP):
            at_work.pending.append(safety.check_text(3, text))
        if self._wants_english(run) and not _has(run, 3, "translation"):
            record = self._translate(run, text, at_work)
            if record is not None:
                at_work.pending.append(record)

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
