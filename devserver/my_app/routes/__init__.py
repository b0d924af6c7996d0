"""HTTP in, HTTP out: one blueprint per area; a view is a few lines that call one service."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from devserver.my_app.routes import (
    access_routes,
    admission,
    docs_routes,
    errors,
    export_routes,
    guard,
    keeping_routes,
    media_routes,
    operations_routes,
    page_files,
    page_routes,
    research_routes,
    run_events,
    run_routes,
    schema_pipeline_routes,
    schema_routes,
    share_routes,
    shared_page,
    verification_routes,
)


def register(app: Flask, pages: Path) -> None:
    """Put every route of the server, what guards them, and the files of `pages` into `app`."""
    guard.register(app)
    admission.register(app)
    errors.register(app)
    for module in (
        schema_pipeline_routes,
        media_routes,
        run_routes,
        run_events,
        research_routes,
        keeping_routes,
        verification_routes,
        export_routes,
        share_routes,
        shared_page,
        schema_routes,
        access_routes,
        operations_routes,
        docs_routes,
        page_routes,
    ):
        app.register_blueprint(module.blueprint)
    page_files.register(app, pages)
