"""What is told of the runs that a search finds: which of their keys, and what is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from devserver.my_app.services.run_index.query import QueryInvalid, RunQuery, parse_query
from devserver.my_app.services.run_index.rows import Hit
from devserver.my_app.services.run_index.search import FACETS
from devserver.my_app.services.run_metadata import RunMetadata

SHOWING: Mapping[str, str] = {
    "fields": "Which keys of each run to tell, with commas; all when left out.",
    "facets": f"By what to count the runs, with commas: {', '.join(FACETS)}.",
    "total": "no: don't count the runs that are found.",
}
"""Parameters that say what is told of the runs found."""
KEYS = tuple(field.alias or name for name, field in RunMetadata.model_fields.items())
_KEPT_IN_INDEX: Mapping[str, str] = {
    "run_id": "run_id",
    "timestamp": "timestamp",
    "status": "status",
    "schema": "schema_id",
    "execution_mode": "execution_mode",
    "safety_level": "safety_level",
    "user_id": "user_id",
    "workshop": "workshop",
    "origin": "origin",
}


@dataclass(frozen=True)
class Showing:
    """Which keys of each run are told (all when there are none in `fields`), by what the runs are
    counted, and whether all that were found are. Made by `parse_search`."""

    fields: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    total: bool = True

    def of_hit(self, hit: Hit) -> dict[str, Any] | None:
        """What is told of a run, where the index has it; else None: its folder has to be read."""
        if not self.fields or any(name not in _KEPT_IN_INDEX for name in self.fields):
            return None
        return {name: getattr(hit, _KEPT_IN_INDEX[name]) for name in self.fields}

    def of_values(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What is told of a run with these values."""
        return {name: values.get(name) for name in self.fields or values}


def parse_search(said: Mapping[str, Sequence[str]]) -> tuple[RunQuery, Showing]:
    """The search that these parameters ask for, and what they want to be told.

    Raises QueryInvalid, with all faults at once.
    """
    problems: list[dict[str, str]] = []
    fields = _listed(said.get("fields", ()), "fields", KEYS, problems)
    facets = _listed(said.get("facets", ()), "facets", FACETS, problems)
    total = list(said.get("total", ["yes"]))
    if total not in (["yes"], ["no"]):
        problems.append({"field": "total", "problem": "has to be yes or no"})
    searched = {name: values for name, values in said.items() if name not in SHOWING}
    try:
        query = parse_query(searched, also_known=SHOWING)
    except QueryInvalid as error:
        problems += (error.details or {})["fields"]  # type: ignore[arg-type]
    if problems:
        raise QueryInvalid.of(problems)
    return query, Showing(fields, facets, total == ["yes"])


def _listed(
    given: Sequence[str], name: str, known: Sequence[str], problems: list[dict[str, str]]
) -> tuple[str, ...]:
    asked = dict.fromkeys(one.strip() for text in given for one in text.split(",") if one.strip())
    unknown = ", ".join(repr(one[:60]) for one in asked if one not in known)
    if unknown:
        problem = f"can't be {unknown}, only {', '.join(known)}"
        problems.append({"field": name, "problem": problem})
    return tuple(asked)
