"""What the index keeps of a run: a row, and the words that lead to it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from devserver.my_app.services.run_index.words import searchable
from devserver.my_app.services.run_metadata import RunMetadata

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
SLOT_BITS = 10
"""Room in a row id for runs of the same microsecond."""
FIRST_TIMED_ID = 1 << 40
"""Row ids below are those of runs without a (believable) time; they count as the oldest."""
_LAST_MICROSECOND = (1 << 63 - SLOT_BITS) - 2
EVERY_RUN = "all"
"""A mark that every run has, so that something can be left out of them."""


class Hit(NamedTuple):
    """What the index knows of a run that was found, beyond its words."""

    id: int
    run_id: str
    stamp: str
    is_settled: int
    timestamp: str | None
    status: str
    schema_id: str | None
    execution_mode: str | None
    safety_level: str | None
    user_id: str | None
    workshop: str | None
    origin: str | None
    size: int
    """Bytes of all its media."""
    duration: float | None
    """Seconds of its longest medium, where that is recorded."""


COLUMNS = tuple(Hit._fields)


class Row(NamedTuple):
    """Everything the index keeps of a run, but for where it stands in the order."""

    wished_id: int
    columns: tuple[object, ...]
    """The values for `runs`, in the order of its columns after the id."""
    words: tuple[str, str, str]
    """What is searched: the words of both texts, and the marks by which runs are filtered."""


def row_of(run: RunMetadata, stamp: str, *, is_settled: bool) -> Row:
    """The row of a run, whose metadata.json has this stamp."""
    lengths = [one.duration_seconds for one in run.outputs if one.duration_seconds is not None]
    backends, configs, types = _backends(run), _configs(run), _types(run)
    return Row(
        _wished_id(run),
        (
            run.run_id,
            stamp,
            int(is_settled),
            run.timestamp,
            run.status,
            run.schema_id,
            run.execution_mode,
            run.safety_level,
            run.user_id,
            run.workshop,
            run.origin,
            sum(max(0, min(one.file_size_bytes, 1 << 50)) for one in run.outputs),
            max(lengths, default=None),
            backends,
            configs,
            types,
            int(run.is_final),
        ),
        (
            searchable(run.input_text),
            searchable(run.transformed_text or ""),
            f"{_marks(run)} {_several('backend', backends)} {_several('config', configs)}"
            f" {_several('type', types)}",
        ),
    )


def _marks(run: RunMetadata) -> str:
    common = _common_marks(run.status, run.schema_id, run.execution_mode, run.safety_level)
    user, workshop = mark("user", run.user_id), mark("workshop", run.workshop)
    text = _new_mark("text", text_digest(run.input_text))
    return f"{common} {user} {workshop} {mark('origin', run.origin)} {text}"


@lru_cache(maxsize=4096)
def _common_marks(
    status: str, schema_id: str | None, execution_mode: str | None, safety_level: str | None
) -> str:
    """Of the fields that have few values, so that a rebuild needs not put them together anew."""
    marks = (
        mark("status", status),
        mark("schema", schema_id),
        mark("mode", execution_mode),
        mark("level", safety_level),
    )
    return " ".join((EVERY_RUN, *marks))


def text_digest(text: str) -> str:
    """What the same text has, and hardly any other: the sha256 of its UTF-8."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(maxsize=4096)
def _several(field: str, lines: str) -> str:
    return (
        " ".join(mark(field, value) for value in lines.split("\n")) if lines else mark(field, None)
    )


@lru_cache(maxsize=4096)
def mark(field: str, value: str | None) -> str:
    """The word that says that a run has this value in this field; None or "" is no value."""
    return _new_mark(field, value) if value else f"{field}none"


def _new_mark(field: str, value: str) -> str:
    """As `mark`, for what hardly comes twice, so that remembering it would only take time."""
    number = int.from_bytes(hashlib.blake2b(value.encode(), digest_size=7).digest())
    return f"{field[:2]}{number:x}"  # short, since every run has a dozen


def _backends(run: RunMetadata) -> str:
    """Who made its media or was asked to."""
    return _lines((*[one.backend for one in run.outputs], *[one.backend for one in run.jobs]))


def _configs(run: RunMetadata) -> str:
    """The output configs that were asked for or made something."""
    return _lines((*run.request.output_configs, *[one.config for one in run.outputs]))


def _types(run: RunMetadata) -> str:
    """The types of its media."""
    return _lines(tuple([one.type for one in run.outputs]))


@lru_cache(maxsize=4096)
def _lines(values: tuple[str | None, ...]) -> str:
    """Each value once, one a line, in a fixed order."""
    return "\n".join(sorted({value.replace("\n", " ") for value in values if value}))


def microseconds(moment: datetime) -> int:
    """Since 1970, in UTC; a time without a zone counts as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - EPOCH) // _MICROSECOND


def first_id_at(moment: int) -> int:
    """The least row id that a run of this microsecond can have."""
    return max(FIRST_TIMED_ID, min(moment, _LAST_MICROSECOND + 1) << SLOT_BITS)


def _wished_id(run: RunMetadata) -> int:
    """Where the run stands in the order of time: the row id it gets if that is free.

    The same after a rebuild, in whatever order the folders are read.
    """
    spread = int(run.run_id.replace("-", "")[-10:], 16)
    try:
        moment = microseconds(datetime.fromisoformat(run.timestamp or ""))
    except (ValueError, OverflowError):
        return spread
    wished = (moment << SLOT_BITS) + spread % (1 << SLOT_BITS)
    return wished if FIRST_TIMED_ID <= wished <= _LAST_MICROSECOND << SLOT_BITS else spread


def microsecond_of(row_id: int) -> int | None:
    """The time of the run with this row id; None when it has none."""
    return row_id >> SLOT_BITS if row_id >= FIRST_TIMED_ID else None
