"""The pages: `/` for children, `/gallery` for researchers."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def workshop_page() -> Response:
    """One text field, a choice of style, the picture."""
    return current_app.send_static_file("index.html")


@blueprint.get("/gallery")
def gallery_page() -> Response:
    """Where researchers log in. The page says nothing; what it shows needs the login."""
    return current_app.send_static_file("gallery.html")
