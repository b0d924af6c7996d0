"""The main job: a text is posted and becomes a run."""

from __future__ import annotations

from flask import Blueprint, Response

from devserver.my_app.routes import wire
from devserver.my_app.routes.errors import error_answer
from devserver.my_app.routes.http import (
    is_researcher,
    json_answer,
    preference,
    read_body,
    services,
)
from devserver.my_app.routes.openapi import documented
from devserver.my_app.routes.views import run_answer
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.services.runs import NewRun

blueprint = Blueprint("schema_pipeline", __name__, url_prefix="/api/schema/pipeline")


@blueprint.post("/execute")
@documented(
    request=wire.NewRunRequest,
    answers={200: wire.RunAnswer, 202: wire.AcceptedAnswer, 403: wire.BlockedAnswer},
    errors=(400, 404, 409, 413, 415, 502, 503, 504),
)
def start_run() -> Response:
    """Start a run and wait for its end.

    The header `Prefer: respond-async` answers 202 at once, `Prefer: wait=N` after at most N
    seconds. The run goes on either way, also when the client hangs up.
    """
    body = read_body(wire.NewRunRequest)
    run = services().runs.start(
        NewRun(
            schema=body.schema_id,
            input_text=body.input_text,
            execution_mode=body.execution_mode,
            safety_level=body.safety_level,
            user_id=body.user_id,
            output_configs=body.config_ids,
            output_type=body.output_type,
            seed=body.seed,
            language=body.language,
            context=body.context,
            is_researcher=is_researcher(),
            unknown_fields=tuple(sorted(body.model_extra or ())),
        )
    )
    seconds = preference().seconds(services().settings.max_wait_seconds)
    return answer_for(services().runs.wait(run.run_id, seconds))


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
    if run.status in ("queued", "running", "awaiting_edit"):
        return accepted(run)
    code = run.error.code if run.error else "internal_error"
    message = run.error.message if run.error else "The run failed."
    return error_answer(code, message, run_id=run.run_id)


def accepted(run: RunMetadata) -> Response:
    """202: the run goes on, and here is where to look."""
    url = f"/api/runs/{run.run_id}"
    body = wire.AcceptedAnswer.model_validate(
        {
            "status": run.status,
            "run_id": run.run_id,
            "url": url,
            "place_in_queue": services().runs.place_in_queue(run.run_id),
        }
    )
    return json_answer(body, 202, Location=url)
