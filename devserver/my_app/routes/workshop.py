"""Which workshop a request comes from: by the code in its header, or the cookie of one typed in."""

from __future__ import annotations

from flask import Response, g, request

from devserver.my_app.routes.device import device
from devserver.my_app.routes.http import address, services
from devserver.my_app.services.access import WorkshopCodeRequired

HEADER = "X-Workshop-Code"
_COOKIE = "workshop"
_DAY_SECONDS = 12 * 60 * 60  # tablets go from class to class, so a code holds for a day at most


def workshop() -> str | None:
    """The label of the request's workshop; None when it has none, or codes aren't in use.

    Raises WorkshopCodeWrong and TooManyGuesses for a code in the header; a cookie that isn't
    right any more is no guess.
    """
    if "workshop" not in g:
        codes = services().workshops
        said = request.headers.get(HEADER)
        if not codes.are_needed:
            g.workshop = None
        elif said is not None:
            g.workshop = codes.enter(said, device(), address())
        else:
            g.workshop = codes.of_cookie(request.cookies.get(_COOKIE))
    label: str | None = g.workshop
    return label


def require_workshop() -> None:
    """Raises WorkshopCodeRequired where a code is needed and there is none, and as `workshop`."""
    if workshop() is None and services().workshops.are_needed:
        raise WorkshopCodeRequired(
            "Please type in the code of your workshop first. Whoever leads it can tell you."
        )


def hand_out(response: Response, label: str) -> None:
    """Give the client the cookie of this workshop."""
    response.set_cookie(
        _COOKIE,
        services().workshops.cookie_for(label),
        max_age=_DAY_SECONDS,
        httponly=True,
        samesite="Strict",
        secure=request.is_secure,
    )
