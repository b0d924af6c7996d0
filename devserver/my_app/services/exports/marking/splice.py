"""A file that is another one with parts put in, left out or replaced; nothing of it is stored."""

from __future__ import annotations

import bisect
import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO

from devserver.my_app.services.errors import ServerError

_PIECE_BYTES = 256 * 1024
_MOST_READ_BYTES = 32 * 1024**2


class MarkingNotPossible(ServerError):
    """This file can't say that AI made it: its format has no place for that, it is damaged,
    or there would be too much to look through."""

    code = "marking_not_possible"


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes of the original from `start` to `end`."""

    start: int
    end: int


Piece = bytes | Span


def damaged() -> MarkingNotPossible:
    """For a file whose parts don't fit together."""
    return MarkingNotPossible("This file can't be marked as made by AI: it is damaged.")


def too_many_parts() -> MarkingNotPossible:
    """For a file that may be sound, and of which we look through so many parts and no more."""
    return MarkingNotPossible("This file can't be marked as made by AI: it has too many parts.")


def exactly(file: BinaryIO, at: int, length: int) -> bytes:
    """The `length` bytes at `at`. Raises MarkingNotPossible when too many or not there."""
    if length > _MOST_READ_BYTES:
        raise MarkingNotPossible("This file can't be marked: what describes it is too large.")
    file.seek(at)
    data = file.read(length)
    if len(data) < length:
        raise damaged()
    return data


def replaced(size: int, changes: Iterable[tuple[int, int, bytes]]) -> list[Piece]:
    """A file of `size` bytes in which each `(start, end, data)` has `data` for what was there.

    Changes may come in any order and don't overlap; those at one place are put in as they come.
    """
    pieces: list[Piece] = []
    at = 0
    for start, end, data in sorted(changes, key=lambda change: change[0]):
        pieces += [Span(at, start), data]
        at = end
    return [*pieces, Span(at, size)]


class SplicedFile:
    """The file at `path` as `pieces` tell. Reading it takes little memory, however large it is."""

    def __init__(self, path: Path, pieces: Iterable[Piece]) -> None:
        self.path = path
        self.pieces = [piece for piece in pieces if _length(piece)]
        self._ends = list(accumulate(map(_length, self.pieces)))

    @property
    def length(self) -> int:
        """Its bytes."""
        return self._ends[-1] if self._ends else 0

    def open(self) -> SplicedReader:
        """For reading, at its beginning; the original is opened at the first read."""
        return SplicedReader(self)

    def chunks(self) -> Iterator[bytes]:
        """All of it. Raises FileNotFoundError, and MarkingNotPossible when the original shrank."""
        with self.open() as reader:
            while data := reader.read(_PIECE_BYTES):
                yield data

    def place(self, at: int) -> tuple[Piece, int]:
        """The piece that holds byte `at`, and how far into it that is."""
        number = bisect.bisect_right(self._ends, at)
        return self.pieces[number], at - (self._ends[number - 1] if number else 0)


class SplicedReader(io.RawIOBase):
    """Reads a spliced file, from any position."""

    def __init__(self, spliced: SplicedFile) -> None:
        self._spliced = spliced
        self._at = 0
        self._original: BinaryIO | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._spliced.length}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        if self._at >= self._spliced.length or not view:
            return 0
        piece, within = self._spliced.place(self._at)
        wanted = min(len(view), _length(piece) - within)
        if isinstance(piece, bytes):
            data = piece[within : within + wanted]
        else:
            data = self._of_original(piece.start + within, wanted)
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        if self._original is not None:
            self._original.close()
        super().close()

    def _of_original(self, at: int, length: int) -> bytes:
        if self._original is None:
            self._original = self._spliced.path.open("rb", buffering=0)
        self._original.seek(at)
        data = self._original.read(length)
        if not data:
            raise damaged()
        return data


def _length(piece: Piece) -> int:
    return len(piece) if isinstance(piece, bytes) else max(0, piece.end - piece.start)
