"""Which device a request comes from: a random cookie, for fairness and limits only."""

from __future__ import annotations

import re
import secrets

from flask import Response, after_this_request, g, request

COOKIE = "device"
_RANDOM_BYTES = 16
_FORM = re.compile(r"[A-Za-z0-9_-]{22}")  # 16 bytes as secrets.token_urlsafe writes them
_YEAR_SECONDS = 365 * 24 * 60 * 60


def device() -> str:
    """The request's device: what its cookie says, or a new one that the answer hands out.

    It is 128 random bits, says nothing of a person and is not stored on the server. A request
    without a cookie is a device of its own: its address won't do, since a whole class shares one.
    """
    if "device" not in g:
        g.device = known_device() or _new_device()
    return str(g.device)


def known_device() -> str | None:
    """What the request's cookie says, if it has one; none is handed out."""
    said = request.cookies.get(COOKIE, "")
    return said if _FORM.fullmatch(said) else None


def _new_device() -> str:
    new = secrets.token_urlsafe(_RANDOM_BYTES)

    @after_this_request
    def hand_out(response: Response) -> Response:
        response.set_cookie(COOKIE, new, max_age=_YEAR_SECONDS, httponly=True, samesite="Lax")
        return response

    return new
