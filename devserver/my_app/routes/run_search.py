"""The answer of `GET /api/runs`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from devserver.my_app.routes import wire
from devserver.my_app.routes.http import services
from devserver.my_app.routes.views import run_view
from devserver.my_app.services.errors import ServerError
from devserver.my_app.services.run_index.showing import Showing, parse_search

logger = logging.getLogger(__name__)


def found_runs(arguments: MultiDict[str, str]) -> wire.RunList:
    """The answer to a search. Raises QueryInvalid, with all that is wrong at once."""
    query, showing = parse_search(dict(arguments.lists()))
    index = services().index
    page = index.search(query)
    # The folder of a run is read only for what the index does not hold.
    shown = (showing.of_hit(hit) or run_with(hit.run_id, showing) for hit in page.hits)
    state = index.state
    return wire.RunList(
        runs=[run for run in shown if run is not None],
        total=index.count(query) if showing.total else None,
        next=page.next,
        facets={name: _facet(index.facet(query, name)) for name in showing.facets} or None,
        index=wire.IndexView(complete=state.complete, known=state.known, of=state.of),
    )


def _facet(counts: Sequence[tuple[str | None, int]]) -> list[wire.FacetValue]:
    return [wire.FacetValue(value=value, runs=runs) for value, runs in counts]


def run_with(run_id: str, showing: Showing) -> dict[str, Any] | None:
    """What is told of a run, to a researcher; None when it is gone since it was found."""
    try:
        run = services().storage.get_metadata(run_id)
    except ServerError as error:
        logger.info("run %s was found and could not be shown: %s", run_id, error)
        return None
    view = run_view(run, is_researcher=True).model_dump(mode="json", by_alias=True)
    return showing.of_values(view)
