"""For whoever runs the server: is it alive, can it take runs."""

from __future__ import annotations

from flask import Blueprint, Response

from devserver.my_app.routes import wire
from devserver.my_app.routes.http import json_answer, services
from devserver.my_app.routes.openapi import documented
from devserver.my_app.services.run_queue import QueueFull

blueprint = Blueprint("operations", __name__, url_prefix="/api")


@blueprint.get("/health")
@documented(answers={200: wire.Health})
def health() -> Response:
    """Whether the server is alive."""
    return json_answer(wire.Health())


@blueprint.get("/ready")
@documented(answers={200: wire.Readiness, 503: wire.Readiness})
def ready() -> Response:
    """Whether the server can take runs: storage, room in the queue, backends."""
    storage_writable = services().root.is_writable()
    takes_runs = _has_room()
    is_ready = storage_writable and takes_runs
    return json_answer(
        wire.Readiness(
            status="ready" if is_ready else "not_ready",
            storage_writable=storage_writable,
            takes_runs=takes_runs,
            backends=services().catalogue.backend_names(),
            remarks=services().catalogue.describe_backends(),
        ),
        200 if is_ready else 503,
    )


def _has_room() -> bool:
    try:
        services().queue.check_room()
    except QueueFull:
        return False
    return True
