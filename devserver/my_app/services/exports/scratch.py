"""A place for copies that an export needs for a moment."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

from devserver.my_app.services.durable_files import TEMPORARY_SUFFIX, full_disk_named


class Scratch(AbstractContextManager["Scratch"]):
    """A folder under `parent`, else where all temporary ones are; made when it is first needed, and
    gone when the block is left. What a kill leaves has the name of a temporary."""

    def __init__(self, parent: Path | None = None) -> None:
        self._parent = parent
        self._folder: Path | None = None

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def folder(self, name: str) -> Path:
        """The folder of that name in it; made when it isn't there. Raises StorageFull."""
        with full_disk_named():
            if self._folder is None:
                if self._parent is not None:
                    self._parent.mkdir(parents=True, exist_ok=True)
                made = tempfile.mkdtemp(TEMPORARY_SUFFIX, ".copies-", self._parent)
                self._folder = Path(made)
            inner = self._folder / name
            inner.mkdir(exist_ok=True)
        return inner

    def empty(self) -> None:
        """Remove all that is in it."""
        if self._folder is not None:
            for inner in self._folder.iterdir():
                shutil.rmtree(inner, ignore_errors=True)
