"""The one way by which a media file comes into a run folder."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from devserver.my_app.services.durable_files import full_disk_named
from devserver.my_app.services.errors import MediaRejected, ServerError
from devserver.my_app.services.media_probe import MediaFacts
from devserver.my_app.services.media_sources import Delivery, MadeBy
from devserver.my_app.services.mime_claims import contradicts
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_metadata import Output, RunMetadata, StageRecord, utc_now

logger = logging.getLogger(__name__)

_HELPERS = 16
MEASURED = (
    "type",
    "format",
    "mime_type",
    "width",
    "height",
    "duration_seconds",
    "frame_rate",
    "vertices",
    "faces",
)
"""What metadata.json lists of a file's facts; the rest of them decides only whether it is taken."""


class RunIsOver(ServerError):
    """The run has ended, so nothing can be added to it any more."""

    code = "run_is_over"


def refuse_when_over(run: RunMetadata) -> None:
    """Raise RunIsOver when `run` has ended."""
    if run.is_final:
        raise RunIsOver("This run has ended; nothing can be added to it.")


@dataclass(frozen=True)
class _Arrived:
    """A file that is durable on disk under a temporary name, and measured."""

    path: Path
    size: int
    sha256: str
    facts: MediaFacts
    claimed_type: str | None


Inspect = Callable[[RunMetadata, Path, str, MadeBy], StageRecord | None]
"""Looks at a file of a media type for a run, and gives a step for the record."""


def _let_through(*_: object) -> None:
    """Where nobody looks at what was made."""


class MediaIntake:
    """Writes beside, checks by content, measures, names, renames; only then lists."""

    def __init__(
        self,
        folders: RunFolders,
        *,
        measure: Callable[[Path], MediaFacts],
        max_bytes: int,
        inspect: Inspect = _let_through,
    ) -> None:
        """`inspect` looks at each file before it is listed, and may raise to refuse it."""
        self._folders = folders
        self._inspect = inspect
        self._measure = measure
        self._max_bytes = max_bytes
        self._helpers = ThreadPoolExecutor(_HELPERS, thread_name_prefix="intake")

    def store(
        self,
        run_id: str,
        delivery: Delivery,
        made_by: MadeBy,
        earlier: list[Output],
    ) -> tuple[Output, RunMetadata | None]:
        """Store the file that `delivery` brings; returns its entry and the new metadata.

        `earlier` are the outputs that an attempt which was cut off had stored, in their order. They
        stand for the first files of this one: the next of them is taken out of that list and
        returned instead, with None. (Their bytes may differ, since ComfyUI writes the name of the
        file into it.) Memory stays that of one piece. A sender who calls the file something else
        than it is gets no hearing, but a warning in the metadata.
        Whatever goes wrong, no part of the file is left.
        Raises MediaRejected, RunNotFound, RunIsOver, StorageFull, what `delivery` and `inspect`
        raise.
        """
        run = self._folders.read(run_id)
        refuse_when_over(run)
        part = self._folders.incoming(run_id)
        try:
            with full_disk_named():
                arrived = self._receive(part, delivery)
                if earlier and earlier[0].type == arrived.facts.type:
                    return earlier.pop(0), None
                inspected = self._inspect(run, part, arrived.facts.type, made_by)
                output, metadata = self._list(run_id, arrived, made_by, inspected)
        finally:
            part.unlink(missing_ok=True)
        logger.info("run %s stored %s, %d bytes", run_id, output.filename, arrived.size)
        return output, metadata

    def _receive(self, part: Path, delivery: Delivery) -> _Arrived:
        checksum = hashlib.sha256()
        size = 0
        last: bytes | memoryview = b""
        with part.open("xb", buffering=0) as file:
            for piece in delivery:
                size += len(piece)
                if size > self._max_bytes:
                    raise MediaRejected("The media file is larger than this server stores.")
                _write_all(file, piece)
                checksum.update(last)
                last = piece
            # The disk, the measuring process and the rest of the checksum don't need each other.
            measuring = self._helpers.submit(copy_context().run, self._measure, part)
            syncing = self._helpers.submit(os.fsync, file.fileno())
            checksum.update(last)
            measuring.exception()  # waits only: the file stays open and named until both are done
            syncing.result()
        return _Arrived(part, size, checksum.hexdigest(), measuring.result(), delivery.claimed_type)

    def _list(
        self, run_id: str, arrived: _Arrived, made_by: MadeBy, inspected: StageRecord | None
    ) -> tuple[Output, RunMetadata]:
        facts = arrived.facts
        with self._folders.locked(run_id) as run:
            refuse_when_over(run)
            number = len(run.outputs_of(facts.type)) + 1
            counted = f"_{number}" if number > 1 else ""
            entry = {
                **{name: getattr(facts, name) for name in MEASURED},
                **asdict(made_by),
                "filename": f"output_{facts.type}{counted}.{facts.format}",
                "file_size_bytes": arrived.size,
                "sha256": arrived.sha256,
                "created_at": utc_now(),
            }
            output = Output.model_validate(entry)
            arrived.path.rename(self._folders.path(run_id) / output.filename)
            # Renames in one folder reach the disk in their order: metadata.json comes second.
            return output, self._folders.replace_metadata(
                run.having(
                    outputs=(*run.outputs, output),
                    stages=(*run.stages, *([inspected] if inspected else [])),
                    warnings=(*run.warnings, *_about_claim(output, arrived.claimed_type)),
                )
            )


def _about_claim(output: Output, claim: str | None) -> list[str]:
    claimed = contradicts(claim, output.mime_type or "")
    if claimed is None:
        return []
    return [f"{output.filename} was sent as {claimed}; by its content it is {output.mime_type}."]


def _write_all(file: BinaryIO, piece: bytes | memoryview) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[file.write(rest) :]
