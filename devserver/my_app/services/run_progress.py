"""How far the runs under way are: in memory, the newest only, forgotten at their end."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from devserver.my_app.services.run_metadata import RunMetadata

_RUNS_KNOWN_TO_BE_OVER = 1000


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
        self._over: deque[str] = deque(maxlen=_RUNS_KNOWN_TO_BE_OVER)
        self._listeners: list[Callable[[str], None]] = []

    def listen(self, listener: Callable[[str], None]) -> None:
        """Have `listener` called with the run_id after each change."""
        self._listeners.append(listener)

    def report(self, run_id: str, **changes: object) -> None:
        """Change what is known of a run's progress; what isn't named stays."""
        with self._guard:
            if run_id in self._over:  # its worker has not heard of it yet
                return
            known = self._progress.get(run_id)
            newer = replace(known or Progress(), **changes)  # type: ignore[arg-type]
            if newer == known:
                return
            self._progress[run_id] = newer
        self._tell(run_id)

    def show(self, run_id: str, preview: PreviewPicture) -> None:
        """Take a newer preview."""
        with self._guard:
            if run_id in self._over:
                return
            self._previews[run_id] = preview
        self._tell(run_id)

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
            self.forget(metadata.run_id)

    def forget(self, run_id: str) -> None:
        """Forget a run that is over or deleted; what is still reported of it is dropped."""
        with self._guard:
            self._over.append(run_id)
            self._progress.pop(run_id, None)
            self._previews.pop(run_id, None)

    def _tell(self, run_id: str) -> None:
        for listener in self._listeners:
            listener(run_id)
