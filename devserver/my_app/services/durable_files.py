"""Files that are there completely or not at all, also after a kill or a power cut.

The way is always the same: write beside under a temporary name, sync, rename. Temporary names begin
with a dot and end in `.part`, so that what a kill leaves behind can be told from everything else.
On Windows folders can't be synced; there the rename alone has to do.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from devserver.my_app.services.errors import ServerError

TEMPORARY_SUFFIX = ".part"
OWNER_ONLY = 0o600
"""The mode of a file with secrets: nobody but the server's own user reads it."""

_USUAL_MODE = 0o666
_FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}


class StorageFull(ServerError):
    """The disk has no room for what was to be stored; nothing half-written is left."""

    code = "storage_full"


@contextmanager
def full_disk_named() -> Iterator[None]:
    """Turn the operating system's "no space left" into StorageFull."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(
                "The server's disk is full, so nothing more can be stored."
            ) from error
        raise


def temporary_beside(path: Path) -> Path:
    """A fresh temporary name in the folder of `path`."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}")


def is_temporary(name: str) -> bool:
    """Whether a file or folder of this name is one of ours and unfinished."""
    return name.startswith(".") and name.endswith(TEMPORARY_SUFFIX)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable; does nothing on Windows."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_new(
    path: Path, data: bytes, mode: int = _USUAL_MODE, *, durable: bool = True
) -> os.stat_result:
    with open(path, "xb", opener=partial(os.open, mode=mode)) as file:
        file.write(data)
        file.flush()
        if durable:
            os.fsync(file.fileno())
        return os.fstat(file.fileno())


def replace_file(
    path: Path, data: bytes, *, mode: int = _USUAL_MODE, durable: bool = True
) -> os.stat_result:
    """Put `data` at `path` in one step; a reader sees the old bytes or the new ones, never less.

    `mode` is who may do what with the file, from its first byte on, less the process's umask.
    The bytes are durable on return; the name of a *new* file is so after `sync_folder`. Without
    `durable` a power cut may leave the file torn or empty: for what can be made anew.
    Returns what the system says of the new file, whoever may have replaced it since.
    Raises StorageFull.
    """
    part = temporary_beside(path)
    with full_disk_named():
        try:
            found = _write_new(part, data, mode, durable=durable)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    return found


@contextmanager
def appearing_file(path: Path) -> Iterator[BinaryIO]:
    """A file to be written piece by piece, that appears at `path` in one step when `with` ends.

    Durable then, its name included. After an exception nothing is left of it, and what was at
    `path` before is as it was. Raises StorageFull.
    """
    part = temporary_beside(path)
    with full_disk_named():
        try:
            with part.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def create_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Let `folder` appear in one step with `files` (name to bytes) inside, durable on return.

    Raises FileExistsError when it is there already, StorageFull when the disk is full.
    """
    if folder.exists():
        raise FileExistsError(folder)
    part = temporary_beside(folder)
    with full_disk_named():
        try:
            part.mkdir()
            for name, data in files.items():
                _write_new(part / name, data)
            sync_folder(part)
            part.rename(folder)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        sync_folder(folder.parent)


def remove_folder(folder: Path) -> None:
    """Let `folder` vanish in one step; what a kill leaves of it is a temporary.

    Raises FileNotFoundError when it isn't there.
    """
    gone = temporary_beside(folder)
    folder.rename(gone)
    sync_folder(folder.parent)
    shutil.rmtree(gone)
