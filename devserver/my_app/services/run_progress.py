"""How far the runs under way are: in memory, the newest only, forgotten at their end."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from devserver.my_app.services.run_metadata import RunMetadata


@dataclass(frozen=True)
class Progress:
    """Where the backend stands with one run; None where it doesn't say.

    `ahead` counts what the backend does before it; `node` is the part of the workflow at work, and
    `step` of `steps` how far that part is.
    """

    config: str | None = None
    ahead: int | None = None
    node: str | None = None
    step: int | None = None
    steps: int | None = None


@dataclass(frozen=True)
class PreviewPicture:
    """A small picture of the work as it stands."""

    data: bytes
    mime_type: str


class RunProgress:
    """Progress and previews by run_id. Safe to share between threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._progress: dict[str, Progress] = {}
        self._previews: dict[str, PreviewPicture] = {}

    def report(self, run_id: str, **changes: object) -> None:
        """Change what is known of a run's progress; what isn't named stays."""
        with self._guard:
            known = self._progress.get(run_id, Progress())
            self._progress[run_id] = replace(known, **changes)  # type: ignore[arg-type]

    def show(self, run_id: str, preview: PreviewPicture) -> None:
        """Take a newer preview."""
        with self._guard:
            self._previews[run_id] = preview

    def of(self, run_id: str) -> Progress | None:
        """What is known; None for a run that isn't under way."""
        with self._guard:
            return self._progress.get(run_id)

    def preview_of(self, run_id: str) -> PreviewPicture | None:
        """The newest preview; None when there is none."""
        with self._guard:
            return self._previews.get(run_id)

    def heard(self, metadata: RunMetadata) -> None:
        """Forget a run that is over."""
        if metadata.is_final:
            with self._guard:
                self._progress.pop(metadata.run_id, None)
                self._previews.pop(metadata.run_id, None)
