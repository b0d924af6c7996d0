"""The pages: `/` for children, `/gallery` for researchers."""

from __future__ import annotations

from flask import Blueprint, Response

from devserver.my_app.routes.page_files import page_file

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def workshop_page() -> Response:
    """The workshop page: an idea, a style, a kind of media, and what becomes of it."""
    return page_file("index.html")


@blueprint.get("/gallery")
def gallery_page() -> Response:
    """Where researchers log in. The page says nothing; what it shows needs the login."""
    return page_file("gallery.html")
