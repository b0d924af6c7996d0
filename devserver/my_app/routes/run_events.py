"""The events of a run as a stream (Server-Sent Events)."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from flask import Blueprint, Response, request

from devserver.my_app.routes import wire
from devserver.my_app.routes.http import FieldsInvalid, services
from devserver.my_app.routes.openapi import documented
from devserver.my_app.routes.presence import client_gone
from devserver.my_app.routes.views import event_view
from devserver.my_app.services.child_messages import ChildMessages
from devserver.my_app.services.run_events import RunEvent, RunStream
from devserver.my_app.services.run_folders import RunNotFound

blueprint = Blueprint("run_events", __name__, url_prefix="/api/runs")

_EVENT_ID = re.compile(r"[0-9]{1,15}-[0-9]{1,15}")
_RECONNECT_MILLISECONDS = 2000
LONGEST_STREAM_SECONDS = 300.0
"""Then a stream ends, and whoever still listens opens the next one. A tablet that fell asleep says
nothing, and what is sent to it only fills buffers: without this it would hold its place for long.
"""


@blueprint.get("/<run_id>/events")
@documented(
    answers={200: None, 204: None},
    errors=(400, 404, 503),
    headers={"Last-Event-ID": "The id of the event that came last."},
)
def events(run_id: str) -> Response:
    """The events of a run as they come (`text/event-stream`), up to its end.

    `state`, `progress` and at last, for a run that is deleted, `deleted`. A stream ends after five
    minutes, also before the run does. A client that comes back with `Last-Event-ID`, as
    `EventSource` does by itself, gets what is newer; 204 when that was the final event.
    """
    watching = services().events
    seen = request.headers.get("Last-Event-ID")
    newest = watching.newest(run_id)
    if newest.run.is_final and newest.id == seen:
        return Response(status=204)
    stream = watching.open(run_id, seen, client_gone())
    lines = _lines(stream, run_id, services().child_messages)
    response = Response(lines, mimetype="text/event-stream")
    # Not in the generator: one that was never begun is never ended either.
    response.call_on_close(stream.close)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


def seen_event() -> str | None:
    """The id in the query's `after`, if there is one. Raises FieldsInvalid."""
    said = request.args.get("after")
    if said is not None and not _EVENT_ID.fullmatch(said):
        raise FieldsInvalid("after has to be the id of an event, such as 3-0.")
    return said


def _lines(stream: RunStream, run_id: str, messages: ChildMessages) -> Iterator[str]:
    # Something at once, so that the client knows that the stream is open.
    yield f"retry: {_RECONNECT_MILLISECONDS}\n\n"
    end = time.monotonic() + LONGEST_STREAM_SECONDS
    try:
        # A heartbeat comes in any case, so that the end is seen soon.
        for event in stream:
            yield _message(event, stream.seen, messages) if event else ": heartbeat\n\n"
            if time.monotonic() > end:
                return
    except RunNotFound:
        yield f"event: deleted\ndata: {wire.Deleted(run_id=run_id).model_dump_json()}\n\n"


def _message(event: RunEvent, seen: str | None, messages: ChildMessages) -> str:
    kind = "state" if event.changes_state(seen) else "progress"
    data = event_view(event, messages).model_dump_json(by_alias=True)
    return f"id: {event.id}\nevent: {kind}\ndata: {data}\n\n"
