"""Runs: how one stands, finding them, and deleting one."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response, request

from devserver.my_app.routes import wire
from devserver.my_app.routes.admission import count_run
from devserver.my_app.routes.device import device
from devserver.my_app.routes.http import (
    audit,
    body_bytes,
    is_researcher,
    json_answer,
    read_body,
    services,
    whole_number,
)
from devserver.my_app.routes.openapi import documented
from devserver.my_app.routes.presence import client_gone
from devserver.my_app.routes.run_answers import (
    IDEMPOTENCY_KEY,
    PREFER,
    answer_when_at_rest,
    start_and_answer,
)
from devserver.my_app.routes.run_events import seen_event
from devserver.my_app.routes.run_search import found_runs
from devserver.my_app.routes.views import event_view, journey_view
from devserver.my_app.routes.workshop import workshop
from devserver.my_app.services.rerun import again
from devserver.my_app.services.run_id import checked_run_id
from devserver.my_app.services.run_index import PARAMETERS
from devserver.my_app.services.run_index.showing import SHOWING
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.stored_runs import MediaNotFound

blueprint = Blueprint("runs", __name__, url_prefix="/api/runs")

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
    event = services().events.wait(run_id, seen, min(seconds, longest), client_gone())
    return json_answer(event_view(event, services().child_messages))


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
    audit("viewed", run_id)
    return json_answer(journey_view(run, is_researcher=is_researcher()))


@blueprint.post("/<run_id>/continue")
@documented(
    request=wire.ContinueRequest,
    answers={200: wire.RunAnswer, 202: wire.AcceptedAnswer, 403: wire.BlockedAnswer},
    errors=(400, 401, 404, 408, 409, 413, 415, 429, 502, 503, 504),
    headers=PREFER,
    makes_runs=True,
)
def go_on(run_id: str) -> Response:
    """Go on with a run that awaits an edit, with the text as it is now, and wait for its end.

    409 for a run in any other state. `Prefer` works as for starting a run.
    """
    body = read_body(wire.ContinueRequest)
    count_run()
    run = services().runs.continue_with(run_id, body.text, device=device())
    return answer_when_at_rest(run.run_id)


@blueprint.post("/<run_id>/rerun")
@documented(
    request=wire.RerunRequest,
    needs_body=False,
    answers={200: wire.RunAnswer, 202: wire.AcceptedAnswer, 403: wire.BlockedAnswer},
    errors=(400, 401, 404, 408, 409, 413, 415, 429, 502, 503, 504),
    headers={**PREFER, **IDEMPOTENCY_KEY},
    makes_runs=True,
)
def rerun(run_id: str) -> Response:
    """Make a new run of what was asked for in one that is over, and wait for its end.

    The body may be left out. The new run begins with the input text, also where the text was
    edited later; its `origin` is this run. 409 when this run isn't over. `Prefer` and
    `Idempotency-Key` work as for starting a run.
    """
    body = read_body(wire.RerunRequest) if body_bytes() else wire.RerunRequest()
    old = services().storage.get_metadata(run_id)
    new = again(old, body.seed, is_researcher=is_researcher(), device=device(), workshop=workshop())
    return start_and_answer(new, body)


@blueprint.post("/<run_id>/cancel")
@documented(answers={200: wire.RunState}, errors=(400, 404, 409))
def cancel(run_id: str) -> Response:
    """Cancel a run; it keeps what it has. 409 when it is over already."""
    return _state(services().runs.cancel(run_id))


@blueprint.get("")
@documented(
    answers={200: wire.RunList},
    errors=(400, 401, 503),
    query={**PARAMETERS, **SHOWING},
    for_researchers=True,
)
def all_runs() -> Response:
    """A page of the runs that a search finds; all runs, the newest first, when nothing is asked.

    A parameter that is not known is 400, and so is a cursor of another search.
    """
    answer = found_runs(request.args)
    audit("searched", found=answer.total, filters=tuple(sorted(request.args)))
    return json_answer(answer)


@blueprint.delete("/<run_id>")
@documented(answers={200: wire.DeletionReceipt}, errors=(400, 401, 404, 503), for_researchers=True)
def delete(run_id: str) -> Response:
    """Delete a run with all that was made of it; one under way is cancelled first.

    What is left is its id, the time and the reason. It can be repeated, for what failed.
    """
    receipt = services().keeping.forgetting.delete(run_id)
    audit("deleted", run_id)
    return json_answer(
        wire.DeletionReceipt.model_validate({**asdict(receipt), "complete": receipt.is_complete})
    )


def _state(run: RunMetadata) -> Response:
    return json_answer(event_view(services().events.event_of(run), services().child_messages))
