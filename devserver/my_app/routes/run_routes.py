"""Runs: how one stands, all of them, and deleting one."""

from __future__ import annotations

from flask import Blueprint, Response, request

from devserver.my_app.routes import wire
from devserver.my_app.routes.device import device
from devserver.my_app.routes.http import (
    is_researcher,
    json_answer,
    read_body,
    services,
    whole_number,
)
from devserver.my_app.routes.openapi import documented
from devserver.my_app.routes.run_answers import answer_when_at_rest, start_and_answer
from devserver.my_app.routes.run_events import seen_event
from devserver.my_app.routes.views import event_view, journey_view, run_view
from devserver.my_app.services.rerun import again
from devserver.my_app.services.researcher_access import ResearcherTokenRequired
from devserver.my_app.services.run_id import checked_run_id
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.stored_runs import MediaNotFound

blueprint = Blueprint("runs", __name__, url_prefix="/api/runs")

_MOST_ON_A_PAGE = 200
_WAIT_SECONDS = 20


@blueprint.get("/<run_id>")
@documented(
    answers={200: wire.RunState},
    errors=(400, 404),
    query={
        "after": "The `event` of the last answer: wait for a newer one.",
        "wait": "How many seconds to wait at most, 20 by default.",
    },
)
def state(run_id: str) -> Response:
    """How a run stands: its status, stages, outputs, and its place in the queue.

    With `after` the answer comes as soon as there is something new, as it is when the time is up.
    """
    seconds = whole_number("wait", _WAIT_SECONDS, lowest=0, highest=3600)
    seen = seen_event()
    if seen is None:
        return _state(services().storage.get_metadata(run_id))
    longest = services().settings.max_wait_seconds
    event = services().events.wait(run_id, seen, min(seconds, longest))
    return json_answer(event_view(event))


@blueprint.get("/<run_id>/preview")
@documented(answers={200: None}, errors=(400, 404))
def preview(run_id: str) -> Response:
    """The newest picture of a run while it is being made, when the backend shows one."""
    picture = services().progress.preview_of(checked_run_id(run_id))
    if picture is None:
        raise MediaNotFound("There is no preview of this run just now.")
    response = Response(picture.data, mimetype=picture.mime_type)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/<run_id>/journey")
@documented(answers={200: wire.Journey}, errors=(400, 404))
def journey(run_id: str) -> Response:
    """Every step of a run in order, with the words that each changed."""
    run = services().storage.get_metadata(run_id)
    return json_answer(journey_view(run, is_researcher=is_researcher()))


@blueprint.post("/<run_id>/continue")
@documented(
    request=wire.ContinueRequest,
    answers={200: wire.RunAnswer, 202: wire.AcceptedAnswer, 403: wire.BlockedAnswer},
    errors=(400, 404, 409, 413, 415, 502, 503, 504),
)
def go_on(run_id: str) -> Response:
    """Go on with a run that awaits an edit, with the text as it is now, and wait for its end.

    409 for a run in any other state. `Prefer` works as for starting a run.
    """
    body = read_body(wire.ContinueRequest)
    run = services().runs.continue_with(run_id, body.text, device=device())
    return answer_when_at_rest(run.run_id)


@blueprint.post("/<run_id>/rerun")
@documented(
    request=wire.RerunRequest,
    answers={200: wire.RunAnswer, 202: wire.AcceptedAnswer, 403: wire.BlockedAnswer},
    errors=(400, 404, 409, 413, 415, 502, 503, 504),
)
def rerun(run_id: str) -> Response:
    """Make a new run of what was asked for in one that is over, and wait for its end.

    The body may be left out. The new run begins with the input text, also where the text was
    edited later; its `origin` is this run. 409 when this run isn't over. `Prefer` and
    `Idempotency-Key` work as for starting a run.
    """
    body = read_body(wire.RerunRequest) if request.get_data() else wire.RerunRequest()
    old = services().storage.get_metadata(run_id)
    new = again(old, body.seed, is_researcher=is_researcher(), device=device())
    return start_and_answer(new, body)


@blueprint.post("/<run_id>/cancel")
@documented(answers={200: wire.RunState}, errors=(400, 404, 409))
def cancel(run_id: str) -> Response:
    """Cancel a run; it keeps what it has. 409 when it is over already."""
    return _state(services().runs.cancel(run_id))


@blueprint.get("")
@documented(
    answers={200: wire.RunList},
    errors=(400, 401),
    query={"limit": "Runs on a page, 1 to 200; 50 by default.", "after": "Runs to pass over."},
    for_researchers=True,
)
def all_runs() -> Response:
    """A page of all runs, the one written to last first."""
    _require_researcher()
    limit = whole_number("limit", 50, lowest=1, highest=_MOST_ON_A_PAGE)
    after = whole_number("after", 0, lowest=0, highest=10**9)
    runs, total = services().storage.list_runs(limit=limit, offset=after)
    following = after + limit
    return json_answer(
        wire.RunList(
            runs=[run_view(run, is_researcher=True) for run in runs],
            total=total,
            next=following if following < total else None,
        )
    )


@blueprint.delete("/<run_id>")
@documented(answers={200: wire.Deleted}, errors=(400, 401, 404), for_researchers=True)
def delete(run_id: str) -> Response:
    """Delete a run with everything in its folder."""
    _require_researcher()
    services().storage.delete_run(run_id)
    services().thumbnails.forget(run_id)
    services().exports.forget(run_id)
    services().events.deleted(run_id)
    return json_answer(wire.Deleted(run_id=run_id))


def _state(run: RunMetadata) -> Response:
    return json_answer(event_view(services().events.event_of(run)))


def _require_researcher() -> None:
    if not is_researcher():
        raise ResearcherTokenRequired("This needs the researcher token.")
