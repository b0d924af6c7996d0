"""Lines that are gathered while runs go by and needed at the end, on disk instead of in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager

_IN_MEMORY = 256 * 1024
_PIECE = 64 * 1024


class Spool(AbstractContextManager["Spool"]):
    """Text that only grows, and is read back from its beginning. Gone when the block is left."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
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
