"""The files that lie in a run's folder, for who wants to see all of it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from devserver.my_app.services.durable_files import is_temporary
from devserver.my_app.services.folder_names import (
    CRATE,
    INPUT_TEXT,
    METADATA,
    TRANSFORMED_TEXT,
    sayable,
)
from devserver.my_app.services.run_folders import RunFolders, RunNotFound
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.stored_runs import MediaNotFound

FileKind = Literal["text", "metadata", "crate", "sent", "output", "other"]
_ORDER = get_args(FileKind)
_MOST_HASHED = 1024 * 1024


@dataclass(frozen=True)
class FolderFile:
    """One file, by its name as it is told (see `sayable`): `size` in bytes, None for an output that
    is listed and not on disk any more."""

    filename: str
    kind: FileKind
    size: int | None
    sha256: str | None
    """Of an output as noted when it was stored; of others up to 1 MiB as they are now."""


class FolderFiles:
    """Lists and finds the files in the folders of runs; reads them only."""

    def __init__(self, folders: RunFolders) -> None:
        self._folders = folders

    def of(self, run_id: str) -> list[FolderFile]:
        """All files of the run: its texts and metadata first, then what was sent, then outputs.

        Raises RunIdInvalid, RunNotFound, RunArchived, MetadataUnreadable.
        """
        run = self._folders.read(run_id)
        folder = self._folders.path(run_id)
        noted = {output.filename: output.sha256 for output in run.outputs}
        files = [_file(path, _kind(path.name, run), noted) for path in _paths(folder)]
        there = {file.filename for file in files}
        gone = [
            FolderFile(name, "output", None, sha256)
            for name, sha256 in noted.items()
            if name not in there
        ]
        return sorted([*files, *gone], key=lambda file: (_ORDER.index(file.kind), file.filename))

    def path_of(self, run_id: str, filename: str) -> Path:
        """Where one of these files lies, by its name as it was told; none leads out of the folder.

        Raises MediaNotFound, and as `of`.
        """
        self._folders.read(run_id)
        for path in _paths(self._folders.path(run_id)):
            if sayable(path.name) == filename:
                return path
        raise MediaNotFound("This run has no such file.")


def _paths(folder: Path) -> list[Path]:
    """Ordinary files only: whatever a link points to is none of the run's."""
    try:
        with os.scandir(folder) as entries:
            return [
                Path(entry.path)
                for entry in entries
                if entry.is_file(follow_symlinks=False) and not is_temporary(entry.name)
            ]
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RunNotFound("There is no run with this id on this server.") from error


def _kind(name: str, run: RunMetadata) -> FileKind:
    if name == METADATA:
        return "metadata"
    if name in (INPUT_TEXT, TRANSFORMED_TEXT):
        return "text"
    if name == CRATE:
        return "crate"
    if any(job.workflow == name for job in run.jobs):
        return "sent"
    return "output" if any(output.filename == name for output in run.outputs) else "other"


def _file(path: Path, kind: FileKind, noted: Mapping[str, str | None]) -> FolderFile:
    name = sayable(path.name)
    try:
        size = path.stat().st_size
        if kind == "output":
            return FolderFile(name, kind, size, noted[path.name])
        is_small = size <= _MOST_HASHED
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest() if is_small else None
    except FileNotFoundError:  # it went at this moment
        return FolderFile(name, kind, None, None)
    return FolderFile(name, kind, size, sha256)
