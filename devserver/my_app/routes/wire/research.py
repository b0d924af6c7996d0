"""What the researchers' page shows of a run beyond the run: its files, and runs like it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from devserver.my_app.services.folder_files import FileKind
from devserver.my_app.services.related_runs import Relation


class RunFileView(BaseModel):
    """A file in the run's folder."""

    filename: str
    kind: FileKind
    size: int | None = Field(description="In bytes; null for an output that is gone.")
    sha256: str | None = Field(
        description="Of an output as it was stored; of others up to 1 MiB as they are now."
    )
    url: str


class RunFileList(BaseModel):
    """All files of a run: texts and metadata, what was sent to backends, and outputs."""

    run_id: str
    files: list[RunFileView]


class RelatedView(BaseModel):
    """Runs that share something with a run, the newest first, without itself."""

    total: int
    filter: dict[str, str] = Field(description="The filter of `GET /api/runs` that finds them.")
    runs: list[dict[str, Any]] = Field(description="Some of them, with the keys a list needs.")


class Related(BaseModel):
    """Where a run comes from, and runs like it."""

    run_id: str
    origin: dict[str, Any] | None = Field(description="The run it repeats, if that is still there.")
    related: dict[Relation, RelatedView]
