"""What metadata.json holds, as typed objects. The keys are published; see the data dictionary.

All objects are immutable: a change makes a new one (`model_copy`). Keys this version does not know
are kept as they are, so that an older server never loses what a newer one wrote.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from devserver.my_app.services.errors import ServerError

METADATA_VERSION = 1

MediaType = Literal["image", "audio", "video", "3d"]
OutputType = Literal["image", "audio", "video", "3d", "text"]
RunStatus = Literal[
    "queued", "running", "awaiting_edit", "success", "partial", "blocked", "failed", "cancelled"
]
StageStatus = Literal["passed", "transformed", "edited", "skipped", "blocked", "failed", "done"]

SUBMITTED = "submitted"
"""The state of a job until it is known what became of it."""

FINAL_STATUSES: frozenset[RunStatus] = frozenset(
    {"success", "partial", "blocked", "failed", "cancelled"}
)


class MetadataUnreadable(ServerError):
    """A metadata.json is there but can't be read, or is not what one has to be."""

    code = "metadata_unreadable"


class MetadataOutOfReach(MetadataUnreadable):
    """The disk did not give a metadata.json just now; nothing is known against the file."""


def utc_now() -> str:
    """The present moment as it is written everywhere: UTC, ISO 8601, microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")

    def without_unknown(self) -> Self:
        """A copy with those keys alone that this version knows, also in the records within it."""
        known = {name: _known(getattr(self, name)) for name in type(self).model_fields}
        copy: Any = type(self).model_construct(self.model_fields_set & known.keys(), **known)
        return cast(Self, copy)


def _known(value: Any) -> Any:
    if isinstance(value, _Record):
        return value.without_unknown()
    if isinstance(value, tuple):
        return tuple(map(_known, value))
    return value


class Output(_Record):
    """One stored media file."""

    type: MediaType
    filename: str
    backend: str | None = None
    config: str | None = None
    file_size_bytes: int = 0
    format: str | None = None
    mime_type: str | None = None
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None
    frame_rate: float | None = None
    vertices: int | None = None
    faces: int | None = None
    sha256: str | None = None
    seed: int | None = None
    model: str | None = None
    license: str | None = None
    credit: str | None = None
    created_at: str | None = None
    details: dict[str, Any] = Field(default_factory=dict)


class StageRecord(_Record):
    """One step of a stage: what went in, what came out, who did it and how long it took."""

    stage: Literal[1, 2, 3, 4]
    step: str
    status: StageStatus
    input: str | None = None
    output: str | None = None
    backend: str | None = None
    model: str | None = None
    config: str | None = None
    started_at: str = Field(default_factory=utc_now)
    duration_seconds: float = 0.0
    details: dict[str, Any] = Field(default_factory=dict)


class RunRequest(_Record):
    """What was asked for; with the texts, all that a worker needs to begin or resume."""

    output_configs: tuple[str, ...] = ()
    output_type: OutputType = "image"
    seed: int | None = None
    language: Literal["de", "en"] | None = None
    context: str | None = None
    awaits_edit: bool = False


class Job(_Record):
    """A job handed to a backend, written before it is sent, so that a restart can find it again."""

    backend: str
    server: str | None = None
    job_id: str | None = None
    config: str | None = None
    state: str = SUBMITTED
    workflow: str | None = None
    made: int | None = None
    """How many media it brought, written before they are stored; None where that isn't known."""


class RunError(_Record):
    """Why a run is not a success: a code, a sentence for a person and the stage it happened in."""

    code: str
    message: str
    stage: int | None = None


class RunMetadata(_Record):
    """Everything about one run but the bytes of its files."""

    run_id: str
    user_id: str | None = None
    workshop: str | None = None
    timestamp: str | None = None
    schema_id: str | None = Field(None, alias="schema")
    execution_mode: str | None = None
    safety_level: str | None = None
    status: RunStatus
    revision: int = 0
    input_text: str = ""
    transformed_text: str | None = None
    outputs: tuple[Output, ...] = ()
    stages: tuple[StageRecord, ...] = ()
    request: RunRequest = Field(default_factory=RunRequest)
    jobs: tuple[Job, ...] = ()
    origin: str | None = None
    attempts: int = 0
    warnings: tuple[str, ...] = ()
    error: RunError | None = None
    finished_at: str | None = None
    server_version: str | None = None
    metadata_version: int = METADATA_VERSION
    archived: bool = Field(False, exclude=True)
    """Whether it was read from a sealed file; not a key of metadata.json."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _read_the_seeds_own_form(cls, values: Any) -> Any:
        """The first servers wrote no status: a run with outputs had succeeded, others had not."""
        if isinstance(values, dict) and "status" not in values:
            return {**values, "status": "success" if values.get("outputs") else "failed"}
        return values

    @property
    def is_final(self) -> bool:
        """Whether the run is over: nothing will be added to it any more."""
        return self.status in FINAL_STATUSES

    def having(self, **changes: object) -> RunMetadata:
        """A copy with `changes`."""
        return self.model_copy(update=changes)

    def outputs_of(self, media_type: str) -> tuple[Output, ...]:
        """The outputs of one media type in their stored order; the n-th one has the number n."""
        return tuple(output for output in self.outputs if output.type == media_type)

    def to_dict(self) -> dict[str, Any]:
        """The plain JSON form, with the published keys."""
        return self.model_dump(mode="json", by_alias=True)

    def to_json(self) -> bytes:
        """The bytes of metadata.json: UTF-8, indented for people, closed by a newline."""
        return self.model_dump_json(by_alias=True, indent=2).encode() + b"\n"


def parse_metadata(data: bytes) -> RunMetadata:
    """Read the bytes of a metadata.json, also one with only the seed's keys.

    What it gives can be written as UTF-8. Raises MetadataUnreadable when it is no JSON object of
    that form, or a text in it holds half a character, which no answer and no file could say.
    """
    try:
        text = data.decode(json.detect_encoding(data))
        values = json.loads(text)
        # Only an escape can be half a character here, and we write none: a search is all it costs.
        if "\\ud" in text or "\\uD" in text:
            json.dumps(values, ensure_ascii=False).encode()
        return RunMetadata.model_validate(values)
    except UnicodeEncodeError as error:
        raise MetadataUnreadable(
            "The metadata of this run holds half a character (a lone surrogate)."
        ) from error
    except (ValueError, ValidationError, RecursionError) as error:
        raise MetadataUnreadable("The metadata of this run can't be understood.") from error
