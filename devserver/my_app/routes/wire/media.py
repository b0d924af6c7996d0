"""Stored media, as told."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from devserver.my_app.services.run_metadata import MediaType, Output, RunError, RunStatus


class OutputView(Output):
    """One stored file and where to get it."""

    index: int = Field(description="Its number among the outputs of its type, from 1.")
    url: str


class MediaOutput(BaseModel):
    """What became of one output config."""

    config: str
    status: Literal["success", "failed"]
    run_id: str
    media_type: MediaType | None
    url: str | None
    output: str = Field(description="The run_id, under which the media are found.")
    media_stored: bool
    error: RunError | None = None


class MediaInfo(BaseModel):
    """The media of a run."""

    run_id: str
    status: RunStatus
    outputs: list[OutputView]
