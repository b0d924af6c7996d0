"""The API described: for machines and, as a page that works offline, for people."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, render_template

from devserver.my_app.routes.openapi import build_openapi, documented

blueprint = Blueprint("docs", __name__, url_prefix="/api")


@blueprint.get("/openapi.json")
@documented(answers={200: None})
def openapi() -> Response:
    """This description, as OpenAPI 3.1."""
    return jsonify(build_openapi(current_app))


@blueprint.get("/docs")
@documented(answers={200: None})
def docs() -> str:
    """This description, as a page."""
    return render_template("api_docs.html", api=build_openapi(current_app))
