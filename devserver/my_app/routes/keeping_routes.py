"""Archiving, deleting by rule, and erasing a person; for researchers only."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response

from devserver.my_app.routes import wire
from devserver.my_app.routes.http import audit, json_answer, read_body, services
from devserver.my_app.routes.openapi import documented
from devserver.my_app.services.retention import applied_facts, planned_facts

blueprint = Blueprint("keeping", __name__, url_prefix="/api")


@blueprint.post("/runs/<run_id>/archive")
@documented(answers={200: wire.Archived}, errors=(400, 401, 404, 409, 503), for_researchers=True)
def archive(run_id: str) -> Response:
    """Seal a run that is over as one file. It is still found; its media have to be restored."""
    services().keeping.archive.archive(run_id)
    audit("archived", run_id)
    return json_answer(wire.Archived(status="archived", run_id=run_id))


@blueprint.post("/runs/<run_id>/restore")
@documented(answers={200: wire.Archived}, errors=(400, 401, 404, 409, 503), for_researchers=True)
def restore(run_id: str) -> Response:
    """Bring a run back from the archive, to the byte. 409 when it isn't there."""
    services().keeping.archive.restore(run_id)
    audit("restored", run_id)
    return json_answer(wire.Archived(status="restored", run_id=run_id))


@blueprint.post("/erasures")
@documented(
    request=wire.ErasureRequest,
    answers={200: wire.ErasureAnswer},
    errors=(400, 401, 408, 413, 415, 503),
    for_researchers=True,
)
def erase() -> Response:
    """Delete all runs of one `user_id`, and say what was done and what is out of reach."""
    body = read_body(wire.ErasureRequest)
    receipt = services().keeping.erasure.erase(body.user_id, dry_run=body.dry_run)
    if body.dry_run:
        audit("searched", found=len(receipt.run_ids), filters=("user",))
    else:
        audit("erased", runs=len(receipt.run_ids))
    return json_answer(wire.ErasureAnswer.model_validate(asdict(receipt)))


@blueprint.post("/retention")
@documented(
    request=wire.RetentionRequest,
    answers={200: wire.RetentionAnswer},
    errors=(400, 401, 408, 413, 415),
    for_researchers=True,
)
def retention() -> Response:
    """Say what the rules of retention would archive and delete now; with `apply`, do it."""
    keeping = services().keeping
    body = read_body(wire.RetentionRequest)
    rules = keeping.rules if body.rules is None else body.rules
    if body.apply:
        reports = keeping.retention.apply(rules)
        audit("retention_applied", None, **applied_facts(reports))
    else:
        reports = keeping.retention.plan(rules)
        audit("retention_planned", None, **planned_facts(reports))
    views = [wire.RuleReportView.model_validate(vars(report)) for report in reports]
    return json_answer(wire.RetentionAnswer(applied=body.apply, rules=views))
