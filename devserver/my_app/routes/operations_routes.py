"""For whoever runs the server: is it alive, can it take runs, what does it do."""

from __future__ import annotations

from flask import Blueprint, Response

from devserver.my_app.routes import wire
from devserver.my_app.routes.http import json_answer, services
from devserver.my_app.routes.openapi import documented
from devserver.my_app.services.metrics import CONTENT_TYPE
from devserver.my_app.services.run_queue import QueueFull

blueprint = Blueprint("operations", __name__)


@blueprint.get("/api/health")
@documented(answers={200: wire.Health})
def health() -> Response:
    """Whether the server is alive."""
    return json_answer(wire.Health())


@blueprint.get("/api/ready")
@documented(answers={200: wire.Readiness, 503: wire.Readiness})
def ready() -> Response:
    """Whether the server can take runs: storage, disk, room in the queue, backends."""
    storage_writable = services().root.is_writable()
    disk_above_floor = services().disk.is_above_floor()
    takes_runs = _has_room()
    is_ready = storage_writable and disk_above_floor and takes_runs
    return json_answer(
        wire.Readiness(
            status="ready" if is_ready else "not_ready",
            storage_writable=storage_writable,
            disk_free_bytes=services().disk.free_bytes(),
            disk_above_floor=disk_above_floor,
            takes_runs=takes_runs,
            backends=services().catalogue.backend_names(),
            remarks=services().catalogue.describe_backends(),
        ),
        200 if is_ready else 503,
    )


@blueprint.get("/metrics")
@documented(answers={200: None}, errors=(401, 429), for_researchers=True)
def metrics() -> Response:
    """Counts and measures of this server, for Prometheus."""
    response = Response(services().metrics.exposition(), content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response


def _has_room() -> bool:
    try:
        services().queue.check_room()
    except QueueFull:
        return False
    return True
