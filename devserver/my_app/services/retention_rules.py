"""The rules of how long runs are kept, as somebody wrote them down."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.run_metadata import RunMetadata

FinalStatus = Literal["success", "partial", "blocked", "failed", "cancelled"]
_FINAL: tuple[FinalStatus, ...] = get_args(FinalStatus)


class RetentionRulesInvalid(ServerError):
    """Rules can't be used; the message names each rule that is wrong, and why."""

    code = "retention_rules_invalid"


class RetentionRule(BaseModel):
    """What to do with runs of some kind that ended so many days ago."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=100, description="What it is called in answers.")
    action: Literal["archive", "delete"]
    older_than_days: int = Field(ge=1, le=36_500, description="Days since the run ended.")
    status: tuple[FinalStatus, ...] = Field(
        _FINAL, strict=False, min_length=1, description="Only runs that ended so; all by default."
    )
    workshop: tuple[str | None, ...] | None = Field(
        None,
        strict=False,
        min_length=1,
        description="Only runs of these workshops; null in the list is a run without one.",
    )

    def applies_to(self, run: RunMetadata, now: datetime) -> bool:
        """Whether it is for `run`. Never for one that isn't over, or of which no time is known."""
        ended = ended_at(run)
        return (
            run.is_final
            and run.status in self.status
            and ended is not None
            and ended <= now - timedelta(days=self.older_than_days)
            and (self.workshop is None or run.workshop in self.workshop)
            and not (self.action == "archive" and run.archived)
        )


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: tuple[RetentionRule, ...]


def ended_at(run: RunMetadata) -> datetime | None:
    """When the run ended, else when it began; None when neither can be read.

    The first servers wrote no zone; those times count as UTC.
    """
    for text in (run.finished_at, run.timestamp):
        try:
            time = datetime.fromisoformat(text or "")
        except ValueError:
            continue
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return None


def read_rules(path: Path) -> tuple[RetentionRule, ...]:
    """The rules in a JSON file: `{"rules": [{…}, …]}`. Raises RetentionRulesInvalid."""
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RetentionRulesInvalid(f"{path.name} can't be read as JSON: {error}.") from error
    try:
        return _Rules.model_validate(values).rules
    except ValidationError as error:
        named = values.get("rules") if isinstance(values, dict) else None
        faults = "; ".join(_fault(dict(fault), named) for fault in error.errors())
        raise RetentionRulesInvalid(f"{path.name} can't be used: {faults}.") from error


def _fault(fault: dict[str, object], rules: object) -> str:
    place = fault["loc"]
    parts = list(place) if isinstance(place, tuple) else []
    where = ".".join(map(str, parts)) or "the file"
    if len(parts) > 1 and isinstance(parts[1], int) and isinstance(rules, Sequence):
        rule = rules[parts[1]]
        name = rule.get("name") if isinstance(rule, dict) else None
        which = f"rule {parts[1] + 1}" + (f" ({name})" if isinstance(name, str) else "")
        where = " ".join([which, ".".join(map(str, parts[2:]))]).strip()
    return f"{where}: {fault['msg']}"
