"""Lines that are gathered while runs go by and needed at the end, on disk instead of in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO

_IN_MEMORY = 256 * 1024
_PIECE = 64 * 1024


def spooled_file(folder: Path | None) -> IO[bytes]:
    """A file without a name, of which a little stays in memory and the rest lies in `folder`, else
    where all temporary files are."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    return tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=None if folder is None else str(folder))


class Spool(AbstractContextManager["Spool"]):
    """Text that only grows, and is read back from its beginning. Gone when the block is left.

    What is too much for memory lies in `folder`, as with `spooled_file`.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._file = spooled_file(folder)
        self.is_empty = True

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, text: str) -> None:
        """Add `text` at the end. Raises OSError when the disk is full."""
        self._file.seek(0, 2)
        self._file.write(text.encode())
        self.is_empty = False

    def pieces(self) -> Iterator[bytes]:
        """All of it from the beginning."""
        self._file.seek(0)
        while piece := self._file.read(_PIECE):
            yield piece
