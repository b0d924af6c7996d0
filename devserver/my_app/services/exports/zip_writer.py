"""ZIP files written front to back, to where nothing can be read or rewound."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, BinaryIO

_PIECE_BYTES = 256 * 1024
_EPOCH = (1980, 1, 1, 0, 0, 0)
_LAST_YEAR = 2107
_ORDINARY_FILE = 0o100644 << 16


class ZipWriter:
    """A ZIP file on its way to `out`; closed by leaving `with`, and cut short by an exception.

    Media are stored as they are, which is what they are compressed for anyway; texts may be
    deflated. Sizes and numbers beyond those of old ZIP files go by ZIP64. The same entries give
    the same bytes. Memory: a piece of 256 KiB, and about half a KiB for each entry.
    """

    def __init__(self, out: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(_OneWay(out), "w", zipfile.ZIP_STORED, allowZip64=True)

    def __enter__(self) -> ZipWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._zip.close()
        else:
            # Without its directory the file can't be taken for a whole one; and `out` may be gone.
            self._zip.fp = None

    def add_file(self, name: str, path: Path, time: str | None = None) -> str:
        """Store the file at `path` bit for bit; returns the sha256 of what was stored.

        Raises OSError when it can't be read.
        """
        digest = hashlib.sha256()
        for piece in self._stored(name, path, time):
            digest.update(piece)
        return digest.hexdigest()

    def add_known_file(self, name: str, path: Path, time: str | None = None) -> None:
        """As `add_file`, for a file whose sha256 need not be worked out."""
        for _ in self._stored(name, path, time):
            pass

    def add_bytes(self, name: str, data: bytes, time: str | None = None) -> None:
        """Add a small file, deflated when it is large enough to gain by it."""
        entry = _entry(name, time, len(data))
        if len(data) > 1024:
            entry.compress_type = zipfile.ZIP_DEFLATED
        self._zip.writestr(entry, data)

    @contextmanager
    def new_file(self, name: str, time: str | None = None) -> Iterator[IO[bytes]]:
        """A file of unknown size that is written piece by piece, deflated; one at a time."""
        entry = _entry(name, time, 0)
        entry.compress_type = zipfile.ZIP_DEFLATED
        with self._zip.open(entry, "w", force_zip64=True) as file:
            yield file

    def _stored(self, name: str, path: Path, time: str | None) -> Iterator[memoryview]:
        with path.open("rb", buffering=0) as source:
            entry = _entry(name, time, path.stat().st_size)
            buffer = memoryview(bytearray(_PIECE_BYTES))
            with self._zip.open(entry, "w") as target:
                while length := source.readinto(buffer):
                    piece = buffer[:length]
                    target.write(piece)
                    yield piece


class _OneWay:
    """What zipfile needs of a stream that only goes forwards."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def write(self, data: bytes) -> int:
        left = memoryview(data)
        while left:  # a raw stream may take less than it is given
            left = left[self._out.write(left) :]
        return len(data)

    def flush(self) -> None:
        self._out.flush()

    def close(self) -> None:
        """It belongs to whoever opened it."""


def _entry(name: str, time: str | None, size: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _moment(time))
    entry.file_size = size
    entry.external_attr = _ORDINARY_FILE
    entry.create_system = 3  # the attributes are those of Unix, wherever this is written
    return entry


def _moment(time: str | None) -> tuple[int, int, int, int, int, int]:
    """A time of metadata.json as a ZIP file has it, in UTC; 1980, its first, for no time."""
    try:
        said = datetime.fromisoformat(time or "")
    except ValueError:
        return _EPOCH
    moment = said.astimezone(UTC) if said.tzinfo else said
    if not _EPOCH[0] <= moment.year <= _LAST_YEAR:
        return _EPOCH
    return (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
