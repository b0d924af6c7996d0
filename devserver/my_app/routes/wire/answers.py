"""What is told to who asked for a run, whatever became of it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from devserver.my_app.routes.wire.media import MediaOutput, OutputView
from devserver.my_app.services.run_metadata import StageRecord


class RunAnswer(BaseModel):
    """A run that came to its end with something to show."""

    model_config = ConfigDict(populate_by_name=True)

    status: Literal["success", "partial"]
    run_id: str
    schema_id: str | None = Field(alias="schema")
    execution_mode: str | None
    safety_level: str | None
    input_text: str
    transformed_text: str | None
    final_output: str | None = Field(description="The same as transformed_text.")
    outputs: list[OutputView]
    media_output: MediaOutput | None
    media_outputs: list[MediaOutput]
    stages: list[StageRecord]
    warnings: list[str]


class AcceptedAnswer(BaseModel):
    """A run that goes on; the header Location says where to look."""

    status: Literal["queued", "running"]
    run_id: str
    url: str
    place_in_queue: int | None
    estimated_seconds: int | None


class AwaitingEditAnswer(BaseModel):
    """A run that has rewritten the text and waits for somebody to go on with it."""

    model_config = ConfigDict(populate_by_name=True)

    status: Literal["awaiting_edit"] = "awaiting_edit"
    run_id: str
    schema_id: str | None = Field(alias="schema")
    execution_mode: str | None
    safety_level: str | None
    input_text: str
    transformed_text: str | None
    continue_url: str = Field(description="Where to post the text as edited.")
    stages: list[StageRecord]
    warnings: list[str]


class BlockedReason(BaseModel):
    """Where and why a run was blocked."""

    stage: int | None
    code: str
    message: str


class BlockedAnswer(BaseModel):
    """A run that was stopped for safety."""

    status: Literal["blocked"] = "blocked"
    run_id: str
    blocked: BlockedReason
    error: str
    code: Literal["blocked"] = "blocked"


class ErrorAnswer(BaseModel):
    """Every error has this shape."""

    status: Literal["error"] = "error"
    error: str = Field(description="A sentence for a person.")
    code: str = Field(description="For machines; stable.")
    run_id: str | None = None
    details: Any = None
