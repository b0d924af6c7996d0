"""The page at `/`."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def workshop_page() -> Response:
    """One text field, a choice of style, the picture."""
    return current_app.send_static_file("index.html")
