"""What a REFI-QDA project says of each run as a variable of its case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from devserver.my_app.services.ro_crate import in_milliseconds
from devserver.my_app.services.run_metadata import RunMetadata

_LONGEST = 255
"""NVivo cuts longer attribute values off; so what is cut ends in an ellipsis."""


@dataclass(frozen=True)
class Variable:
    """A variable: its name, its type in QDA-XML, what it means, and its value for a run."""

    name: str
    kind: Literal["Text", "Integer", "Float", "Date", "DateTime"]
    meaning: str
    value_of: Callable[[RunMetadata], str | None]


def moment(time: str | None) -> str | None:
    """A time of metadata.json as xsd:dateTime in UTC, to the second; None when it is no time."""
    said = in_milliseconds(time)
    return f"{said[:19]}Z" if said else None


def _day(run: RunMetadata) -> str | None:
    said = moment(run.timestamp)
    return said[:10] if said else None


def _seconds(run: RunMetadata) -> str | None:
    begun, ended = moment(run.timestamp), moment(run.finished_at)
    if begun is None or ended is None:
        return None
    return str(int((datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds()))


def _each(values: list[str | None]) -> str | None:
    found = dict.fromkeys(value for value in values if value)
    return _short(", ".join(found)) if found else None


def _short(text: str | None) -> str | None:
    if text is None or len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST - 1]}\u2026"


def _reason(run: RunMetadata) -> str | None:
    return _short(run.error.code) if run.error else None


def _seed(run: RunMetadata) -> str | None:
    return str(run.request.seed) if run.request.seed is not None else None


VARIABLES = (
    Variable("run_id", "Text", "The id of the run", lambda run: run.run_id),
    Variable("date", "Date", "The day it was begun (UTC)", _day),
    Variable("begun", "DateTime", "When it was begun (UTC)", lambda run: moment(run.timestamp)),
    Variable("seconds", "Integer", "How long it took", _seconds),
    Variable("schema", "Text", "The style, by id", lambda run: _short(run.schema_id)),
    Variable("status", "Text", "How it ended", lambda run: run.status),
    Variable("stopped_by", "Text", "Why it is no success", _reason),
    Variable("execution_mode", "Text", "eco or fast", lambda run: _short(run.execution_mode)),
    Variable("safety_level", "Text", "The level that held", lambda run: _short(run.safety_level)),
    Variable("participant", "Text", "A user_id or pseudonym", lambda run: _short(run.user_id)),
    Variable("workshop", "Text", "The workshop", lambda run: _short(run.workshop)),
    Variable("output_type", "Text", "What was asked for", lambda run: run.request.output_type),
    Variable(
        "output_config",
        "Text",
        "What media were made with",
        lambda run: _each([output.config for output in run.outputs]),
    ),
    Variable(
        "backend",
        "Text",
        "Who made the media",
        lambda run: _each([output.backend for output in run.outputs]),
    ),
    Variable(
        "media_model",
        "Text",
        "The models that made media",
        lambda run: _each([output.model for output in run.outputs]),
    ),
    Variable(
        "text_model",
        "Text",
        "The models and techniques that rewrote the text",
        lambda run: _each([step.model for step in run.stages if step.stage == 2]),
    ),
    # A seed may be larger than the whole numbers of some programs.
    Variable("seed", "Text", "The seed, a whole number up to 2^53 - 1", _seed),
    Variable("media", "Integer", "How many media files it has", lambda run: str(len(run.outputs))),
)
