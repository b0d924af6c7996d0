"""Runs that are over, put on disk without a pipeline."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from devserver.my_app.services.durable_files import create_folder
from devserver.my_app.services.run_folders import RunFolders
from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_metadata import Output, RunMetadata, RunRequest, utc_now


def put_run(
    folders: RunFolders,
    *,
    text: str = "Eine Blume",
    files: dict[str, bytes] | None = None,
    **values: Any,
) -> str:
    """A run with its texts and a picture; returns its id. `values` change its metadata."""
    picture = b"\x89PNG not really a picture, but bytes " * 20
    run = RunMetadata(
        run_id=new_run_id(),
        timestamp=utc_now(),
        finished_at=utc_now(),
        schema_id="dada",
        status="success",
        input_text=text,
        transformed_text=f"Keine {text}",
        outputs=(Output(type="image", filename="output_image.png", file_size_bytes=len(picture)),),
        request=RunRequest(output_configs=("atelier_image",)),
    ).having(**values)
    named = {
        "metadata.json": run.to_json(),
        "input_text.txt": run.input_text.encode(),
        **(files or {}),
    }
    if run.transformed_text is not None:
        named["transformed_text.txt"] = run.transformed_text.encode()
    if run.outputs:
        named["output_image.png"] = picture
    create_folder(folders.path(run.run_id), named)
    return run.run_id


def put_a_folder_in_its_place(path: Path) -> None:
    """What nobody can read, not even an account that may do everything."""
    path.unlink()
    path.mkdir()


def put_a_pipe_in_its_place(path: Path) -> None:
    """What would keep everybody waiting who opens it as a file.

    The first to do so reads what the file held, so that a test fails instead of going on for ever.
    """
    data = path.read_bytes()
    path.unlink()
    os.mkfifo(path)

    def let_go() -> None:
        with suppress(OSError):
            path.write_bytes(data)

    threading.Thread(target=let_go, daemon=True).start()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file under `folder` by its path from there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def everything_under(folder: Path) -> bytes:
    """All names and all bytes of all files, to be searched for words."""
    parts = [
        part
        for path in sorted(folder.rglob("*"))
        for part in (str(path).encode(), path.read_bytes() if path.is_file() else b"")
    ]
    return b"\0".join(parts)
