"""What a client is told that waited for a run, whatever became of it."""

from __future__ import annotations

import json

from flask import Response, request
from pydantic import BaseModel

from devserver.my_app.routes import wire
from devserver.my_app.routes.admission import count_run
from devserver.my_app.routes.errors import error_answer
from devserver.my_app.routes.http import FieldsInvalid, json_answer, preference, services
from devserver.my_app.routes.presence import client_gone
from devserver.my_app.routes.views import accepted_answer, awaiting_edit_answer, run_answer
from devserver.my_app.services.idempotency import RequestKey
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.runs import NewRun

_MAX_KEY_CHARACTERS = 200


PREFER = {"Prefer": "`respond-async`, or `wait=N`: after how many seconds to answer 202."}
IDEMPOTENCY_KEY = {"Idempotency-Key": "1 to 200 printable ASCII characters, new for each run."}


def start_and_answer(new: NewRun, body: BaseModel) -> Response:
    """Start the run that `body` asks for, once for each `Idempotency-Key`, and answer as below."""
    run = services().runs.start(new, key=_request_key(body), admit=count_run)
    return answer_when_at_rest(run.run_id)


def _request_key(body: BaseModel) -> RequestKey | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not (key.isascii() and key.isprintable() and 0 < len(key) <= _MAX_KEY_CHARACTERS):
        problem = f"has to be 1 to {_MAX_KEY_CHARACTERS} printable ASCII characters"
        raise FieldsInvalid(
            f"The header Idempotency-Key {problem}.",
            details={"fields": [{"field": "Idempotency-Key", "problem": problem}]},
        )
    # The order of fields, white space and defaults that are spelled out make no other request,
    # nor does a newer version of the server that knows more fields.
    asked = body.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return RequestKey(key, f"{request.path}\n{json.dumps(asked, sort_keys=True)}")


def answer_when_at_rest(run_id: str) -> Response:
    """Wait for the run as long as the client wants, and say what has become of it."""
    seconds = preference().seconds(services().settings.max_wait_seconds)
    return answer_for(services().runs.wait(run_id, seconds, client_gone()))


def answer_for(run: RunMetadata) -> Response:
    """The answer to a request that waited for `run`, whatever became of it."""
    if run.status in ("success", "partial"):
        return json_answer(run_answer(run))
    if run.status == "blocked" and run.error:
        message = run.error.message
        reason = wire.BlockedReason(stage=run.error.stage, code=run.error.code, message=message)
        return json_answer(
            wire.BlockedAnswer(run_id=run.run_id, blocked=reason, error=message), 403
        )
    if run.status == "cancelled":
        return error_answer("cancelled", "This run was cancelled.", run_id=run.run_id)
    if run.status == "awaiting_edit":
        return json_answer(awaiting_edit_answer(run))
    if run.status in ("queued", "running"):
        return accepted(run)
    code = run.error.code if run.error else "internal_error"
    message = run.error.message if run.error else "The run failed."
    return error_answer(code, message, run_id=run.run_id)


def accepted(run: RunMetadata) -> Response:
    """202: the run goes on, and here is where to look."""
    body = accepted_answer(services().events.event_of(run))
    return json_answer(body, 202, Location=body.url)
