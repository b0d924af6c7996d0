"""Reading metadata.json: a file that nobody wrote to since is not parsed a second time."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

from devserver.my_app.services.regular_files import regular
from devserver.my_app.services.run_metadata import RunMetadata, parse_metadata

_MOST_KEPT = 256
_SETTLED_NS = 100_000_000
"""Times of files go in steps (of 4 ms on Linux), and a file that replaces another may get the
number of the one before that. So what was written just now is read again the next time."""


class _Mark(NamedTuple):
    """What changes when a file is written or replaced."""

    inode: int
    modified_ns: int
    size: int


class MetadataFiles:
    """Reads files; keeps what the last 256 of them held. Safe to share between threads.

    Those who watch a run ask for it many times a second, and mostly nothing has changed.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._kept: OrderedDict[str, tuple[_Mark, RunMetadata]] = OrderedDict()

    def read(self, path: Path) -> RunMetadata:
        """What the file at `path` says now.

        Raises OSError, MetadataUnreadable; NotADirectoryError where its folder is a link, which is
        looked at only when the file is read: what is kept costs one look at the disk.
        """
        key, mark = str(path), _mark(path.stat())
        kept = self._kept.get(key)
        if kept and kept[0] == mark:
            return kept[1]
        if path.parent.is_symlink():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path.parent))
        with open(path, "rb", opener=regular) as file:
            # Of this very file: the one that was looked at may have been replaced since.
            mark = _mark(os.fstat(file.fileno()))
            run = parse_metadata(file.read())
        if time.time_ns() - mark.modified_ns > _SETTLED_NS:
            self._keep(key, mark, run)
        return run

    def written(self, path: Path, found: os.stat_result, run: RunMetadata) -> None:
        """Keep what was written to `path` by who had its lock; `found` is of that very file.

        It need not settle: a file that replaces this one is made while this one is still there, so
        it has another number.
        """
        self._keep(str(path), _mark(found), run)

    def forget(self, path: Path) -> None:
        """Keep nothing of the file at `path`."""
        with self._guard:
            self._kept.pop(str(path), None)

    def _keep(self, key: str, mark: _Mark, run: RunMetadata) -> None:
        with self._guard:
            self._kept[key] = (mark, run)
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)


def _mark(found: os.stat_result) -> _Mark:
    return _Mark(found.st_ino, found.st_mtime_ns, found.st_size)
