"""Logging in for the gallery, and typing in a workshop code."""

from __future__ import annotations

from flask import Blueprint, Response, request

from devserver.my_app.routes import wire
from devserver.my_app.routes.device import device
from devserver.my_app.routes.http import (
    SESSION_COOKIE,
    address,
    json_answer,
    read_body,
    required_researcher,
    researcher,
    services,
)
from devserver.my_app.routes.openapi import documented
from devserver.my_app.routes.workshop import hand_out, workshop
from devserver.my_app.services.access import SESSION_SECONDS

blueprint = Blueprint("access", __name__, url_prefix="/api")


@blueprint.get("/login")
@documented(answers={200: wire.Login}, errors=(429,))
def who_am_i() -> Response:
    """Who is asking: the name of their token, and what their requests that change things repeat."""
    who = researcher()
    return json_answer(
        wire.Login(name=who.name if who else None, csrf_token=who.csrf_token if who else None)
    )


@blueprint.post("/login")
@documented(
    request=wire.LoginRequest, answers={200: wire.Login}, errors=(400, 401, 403, 408, 413, 415, 429)
)
def log_in() -> Response:
    """Log in with a researcher token; the answer sets a cookie for twelve hours.

    Wrong tokens have to wait longer and longer: 429 with `Retry-After`.
    """
    body = read_body(wire.LoginRequest)
    session_id, who = services().access.log_in(body.token.get_secret_value(), address())
    response = json_answer(wire.Login(name=who.name, csrf_token=who.csrf_token))
    response.set_cookie(
        SESSION_COOKIE,
        session_id,
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="Strict",
        secure=request.is_secure,
    )
    return response


@blueprint.post("/logout")
@documented(answers={200: wire.Login}, errors=(401, 403, 429), for_researchers=True)
def log_out() -> Response:
    """End the session of the cookie."""
    services().access.log_out(request.cookies.get(SESSION_COOKIE), required_researcher())
    response = json_answer(wire.Login(name=None, csrf_token=None))
    response.delete_cookie(
        SESSION_COOKIE, httponly=True, samesite="Strict", secure=request.is_secure
    )
    return response


@blueprint.get("/workshop")
@documented(answers={200: wire.Workshop}, errors=(429,))
def which_workshop() -> Response:
    """Whether runs need a workshop code here, and which workshop the client is in."""
    return json_answer(
        wire.Workshop(code_needed=services().workshops.are_needed, workshop=workshop())
    )


@blueprint.post("/workshop")
@documented(
    request=wire.WorkshopRequest,
    answers={200: wire.Workshop},
    errors=(400, 403, 408, 413, 415, 429),
)
def enter_workshop() -> Response:
    """Type in a workshop code; the answer sets a cookie that goes with every run.

    Wrong codes have to wait longer and longer: 429 with `Retry-After`.
    """
    body = read_body(wire.WorkshopRequest)
    codes = services().workshops
    if not codes.are_needed:
        return json_answer(wire.Workshop(code_needed=False, workshop=None))
    label = codes.enter(body.code, device(), address())
    response = json_answer(wire.Workshop(code_needed=True, workshop=label))
    hand_out(response, label)
    return response
