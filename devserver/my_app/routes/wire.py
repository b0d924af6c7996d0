"""The shapes that cross the wire. Requests are validated by them, answers built from them, and
`/api/openapi.json` is made of them, so the three can't differ."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from devserver.config import SafetyLevel
from devserver.my_app.services.run_metadata import (
    MediaType,
    Output,
    OutputType,
    RunError,
    RunStatus,
    StageRecord,
    StageStatus,
)
from devserver.my_app.services.runs import MAX_SEED

MAX_TEXT_CHARACTERS = 8000
MAX_OUTPUT_CONFIGS = 8


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not hold the character NUL")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


Text = Annotated[str, AfterValidator(_without_nul)]
Id = Annotated[Text, Field(min_length=1, max_length=100)]


class NewRunRequest(BaseModel):
    """A text and how to take it through the pipeline."""

    # Fields nobody knows are kept, so that they can be named in a warning.
    model_config = ConfigDict(strict=True, extra="allow", frozen=True)

    schema_id: Id = Field(alias="schema", description="The style, as listed under schemas.")
    input_text: Annotated[Text, AfterValidator(_not_blank)] = Field(
        min_length=1, max_length=MAX_TEXT_CHARACTERS, description="What the child wrote."
    )
    execution_mode: Literal["eco", "fast"] = Field(
        "eco", description="eco: models on our own machines; fast: API services."
    )
    safety_level: SafetyLevel = "kids"
    user_id: Annotated[Text, Field(max_length=200)] | None = None
    output_config: Id | None = Field(None, description="How to make the media, by id.")
    output_configs: tuple[Id, ...] | None = Field(
        None,
        strict=False,
        min_length=1,
        max_length=MAX_OUTPUT_CONFIGS,
        description="Several at once.",
    )
    output_type: OutputType | None = None
    seed: int | None = Field(None, ge=0, le=MAX_SEED, description="Else random and recorded.")
    language: Literal["de", "en"] | None = Field(None, description="Language of messages.")
    context: Annotated[Text, Field(max_length=MAX_TEXT_CHARACTERS)] | None = Field(
        None, description="The rules, for the style user_defined."
    )

    @property
    def config_ids(self) -> tuple[str, ...]:
        """The output configs asked for, each once, in their order."""
        first = (self.output_config,) if self.output_config else ()
        return tuple(dict.fromkeys((*first, *(self.output_configs or ()))))


class ContinueRequest(BaseModel):
    """The rewritten text as somebody has edited it."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    text: Annotated[Text, AfterValidator(_not_blank)] = Field(
        min_length=1, max_length=MAX_TEXT_CHARACTERS
    )


def _named_simply(said: Any, check: ValidatorFunctionWrapHandler) -> Any:
    try:
        return check(said)
    except ValidationError:
        raise ValueError(f"has to be same, new or a number from 0 to {MAX_SEED}") from None


class RerunRequest(BaseModel):
    """How to repeat a run."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    seed: Annotated[
        Literal["same", "new"] | Annotated[int, Field(ge=0, le=MAX_SEED)],
        WrapValidator(_named_simply),
    ] = Field("same", description="same: as in the run that is repeated; new: a random one.")


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
    event: str = Field(description="The id of this state among the run's events.")
    place_in_queue: int | None
    progress: ProgressView | None
    attempts: int
    input_text: str
    transformed_text: str | None
    stages: list[StageRecord]
    outputs: list[OutputView]
    warnings: list[str]
    error: RunError | None


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


class MediaInfo(BaseModel):
    """The media of a run."""

    run_id: str
    status: RunStatus
    outputs: list[OutputView]


class RunView(BaseModel):
    """Everything public about a run: metadata.json without what is for researchers only."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)

    run_id: str
    status: RunStatus
    outputs: list[OutputView]


class RunList(BaseModel):
    """A page of runs, the one written to last first."""

    runs: list[RunView]
    total: int
    next: int | None = Field(description="The `after` of the next page; null on the last one.")


class Deleted(BaseModel):
    """A run that is gone."""

    status: Literal["deleted"] = "deleted"
    run_id: str


class Localised(BaseModel):
    """A text in both languages."""

    de: str
    en: str


class SchemaView(BaseModel):
    """A style that can be chosen."""

    id: str
    name: Localised
    description: Localised
    category: Localised
    minimum_age: int
    complexity: int
    needs_context: bool = Field(description="Whether a request has to bring rules, as context.")


class OutputConfigView(BaseModel):
    """A way to make media that can be chosen."""

    id: str
    name: Localised
    description: Localised
    media_type: MediaType
    backend: str
    available: bool
    unavailable_because: str | None


class SchemaList(BaseModel):
    """All styles."""

    schemas: list[SchemaView]


class SchemaInfo(SchemaList):
    """Everything that can be chosen in a request."""

    output_configs: list[OutputConfigView]
    execution_modes: list[str]
    safety_levels: list[str]
    minimum_safety_level: str
    output_types: list[str]
    max_text_characters: int


class Health(BaseModel):
    """The server is alive."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether the server can take runs."""

    status: Literal["ready", "not_ready"]
    storage_writable: bool
    disk_free_bytes: int
    disk_above_floor: bool
    takes_runs: bool
    backends: list[str]
    remarks: list[str] = Field(description="How backends are, and what can't be made, and why.")
