"""What stages 1 to 3 see of the run they work on while a language model is asked."""

from __future__ import annotations

from typing import Protocol

from devserver.my_app.services.media_intake import refuse_when_over
from devserver.my_app.services.media_storage import MediaStorageService
from devserver.my_app.services.run_metadata import RunMetadata, StageRecord
from devserver.my_app.services.run_progress import RunProgress


class TextAtWork(Protocol):
    """One run whose text is being worked on."""

    def put_on_record(self, record: StageRecord) -> None:
        """Write a step down at once, since it took long or cost something."""

    def keep_text(self, text: str) -> None:
        """Store the rewritten text before anything that takes long is done with it."""

    def check_wanted(self) -> None:
        """Raise RunIsOver or RunNotFound when the run has been cancelled or deleted."""

    def waiting(self, ahead: int) -> None:
        """Say how many calls the language server has before this one."""


class StoredTextAtWork:
    """The `TextAtWork` of a stored run. `pending` are steps not on record yet, in order."""

    def __init__(
        self, storage: MediaStorageService, progress: RunProgress, run: RunMetadata
    ) -> None:
        self._storage = storage
        self._progress = progress
        self._run_id = run.run_id
        self._kept = run.transformed_text
        self.pending: list[StageRecord] = []

    def put_on_record(self, record: StageRecord) -> None:
        """Write the step down, and those before it. Raises RunIsOver, RunNotFound."""
        self._storage.record_stages(self._run_id, [*self.pending, record])
        self.pending.clear()

    def keep_text(self, text: str) -> None:
        """Store the rewritten text and all pending steps in one write, unless that is done."""
        if text != self._kept or self.pending:
            self._storage.save_transformed_text(self._run_id, text, self.pending)
            self.pending.clear()
            self._kept = text

    def warn(self, sentence: str) -> None:
        """Add a warning to the run. Raises RunIsOver, RunNotFound."""
        self._storage.add_warning(self._run_id, sentence)

    def check_wanted(self) -> None:
        """Raise RunIsOver or RunNotFound when there is nothing more to do."""
        refuse_when_over(self._storage.get_metadata(self._run_id))

    def waiting(self, ahead: int) -> None:
        """Say how many calls the language server has before this one."""
        self._progress.report(self._run_id, ahead=ahead)
