"""What `GET /api/runs` is asked for beyond the search itself, and its answer."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from devserver.my_app.routes import wire
from devserver.my_app.routes.http import services
from devserver.my_app.routes.views import run_view
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.run_index import (
    FACETS,
    Hit,
    QueryInvalid,
    parse_query,
)
from devserver.my_app.services.run_metadata import RunMetadata

logger = logging.getLogger(__name__)

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


def found_runs(arguments: MultiDict[str, str]) -> wire.RunList:
    """The answer to a search. Raises QueryInvalid, with all that is wrong at once."""
    said = dict(arguments.lists())
    problems: list[dict[str, str]] = []
    fields = _listed(said.pop("fields", ()), "fields", KEYS, problems)
    facets = _listed(said.pop("facets", ()), "facets", FACETS, problems)
    counted = said.pop("total", ["yes"])
    if counted not in (["yes"], ["no"]):
        problems.append({"field": "total", "problem": "has to be yes or no"})
    try:
        query = parse_query(said, also_known=SHOWING)
    except QueryInvalid as error:
        problems += (error.details or {})["fields"]  # type: ignore[arg-type]
    if problems:
        raise QueryInvalid.of(problems)
    index = services().index
    page = index.search(query)
    shown = (_shown(hit, fields) for hit in page.hits)
    state = index.state
    return wire.RunList(
        runs=[run for run in shown if run is not None],
        total=index.count(query) if counted == ["yes"] else None,
        next=page.next,
        facets={name: _facet(index.facet(query, name)) for name in facets} if facets else None,
        index=wire.IndexView(complete=state.complete, known=state.known, of=state.of),
    )


def _listed(
    given: Sequence[str], name: str, known: Sequence[str], problems: list[dict[str, str]]
) -> tuple[str, ...]:
    asked = dict.fromkeys(one.strip() for text in given for one in text.split(",") if one.strip())
    unknown = ", ".join(repr(one[:60]) for one in asked if one not in known)
    if unknown:
        problem = f"can't be {unknown}, only {', '.join(known)}"
        problems.append({"field": name, "problem": problem})
    return tuple(asked)


def _facet(counts: Sequence[tuple[str | None, int]]) -> list[wire.FacetValue]:
    return [wire.FacetValue(value=value, runs=runs) for value, runs in counts]


def _shown(hit: Hit, fields: tuple[str, ...]) -> dict[str, Any] | None:
    """What is told of a run; None when it is gone since it was found.

    Its folder is read only for what the index does not hold.
    """
    if fields and all(name in _KEPT_IN_INDEX for name in fields):
        return {name: getattr(hit, _KEPT_IN_INDEX[name]) for name in fields}
    return run_with(hit.run_id, fields)


def run_with(run_id: str, fields: tuple[str, ...]) -> dict[str, Any] | None:
    """These keys of a run, for a researcher; all when none are named, None when it is gone."""
    try:
        run = services().storage.get_metadata(run_id)
    except ServerError as error:
        logger.info("run %s was found and could not be shown: %s", run_id, error)
        return None
    view = run_view(run, is_researcher=True).model_dump(mode="json", by_alias=True)
    return {name: view.get(name) for name in fields} if fields else view
