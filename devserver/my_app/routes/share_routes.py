"""Making a link to a run, for whoever may watch the run."""

from __future__ import annotations

from flask import Blueprint, Response

from devserver.my_app.routes import wire
from devserver.my_app.routes.http import audit, json_answer, services
from devserver.my_app.routes.openapi import documented
from devserver.my_app.routes.own_address import own_address

blueprint = Blueprint("sharing", __name__, url_prefix="/api/runs")


@blueprint.post("/<run_id>/links")
@documented(answers={201: wire.RunLink}, errors=(400, 403, 404, 409, 503))
def make_link(run_id: str) -> Response:
    """Make a link by which others may look at a run for some days, and do nothing else with it.

    403 where links are switched off, 409 for a run that has made nothing, or has many links.
    """
    # Its place has the id, whatever a metadata.json changed by hand says.
    run = services().storage.get_metadata(run_id).having(run_id=run_id)
    link = services().share_links.make(run)
    audit("shared", run_id)
    address, reach = own_address()
    return json_answer(
        wire.RunLink(
            url=f"{address}/s/{link.code}",
            expires_at=link.expires_at.isoformat(),
            qr_url=f"/s/{link.code}/qr.svg",
            reach=reach,
        ),
        201,
    )
