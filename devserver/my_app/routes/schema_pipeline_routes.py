"""The main job: a text is posted and becomes a run."""

from __future__ import annotations

from flask import Blueprint, Response

from devserver.my_app.routes import wire
from devserver.my_app.routes.device import device
from devserver.my_app.routes.http import is_researcher, read_body
from devserver.my_app.routes.openapi import documented
from devserver.my_app.routes.run_answers import IDEMPOTENCY_KEY, PREFER, start_and_answer
from devserver.my_app.routes.workshop import workshop
from devserver.my_app.services.runs import NewRun

blueprint = Blueprint("schema_pipeline", __name__, url_prefix="/api/schema/pipeline")


@blueprint.post("/execute")
@documented(
    request=wire.NewRunRequest,
    answers={200: wire.RunAnswer, 202: wire.AcceptedAnswer, 403: wire.BlockedAnswer},
    errors=(400, 401, 404, 408, 409, 413, 415, 429, 502, 503, 504),
    headers={**PREFER, **IDEMPOTENCY_KEY},
    makes_runs=True,
)
def start_run() -> Response:
    """Start a run and wait for its end.

    The header `Prefer: respond-async` answers 202 at once, `Prefer: wait=N` after at most N
    seconds. The run goes on either way, also when the client hangs up. The same request with the
    same header `Idempotency-Key` (1 to 200 printable ASCII characters) within a day gives the
    same run; another request with that key is 409.
    """
    return _started(awaits_edit=False)


@blueprint.post("/interception")
@documented(
    request=wire.NewRunRequest,
    answers={200: wire.AwaitingEditAnswer, 202: wire.AcceptedAnswer, 403: wire.BlockedAnswer},
    errors=(400, 401, 404, 408, 409, 413, 415, 429, 502, 503, 504),
    headers={**PREFER, **IDEMPOTENCY_KEY},
    makes_runs=True,
)
def start_interception() -> Response:
    """Start a run that stops when the text is rewritten and waits for it to be edited.

    It goes on with `POST /api/runs/<run_id>/continue`; after a day it is cancelled.
    """
    return _started(awaits_edit=True)


def _started(*, awaits_edit: bool) -> Response:
    body = read_body(wire.NewRunRequest)
    return start_and_answer(
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
            awaits_edit=awaits_edit,
            is_researcher=is_researcher(),
            unknown_fields=tuple(sorted(body.model_extra or ())),
            device=device(),
            workshop=workshop(),
        ),
        body,
    )
