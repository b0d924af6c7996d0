"""Checking that run folders hold what their metadata says, for researchers."""

from __future__ import annotations

from flask import Blueprint, Response

from devserver.my_app.routes import wire
from devserver.my_app.routes.http import audit, body_bytes, json_answer, read_body, services
from devserver.my_app.routes.openapi import documented
from devserver.my_app.services.run_index import QueryInvalid, query_of_json
from devserver.my_app.services.verifications import Verification

blueprint = Blueprint("verifications", __name__, url_prefix="/api/verifications")


@blueprint.post("")
@documented(
    request=wire.Selection,
    needs_body=False,
    answers={202: wire.VerificationView},
    errors=(400, 401, 408, 409, 413, 415, 503),
    for_researchers=True,
)
def start() -> Response:
    """Check folders in the background: every file, its size and its sha256.

    Those of the runs named, of those that a search finds, or of all when the body is left out. One
    check at a time: 409 while another is under way.
    """
    selection = read_body(wire.Selection) if body_bytes() else wire.Selection()
    if selection.run_ids is not None and selection.query is not None:
        problem = {"field": "query", "problem": "can't be said together with run_ids"}
        raise QueryInvalid.of([problem])
    if selection.run_ids is not None:
        run_ids = list(dict.fromkeys(selection.run_ids))
        check = services().verifications.start(run_ids, of=len(run_ids))
    elif not selection.query:
        # From the folders, since the index leaves out what can't be read.
        all_ids = services().storage.ids()
        check = services().verifications.start(all_ids, of=services().index.state.of)
    else:
        query = query_of_json(selection.query)
        index = services().index
        check = services().verifications.start(index.ids(query), of=index.count(query))
    audit("verified", runs=check.of)
    return json_answer(_view(check), 202, Location=f"/api/verifications/{check.id}")


@blueprint.get("/<check_id>")
@documented(answers={200: wire.VerificationView}, errors=(401, 404), for_researchers=True)
def progress(check_id: str) -> Response:
    """How far a check is, and what it has found so far."""
    return json_answer(_view(services().verifications.get(check_id)))


@blueprint.post("/<check_id>/cancel")
@documented(answers={200: wire.VerificationView}, errors=(401, 404), for_researchers=True)
def cancel(check_id: str) -> Response:
    """End a check after the run it is at; what it has found stays."""
    return json_answer(_view(services().verifications.cancel(check_id)))


def _view(check: Verification) -> wire.VerificationView:
    return wire.VerificationView(
        id=check.id,
        status=check.status,
        checked=check.checked,
        of=check.of,
        lying=check.lying,
        faults=[wire.FaultView(run_id=run_id, faults=list(f)) for run_id, f in check.faults],
        started_at=check.started_at,
        ended_at=check.ended_at,
    )
