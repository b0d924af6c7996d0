"""Deletions that are not at their end: a mark for each, so that none is forgotten.

A mark is an empty file under `state/unfinished/`, named by the run. It is there before the run's
tombstone, and goes when nothing is left of the run anywhere, its words in the index included.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from devserver.my_app.services.durable_files import full_disk_named, replace_file, sync_folder
from devserver.my_app.services.run_id import checked_run_id, is_run_id


class UnfinishedDeletions:
    """The marks on one root. Safe to share between threads."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "unfinished"

    def begin(self, run_id: str) -> None:
        """Set the mark of a run, durable on return; it may be there. Raises StorageFull."""
        mark = self._folder / checked_run_id(run_id)
        if mark.exists():
            return
        with full_disk_named():
            if not self._folder.is_dir():
                self._folder.mkdir(exist_ok=True)
                sync_folder(self._folder.parent)
            replace_file(mark, b"")
            sync_folder(self._folder)

    def end(self, run_ids: Iterable[str]) -> None:
        """Remove the marks of these runs, which need not be there."""
        for run_id in run_ids:
            (self._folder / checked_run_id(run_id)).unlink(missing_ok=True)

    def ids(self) -> frozenset[str]:
        """The runs that have a mark."""
        try:
            return frozenset(p.name for p in self._folder.iterdir() if is_run_id(p.name))
        except FileNotFoundError:
            return frozenset()
