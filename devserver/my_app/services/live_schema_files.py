"""Data files that may be changed while the server runs: what is read follows the folder."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Generic, NamedTuple

from devserver.my_app.services.schema_files import (
    Check,
    File,
    SchemaFileInvalid,
    is_schema_file,
    load_schema_file,
)

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""Between two looks at a folder."""


class _Mark(NamedTuple):
    """What changes when a file is written again."""

    modified_ns: int
    changed_ns: int
    size: int
    inode: int


class LiveSchemaFiles(Mapping[str, File], Generic[File]):
    """The files of a folder by id, as they are now, or were `look_seconds` ago at most.

    A look compares the folder's names and times with what was read and reads what is new. It costs
    little, but runs ask many times a second, from many threads. A file that has become wrong keeps
    its last good version, and the fault is logged once, with file and line; a file that is gone is
    gone here too. What a caller got stays as it is: a run keeps the schema it began with.
    Safe to share between threads; `keys`, `values` and `items` show one moment.
    """

    def __init__(
        self,
        folder: Path,
        model: type[File],
        check: Check[File] | None = None,
        *,
        leave_out: str | None = None,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        """Read every file. Raises SchemaFileInvalid for the first that cannot be used."""
        self._folder = folder
        self._model = model
        self._check = check
        self._leave_out = leave_out
        self._look_seconds = look_seconds
        self._next_look = time.monotonic() + look_seconds
        self._lock = Lock()
        self._folder_is_gone = False
        self._faults: Mapping[str, SchemaFileInvalid] = MappingProxyType({})
        self._marks = self._look()
        self._files: Mapping[str, File] = MappingProxyType(
            {path.stem: load_schema_file(path, model, check) for path in self._marks}
        )

    def __getitem__(self, file_id: str) -> File:
        return self.now()[file_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self.now())

    def __len__(self) -> int:
        return len(self.now())

    def __contains__(self, file_id: object) -> bool:
        return file_id in self.now()

    def keys(self) -> KeysView[str]:
        return self.now().keys()

    def values(self) -> ValuesView[File]:
        return self.now().values()

    def items(self) -> ItemsView[str, File]:
        return self.now().items()

    def now(self) -> Mapping[str, File]:
        """All files of this moment, in the order of their ids; never changes again."""
        self._follow_when_due()
        return self._files

    def faults(self) -> Mapping[str, SchemaFileInvalid]:
        """What is wrong just now with files that were changed, by file name."""
        self._follow_when_due()
        return self._faults

    def _follow_when_due(self) -> None:
        # Without the lock while no look is due: what was read is replaced, never changed.
        if time.monotonic() < self._next_look:
            return
        with self._lock:
            if time.monotonic() >= self._next_look:
                self._follow()
                self._next_look = time.monotonic() + self._look_seconds

    def _look(self) -> dict[Path, _Mark]:
        marks = {}
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if not is_schema_file(entry.name, self._leave_out):
                    continue
                try:
                    found = entry.stat()
                except OSError:
                    continue  # taken away while we looked, or a link to nowhere
                marks[Path(entry.path)] = _Mark(
                    found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
                )
        return dict(sorted(marks.items(), key=lambda item: item[0].stem))

    def _follow(self) -> None:
        try:
            marks = self._look()
            for path in self._marks.keys() - marks.keys():
                # A listing may miss a name that is replaced in the same instant.
                if path.exists():
                    return
        except OSError as error:
            if not self._folder_is_gone:
                log.warning("%s: %s; what was read stays in use.", self._folder, error.strerror)
            self._folder_is_gone = True
            return
        self._folder_is_gone = False
        if marks == self._marks:
            return
        files: dict[str, File] = {}
        faults: dict[str, SchemaFileInvalid] = {}
        for path, mark in marks.items():
            if mark == self._marks.get(path):
                if path.name in self._faults:
                    faults[path.name] = self._faults[path.name]
                if path.stem in self._files:
                    files[path.stem] = self._files[path.stem]
                continue
            try:
                files[path.stem] = load_schema_file(path, self._model, self._check)
                log.info("%s was read again.", path.name)
            except SchemaFileInvalid as fault:
                faults[path.name] = fault
                kept = self._files.get(path.stem)
                if kept is not None:
                    files[path.stem] = kept
                log.warning(
                    "%s %s",
                    fault,
                    "The version before stays in use." if kept else "It is left out.",
                )
        # Replaced whole, never changed: whoever reads the old ones goes on undisturbed.
        self._files = MappingProxyType(files)
        self._faults = MappingProxyType(faults)
        self._marks = marks
