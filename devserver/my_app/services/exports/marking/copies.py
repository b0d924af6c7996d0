"""Marked copies: of one file, of a run that is exported, of a picture in a report."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from devserver.my_app.services.exports.marking import films, models, pictures, sound
from devserver.my_app.services.exports.marking.said import MARKING_VERSION, Marking, marking_of
from devserver.my_app.services.exports.marking.splice import (
    MarkingNotPossible,
    Piece,
    SplicedFile,
)
from devserver.my_app.services.exports.plain_values import json_text, plain
from devserver.my_app.services.exports.port import ExportedFile, ExportedRun
from devserver.my_app.services.media_kinds import HEAD_BYTES, identify
from devserver.my_app.services.run_folders import METADATA
from devserver.my_app.services.run_metadata import Output, RunMetadata

Mark = Callable[[BinaryIO, int, Marking], list[Piece]]

_MARKS: dict[str, Mark] = {
    "png": pictures.png,
    "jpeg": pictures.jpeg,
    "webp": pictures.webp,
    "gif": pictures.gif,
    "mp3": sound.mp3,
    "flac": sound.flac,
    "wav": sound.wav,
    "ogg": sound.ogg,
    "opus": sound.ogg,
    "m4a": films.mp4,
    "mp4": films.mp4,
    "mov": films.mp4,
    "glb": models.glb,
    "obj": models.obj,
    "ply": models.ply,
}


def marked_copy(path: Path, marking: Marking) -> SplicedFile:
    """The file at `path` with `marking` in it; picture, sound and form are the same to the bit.

    Nothing is stored and the original isn't touched; only what describes it is read. AVIF, WebM
    and STL can't be marked: the first two note where their parts lie, the third has no place.
    Raises MarkingNotPossible, FileNotFoundError.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        kind = identify(file.read(HEAD_BYTES), size=size)
        mark = _MARKS.get(kind.format) if kind else None
        if mark is None:
            called = kind.format.upper() if kind else "such"
            raise MarkingNotPossible(f"There is no way to mark {called} files as made by AI.")
        return SplicedFile(path, mark(file, size, marking))


def marked_etag(output: Output, original: Path, marking: Marking) -> str:
    """The same only for the same bytes of a marked copy."""
    found = original.stat()
    known = output.sha256 or f"{found.st_mtime_ns}-{found.st_size}"
    said = "\0".join([known, str(MARKING_VERSION), *(part for tag in marking.tags for part in tag)])
    return hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest()


def mark_run(run: ExportedRun, scratch: Path) -> ExportedRun:
    """The run with marked copies, made in `scratch`, in place of its media.

    metadata.json has the sha256 and size of each copy, so that it agrees with the files beside it,
    and under `marking` of an output the source type and the original's sha256 and size; `marking`
    is null where a file can't be marked and is the original. Raises OSError.
    """
    files: list[ExportedFile] = []
    outputs = {output.filename: output for output in run.metadata.outputs}
    for file in run.files:
        if file.output is not None:
            file = _marked(run.metadata, file, file.output, scratch)  # noqa: PLW2901
            outputs[file.name] = file.output or outputs[file.name]
        files.append(file)
    metadata = run.metadata.having(
        outputs=tuple(outputs[output.filename] for output in run.metadata.outputs)
    )
    data = json_text(plain(metadata.model_dump(by_alias=True)), indent=2) + b"\n"
    (scratch / METADATA).write_bytes(data)
    about = ExportedFile(METADATA, scratch / METADATA, len(data))
    return ExportedRun(metadata, (about, *(file for file in files if file.name != METADATA)))


def mark_picture(jpeg: bytes, run: RunMetadata, output: Output) -> bytes:
    """A JPEG made of an output, such as a report's small picture, marked as the output is.

    Raises MarkingNotPossible.
    """
    pieces = pictures.jpeg(io.BytesIO(jpeg), len(jpeg), marking_of(run, output))
    return b"".join(
        piece if isinstance(piece, bytes) else jpeg[piece.start : piece.end] for piece in pieces
    )


def _marked(run: RunMetadata, file: ExportedFile, output: Output, scratch: Path) -> ExportedFile:
    marking = marking_of(run, output)
    try:
        copy = marked_copy(file.path, marking)
        digest, path = hashlib.sha256(), scratch / file.name
        with path.open("wb") as target:
            for data in copy.chunks():
                digest.update(data)
                target.write(data)
    except MarkingNotPossible:
        return replace(file, output=output.model_copy(update={"marking": None}))
    said = {
        "digital_source_type": marking.source_type,
        "original_sha256": output.sha256,
        "original_file_size_bytes": file.size,
    }
    changes = {
        "sha256": digest.hexdigest(),
        "file_size_bytes": copy.length,
        "marking": said,
    }
    return ExportedFile(file.name, path, copy.length, output.model_copy(update=changes))
