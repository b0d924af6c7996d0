"""How runs stand and what became of them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from devserver.my_app.routes.wire.media import OutputView
from devserver.my_app.routes.wire.schemas import Localised
from devserver.my_app.services.run_metadata import RunError, RunStatus, StageRecord, StageStatus


class ProgressView(BaseModel):
    """How far the backend is with a run; null where it doesn't say."""

    config: str | None
    ahead: int | None = Field(description="What the backend does before it.")
    node: str | None = Field(description="The part of the workflow at work.")
    step: int | None
    steps: int | None
    preview: str | None = Field(description="Where to get a picture of the work as it stands.")


class RunState(BaseModel):
    """How a run stands."""

    model_config = ConfigDict(populate_by_name=True)

    run_id: str
    status: RunStatus
    revision: int
    timestamp: str | None
    finished_at: str | None
    schema_id: str | None = Field(alias="schema")
    origin: str | None = Field(description="The run that this one repeats.")
    archived: bool = Field(description="Its files are in the archive; they can be restored.")
    event: str = Field(description="The id of this state among the run's events.")
    place_in_queue: int | None = Field(description="1 for the next one; null when it has begun.")
    estimated_seconds: int | None = Field(
        description="How long it probably takes to its end, as runs of its kind did lately."
    )
    progress: ProgressView | None
    attempts: int
    input_text: str
    transformed_text: str | None
    stages: list[StageRecord]
    outputs: list[OutputView]
    warnings: list[str]
    error: RunError | None
    error_message: Localised | None = Field(
        description="The message of `error` in German and English, where it is known in both."
    )


class ChangeView(BaseModel):
    """A stretch of text that stayed, went or came."""

    kind: Literal["kept", "removed", "added"]
    text: str


class JourneyStepView(BaseModel):
    """One step of a run; `changes` tell by words how its output came of its input."""

    stage: int
    step: str
    status: StageStatus
    input: str | None
    output: str | None
    changes: list[ChangeView]
    backend: str | None
    model: str | None
    config: str | None
    seed: int | None
    started_at: str
    duration_seconds: float
    details: dict[str, Any] = Field(description="The verdict of a check, its reason, and so on.")


class Journey(BaseModel):
    """Every step of a run in order."""

    run_id: str
    status: RunStatus
    input_text: str
    transformed_text: str | None
    steps: list[JourneyStepView]
    error: RunError | None


class RunView(BaseModel):
    """Everything public about a run: metadata.json without what is for researchers only."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)

    run_id: str
    status: RunStatus
    archived: bool = Field(description="Its files are in the archive; they can be restored.")
    outputs: list[OutputView]


class Deleted(BaseModel):
    """A run that is gone."""

    status: Literal["deleted"] = "deleted"
    run_id: str
